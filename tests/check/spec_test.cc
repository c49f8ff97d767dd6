// The search for any specification: models by hand, against trying every order, and its budgets.
#include "sim/check/spec.h"

#include <doctest/doctest.h>

#include "replica/base/rng.h"

#include "tests/check/histories.h"
#include "tests/check/spec_models.h"

namespace norn::sim {

namespace {

// Every order that real time allows.
template <SequentialSpec Spec>
bool any_order(const Spec& spec, const SpecHistory<Spec>& history, std::uint64_t placed,
               const std::map<std::uint64_t, typename Spec::State>& states) {
  const auto left = [&](std::size_t i) { return (placed >> i & 1) == 0; };
  bool complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) complete = complete && (!left(i) || !history[i].known);
  if (complete) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    bool may_be_next = left(i);
    for (std::size_t j = 0; j < history.size(); ++j) {
      if (j != i && left(j) && history[j].known && history[j].back < history[i].call) may_be_next = false;
    }
    if (!may_be_next) continue;
    auto after = states;
    const auto at = after.try_emplace(spec.partition(history[i].operation), spec.init()).first;
    if (spec.step(at->second, history[i].operation, history[i].known) &&
        any_order(spec, history, placed | std::uint64_t{1} << i, after)) {
      return true;
    }
  }
  return false;
}

