// The linearizability checker: on a history as long as a soak leaves, and on short ones beside a textbook
// search.
#include <string>

#include "replica/base/assert.h"
#include "replica/base/rng.h"

#include "sim/check/linearizable.h"

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

}  // namespace norn::sim::bench
