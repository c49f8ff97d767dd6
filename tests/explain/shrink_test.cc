// Random small violations: what an explanation claims, against every order tried.
#include "sim/explain/shrink.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <string>

#include "sim/explain/explanation.h"
#include "sim/explain/ledger.h"

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using Places = std::vector<std::size_t>;

History only(const History& history, const Places& places) {
  History part;
  for (const std::size_t place : places) part.push_back(history[place]);
  return part;
}

Operation uncertain(Operation operation) {
  operation = by_hand::unknown(std::move(operation));
  operation.matched = false;
  return operation;
}

// These as they were; everything else that changes something may have happened, or not.
History others_uncertain(const History& history, const Places& certain) {
  History made;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    if (std::find(certain.begin(), certain.end(), place) != certain.end()) {
      made.push_back(operation);
    } else if (operation.outcome != Outcome::fail && changes_something(operation)) {
      made.push_back(uncertain(operation));
    }
  }
  return made;
}

// Whether some order has these as they were, and of the others any that took effect within their own times.
bool possible_in_time(const History& history, const Places& certain) {
  Places others;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    if (std::find(certain.begin(), certain.end(), place) == certain.end() &&
        operation.outcome != Outcome::fail && changes_something(operation)) {
      others.push_back(place);
    }
  }
  for (std::size_t chosen = 0; chosen < std::size_t{1} << others.size(); ++chosen) {
    History made;
    for (std::size_t place = 0; place < history.size(); ++place) {
      const auto other = std::find(others.begin(), others.end(), place);
      if (std::find(certain.begin(), certain.end(), place) != certain.end()) made.push_back(history[place]);
      if (other == others.end() || (chosen >> (other - others.begin()) & 1) == 0) continue;
      made.push_back(history[place]);
      // Its result may have been another: only those without one keep their time.
      if (history[place].kind == OperationKind::increment) made.back() = uncertain(history[place]);
    }
    if (linearizable_by_trying(made)) return true;
  }
  return false;
}

Places certain_of(const Explanation& explanation) {
  Places places;
  for (const ExplainedOperation& one : explanation.operations) {
    if (one.certain) places.push_back(one.place);
  }
  return places;
}

Places all_of(const Explanation& explanation) {
  Places places;
  for (const ExplainedOperation& one : explanation.operations) places.push_back(one.place);
  return places;
}

void check_claims(const History& history, const Explanation& explanation) {
  REQUIRE(explanation.found);
  const Places certain = certain_of(explanation);
  REQUIRE(!certain.empty());
  CHECK_FALSE(linearizable_by_trying(only(history, certain)));
  CHECK_FALSE(possible_in_time(history, certain));
  CHECK(explanation.proven);
  CHECK(!explanation.argument.empty());
  for (std::size_t i = 0; i < certain.size(); ++i) {
    Places rest(certain);
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(linearizable_by_trying(others_uncertain(history, rest)));
  }
}

// Compare-and-sets that failed tell no more than that.
void forget_finds(History& history) {
  for (Operation& operation : history) {
    if (operation.kind != OperationKind::compare_and_set || operation.outcome != Outcome::ok ||
        operation.matched)
      continue;
    operation.value_known = false;
    operation.accesses[0].value.reset();
  }
}

std::size_t violations(const Recipe& recipe, std::uint64_t seed, std::size_t cases,
                       std::size_t operations_max, bool untold = false) {
  Rng rng(seed);
  std::size_t found = 0;
  for (std::size_t i = 0; i < cases * deep(); ++i) {
    History history = make_history(recipe, rng);
    corrupt(history, rng);
    if (untold) forget_finds(history);
    const CheckResult result = check_linearizable(history);
    if (result.verdict != Verdict::violation) continue;
    ++found;
    CAPTURE(transcript(history));
    const Explanation explanation = explain(history, result);
    check_claims(history, explanation);
    CHECK(all_of(explanation).size() <= operations_max);
  }
  return found;
}