// Operations that took effect one after the other, all but some unknown ones, at times that are more or less
// in that order: so both verdicts come up. `draw` makes one, with the result that the state gives or, at
// times, another.
template <SequentialSpec Spec, typename Draw>
void compare_with_every_order(const Spec& spec, std::uint64_t seed, Draw draw) {
  Rng rng(seed);
  std::uint64_t linearizable = 0;
  std::uint64_t violations = 0;
  for (std::uint64_t i = 0; i < 3000 * deep(); ++i) {
    SpecHistory<Spec> history;
    const std::uint64_t size = rng.between(2, 7);
    const std::uint64_t skew = rng.between(0, 20);
    std::map<std::uint64_t, typename Spec::State> states;
    for (std::uint64_t j = 0; j < size; ++j) {
      Timed<typename Spec::Operation> timed;
      timed.known = !rng.chance(Ratio{200'000});
      timed.operation = draw(rng, states, timed.known);
      const std::uint64_t before = rng.between(0, skew);
      const std::uint64_t after = rng.between(0, 6);
      timed.call = static_cast<std::int64_t>(3 * j + before);
      timed.back = timed.call + static_cast<std::int64_t>(after);
      history.push_back(std::move(timed));
    }
    const bool expected = any_order(spec, history, 0, {});
    ++(expected ? linearizable : violations);
    const SpecResult result = check_spec(spec, history);
    REQUIRE(result.verdict == (expected ? Verdict::linearizable : Verdict::violation));
    REQUIRE(result.stuck.has_value() != expected);
    if (expected) REQUIRE(verify_spec_order(spec, history, result.order));
  }
  CHECK(linearizable > 300 * deep());
  CHECK(violations > 300 * deep());
}

using Queue = Timed<QueueSpec::Operation>;

SpecHistory<QueueSpec> long_queue(std::uint32_t operations, std::uint32_t clients) {
  SpecHistory<QueueSpec> history;
  for (std::uint32_t i = 0; i < operations; ++i) {  // each overlaps the `clients` before and after it
    const int number = static_cast<int>(i / 2);
    history.push_back(
        {{i % 2 == 0, number}, std::int64_t{i} * 10, std::int64_t{i} * 10 + 10 * clients - 5, true});
  }
  return history;
}

}  // namespace

TEST_CASE("a queue: what came first goes first") {
  const Queue one{{true, 1}, 0, 1, true};
  const Queue two{{true, 2}, 2, 3, true};
  CHECK(check_spec(QueueSpec{}, {one, two, {{false, 1}, 4, 5, true}, {{false, 2}, 6, 7, true}}).verdict ==
        Verdict::linearizable);
  const SpecResult wrong =
      check_spec(QueueSpec{}, {one, two, {{false, 2}, 4, 5, true}, {{false, 1}, 6, 7, true}});
  CHECK(wrong.verdict == Verdict::violation);
  CHECK(wrong.stuck == 2);
  const Queue late{{true, 2}, 0, 9, true};
  CHECK(check_spec(QueueSpec{}, {one, late, {{false, 2}, 4, 5, true}, {{false, 1}, 6, 7, true}}).verdict ==
        Verdict::linearizable);
  CHECK(check_spec(QueueSpec{}, {one, {{false, std::nullopt}, 2, 3, true}}).verdict == Verdict::violation);
  CHECK(check_spec(QueueSpec{}, {one, {{false, std::nullopt}, 1, 3, true}}).verdict == Verdict::linearizable);
}

TEST_CASE("an operation of unknown outcome may have happened late, or not") {
  const Queue one{{true, 1}, 0, 0, false};
  const Queue nothing{{false, std::nullopt}, 5, 6, true};
  const Queue found{{false, 1}, 7, 8, true};
  CHECK(check_spec(QueueSpec{}, {one, nothing}).order == std::vector<std::uint32_t>{1});
  CHECK(check_spec(QueueSpec{}, {one, nothing, found}).order == std::vector<std::uint32_t>{1, 0, 2});
  const Queue too_early{{false, 1}, -5, -4, true};
  CHECK(check_spec(QueueSpec{}, {too_early, one}).verdict == Verdict::violation);
}

TEST_CASE("a lock is held by one at a time") {
  using Lock = Timed<LockSpec::Operation>;
  const Lock first{{true, 1}, 0, 1, true};
  const Lock second{{true, 2}, 2, 9, true};
  const Lock release{{false, 1}, 4, 5, true};
  CHECK(check_spec(LockSpec{}, {first, second, release}).verdict == Verdict::linearizable);
  CHECK(check_spec(LockSpec{}, {first, second}).verdict == Verdict::violation);
  const Lock dead{{false, 1}, 4, 0, false};  // released, or not: nobody knows
  CHECK(check_spec(LockSpec{}, {first, second, dead}).verdict == Verdict::linearizable);
}

TEST_CASE("every order agrees: a queue") {
  compare_with_every_order(QueueSpec{}, 1, [](Rng& rng, auto& states, bool known) {
    QueueSpec::State& state = states[0];
    const bool happens = known || rng.chance(Ratio{500'000});
    QueueSpec::Operation made{rng.chance(Ratio{500'000}), std::nullopt};
    if (made.enqueues) {
      made.value = static_cast<int>(rng.between(1, 4));
      if (happens) state.push_back(*made.value);
    } else if (!state.empty()) {
      made.value = state.front();
      if (happens) state.erase(state.begin());
    }
    if (!made.enqueues && rng.chance(Ratio{100'000})) made.value = 1;
    return made;
  });
}

TEST_CASE("every order agrees: a set, of which each item is a partition") {
  compare_with_every_order(SetSpec{}, 2, [](Rng& rng, auto& states, bool known) {
    const std::uint64_t kind = rng.between(0, 2);
    SetSpec::Operation made{static_cast<SetSpec::Kind>(kind), rng.between(0, 1), false};
    SetSpec::State& state = states[made.item];
    made.result = made.kind == SetSpec::Kind::add ? !state : state;
    if (rng.chance(Ratio{100'000})) made.result = !made.result;
    if (known || rng.chance(Ratio{500'000})) SetSpec{}.step(state, made, false);
    return made;
  });
}

TEST_CASE("every order agrees: a bank") {
  compare_with_every_order(BankSpec{}, 3, [](Rng& rng, auto& states, bool known) {
    BankSpec::State& state = states.try_emplace(0, BankSpec{}.init()).first->second;
    BankSpec::Operation made;
    if (rng.chance(Ratio{400'000})) {
      made.seen = state;
      return made;
    }
    const std::size_t from = rng.between(0, 2);
    made.transfer = {from, (from + rng.between(1, 2)) % 3};
    made.amount = static_cast<int>(rng.between(3, 9));
    made.paid = state[from] >= made.amount;
    if (known || rng.chance(Ratio{500'000})) BankSpec{}.step(state, made, true);
    return made;
  });
}

TEST_CASE("every order agrees: a lock") {
  compare_with_every_order(LockSpec{}, 4, [](Rng& rng, auto& states, bool known) {
    LockSpec::State& state = states[0];
    LockSpec::Operation made{state == 0, state == 0 ? static_cast<int>(rng.between(1, 2)) : state};
    if (known || rng.chance(Ratio{500'000})) LockSpec{}.step(state, made, true);
    return made;
  });
}

TEST_CASE(
    "a long queue is decided, and its configurations are as wide as the clients, not as long as it is") {
  const SpecHistory<QueueSpec> history = long_queue(100'000, 8);
  SpecBudget budget;
  budget.memory_max = std::size_t{64} << 20;  // a bit for each operation in each would take a gigabyte
  const SpecResult result = check_spec(QueueSpec{}, history, budget);
  CHECK(result.verdict == Verdict::linearizable);
  CHECK(verify_spec_order(QueueSpec{}, history, result.order));
  CHECK(result.steps < 1'000'000);
}

TEST_CASE("budgets are honoured, and an undecided history is no pass") {
  // Twelve concurrent puts into a queue, of which the dequeues tell an impossible order.
  SpecHistory<QueueSpec> hard;
  for (int i = 0; i < 12; ++i) hard.push_back({{true, i}, 0, 10, true});
  for (int i = 0; i < 11; ++i) hard.push_back({{false, i}, 20 + 2 * i, 21 + 2 * i, true});
  hard.push_back({{false, 77}, 50, 51, true});
  SpecBudget few_steps;
  few_steps.steps_max = 1000;
  const SpecResult stopped = check_spec(QueueSpec{}, hard, few_steps);
  CHECK(stopped.verdict == Verdict::undecided);
  CHECK(stopped.steps == 1000);
  CHECK(stopped.order.empty());
  SpecBudget little_memory;
  little_memory.memory_max = 1 << 20;
  CHECK(check_spec(QueueSpec{}, hard, little_memory).verdict == Verdict::undecided);

  // A violation in another partition is told all the same.
  SpecHistory<SetSpec> sets;
  for (std::uint64_t i = 0; i < 2; ++i) sets.push_back({{SetSpec::Kind::contains, i, i == 1}, 0, 1, true});
  SpecBudget one_step;
  one_step.steps_max = 1;
  CHECK(check_spec(SetSpec{}, sets, one_step).verdict == Verdict::undecided);
}

}  // namespace norn::sim
