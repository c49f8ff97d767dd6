// Tier 1 against brute force: every verdict it gives is right, it gives one wherever it says it does, and the
// witnesses of a violation are few and have no order either when they are all there is. Of what is
// linearizable it gives an order that holds.
#include "sim/check/tier1.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "sim/check/compact.h"
#include "sim/check/compact_component.h"
#include "sim/check/order.h"

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using enum OperationKind;

struct Counts {
  std::uint64_t linearizable = 0;
  std::uint64_t violations = 0;
  std::uint64_t passed_on = 0;  // to the search
};

History only(const History& history, const std::vector<std::size_t>& places) {
  History picked;
  for (const std::size_t place : places) picked.push_back(history[place]);
  return picked;
}

void judge(const History& history, Counts& counts) {
  const bool expected = linearizable_by_trying(history);
  CheckOptions options;
  options.use_versions = false;
  const CheckResult result = check_linearizable(history, options);
  ++(expected ? counts.linearizable : counts.violations);
  counts.passed_on += result.searched;
  if (result.verdict != (expected ? Verdict::linearizable : Verdict::violation)) {
    FAIL("expected " << (expected ? "linearizable" : "a violation") << ": " << result.reason
                     << transcript(history));
  }
  if (expected) {
    const OrderResult ordered = order_of(history, options);
    if (ordered.verdict != Verdict::linearizable) FAIL("no order: " << ordered.reason << transcript(history));
    return;
  }
  if (result.searched != 0) return;
  const bool few = !result.witnesses.empty() && result.witnesses.size() <= 6;
  if (!few || linearizable_by_trying(only(history, result.witnesses))) {
    std::string places;
    for (const std::size_t place : result.witnesses) places += " " + std::to_string(place);
    FAIL("the witnesses" << places << " show nothing: " << result.reason << transcript(history));
  }
}

// Histories of few clients and many, of short operations and long, with few unknown outcomes and many.
Counts compare(std::vector<OperationKind> kinds, std::uint64_t seed, std::uint64_t cases) {
  Rng rng(seed);
  Recipe recipe;
  recipe.kinds = std::move(kinds);
  Counts counts;
  for (std::uint64_t i = 0; i < cases * deep(); ++i) {
    recipe.operations = rng.between(2, 8);
    recipe.clients = static_cast<std::uint32_t>(rng.between(1, 4));
    recipe.length = rng.between(1, 12);
    recipe.unknown = Ratio{static_cast<std::uint32_t>(rng.between(0, 3) * 150'000)};
    History history = make_history(recipe, rng);
    const std::uint64_t corruptions = rng.between(0, 3);
    for (std::uint64_t j = 0; j < corruptions; ++j) corrupt(history, rng);
    judge(history, counts);
  }
  INFO(counts.linearizable << " linearizable, " << counts.violations << " not, " << counts.passed_on
                           << " passed on");
  CHECK(counts.linearizable > cases * deep() / 5);
  CHECK(counts.violations > cases * deep() / 16);
  return counts;
}

}  // namespace

TEST_CASE("tier 1 agrees with brute force: puts and gets") {
  CHECK(compare({put, get, get}, 51, 20'000).passed_on < 1'500 * deep());
}
TEST_CASE("tier 1 agrees with brute force: compare-and-sets that won and that lost") {
  CHECK(compare({put, get, compare_and_set, compare_and_set, compare_and_set}, 52, 30'000).passed_on <
        6'000 * deep());
}
TEST_CASE("tier 1 agrees with brute force: removes") {
  CHECK(compare({put, get, get, remove}, 53, 30'000).passed_on < 3'000 * deep());
}
TEST_CASE("tier 1 agrees with brute force: appends") {
  CHECK(compare({append, append, get}, 54, 20'000).passed_on < 3'000 * deep());
}
TEST_CASE("tier 1 agrees with brute force: increments") {
  CHECK(compare({increment, increment, get}, 55, 30'000).passed_on < 12'000 * deep());
}
TEST_CASE("a value put twice is seen by a compare-and-set of unknown outcome whose value was read") {
  using by_hand::put;
  Counts counts;
  History history = {
      put(0, 0, 1, "a"),          put(0, 2, 3, "a"), by_hand::unknown(by_hand::swap(1, 4, 0, "a", "b")),
      by_hand::get(0, 6, 7, "b"), put(0, 8, 9, "c"), by_hand::get(0, 10, 11, "b")};
  judge(history, counts);
  CHECK(counts.violations == 1);
  history.pop_back();
  judge(history, counts);
  CHECK(counts.linearizable == 1);
  CHECK(counts.passed_on == 2);
}
TEST_CASE("what tier 1 passes on is judged the same") {
  compare({put, get, remove, compare_and_set, compare_and_set}, 56, 10'000);
  compare({increment, put, get}, 57, 5'000);
  compare({append, put, get}, 58, 5'000);
}

}  // namespace norn::sim