using enum OperationKind;

}  // namespace

TEST_CASE("registers with distinct values: minimal, fair, at most six operations") {
  CHECK(violations({.kinds = {get, put}}, 1, 1500, 6) > 50);
  CHECK(violations({.kinds = {get, put, compare_and_set}}, 2, 1500, 6) > 50);
  CHECK(violations({.kinds = {get, put, remove}}, 3, 1500, 6) > 50);
  CHECK(violations({.kinds = {get, append}}, 4, 1500, 6) > 50);
}

TEST_CASE("an append that only an uncertain compare-and-set could have seen is not left out") {
  Operation first = by_hand::swap(0, 1, 2, "1", "2");
  first = by_hand::unknown(first);
  const History history = {by_hand::append(2, 1, 7, "1"), first, by_hand::get(0, 8, 12, "1"),
                           by_hand::get(2, 11, 14, "2"), by_hand::swap(2, 19, 22, "1", "2")};
  const Explanation explanation = explain(history, check_linearizable(history));
  check_claims(history, explanation);
  CHECK(certain_of(explanation) != Places{3});
}

TEST_CASE("compare-and-sets that did not tell what they found: minimal and fair") {
  CHECK(violations({.kinds = {get, put, compare_and_set, compare_and_set}}, 10, 3000, 8, true) > 50);
  CHECK(violations({.kinds = {put, compare_and_set, compare_and_set}, .distinct = false}, 11, 3000, 8, true) >
        50);
  CHECK(violations({.kinds = {get, append, remove, compare_and_set}}, 12, 3000, 8, true) > 50);
}

TEST_CASE("a stale read in a long history comes to a few operations, seen to be needed") {
  Rng rng(3);
  const std::vector<std::vector<OperationKind>> mixes = {{get, put},
                                                         {get, put, compare_and_set},
                                                         {get, put, remove},
                                                         {get, put, remove, compare_and_set},
                                                         {get, put, multi_put}};
  for (const auto& kinds : mixes) {
    History history = make_history({.kinds = kinds,
                                    .operations = 20'000,
                                    .clients = 8,
                                    .keys = 3,
                                    .unknown = Ratio{10'000},
                                    .length = 60,
                                    .pause = 30},
                                   rng);
    const auto is_read = [](const Operation& operation) {
      return operation.kind == get && operation.outcome == Outcome::ok && operation.accesses[0].value;
    };
    const auto early = std::find_if(history.begin() + 1000, history.end(), is_read);
    const auto late = std::find_if(history.begin() + 15'000, history.end(), [&](const Operation& operation) {
      return is_read(operation) && operation.accesses[0].key == early->accesses[0].key;
    });
    REQUIRE(late != history.end());
    late->accesses[0].value = early->accesses[0].value;
    const CheckResult result = check_linearizable(history);
    REQUIRE(result.verdict == Verdict::violation);
    const Explanation explanation = explain(history, result);
    CHECK(explanation.proven);
    CHECK(all_of(explanation).size() <= 6);
    CHECK_FALSE(linearizable_by_trying(only(history, certain_of(explanation))));
  }
}

TEST_CASE("everything else: minimal and fair") {
  CHECK(violations({.kinds = {get, put, remove, compare_and_set}, .distinct = false}, 5, 1500, 8) > 50);
  CHECK(violations({.kinds = {get, increment}}, 6, 1500, 8) > 50);
  CHECK(violations({.kinds = {get, put, append, remove}, .distinct = false}, 7, 1500, 8) > 50);
  CHECK(violations({.kinds = {get, put, multi_get, multi_put}, .keys = 2}, 8, 1500, 8) > 50);
  CHECK(
      violations(
          {.kinds = {get, put, increment, append, compare_and_set, multi_put}, .keys = 2, .distinct = false},
          9, 1500, 8) > 50);
}

}  // namespace norn::sim
