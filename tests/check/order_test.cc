// Orders: that the ones found hold, that the wrong ones are found out, and the text they are kept as.
#include "sim/check/order.h"

#include <algorithm>
#include <cstdio>
#include <doctest/doctest.h>

#include "sim/check/order_trail.h"

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using by_hand::append;
using by_hand::get;
using by_hand::increment;
using by_hand::put;
using by_hand::remove;
using by_hand::swap;
using by_hand::unknown;

Operation failed(Operation operation) {
  operation.outcome = Outcome::fail;
  return operation;
}

Operation found_other(Operation compare_and_set, std::optional<std::string> found) {
  compare_and_set.matched = false;
  compare_and_set.accesses[0].value = std::move(found);
  return compare_and_set;
}

bool says(const std::optional<std::string>& wrong, std::string_view text) {
  return wrong && wrong->find(text) != std::string::npos;
}

// Of every way to get one.
void check_order_found(const History& history) {
  CheckOptions no_versions;
  no_versions.use_versions = false;
  for (const OrderResult& result :
       {order_of(history), order_of(history, no_versions), order_by_search(history, no_versions)}) {
    REQUIRE_MESSAGE(result.verdict == Verdict::linearizable, result.reason);
    CHECK(result.reason.empty());
    CHECK_FALSE(verify_order(history, result.order).has_value());
  }
}

const History kTwoPuts = {put(0, 0, 9, "a"), put(1, 0, 9, "b"), get(2, 10, 11, "a")};

}  // namespace

TEST_CASE("an order holds if the map gives every result") {
  CHECK_FALSE(verify_order(kTwoPuts, {1, 0, 2}).has_value());
  CHECK(says(verify_order(kTwoPuts, {0, 1, 2}), "at 2 of the order: get of"));
  CHECK(says(verify_order(kTwoPuts, {0, 1, 2}), "here the map holds \"b\" at \"k\""));
}

TEST_CASE("an order has every completed operation once, and no failed one") {
  CHECK(says(verify_order(kTwoPuts, {1, 0}), "missing from the order: get"));
  CHECK(says(verify_order(kTwoPuts, {1, 1, 0, 2}), "at 1 of the order: again"));
  CHECK(says(verify_order(kTwoPuts, {1, 0, 2, 3}), "no operation 3"));
  const History history = {failed(put(0, 0, 1, "a")), get(1, 2, 3, {})};
  CHECK_FALSE(verify_order(history, {1}).has_value());
  CHECK(says(verify_order(history, {0, 1}), "did not happen"));
}

TEST_CASE("an operation of unknown outcome is in an order once or never, and at any time after its call") {
  const History history = {unknown(put(0, 0, 1, "a")), get(1, 5, 6, {}), get(1, 20, 21, "a")};
  CHECK_FALSE(verify_order(history, {1, 0, 2}).has_value());
  CHECK(verify_order(history, {0, 1, 2}).has_value());
  CHECK(verify_order(history, {1, 0, 2, 0}).has_value());
  const History late = {get(1, 0, 1, "a"), unknown(put(0, 2, 3, "a"))};
  CHECK(says(verify_order(late, {1, 0}), "had returned before the call of what stands before it: put"));
}

TEST_CASE("an order keeps real time, in which equal times are concurrent") {
  const History touching = {put(0, 0, 5, "a"), put(1, 5, 9, "b"), get(2, 10, 11, "a")};
  CHECK_FALSE(verify_order(touching, {1, 0, 2}).has_value());
  const History apart = {put(0, 0, 4, "a"), put(1, 5, 9, "b"), get(2, 10, 11, "a")};
  CHECK(says(verify_order(apart, {1, 0, 2}), "at 1 of the order: put"));
}

