// The anomalies that have names: each is found, its reason says so in words, and its near twin that is
// allowed passes.
#include <doctest/doctest.h>
#include <string>

#include "sim/check/linearizable.h"

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using namespace by_hand;

bool passes(const History& history) { return check_linearizable(history).verdict == Verdict::linearizable; }

// The reason of a violation, or what else the verdict was.
std::string reason(const History& history, std::vector<std::size_t> witnesses) {
  const CheckResult result = check_linearizable(history);
  if (result.verdict != Verdict::violation) return "no violation";
  CHECK(result.witnesses == witnesses);
  return result.reason;
}

}  // namespace

TEST_CASE("stale read") {
  const History history = {put(0, 0, 100'000'000, "v2"), put(1, 200'000'000, 900'000'000, "v3"),
                           get(3, 1'100'000'000, 1'203'000'000, "v2")};
  CHECK(reason(history, {0, 1, 2}) ==
        "get of key \"k\" by client 3 (called 1.100 s, ok 1.203 s) returned \"v2\": so \"v2\" came after "
        "\"v3\", for "
        "put of key \"k\" \"v3\" by client 1 (called 0.200 s, ok 0.900 s) had returned before that call; but "
        "\"v2\" "
        "came before \"v3\", for put of key \"k\" \"v2\" by client 0 (called 0.000 s, ok 0.100 s) had "
        "returned before "
        "the call of put of key \"k\" \"v3\" by client 1 (called 0.200 s, ok 0.900 s)");
  CHECK(
      passes({put(0, 0, 1, "v2"), put(1, 2, 9, "v3"), get(3, 9, 12, "v2")}));  // concurrent by one nanosecond
}

TEST_CASE("a read that goes back in time") {
  CHECK_FALSE(passes({put(0, 0, 10, "a"), put(1, 11, 90, "b"), get(2, 20, 30, "b"), get(3, 40, 50, "a")}));
  CHECK(passes({put(0, 0, 10, "a"), put(1, 11, 90, "b"), get(2, 20, 30, "a"), get(3, 40, 50, "b")}));
}

TEST_CASE("a lost write: a key that was written is found empty") {
  CHECK(reason({put(0, 0, 10, "a"), get(1, 20, 30, std::nullopt)}, {0, 1}).find("only in the beginning") !=
        std::string::npos);
  CHECK_FALSE(passes({put(0, 0, 10, "a"), get(1, 20, 30, std::nullopt), remove(0, 31, 40)}));
  CHECK(passes({put(0, 0, 10, "a"), remove(2, 5, 40), get(1, 20, 30, std::nullopt)}));
  CHECK(passes({put(0, 0, 10, "a"), unknown(remove(2, 5, 40)), get(1, 20, 30, std::nullopt)}));
}

TEST_CASE("a value from nowhere, and one read before it was written") {
  CHECK(reason({get(0, 0, 10, "a")}, {0}).find("nobody wrote \"a\"") != std::string::npos);
  CHECK(reason({get(0, 0, 10, "a"), put(1, 11, 20, "a")}, {0, 1}).find("before that was written") !=
        std::string::npos);
}

TEST_CASE("lost update: two compare-and-sets succeed from one value") {
  CHECK(reason({put(0, 0, 10, "a"), swap(1, 11, 30, "a", "b"), swap(2, 12, 31, "a", "c")}, {0, 1, 2})
            .find("two compare-and-sets took effect from one value") != std::string::npos);
  CHECK(passes({put(0, 0, 10, "a"), swap(1, 11, 30, "a", "b"), unknown(swap(2, 12, 31, "a", "c"))}));
  CHECK_FALSE(passes({put(0, 0, 10, "a"), swap(1, 11, 30, "a", "b"), unknown(swap(2, 12, 31, "a", "c")),
                      get(3, 40, 50, "c")}));
}

TEST_CASE("compare-and-sets that feed each other") {
  CHECK(reason({swap(1, 11, 30, "a", "b"), swap(2, 12, 31, "b", "a")}, {0, 1}).find("each need") !=
        std::string::npos);
}

