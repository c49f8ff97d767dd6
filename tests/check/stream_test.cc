// The stream against brute force and against the judge of whole histories: the same verdict, and a violation
// at the first response that makes it certain; and what it keeps while millions of operations pass.
#include "sim/check/stream.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "tests/check/histories.h"
#include "tests/check/oracle.h"

namespace norn::sim {

namespace {

using enum OperationKind;

// What was known when everything up to this time, and of the returns at this time those of the given places,
// had happened.
History until(const History& history, Time at, const std::vector<std::size_t>& returned) {
  History prefix;
  for (std::size_t place = 0; place < history.size(); ++place) {
    Operation operation = history[place];
    if (operation.call > at) continue;
    const bool known = operation.outcome == Outcome::ok || operation.outcome == Outcome::fail;
    const bool now = operation.back == at && std::ranges::find(returned, place) == returned.end();
    if (known && (operation.back > at || now)) {
      operation.outcome = Outcome::pending;
      operation.matched = false;
      operation.back = kNever;
      for (KeyAccess& access : operation.accesses) access.value.reset();
    }
    prefix.push_back(std::move(operation));
  }
  return prefix;
}

// Passes on a history as clients see it: that no answer will come is told in the end, or never.
class Unaware : public HistorySink {
 public:
  Unaware(HistorySink& to, bool tells) : to_(to), tells_(tells) {}
  void on_call(std::size_t place, const Operation& operation) override { to_.on_call(place, operation); }
  void on_return(std::size_t place, const Operation& operation) override {
    if (is_unknown_outcome(operation)) {
      unknown_.emplace_back(place, operation);
    } else {
      to_.on_return(place, operation);
    }
  }
  void on_end() override {
    for (const auto& [place, operation] : unknown_) {
      if (tells_) to_.on_return(place, operation);
    }
    to_.on_end();
  }

