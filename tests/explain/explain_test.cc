// Explanations made by hand: their words, whole.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/explain/explanation.h"
#include "sim/explain/page.h"

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using namespace by_hand;

constexpr std::int64_t kMs = 1'000'000;

Explanation explained(const History& history) { return explain(history, check_linearizable(history)); }

std::string argument(const History& history) {
  std::string text;
  for (const std::string& sentence : explained(history).argument) text += sentence + "\n";
  return text;
}

}  // namespace

TEST_CASE("stale read, as JSON") {
  const History history = {put(0, 0, 100 * kMs, "v2"), put(1, 200 * kMs, 900 * kMs, "v3"),
                           get(3, 1100 * kMs, 1203 * kMs, "v2")};
  CHECK(nlohmann::json::parse(explanation_json(history, explained(history))) == nlohmann::json::parse(R"({
    "headline": "Not linearizable: key \"k\", shown by 3 operations",
    "operations": [
      {"letter": "A", "name": "write of \"v2\" by client 0", "place": 0, "certain": false, "client": 0,
       "call": 0, "return": 100000000, "accesses": [{"key": "k", "argument": "v2"}]},
      {"letter": "B", "name": "write of \"v3\" by client 1", "place": 1, "certain": true, "client": 1,
       "call": 200000000, "return": 900000000, "accesses": [{"key": "k", "argument": "v3"}]},
      {"letter": "C", "name": "read of \"v2\" by client 3", "place": 2, "certain": true, "client": 3,
       "call": 1100000000, "return": 1203000000, "accesses": [{"key": "k", "value": "v2"}]}],
    "operations_left_out": 0,
    "argument": [
      "The read of \"v2\" by client 3 (C) took place from 1.100 s to 1.203 s and found \"v2\".",
      "Only the write of \"v2\" by client 0 (A) ever left \"v2\" there.",
      "But the write of \"v3\" by client 1 (B) came after it: A had ended at 0.100 s, before B began at 0.200 s, and B had ended at 0.900 s, before C began at 1.100 s.",
      "So C could not find \"v2\"."],
    "argument_left_out": 0,
    "edges": [
      {"from": "A", "to": "B", "kind": "time", "label": "ended before"},
      {"from": "A", "to": "C", "kind": "conflict", "label": "found, though overwritten"},
      {"from": "B", "to": "C", "kind": "time", "label": "ended before"}],
    "proven": true,
    "minimality": "B, C: each is needed. If any one of them might have gone differently, or not have happened, there is an order. A is named for what it wrote."
  })"));
}

TEST_CASE("an order that comes back to where it began, through a write of unknown outcome, as JSON") {
  const History history = {put(0, 0, 10 * kMs, "a"), unknown(put(1, 5 * kMs, 90 * kMs, "b")),
                           get(2, 20 * kMs, 30 * kMs, "b"), get(3, 40 * kMs, 50 * kMs, "a"),
                           get(2, 60 * kMs, 70 * kMs, "b")};
  CHECK(nlohmann::json::parse(explanation_json(history, explained(history))) == nlohmann::json::parse(R"({
    "headline": "Not linearizable: key \"k\", shown by 4 operations",
    "operations": [
      {"letter": "A", "name": "write of \"a\" by client 0", "place": 0, "certain": true, "client": 0,
       "call": 0, "return": 10000000, "accesses": [{"key": "k", "argument": "a"}]},
      {"letter": "B", "name": "write of \"b\" by client 1", "place": 1, "certain": false, "client": 1,
       "call": 5000000, "return": null, "accesses": [{"key": "k", "argument": "b"}]},
      {"letter": "C", "name": "read of \"b\" by client 2", "place": 2, "certain": true, "client": 2,
       "call": 20000000, "return": 30000000, "accesses": [{"key": "k", "value": "b"}]},
      {"letter": "D", "name": "read of \"a\" by client 3", "place": 3, "certain": true, "client": 3,
       "call": 40000000, "return": 50000000, "accesses": [{"key": "k", "value": "a"}]}],
    "operations_left_out": 0,
    "argument": [
      "The read of \"b\" by client 2 (C) found \"b\", which only the write of \"b\" by client 1 (B) left: so B comes before C.",
      "In time, C comes before the read of \"a\" by client 3 (D): C had ended at 0.030 s, before D began at 0.040 s.",
      "In time, the write of \"a\" by client 0 (A) comes before C: A had ended at 0.010 s, before C began at 0.020 s.",
      "C found \"b\" of B, and A, which left another value, comes before it: so A comes before B too.",
      "In time, A comes before D: A had ended at 0.010 s, before D began at 0.040 s.",
      "D found \"a\" of A, and B, which left another value, comes after A: so D comes before B.",
      "So B comes before D, and D before B: no order has both."],
    "argument_left_out": 0,
    "edges": [
      {"from": "B", "to": "C", "kind": "value", "label": "found \"b\""},
      {"from": "C", "to": "D", "kind": "time", "label": "ended before"},
      {"from": "A", "to": "C", "kind": "time", "label": "ended before"},
      {"from": "A", "to": "B", "kind": "conflict", "label": "so must precede"},
      {"from": "D", "to": "B", "kind": "conflict", "label": "so must precede"}],
    "proven": true,
    "minimality": "A, C, D: each is needed. If any one of them might have gone differently, or not have happened, there is an order. B is named for what it wrote."
  })"));
}

