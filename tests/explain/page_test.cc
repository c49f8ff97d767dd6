// Pages: their size, and what hostile keys and values do to them.
#include "sim/explain/page.h"

#include <chrono>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>

#include "sim/explain/explanation.h"

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using namespace by_hand;
using namespace std::chrono_literals;

constexpr std::int64_t kMs = 1'000'000;

History in_ms(History history) {
  for (Operation& operation : history) {
    operation.call = Time(Duration(operation.call.time_since_epoch().count() * kMs));
    if (operation.back != kNever)
      operation.back = Time(Duration(operation.back.time_since_epoch().count() * kMs));
  }
  return history;
}

void draw(const std::string& name, const History& history, const std::vector<FaultSpan>& faults = {}) {
  const char* const folder = std::getenv("NORN_PICTURES");
  const CheckResult result = check_linearizable(history);
  REQUIRE(result.verdict == Verdict::violation);
  const Explanation explanation = explain(history, result, {.work_max = 1'000'000});
  const std::string page = explanation_page(history, explanation, faults);
  CHECK(page.size() <= kPageMax);
  if (folder == nullptr) return;
  std::ofstream(std::string(folder) + "/" + name + ".html") << page;
  std::ofstream(std::string(folder) + "/" + name + ".json") << explanation_json(history, explanation) << "\n";
}

}  // namespace

TEST_CASE("pictures of the violations that have names") {
  const std::vector<FaultSpan> faults = {{Time(150ms), Time(950ms), "r2, r3", "partition"},
                                         {Time(400ms), Time(400ms), "r1", "clock jump"},
                                         {Time(1000ms), kNever, "r4", "kill"}};
  draw(
      "stale_read",
      in_ms({put(0, 0, 100, "v2"), put(1, 200, 900, "v3"), get(2, 250, 300, "v2"), get(3, 1100, 1203, "v2")}),
      faults);
  draw("lost_write",
       in_ms({put(0, 1000, 1004, "a"), get(2, 1010, 1013, "a"), get(1, 21000, 21003, std::nullopt)}),
       {{Time(5s), Time(12s), "r1, r2, r3", "kill"}});
  draw("resurrected",
       in_ms({put(0, 0, 10, "a"), remove(1, 20, 30), get(2, 31, 35, std::nullopt), get(1, 40, 50, "a")}));
  draw("double_append", in_ms({append(0, 0, 10, "a;"), append(1, 15, 90, "b;"), get(2, 20, 130, "a;b;a;")}));
  draw("cas_twice", in_ms({put(0, 0, 10, "a"), swap(1, 5, 90, "a", "b"), swap(2, 20, 30, "a", "c")}));
  draw("increments", in_ms({unknown(increment(0, 0, 10, 1, "1")), increment(1, 15, 40, 1, "2"),
                            increment(2, 70, 90, 1, "1")}));
  draw("too_high",
       in_ms({increment(0, 0, 10, 1, "1"), increment(1, 15, 90, 1, "2"), increment(2, 95, 100, 1, "4")}));
  Operation both = put(0, 0, 50, "new", "x");
  both.kind = OperationKind::multi_put;
  both.accesses.push_back({"y", "new", {}, {}, 0});
  draw("fractured",
       in_ms({put(4, -40, -30, "old", "x"), put(4, -20, -10, "old", "y"), both, get(1, 10, 20, "new", "x"),
              get(2, 12, 45, "old", "x"), get(3, 25, 30, "old", "y")}));
  draw("back_in_time", in_ms({put(0, 0, 10, "a"), put(1, 5, 90, "b"), get(2, 20, 30, "b"),
                              get(3, 40, 50, "a"), get(2, 60, 70, "b")}));
  draw("unknown", in_ms({put(0, 0, 10, "a"), unknown(put(1, 5, 90, "b")), get(2, 20, 30, "b"),
                         get(3, 40, 50, "a"), get(2, 60, 70, "b")}));
}

TEST_CASE("pictures of random violations") {
  using enum OperationKind;
  const std::vector<std::pair<std::string, Recipe>> recipes = {
      {"multi",
       {.kinds = {get, put, multi_get, multi_put},
        .operations = 60,
        .clients = 6,
        .keys = 3,
        .length = 40,
        .pause = 30}},
      {"ambiguous",
       {.kinds = {get, put, remove, compare_and_set},
        .operations = 80,
        .clients = 5,
        .distinct = false,
        .length = 40,
        .pause = 30}},
      {"counter", {.kinds = {get, increment}, .operations = 60, .clients = 5, .length = 40, .pause = 30}},
      {"appends", {.kinds = {get, append}, .operations = 60, .clients = 5, .length = 40, .pause = 30}},
      {"mixed",
       {.kinds = {get, put, increment, append, compare_and_set},
        .operations = 60,
        .clients = 6,
        .keys = 2,
        .distinct = false,
        .length = 40,
        .pause = 30}},
  };
  Rng rng(7);
  for (const auto& [name, recipe] : recipes) {
    for (std::size_t drawn = 0; drawn < 3;) {
      History history = make_history(recipe, rng);
      corrupt(history, rng);
      history = in_ms(std::move(history));
      if (check_linearizable(history).verdict != Verdict::violation) continue;
      draw(name + std::to_string(++drawn), history,
           {{Time(100ms), Time(220ms), "r1", "pause"}, {Time(150ms), Time(300ms), "r2, r4", "partition"}});
    }
  }
}