TEST_CASE("lost update: two increments give one number") {
  CHECK(reason({increment(0, 0, 10, 1, "1"), increment(1, 5, 15, 1, "1")}, {0, 1}).find("no order") !=
        std::string::npos);
  CHECK(passes({increment(0, 0, 10, 1, "2"), increment(1, 5, 15, 1, "1")}));
}

TEST_CASE("an increment applied twice") {
  CHECK_FALSE(passes({increment(0, 0, 10, 1, "1"), get(0, 11, 15, "2")}));
  CHECK(passes({increment(0, 0, 10, 1, "1"), unknown(increment(1, 5, 0, 1, "")), get(0, 11, 15, "2")}));
}

TEST_CASE("split brain: two sides each read only their own writes") {
  CHECK_FALSE(passes({put(0, 0, 10, "left"), put(1, 1, 11, "right"), get(0, 20, 30, "left"),
                      get(1, 21, 31, "right"), get(0, 40, 50, "left"), get(1, 41, 51, "right")}));
}

TEST_CASE("an append that is lost, doubled, or out of order") {
  CHECK(reason({append(0, 0, 10, "a;"), append(0, 11, 20, "b;"), get(1, 21, 30, "b;")}, {0, 2})
            .find("is lost") != std::string::npos);
  CHECK(reason({append(0, 0, 10, "a;"), get(1, 21, 30, "a;a;")}, {0, 1}).find("twice") != std::string::npos);
  CHECK(reason({append(0, 0, 10, "a;"), append(0, 11, 20, "b;"), get(1, 21, 30, "b;a;")}, {0, 1, 2})
            .find("had returned before that call") != std::string::npos);
}

TEST_CASE("a failed compare-and-set that found what it expected") {
  Operation contradiction = swap(1, 11, 20, "a", "b");
  contradiction.matched = false;
  contradiction.accesses[0].value = "a";
  CHECK_FALSE(passes({put(0, 0, 10, "a"), contradiction}));
}

TEST_CASE("a torn multi-put: one key of two is seen") {
  Operation both = operation(0, OperationKind::multi_put, 0, 10, "x", "1");
  both.accesses.push_back({"y", "1", {}, {}, 0});
  Operation look = operation(1, OperationKind::multi_get, 20, 30, "x");
  look.accesses[0].value = "1";
  look.accesses.push_back({"y", "", {}, std::nullopt, 0});
  CHECK_FALSE(passes({both, look}));
  look.accesses[1].value = "1";
  CHECK(passes({both, look}));
}

TEST_CASE("an unknown write may take effect once, late; never twice") {
  const Operation lost = unknown(put(0, 0, 0, "a"));
  CHECK(passes({lost, put(1, 5, 10, "b"), get(1, 11, 15, "b"), get(1, 100, 110, "a")}));
  CHECK_FALSE(
      passes({lost, get(1, 2, 4, "a"), put(1, 5, 10, "b"), get(1, 11, 15, "b"), get(1, 100, 110, "a")}));
}

TEST_CASE("an operation that failed never happened") {
  Operation failed = put(0, 0, 10, "a");
  failed.outcome = Outcome::fail;
  CHECK_FALSE(passes({failed, get(1, 20, 30, "a")}));
  CHECK(passes({failed, get(1, 20, 30, std::nullopt)}));
}

TEST_CASE("versions made up do not excuse a violation, nor accuse a history without one") {
  History stale = {put(0, 0, 10, "a"), put(1, 20, 30, "b"), get(2, 40, 50, "a")};
  stale[0].accesses[0].version = 2;
  stale[1].accesses[0].version = 1;
  stale[2].accesses[0].version = 2;
  CHECK_FALSE(passes(stale));
  stale[2].accesses[0].value = "b";
  CHECK(passes(stale));
}

TEST_CASE("an increment up and one down, both from absence, the first of which had just returned") {
  const std::string text = reason({increment(1, 4, 6, 2, "2"), increment(2, 6, 6, -1, "-1")}, {0, 1});
  CHECK(text.find("the 1 that returned before have one, which leaves key \"k\" at \"2\"") !=
        std::string::npos);
}

}  // namespace norn::sim
