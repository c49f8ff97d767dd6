// Long histories: what is linearizable by construction is decided without the search, what is spoiled is
// found, and the search keeps its budget.
#include <doctest/doctest.h>
#include <string>

#include "sim/check/linearizable.h"

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using enum OperationKind;

Recipe long_recipe(std::vector<OperationKind> kinds, std::size_t operations) {
  Recipe recipe;
  recipe.kinds = std::move(kinds);
  recipe.operations = operations;
  recipe.clients = 20;
  recipe.unknown = Ratio{10'000};
  recipe.length = 1'000;
  recipe.pause = 100;
  return recipe;
}

// Decided, linearizable, and by the tiers before the search.
void check_without_search(const History& history, bool use_versions) {
  CheckOptions options;
  options.use_versions = use_versions;
  const CheckResult result = check_linearizable(history, options);
  INFO(result.reason);
  CHECK(result.verdict == Verdict::linearizable);
  CHECK(result.searched == 0);
}

void check_violation(const History& history) {
  for (const bool use_versions : {false, true}) {
    CheckOptions options;
    options.use_versions = use_versions;
    const CheckResult result = check_linearizable(history, options);
    CHECK(result.verdict == Verdict::violation);
    CHECK(result.witnesses.size() <= 6);
  }
}

}  // namespace

TEST_CASE("a hundred thousand puts and gets of one key by twenty clients need no search") {
  Rng rng(31);
  History history = make_history(long_recipe({put, get, get}, 100'000), rng);
  check_without_search(history, false);
  check_without_search(history, true);
  REQUIRE(corrupt_read(history, 50'000, "v3"));
  check_violation(history);
}

TEST_CASE("a hundred thousand compare-and-sets, puts and gets need no search") {
  Rng rng(32);
  History history = make_history(long_recipe({put, get, compare_and_set}, 100'000), rng);
  check_without_search(history, false);
  REQUIRE(corrupt_read(history, 90'000, "v3"));
  check_violation(history);
}

TEST_CASE("a hundred thousand puts, gets and removes need no search") {
  Rng rng(33);
  History history = make_history(long_recipe({put, get, get, remove}, 100'000), rng);
  check_without_search(history, false);
  REQUIRE(corrupt_read(history, 50'000, "v3"));
  check_violation(history);
}

TEST_CASE("two thousand appends and gets need no search") {
  Rng rng(34);
  History history = make_history(long_recipe({append, get}, 2'000), rng);
  check_without_search(history, false);
  REQUIRE(corrupt_read(history, 1'000, "t3;"));
  check_violation(history);
}

TEST_CASE("with versions, every kind on ten keys is certified without a search when all outcomes are known") {
  Rng rng(35);
  Recipe recipe = long_recipe({get, put, remove, compare_and_set, increment, multi_get, multi_put}, 50'000);
  recipe.keys = 10;
  recipe.distinct = false;
  recipe.unknown = Ratio{0};
  check_without_search(make_history(recipe, rng), true);
}

TEST_CASE("with versions, unknown puts that were seen find their places") {
  Rng rng(36);
  Recipe recipe = long_recipe({get, get, put, remove}, 20'000);
  recipe.distinct = false;
  recipe.unknown = Ratio{2'000};
  recipe.keys = 10;
  CheckOptions options;
  const CheckResult result = check_linearizable(make_history(recipe, rng), options);
  CHECK(result.verdict == Verdict::linearizable);
}

TEST_CASE("the search decides thousands of ambiguous operations within its budget") {
  Rng rng(37);
  for (const bool distinct : {false, true}) {
    Recipe recipe = long_recipe({get, put, compare_and_set, remove}, 3'000);
    recipe.distinct = distinct;
    recipe.clients = 8;
    recipe.unknown = Ratio{3'000};
    CheckOptions options;
    options.use_versions = false;
    const CheckResult result = check_linearizable(make_history(recipe, rng), options);
    CHECK(result.verdict == Verdict::linearizable);
    CHECK(result.searched == 1);
    CHECK(result.steps > 0);
  }
  Recipe recipe = long_recipe({increment, get, increment}, 3'000);
  recipe.clients = 8;
  CheckOptions options;
  options.use_versions = false;
  CHECK(check_linearizable(make_history(recipe, rng), options).verdict == Verdict::linearizable);
}

TEST_CASE("a budget that runs out leaves the history undecided, and names the key") {
  Rng rng(38);
  Recipe recipe = long_recipe({get, put, compare_and_set, remove}, 2'000);
  recipe.distinct = false;
  const History history = make_history(recipe, rng);
  CheckOptions options;
  options.use_versions = false;
  for (const std::uint64_t budget : {0U, 1U, 100U, 1'000U}) {
    options.steps_max = budget;
    const CheckResult result = check_linearizable(history, options);
    CHECK(result.verdict == Verdict::undecided);
    CHECK(result.steps <= budget);
    CHECK(result.reason.find("\"k0\"") != std::string::npos);
    CHECK(result.witnesses.empty());
  }
}

TEST_CASE("a violation on one key is reported beside another that stays undecided") {
  Rng rng(39);
  Recipe recipe = long_recipe({get, put, compare_and_set, remove}, 200);
  recipe.distinct = false;
  History history = make_history(recipe, rng);
  const std::int64_t end = 1'000'000;
  history.push_back(by_hand::put(0, end, end + 1, "a", "other"));
  history.push_back(by_hand::get(0, end + 2, end + 3, std::nullopt, "other"));
  CheckOptions options;
  options.use_versions = false;
  options.steps_max = 10;
  CHECK(check_linearizable(history, options).verdict == Verdict::violation);
  history.pop_back();
  CHECK(check_linearizable(history, options).verdict == Verdict::undecided);
}

TEST_CASE("keys are independent until a multi-key operation joins them") {
  using namespace by_hand;
  CHECK(check_linearizable({}).components == 0);
  History history = {by_hand::put(0, 0, 1, "a", "x"), by_hand::put(0, 2, 3, "a", "y"),
                     by_hand::put(0, 4, 5, "a", "z")};
  CHECK(check_linearizable(history).components == 3);
  Operation both = operation(0, OperationKind::multi_put, 6, 7, "z", "1");
  both.accesses.push_back({"x", "1", {}, {}, 0});
  history.push_back(both);
  CHECK(check_linearizable(history).components == 2);
}

}  // namespace norn::sim