TEST_CASE("what is run in an order: every kind, with results that fit and such that do not") {
  const History good = {append(0, 0, 1, "1"),
                        increment(0, 2, 3, 4, "5"),
                        swap(0, 4, 5, "5", "x"),
                        remove(0, 6, 7),
                        swap(0, 8, 9, {}, "y"),
                        found_other(swap(0, 10, 11, "x", "z"), "y"),
                        unknown(increment(1, 12, 13, 1, "")),
                        get(0, 14, 15, "y")};
  CHECK_FALSE(verify_order(good, {0, 1, 2, 3, 4, 5, 6, 7}).has_value());
  const auto spoiled = [&](std::size_t place, auto spoil) {
    History history = good;
    spoil(history[place]);
    const std::optional<std::string> wrong = verify_order(history, {0, 1, 2, 3, 4, 5, 6, 7});
    return says(wrong, "at " + std::to_string(place) + " of the order: ");
  };
  CHECK(spoiled(1, [](Operation& it) { it.accesses[0].value = "6"; }));
  CHECK(spoiled(2, [](Operation& it) { it.accesses[0].expected = "4"; }));
  CHECK(spoiled(2, [](Operation& it) { it.matched = false; }));
  CHECK(spoiled(4, [](Operation& it) { it.accesses[0].expected = "x"; }));
  CHECK(spoiled(5, [](Operation& it) { it.accesses[0].value = "w"; }));
  CHECK(spoiled(5, [](Operation& it) { it.accesses[0].expected = "y"; }));
  CHECK(spoiled(7, [](Operation& it) { it.accesses[0].value.reset(); }));
}

TEST_CASE("orders are found: zones of compare-and-sets, where a backward one touches a forward one") {
  check_order_found({put(0, 0, 10, "a"), get(1, 2, 3, "a"), put(2, 4, 20, "b"), get(3, 8, 9, "a"),
                     swap(4, 4, 30, "b", "c"), get(5, 9, 9, "c")});
  check_order_found({get(0, 0, 1, {}), swap(1, 0, 9, {}, "a"), get(2, 3, 4, "a"), unknown(put(3, 0, 1, "b")),
                     get(4, 6, 7, "b"), unknown(put(5, 0, 1, "c"))});
}

TEST_CASE("orders are found: a chain of appends, and the one that nobody saw behind it") {
  check_order_found({append(0, 0, 9, "1;"), append(1, 0, 9, "2;"), append(2, 0, 9, "3;"),
                     get(3, 1, 5, "2;1;"), get(4, 1, 5, {}), get(5, 1, 6, "2;")});
}

TEST_CASE("orders are found: removes, whose reads of absence wait for them") {
  check_order_found({put(0, 0, 5, "a"), remove(1, 1, 20), get(2, 2, 19, {}), put(3, 6, 25, "b"),
                     get(4, 10, 11, "a"), get(5, 21, 22, "b"), unknown(remove(6, 23, 24)),
                     get(7, 30, 31, {})});
}

TEST_CASE("orders are found: writes that stayed hidden in the search") {
  // Of four equal puts two must hide under others; the append hides under a put.
  check_order_found({put(0, 0, 9, "a"), put(1, 0, 9, "a"), put(2, 0, 9, "b"), append(3, 0, 9, "x"),
                     put(4, 0, 9, "b"), get(5, 2, 3, "a"), get(6, 10, 11, "b")});
}

TEST_CASE("orders of several keys are one order") {
  Operation both = by_hand::operation(9, OperationKind::multi_get, 2, 30, "x");
  both.accesses[0].value = "1";
  both.accesses.push_back({"y", {}, {}, "2", 0});
  check_order_found({put(0, 0, 1, "1", "x"), put(1, 0, 20, "2", "y"), both, get(2, 5, 6, {}, "y"),
                     put(3, 3, 4, "7", "z"), get(4, 8, 9, "7", "z"), put(5, 25, 40, "3", "x"),
                     unknown(put(6, 1, 2, "8", "z"))});
}

TEST_CASE("an order of a long history on few keys with repeated values is found, and holds") {
  Recipe recipe;
  recipe.kinds = {OperationKind::get,
                  OperationKind::put,
                  OperationKind::remove,
                  OperationKind::append,
                  OperationKind::compare_and_set,
                  OperationKind::multi_put};
  recipe.operations = 20'000;
  recipe.clients = 5;
  recipe.keys = 2;
  recipe.distinct = false;
  recipe.unknown = Ratio{0};
  recipe.kinds.erase(std::find(recipe.kinds.begin(), recipe.kinds.end(), OperationKind::append));
  Rng rng(17);
  check_order_found(make_history(recipe, rng));
}

