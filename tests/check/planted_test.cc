// Violations planted in generated histories of 1,000 to 100,000 operations are found, with witnesses; the
// same histories without them pass. tools/bench/check --planted does the same up to 10,000,000 operations.
#include <doctest/doctest.h>
#include <string>

#include "sim/check/compact.h"

#include "tests/check/generated.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using enum OperationKind;

void find(Planted planted, std::vector<OperationKind> kinds) {
  for (const std::uint64_t operations : {std::uint64_t{1'000}, std::uint64_t{100'000}}) {
    for (const std::uint32_t keys : {1U, 10U, 1'000U}) {
      Shape shape;
      shape.kinds = kinds;
      shape.operations = operations;
      shape.keys = keys;
      shape.unknown = Ratio{keys == 10 ? 100'000U : 10'000U};
      INFO(operations << " operations, " << keys << " keys");
      CompactBuilder whole;
      generate(shape, operations + keys, whole);
      const CheckResult passed = check_linearizable(whole.take());
      INFO(passed.reason);
      CHECK(passed.verdict == Verdict::linearizable);
      CHECK(passed.searched == 0);

      shape.planted = planted;
      shape.planted_at = operations - operations / 10;
      HistoryKeeper kept;
      generate(shape, operations + keys, kept);
      const CheckResult found = check_linearizable(make_compact(kept.history));
      INFO(found.reason);
      CHECK(found.verdict == Verdict::violation);
      CHECK(found.searched == 0);
      History alone;
      for (const std::size_t place : found.witnesses) alone.push_back(kept.history[place]);
      CHECK(alone.size() <= 6);
      CHECK_FALSE(linearizable_by_trying(alone));
    }
  }
}

}  // namespace

TEST_CASE("planted: a stale read") { find(Planted::stale_read, {put, get, get}); }
TEST_CASE("planted: a stale read beside removes") { find(Planted::stale_read, {put, get, get, remove}); }
TEST_CASE("planted: a lost write") { find(Planted::lost_write, {put, get, get, compare_and_set}); }
TEST_CASE("planted: a resurrected delete") { find(Planted::resurrected_delete, {put, get, remove, get}); }
TEST_CASE("planted: a double append") { find(Planted::double_append, {append, get}); }
TEST_CASE("planted: a compare-and-set won twice") {
  find(Planted::swap_won_twice, {put, get, compare_and_set, compare_and_set});
}
TEST_CASE("planted: reordered increments") { find(Planted::reordered_increments, {increment, get}); }

}  // namespace norn::sim
