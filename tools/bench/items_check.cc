// The linearizability checker: on a history as long as a soak leaves, and on short ones beside a textbook
// search.
#include <string>

#include "replica/base/assert.h"
#include "replica/base/rng.h"

#include "sim/check/linearizable.h"
#include "sim/check/stream.h"

#include "tests/check/histories.h"

#include "tools/bench/items.h"
#include "tools/bench/search_peer.h"

namespace norn::sim::bench {
namespace {

using enum OperationKind;

History history_of(std::size_t operations, std::uint32_t clients, std::uint32_t keys, std::uint64_t seed) {
  Recipe recipe;
  recipe.kinds = {put, get, get, compare_and_set};
  recipe.operations = operations;
  recipe.clients = clients;
  recipe.keys = keys;
  recipe.unknown = Ratio{5'000};
  recipe.length = 1'000;
  recipe.pause = 100;
  Rng rng(seed);
  return make_history(recipe, rng);
}

double check(const std::vector<History>& histories, bool use_versions) {
  CheckOptions options;
  options.use_versions = use_versions;
  const Stopwatch watch;
  for (const History& history : histories) {
    ASSERT(check_linearizable(history, options).verdict == Verdict::linearizable);
  }
  return watch.seconds();
}

}  // namespace

Item long_history(std::size_t operations) {
  const std::vector<History> histories{history_of(operations, 20, 20, 1)};
  return [=](std::uint64_t) -> std::vector<Reading> {
    const double count = static_cast<double>(operations);
    const std::string name = "checker, " + std::to_string(operations) + " operations";
    return {{name + ", with versions", "op/s", count / check(histories, true)},
            {name + ", without", "op/s", count / check(histories, false)}};
  };
}

Item short_histories(std::size_t count) {
  constexpr std::size_t kOperations = 60;
  std::vector<History> histories;
  for (std::size_t i = 0; i < count; ++i) histories.push_back(history_of(kOperations, 5, 1, i + 2));
  return [=](std::uint64_t) -> std::vector<Reading> {
    const double operations = static_cast<double>(count * kOperations);
    const double ours = check(histories, false);
    const Stopwatch watch;
    for (const History& history : histories) ASSERT(linearizable_by_search(history));
    const double peer = watch.seconds();
    return {{"checker, 60 operations of one key, without", "op/s", operations / ours, operations / peer,
             "Wing & Gong's search, Lowe's cache"}};
  };
}

// One key of puts and gets by 50 clients, and 20 keys of every kind for one key by 20: handed over event by
// event, the copies that feed() makes included.
Item stream(std::size_t operations) {
  const auto make = [operations](std::vector<OperationKind> kinds, std::uint32_t clients,
                                 std::uint32_t keys) {
    Recipe recipe;
    recipe.kinds = std::move(kinds);
    recipe.operations = operations;
    recipe.clients = clients;
    recipe.keys = keys;
    recipe.unknown = Ratio{5'000};
    recipe.length = 1'000;
    recipe.pause = 100;
    Rng rng(3);
    return make_history(recipe, rng);
  };
  const auto read = [](const History& history, const std::string& name) -> std::vector<Reading> {
    const Stopwatch watch;
    StreamChecker checker;
    feed(history, checker);
    const double seconds = watch.seconds();
    ASSERT(checker.verdict() == Verdict::linearizable);
    return {{name, "op/s", static_cast<double>(history.size()) / seconds},
            {name + ": kept", "KiB", static_cast<double>(checker.sizes().bytes) / 1024, 0, {}, true}};
  };
  const History zones = make({put, get, get}, 50, 1);
  const History sweeps = make({put, get, get, compare_and_set, remove}, 20, 20);
  return [=](std::uint64_t) -> std::vector<Reading> {
    std::vector<Reading> readings = read(zones, "stream, puts and gets of one key");
    for (const Reading& reading : read(sweeps, "stream, also removes and swaps, 20 keys"))
      readings.push_back(reading);
    return readings;
  };
}

}  // namespace norn::sim::bench