// A violation in a long history, of which most is context.
TEST_CASE("a picture wider than the window shrinks a little before it has to be scrolled") {
  const History history = in_ms({put(0, 0, 10, "a"), get(1, 20, 30, std::nullopt)});
  const std::string page = explanation_page(history, explain(history, check_linearizable(history)), {});
  const auto number_behind = [&](const std::string& text) {
    const std::size_t found = page.find(text);
    REQUIRE(found != std::string::npos);
    return std::stod(page.substr(found + text.size()));
  };
  CHECK(number_behind("style='min-width:") ==
        doctest::Approx(0.75 * number_behind("<svg xmlns='http://www.w3.org/2000/svg' width='")));
  CHECK(page.find("max-width: 100%; height: auto;") != std::string::npos);
}

TEST_CASE("the size of a page is bounded, whatever the size of the history") {
  using enum OperationKind;
  const std::vector<std::pair<std::string, Recipe>> recipes = {
      {"long_registers", {.kinds = {get, put, compare_and_set}, .length = 200'000, .pause = 100'000}},
      {"long_removes", {.kinds = {get, put, remove}, .length = 200'000, .pause = 100'000}},
      {"long_counters",
       {.kinds = {get, increment}, .unknown = Ratio{0}, .length = 200'000, .pause = 100'000}},
      {"long_multi",
       {.kinds = {get, put, multi_put}, .unknown = Ratio{0}, .length = 20, .pause = 10'000'000}},
  };
  Rng rng(11);
  for (auto [name, recipe] : recipes) {
    recipe.operations = 100'000;
    recipe.clients = 200;
    recipe.keys = 4;
    History history = make_history(recipe, rng);
    const std::string value = name == "long_counters" ? "1" : "v1";
    REQUIRE(corrupt_read(history, 90'000, value));
    const std::vector<FaultSpan> faults(5000, {Time(1ms), kNever, std::string(5000, '<'), "kill & <b>"});
    draw(name, history, faults);
  }
}

TEST_CASE("a page is bounded with many huge values, and many keys in one operation") {
  History history;
  std::string huge(1'000'000, '\xff');
  for (std::uint32_t client = 0; client < 60; ++client) {
    Operation write =
        put(client, client * 10, client * 10 + 5, huge + std::to_string(client), std::string(60'000, '<'));
    for (std::size_t key = 0; key < 100; ++key)
      write.accesses.push_back({std::string(500, '&') + std::to_string(key), "\"'", {}, {}, 0});
    write.kind = OperationKind::multi_put;
    history.push_back(std::move(write));
  }
  Operation read = get(3, 20'000, 20'001, huge, std::string(60'000, '<'));
  history.push_back(read);
  draw("huge", history, {});
}

TEST_CASE("a page is bounded where every byte of every value needs escaping, and nothing could be shrunk") {
  History history;
  for (std::uint32_t i = 0; i < 600; ++i) {
    Operation write = put(i % 200, i * 10, i * 10 + 2500, std::string(400, '"') + std::to_string(i));
    write.kind = OperationKind::multi_put;
    for (std::size_t key = 0; key < 6; ++key)
      write.accesses.push_back({std::string(100, '"') + std::to_string(key),
                                std::string(400, '"') + std::to_string(i),
                                {},
                                {},
                                0});
    history.push_back(std::move(write));
  }
  history.push_back(get(3, 20'000, 20'001, std::nullopt));
  CheckResult result;
  result.verdict = Verdict::violation;
  result.reason = std::string(100'000, '&');
  for (std::size_t i = 0; i < history.size(); ++i) result.witnesses.push_back(i);
  const std::vector<FaultSpan> faults(500,
                                      {Time(Duration(1)), Time(Duration(2)), std::string(5000, '"'), "kill"});
  const Explanation explanation = explain(history, result, {.work_max = 1});
  CHECK_FALSE(explanation.proven);
  CHECK(explanation_page(history, explanation, faults).size() <= kPageMax);
  CHECK(explanation_json(history, explanation).size() <= kPageMax * 10);
  REQUIRE(explanation.argument.size() == 1);
  CHECK(explanation.argument[0] == std::string(kSentenceMax - 3, '&') + "...");

  Explanation wordy = explanation;
  wordy.argument.assign(1'000'000, explanation.argument[0]);
  const std::string json = explanation_json(history, wordy);
  CHECK(json.size() <= kPageMax * 10);
  CHECK(json.find("\"argument_left_out\":999940") != std::string::npos);
}

}  // namespace norn::sim