 private:
  HistorySink& to_;
  bool tells_;
  std::vector<std::pair<std::size_t, Operation>> unknown_;
};

enum class Unknown : std::uint8_t { at_once, in_the_end, never };

StreamChecker checked(const History& history, Unknown unknown, std::size_t patience) {
  StreamOptions options;
  options.patience = patience;
  StreamChecker checker(options);
  if (unknown == Unknown::at_once) {
    feed(history, checker);
  } else {
    Unaware unaware(checker, unknown == Unknown::in_the_end);
    feed(history, unaware);
  }
  return checker;
}

// The response is the first: without it there is an order, with it there is none.
bool is_first(const History& history, const StreamViolation& violation) {
  std::vector<std::size_t> before;  // that returned at the same time, and were judged before
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (history[place].back == violation.at && place < violation.place) before.push_back(place);
  }
  if (!linearizable_by_trying(until(history, violation.at, before))) return false;
  before.push_back(violation.place);
  return !linearizable_by_trying(until(history, violation.at, before));
}

struct Counts {
  std::uint64_t linearizable = 0;
  std::uint64_t violations = 0;
};

// What is wrong with the stream's answer; empty: nothing.
std::string wrong(const History& history, bool expected, Unknown unknown, std::size_t patience) {
  const StreamChecker checker = checked(history, unknown, patience);
  if (checker.verdict() == Verdict::undecided) return "undecided";
  if ((checker.verdict() == Verdict::linearizable) != expected) return "the verdict is wrong";
  if (expected) return checker.violation() ? "a violation of nothing" : "";
  const StreamViolation& violation = *checker.violation();
  if (violation.reason.empty() || violation.witnesses.empty() || violation.witnesses.size() > 6)
    return "no witnesses";
  if (std::ranges::find(violation.witnesses, violation.place) == violation.witnesses.end())
    return "its operation is no witness";
  if (history[violation.place].back != violation.at && history[violation.place].outcome == Outcome::ok)
    return "not the response's time";
  return is_first(history, violation) ? "" : "not the first response that makes it certain";
}

Counts compare(Recipe recipe, std::uint64_t seed, std::uint64_t cases, bool some_fail = false) {
  Rng rng(seed);
  Counts counts;
  for (std::uint64_t i = 0; i < cases * deep(); ++i) {
    recipe.operations = rng.between(2, 7);
    recipe.clients = static_cast<std::uint32_t>(rng.between(1, 4));
    recipe.length = rng.between(1, 10);
    History history = make_history(recipe, rng);
    const std::uint64_t corruptions = rng.between(0, 3);
    for (std::uint64_t j = 0; j < corruptions; ++j) corrupt(history, rng);
    for (Operation& operation : history) {
      if (some_fail && operation.outcome == Outcome::ok && rng.between(0, 5) == 0)
        operation.outcome = Outcome::fail;
    }
    const bool expected = linearizable_by_trying(history);
    ++(expected ? counts.linearizable : counts.violations);
    const auto unknown = static_cast<Unknown>(rng.between(0, 2));
    const std::string what = wrong(history, expected, unknown, rng.between(1, 6));
    if (!what.empty())
      FAIL("case " << i << ", " << (expected ? "linearizable" : "a violation") << ": " << what
                   << transcript(history));
  }
  CHECK(counts.linearizable > cases * deep() / 6);
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

TEST_CASE("stream: brute force agrees on puts and gets") {
  compare(recipe({put, get, get}, true), 101, 10'000);
  compare(recipe({put, get, get, remove}, true), 102, 10'000);
  compare(recipe({put, get, get, remove}, false), 103, 10'000);
}
TEST_CASE("stream: brute force agrees on compare-and-sets") {
  compare(recipe({put, get, get, compare_and_set, compare_and_set}, true), 104, 10'000);
  compare(recipe({put, get, compare_and_set, remove}, false), 105, 10'000);
}
TEST_CASE("stream: brute force agrees on appends") {
  compare(recipe({append, append, get}, true), 106, 10'000);
  compare(recipe({append, get, put}, false), 107, 10'000);
}
TEST_CASE("stream: brute force agrees on increments") {
  compare(recipe({increment, increment, get}, false), 108, 10'000);
  compare(recipe({increment, put, get, append, compare_and_set}, false), 109, 10'000);
}
TEST_CASE("stream: brute force agrees on several keys at once") {
  compare(recipe({multi_put, multi_get, put, get}, true, 2), 110, 10'000);
  compare(recipe({multi_put, multi_get, put, get, append}, false, 2), 111, 10'000);
  compare(recipe({multi_put, multi_get, put, get, remove}, false, 3), 112, 10'000);
}
TEST_CASE("stream: brute force agrees on every kind together") {
  const std::vector<OperationKind> all = {get,    put,       remove,    compare_and_set,
                                          append, increment, multi_get, multi_put};
  compare(recipe(all, false, 2), 113, 10'000);
  compare(recipe(all, true, 2), 114, 10'000);
  compare(recipe(all, false, 1), 115, 10'000);
  compare(recipe(all, false, 3), 116, 10'000);
}
TEST_CASE("stream: brute force agrees where operations did not happen") {
  const std::vector<OperationKind> all = {get, put, remove, compare_and_set, append, increment, multi_put};
  compare(recipe(all, false, 2), 117, 10'000, true);
  compare(recipe({put, get, get}, false), 118, 10'000, true);
}

// Found by the comparison above: keys that were joined brought operations along that counted as of unknown
// outcome, and that had returned since.
TEST_CASE("stream: keys that join forget what one of them assumed") {
  Operation swap = by_hand::operation(1, multi_put, 6, 9, "other", "2");
  swap.accesses.push_back({"k", "1", {}, {}, 0});
  swap.outcome = Outcome::fail;
  const History history = {by_hand::increment(0, 1, 4, 2, "2"),
                           by_hand::unknown(by_hand::increment(1, 3, 5, 1, "")),
                           by_hand::increment(0, 4, 7, 1, "2"), swap};
  for (std::size_t patience = 1; patience <= 6; ++patience) {
    for (const Unknown unknown : {Unknown::at_once, Unknown::in_the_end, Unknown::never}) {
      CHECK(wrong(history, false, unknown, patience) == "");
      CHECK(checked(history, unknown, patience).violation()->at == swap.back);
    }
  }
}

}  // namespace norn::sim
