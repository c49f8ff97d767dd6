// The workload's distributions, the operations it makes, and how answers become history.
#include <array>
#include <doctest/doctest.h>
#include <set>
#include <string>

#include "replica/kv/result.h"

#include "sim/check/exactly_once.h"
#include "sim/scenario/workload_keys.h"
#include "sim/scenario/workload_operations.h"

namespace norn::sim {
namespace {

constexpr std::uint64_t kSeed = 7;

std::vector<std::uint64_t> counts(const Keys& keys, std::uint32_t clients, std::uint32_t client, int draws) {
  const KeyChooser chooser(keys, clients);
  Rng rng(kSeed);
  std::vector<std::uint64_t> counted(keys.count);
  for (int i = 0; i < draws; ++i) ++counted.at(chooser.choose(client, rng));
  return counted;
}

Keys keys_of(std::uint32_t count, Keys::Distribution distribution) {
  Keys keys;
  keys.count = count;
  keys.distribution = distribution;
  return keys;
}

client::Completion completion(client::Verdict verdict, const kv::Result& result) {
  return {0, verdict, kv::encode(result)};
}

}  // namespace

TEST_CASE("uniform keys are drawn about equally often") {
  for (const std::uint64_t count : counts(keys_of(10, Keys::Distribution::uniform), 1, 0, 100'000)) {
    CHECK(count > 9'500);
    CHECK(count < 10'500);
  }
}

TEST_CASE("the n-th zipf key is drawn 1/n as often as the first") {
  const auto counted = counts(keys_of(8, Keys::Distribution::zipf), 1, 0, 300'000);
  for (std::size_t n = 1; n < counted.size(); ++n) {
    CHECK(counted[n] * (n + 1) > counted[0] * 95 / 100);
    CHECK(counted[n] * (n + 1) < counted[0] * 105 / 100);
  }
}

TEST_CASE("the hot key has its share, and the others share the rest") {
  Keys keys = keys_of(5, Keys::Distribution::hot);
  keys.hot_share = {800'000};
  const auto counted = counts(keys, 1, 0, 100'000);
  CHECK(counted[0] > 79'000);
  CHECK(counted[0] < 81'000);
  for (std::size_t key = 1; key < counted.size(); ++key) CHECK(counted[key] > 4'500);
}

TEST_CASE("a client's own keys are its own, and dealt out in turn") {
  const auto counted = counts(keys_of(7, Keys::Distribution::per_client), 3, 1, 1000);
  for (std::size_t key = 0; key < counted.size(); ++key) CHECK((counted[key] > 0) == (key % 3 == 1));
}

TEST_CASE("several keys at once are different ones") {
  const KeyChooser hot(keys_of(4, Keys::Distribution::hot), 1);
  const KeyChooser own(keys_of(7, Keys::Distribution::per_client), 3);
  Rng rng(kSeed);
  for (int i = 0; i < 100; ++i) {
    const auto four = hot.choose(0, 4, rng);
    CHECK(std::set(four.begin(), four.end()).size() == 4);
    const auto owned = own.choose(0, 5, rng);  // of 0, 3 and 6
    CHECK(std::set(owned.begin(), owned.end()) == std::set<std::uint32_t>{0, 3, 6});
  }
}

TEST_CASE("kinds are drawn by their shares, and no two writes write the same") {
  Scenario scenario;
  scenario.clients.value_size_min = 4;
  scenario.clients.value_size_max = 20;
  const Mix mix{10, 20, 5, 15, 20, 10, 5, 15};
  scenario.clients.mix = mix;
  OperationMaker maker(scenario, Rng(kSeed));
  std::array<int, 8> kinds{};
  std::set<std::string> written;
  std::size_t writes = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Operation operation = maker.make(i % 8, mix);
    ++kinds[static_cast<std::size_t>(operation.kind)];
    for (const KeyAccess& access : operation.accesses) {
      const bool counter = access.key.front() == 'n';
      CHECK((operation.kind != OperationKind::increment || counter));
      CHECK((!counter || operation.kind == OperationKind::increment || operation.kind == OperationKind::get));
      if (access.argument.empty()) continue;
      written.insert(access.argument);
      ++writes;
    }
    if (operation.kind == OperationKind::append)
      CHECK(tokens_of(operation.accesses.front().argument).size() == 1);
  }
  CHECK(written.size() == writes);
  const std::array<int, 8> shares = {10, 20, 5, 15, 20, 10, 5, 15};  // by OperationKind: as in Mix
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    CHECK(kinds[kind] > shares[kind] * 200 * 85 / 100);
    CHECK(kinds[kind] < shares[kind] * 200 * 115 / 100);
  }
}

TEST_CASE("a compare-and-set expects what its client saw last") {
  Scenario scenario;
  scenario.clients.keys.count = 1;
  scenario.clients.mix = {0, 0, 0, 1, 0, 0, 0, 0};
  OperationMaker maker(scenario, Rng(kSeed));
  Operation first = maker.make(0, scenario.clients.mix);
  CHECK(!first.accesses.front().expected);
  complete(first, completion(client::Verdict::done, {kv::Status::mismatch, {{"found", 3}}}), Time{});
  CHECK(first.outcome == Outcome::ok);
  CHECK(!first.matched);
  maker.answered(first);
  CHECK(maker.make(0, scenario.clients.mix).accesses.front().expected == "found");
  CHECK(!maker.make(1, scenario.clients.mix).accesses.front().expected);
}

TEST_CASE("answers become outcomes") {
  const auto outcome = [](client::Verdict verdict, kv::Status status) {
    Operation operation;
    operation.accesses.resize(1);
    const std::size_t items = status == kv::Status::session_evicted ? 0 : 1;
    complete(operation, completion(verdict, {status, std::vector<kv::Item>(items)}),
             Time(std::chrono::seconds(1)));
    CHECK((operation.back == kNever) == (operation.outcome == Outcome::info));
    return operation.outcome;
  };
  CHECK(outcome(client::Verdict::done, kv::Status::ok) == Outcome::ok);
  CHECK(outcome(client::Verdict::done, kv::Status::not_a_number) == Outcome::fail);
  CHECK(outcome(client::Verdict::done, kv::Status::session_evicted) == Outcome::info);
  CHECK(outcome(client::Verdict::failed, kv::Status::ok) == Outcome::fail);
  CHECK(outcome(client::Verdict::unknown, kv::Status::ok) == Outcome::info);
}

TEST_CASE("a token found twice, one that is missing, and a counter that is off are found") {
  const auto operation = [](OperationKind kind, std::string key, std::string argument) {
    Operation made;
    made.kind = kind;
    made.outcome = Outcome::ok;
    made.delta = 2;
    made.accesses.push_back({std::move(key), std::move(argument), {}, {}, 0});
    return made;
  };
  kv::Store store;
  std::uint64_t index = 0;
  const auto apply = [&](const Operation& made, std::uint64_t sequence) {
    Buffer command;
    encode(made, command);
    Buffer result;
    store.apply({++index}, kv::encode(kv::Request{{1}, {sequence}, {}, command}), result);
  };
  Buffer result;
  const Buffer open = kv::encode(kv::Command{.kind = kv::CommandKind::open_session});
  store.apply({++index}, kv::encode(kv::Request{{}, {1}, {}, open}), result);
  const Operation append = operation(OperationKind::append, "k0", "[0-1]");
  const Operation increment = operation(OperationKind::increment, "n0", "");
  apply(append, 1);
  apply(increment, 2);
  CHECK(check_exactly_once({append, increment}, values_in(store), Time{}).empty());
  CHECK(check_exactly_once({append, increment, increment}, values_in(store), Time{}).size() == 1);
  CHECK(check_exactly_once({append, increment, operation(OperationKind::append, "k0", "[0-2]")},
                           values_in(store), Time{})
            .size() == 1);
  apply(append, 3);
  CHECK(check_exactly_once({append, increment}, values_in(store), Time{}).size() == 1);
}

}  // namespace norn::sim