TEST_CASE("orders are found for histories of hundreds of operations, of every shape") {
  using enum OperationKind;
  const std::vector<std::vector<OperationKind>> shapes = {
      {put, get, get},
      {put, get, get, compare_and_set, compare_and_set},
      {append, append, get},
      {put, get, get, remove},
      {put, get, remove, compare_and_set},
      {increment, increment, get},
      {get, put, remove, compare_and_set, append, increment, multi_get, multi_put}};
  Rng rng(23);
  for (std::uint64_t i = 0; i < 70 * deep(); ++i) {
    Recipe recipe;
    recipe.kinds = shapes[i % shapes.size()];
    recipe.operations = rng.between(50, 400);
    recipe.clients = static_cast<std::uint32_t>(rng.between(2, 6));
    recipe.keys = static_cast<std::uint32_t>(rng.between(1, 3));
    recipe.distinct = rng.chance(Ratio{500'000});
    recipe.unknown = Ratio{rng.chance(Ratio{500'000}) ? 10'000U : 0U};
    recipe.length = rng.between(1, 20);
    check_order_found(make_history(recipe, rng));
  }
}

TEST_CASE("a trail keeps what led to the live ones, and says when that is too much") {
  Trail trail(4);
  const Trail::Node a = trail.add(Trail::kRoot, {1, 9});
  trail.add(a, {2, 9});
  const Trail::Node c = trail.add(a, {3, 9});
  const Trail::Node d = trail.add(c, {4, 9});
  std::vector<Trail::Node> live = {d};
  CHECK(trail.keep(live));  // the root and three
  CHECK(trail.next() == 4);
  std::vector<std::uint32_t> steps;
  for (const Landing& landing : trail.path(live[0])) steps.push_back(landing.step);
  CHECK(steps == std::vector<std::uint32_t>{1, 3, 4});
  live = {trail.add(live[0], {5, 9})};
  CHECK_FALSE(trail.keep(live));
  live = {Trail::kRoot};
  CHECK(trail.keep(live));
  CHECK(trail.path(live[0]).empty());
}

TEST_CASE("no order: of a violation its reason, out of budget a word that says so") {
  const History stale = {put(0, 0, 1, "a"), put(0, 2, 3, "b"), get(1, 4, 5, "a")};
  const OrderResult violation = order_of(stale);
  CHECK(violation.verdict == Verdict::violation);
  CHECK(violation.order.empty());
  CHECK_FALSE(violation.reason.empty());

  CheckOptions options;
  options.steps_max = 1;
  options.use_versions = false;
  const History wide = {put(0, 0, 9, "a"), put(1, 0, 9, "a"), put(2, 0, 9, "b"),
                        get(3, 2, 3, "a"), get(4, 4, 5, "b"), get(5, 6, 7, "a")};
  const OrderResult undecided = order_of(wide, options);
  CHECK(undecided.verdict == Verdict::undecided);
  CHECK(undecided.order.empty());
  CHECK(undecided.reason == "no order within the budget of 1 steps");
}

TEST_CASE("an order as a text comes back, for the same history only") {
  const Order order = {1, 0, 2};
  const std::string text = format_order(kTwoPuts, order);
  const ParsedOrder parsed = parse_order(kTwoPuts, text, "o");
  CHECK(parsed.error.empty());
  CHECK(parsed.order == order);

  History other = kTwoPuts;
  other[2].accesses[0].value = "b";
  CHECK(parse_order(other, text, "o").error.starts_with("o:1: an order of another history: the hash"));
  other.pop_back();
  CHECK(parse_order(other, text, "o").error == "o:1: an order of another history: this one has 2 operations");
  const History none;
  CHECK(parse_order(none, format_order(none, {}), "o").error.empty());
}

TEST_CASE("a malformed order is refused by a line that names where") {
  const std::string text = format_order(kTwoPuts, {1, 0, 2});
  const std::string first = text.substr(0, text.find('\n') + 1);
  const auto error = [&](const std::string& malformed) {
    return parse_order(kTwoPuts, malformed, "o").error;
  };
  CHECK(error("").starts_with("o:1: expected \"norn-order-1 operations=3 hash="));
  CHECK(error("1\n0\n2\n").starts_with("o:1: expected \"norn-order-1"));
  CHECK(error(first + "1\n0\nx\n") == "o:4: expected the place of an operation, a number below 3");
  CHECK(error(first + "1\n0\n3\n") == "o:4: expected the place of an operation, a number below 3");
  CHECK(error(first + "1\n\n2\n") == "o:3: expected the place of an operation, a number below 3");
  CHECK(error(first + "1\n-0\n2\n") == "o:3: expected the place of an operation, a number below 3");
  CHECK(error(first + "1\n0\n2") == "o:4: the line has no end: the text was cut off");
  CHECK(error(first.substr(0, 20)) == "o:1: the line has no end: the text was cut off");
}

}  // namespace norn::sim
