// Compare-and-sets that failed and did not tell what they found: all that is known is that it was not what
// they expected.
#include <doctest/doctest.h>

#include "sim/check/compact.h"
#include "sim/check/linearizable.h"
#include "sim/check/order.h"
#include "sim/check/stream.h"

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

Operation failed_swap(std::uint32_t client, std::int64_t call, std::int64_t back,
                      std::optional<std::string> expected, std::string value) {
  Operation made = by_hand::swap(client, call, back, std::move(expected), std::move(value));
  made.matched = false;
  made.value_known = false;
  return made;
}

bool is_linearizable(const History& history) {
  const CheckResult result = check_linearizable(history);
  CHECK(result.verdict != Verdict::undecided);
  CHECK((result.verdict == Verdict::linearizable) == linearizable_by_trying(history));
  CHECK(check_linearizable(make_compact(history)).verdict == result.verdict);
  CHECK(order_of(history).verdict == result.verdict);
  StreamChecker stream;
  feed(history, stream);
  CHECK(stream.verdict() == result.verdict);
  return result.verdict == Verdict::linearizable;
}

// Makes the history's failed compare-and-sets forget what they found, or not.
void forget(History& history, Rng& rng) {
  for (Operation& operation : history) {
    if (operation.kind != OperationKind::compare_and_set || operation.outcome != Outcome::ok) continue;
    if (operation.matched || rng.between(0, 3) == 0) continue;
    operation.value_known = false;
    operation.accesses[0].value.reset();
  }
}

}  // namespace

TEST_CASE("a failed compare-and-set needs another value than the one it expected") {
  CHECK(is_linearizable({by_hand::put(1, 0, 1, "a"), failed_swap(2, 2, 3, "b", "c")}));
  CHECK_FALSE(is_linearizable({by_hand::put(1, 0, 1, "a"), failed_swap(2, 2, 3, "a", "c")}));
  CHECK(is_linearizable({by_hand::put(1, 0, 1, "a"), failed_swap(2, 2, 3, std::nullopt, "c")}));
  CHECK_FALSE(is_linearizable({failed_swap(2, 2, 3, std::nullopt, "c")}));
}

TEST_CASE("appends whose order is told only by what it is not") {
  CHECK(is_linearizable(
      {by_hand::append(0, 0, 0, "1"), by_hand::append(1, 0, 0, "3"), failed_swap(0, 1, 1, "13", "3")}));
  CHECK_FALSE(is_linearizable(
      {by_hand::append(0, 0, 0, "1"), by_hand::append(1, 1, 1, "3"), failed_swap(0, 2, 2, "13", "3")}));
}

TEST_CASE("an open append that nobody read explains a failed compare-and-set, after a read of absence") {
  CHECK(is_linearizable({by_hand::swap(0, 1, 4, {}, "1"), by_hand::remove(1, 3, 4), by_hand::get(0, 5, 7, {}),
                         by_hand::append(1, 6, 8, "1"), failed_swap(2, 6, 7, {}, "1")}));
}

TEST_CASE("a write that nobody read, of unknown outcome or open, explains a failed compare-and-set") {
  CHECK(is_linearizable({by_hand::put(1, 0, 1, "a"), by_hand::unknown(by_hand::put(3, 2, 0, "b")),
                         failed_swap(2, 3, 4, "a", "c")}));
  CHECK(is_linearizable(
      {by_hand::put(1, 0, 1, "a"), by_hand::put(3, 2, 9, "b"), failed_swap(2, 3, 4, "a", "c")}));
  CHECK(is_linearizable(
      {by_hand::put(1, 0, 1, "a"), by_hand::append(3, 2, 9, "b"), failed_swap(2, 3, 4, "a", "c")}));
  CHECK(is_linearizable({by_hand::put(1, 0, 1, "a"), by_hand::unknown(by_hand::append(3, 2, 0, "b")),
                         failed_swap(2, 3, 4, "a", "c")}));
  CHECK_FALSE(is_linearizable(
      {by_hand::put(1, 0, 1, "a"), failed_swap(2, 3, 4, "a", "c"), by_hand::append(3, 5, 9, "b")}));
}

TEST_CASE("the order of appends that nobody reads, told by a later compare-and-set that failed") {
  CHECK(is_linearizable(
      {by_hand::append(1, 1, 6, "2;"), by_hand::append(2, 2, 4, "1;"), failed_swap(2, 7, 9, "1;2;", "c")}));
  CHECK_FALSE(is_linearizable(
      {by_hand::append(2, 2, 4, "1;"), by_hand::append(1, 5, 6, "2;"), failed_swap(2, 7, 9, "1;2;", "c")}));
}

TEST_CASE("brute force agrees: failed compare-and-sets that do not tell what they found") {
  const std::vector<std::vector<OperationKind>> mixes = {
      {OperationKind::compare_and_set, OperationKind::put, OperationKind::get},
      {OperationKind::compare_and_set, OperationKind::compare_and_set, OperationKind::append},
      {OperationKind::compare_and_set, OperationKind::remove, OperationKind::put, OperationKind::get},
      {OperationKind::compare_and_set, OperationKind::increment, OperationKind::get},
      {OperationKind::compare_and_set, OperationKind::multi_put, OperationKind::multi_get}};
  Rng rng(51);
  int linearizable = 0;
  int violations = 0;
  for (std::uint64_t i = 0; i < 6'000 * deep(); ++i) {
    Recipe recipe;
    recipe.kinds = mixes[i % mixes.size()];
    recipe.distinct = rng.between(0, 1) == 0;
    recipe.operations = rng.between(2, 7);
    recipe.clients = static_cast<std::uint32_t>(rng.between(1, 4));
    recipe.keys = static_cast<std::uint32_t>(i % mixes.size() == 4 ? 2 : 1);
    recipe.length = rng.between(1, 10);
    History history = make_history(recipe, rng);
    for (std::uint64_t j = rng.between(0, 3); j > 0; --j) corrupt(history, rng);
    forget(history, rng);
    ++(is_linearizable(history) ? linearizable : violations);
  }
  CHECK(linearizable > 1'000);
  CHECK(violations > 1'000);
}

}  // namespace norn::sim
