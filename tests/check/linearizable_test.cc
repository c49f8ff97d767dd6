// The checker against brute force, on random small histories of every kind, and on long ones that are
// linearizable by construction or spoiled.
#include "sim/check/linearizable.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using enum OperationKind;

struct Counts {
  std::uint64_t linearizable = 0;
  std::uint64_t violations = 0;
  std::uint64_t searched = 0;
};

bool agrees(const History& history, bool expected, bool use_versions, Counts& counts) {
  CheckOptions options;
  options.use_versions = use_versions;
  const CheckResult result = check_linearizable(history, options);
  counts.searched += result.searched != 0;
  if (result.verdict == Verdict::undecided) return false;
  if ((result.verdict == Verdict::linearizable) != expected) return false;
  if (expected) return result.reason.empty() && result.witnesses.empty();
  return !result.reason.empty() && !result.witnesses.empty() && result.witnesses.size() <= 6 &&
         result.witnesses.back() < history.size();
}

// Compares the checker with the oracle on random histories of one recipe, whole and corrupted.
Counts compare(Recipe recipe, std::uint64_t seed, std::uint64_t cases) {
  Rng rng(seed);
  Counts counts;
  for (std::uint64_t i = 0; i < cases * deep(); ++i) {
    recipe.operations = rng.between(2, 7);
    recipe.clients = static_cast<std::uint32_t>(rng.between(1, 4));
    recipe.length = rng.between(1, 10);
    History history = make_history(recipe, rng);
    const std::uint64_t corruptions = rng.between(0, 3);
    for (std::uint64_t j = 0; j < corruptions; ++j) corrupt(history, rng);
    const bool expected = linearizable_by_trying(history);
    if (corruptions == 0 && !expected) {
      FAIL("a history linearizable by construction is not: " << transcript(history));
    }
    ++(expected ? counts.linearizable : counts.violations);
    for (const bool use_versions : {false, true}) {
      if (!agrees(history, expected, use_versions, counts)) {
        CheckOptions options;
        options.use_versions = use_versions;
        const CheckResult result = check_linearizable(history, options);
        FAIL("expected " << (expected ? "linearizable" : "a violation") << ", case " << i << ", verdict "
                         << int(result.verdict) << ", versions " << use_versions << ", searched "
                         << result.searched << ": " << result.reason << transcript(history));
      }
    }
  }
  CHECK(counts.linearizable > cases * deep() / 5);
  CHECK(counts.violations > cases * deep() / 12);
  return counts;
}

Recipe recipe(std::vector<OperationKind> kinds, bool distinct, std::uint32_t keys = 1) {
  Recipe made;
  made.kinds = std::move(kinds);
  made.distinct = distinct;
  made.keys = keys;
  return made;
}

}  // namespace

// The first four are decided without the search, but for values that a corruption made equal.
TEST_CASE("brute force agrees: puts and gets of distinct values") {
  CHECK(compare(recipe({put, get, get}, true), 1, 30'000).searched < 10'000 * deep());
}
TEST_CASE("brute force agrees: compare-and-sets of distinct values") {
  CHECK(compare(recipe({put, get, get, compare_and_set, compare_and_set}, true), 2, 40'000).searched <
        15'000 * deep());
}
TEST_CASE("brute force agrees: appends of distinct tokens") {
  CHECK(compare(recipe({append, append, get}, true), 3, 20'000).searched < 10'000 * deep());
}
TEST_CASE("brute force agrees: removes beside distinct values") {
  CHECK(compare(recipe({put, get, get, remove}, true), 4, 40'000).searched < 15'000 * deep());
}
TEST_CASE("brute force agrees: values written more than once") {
  compare(recipe({put, get, get, remove}, false), 5, 20'000);
}
TEST_CASE("brute force agrees: compare-and-sets of repeated values, beside removes") {
  compare(recipe({put, get, compare_and_set, remove}, false), 6, 20'000);
}
TEST_CASE("brute force agrees: appends of repeated tokens") {
  compare(recipe({append, get, put}, false), 7, 20'000);
}
TEST_CASE("brute force agrees: increments") {
  compare(recipe({increment, increment, get}, false), 8, 20'000);
  compare(recipe({increment, put, get, append, compare_and_set}, false), 9, 20'000);
}
TEST_CASE("brute force agrees: several keys at once") {
  compare(recipe({multi_put, multi_get, put, get}, true, 2), 10, 20'000);
  compare(recipe({multi_put, multi_get, put, get, append}, false, 2), 11, 20'000);
}
TEST_CASE("brute force agrees: every kind together") {
  const std::vector<OperationKind> all = {get,    put,       remove,    compare_and_set,
                                          append, increment, multi_get, multi_put};
  compare(recipe(all, false, 2), 12, 30'000);
  compare(recipe(all, true, 2), 13, 20'000);
  compare(recipe(all, false, 1), 14, 20'000);
}

}  // namespace norn::sim