TEST_CASE("the other anomalies in words") {
  CHECK(argument({put(0, 0, 10 * kMs, "a"), get(1, 20 * kMs, 30 * kMs, std::nullopt)}) ==
        "The read of nothing by client 1 (B) took place from 0.020 s to 0.030 s and found nothing.\n"
        "In the beginning the key had no value, but the write of \"a\" by client 0 (A) gave it one: A had "
        "ended at 0.010 s, before B began at 0.020 s.\n"
        "No operation of the history removes the key, so B could not find it without a value.\n");
  CHECK(
      argument({put(0, 0, 10 * kMs, "a"), remove(1, 20 * kMs, 30 * kMs), get(2, 40 * kMs, 50 * kMs, "a")}) ==
      "The read of \"a\" by client 2 (C) took place from 0.040 s to 0.050 s and found \"a\".\n"
      "Only the write of \"a\" by client 0 (A) ever left \"a\" there.\n"
      "But the removal by client 1 (B) came after it: A had ended at 0.010 s, before B began at 0.020 s, and "
      "B had ended at 0.030 s, before C began at 0.040 s.\n"
      "So C could not find \"a\".\n");
  CHECK(argument({put(0, 0, 10, "a"), swap(1, 5, 90, "a", "b"), swap(2, 20, 30, "a", "c")}) ==
        "\"a\" was written only once, by the write of \"a\" by client 0 (A).\n"
        "Both the compare-and-set \"a\" -> \"b\" by client 1 (B) and the compare-and-set \"a\" -> \"c\" by "
        "client 2 (C) found \"a\" and replaced it.\n"
        "Whichever of the two came second must have found what the other one, or somebody after it, left; "
        "that was not \"a\".\n");
  CHECK(argument({append(0, 0, 10, "a;"), append(1, 15, 90, "b;"), get(2, 20, 130, "a;b;a;")}) ==
        "The read of \"a;b;a;\" by client 2 (B) saw \"a;\" 2 times.\n"
        "Only the append of \"a;\" by client 0 (A) appended it, and once.\n");
  CHECK(
      argument({unknown(increment(0, 0, 10, 1, "1")), increment(1, 15 * kMs, 20 * kMs, 1, "2"),
                increment(2, 30 * kMs, 35 * kMs, 1, "1")}) ==
      "Nothing but increments changes the key, and each adds something: its number only grows.\n"
      "The increment by 1 to 2 by client 1 (A) led from 1 to 2; the increment by 1 to 1 by client 2 (B) led "
      "from 0 to 1.\n"
      "But A had ended at 0.020 s, before B began at 0.030 s, so the number was 2 at least before B, and not "
      "0.\n");
  CHECK(argument({increment(0, 0, 10 * kMs, 5, "8"), increment(1, 2 * kMs, 20 * kMs, 2, "2")}) ==
        "The increment by 5 to 8 by client 0 (A) left the number at 8.\n"
        "Nothing but increments changes the key. Until it ended, at 0.010 s, 2 had begun; all together they "
        "add up to 7.\n");
  CHECK(
      argument({get(0, 0, 10 * kMs, "a"), put(0, 15 * kMs, 30 * kMs, "a")}) ==
      "The read of \"a\" by client 0 (A) took place from 0.000 s to 0.010 s and found \"a\".\n"
      "Only the write of \"a\" by client 0 (B) ever left \"a\" there: A had ended at 0.010 s, before B began "
      "at 0.015 s.\n"
      "So A could not find \"a\".\n");
}

TEST_CASE("of what is no violation nothing is explained") {
  const History history = {put(0, 0, 10, "a"), get(0, 11, 12, "a")};
  CHECK_FALSE(explained(history).found);
  CHECK(write_explanation("/dev/null", history, check_linearizable(history)) ==
        "/dev/null: there is no violation to explain");
}

TEST_CASE("a budget that runs out is told as such, and nothing is claimed") {
  History history;
  for (std::int64_t i = 0; i < 40; ++i) history.push_back(put(0, i * 20, i * 20 + 10, std::to_string(i % 3)));
  history.push_back(get(1, 1000, 1001, "0"));
  history.push_back(get(1, 1002, 1003, "1"));
  const CheckResult result = check_linearizable(history);
  REQUIRE(result.verdict == Verdict::violation);
  std::size_t unproven = 0;
  for (std::uint64_t work = 1; work < 500; work += 20) {
    const Explanation explanation = explain(history, result, {.work_max = work});
    CHECK(explanation.found);
    CHECK(explanation.proven == (explanation.minimality.find("budget") == std::string::npos));
    CHECK(explanation_page(history, explanation, {}).size() <= kPageMax);
    unproven += explanation.proven ? 0 : 1;
  }
  CHECK(unproven > 0);
  CHECK(explain(history, result).proven);
}

TEST_CASE("keys and values are no markup, whatever they hold") {
  const std::string hostile = "</svg><script>alert('1')</script>\"&<!--\x01\xff";
  const History history = {put(0, 0, 10 * kMs, hostile, hostile), put(1, 20 * kMs, 30 * kMs, "b", hostile),
                           get(2, 40 * kMs, 50 * kMs, hostile, hostile)};
  const std::string page =
      explanation_page(history, explained(history),
                       {{Time(Duration(5 * kMs)), kNever, "<i>r1</i>\n\xc3", "'kill' & \"pause\""}});
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<!--") == std::string::npos);
  CHECK(page.find("<i>") == std::string::npos);
  CHECK(page.find("&lt;/svg&gt;&lt;script&gt;") != std::string::npos);
  for (const char c : page) CHECK((c == '\n' || (c >= 0x20 && c < 0x7f)));
  CHECK(nlohmann::json::accept(explanation_json(history, explained(history))));
}

}  // namespace norn::sim
