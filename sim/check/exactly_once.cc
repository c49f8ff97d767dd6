#include "sim/check/exactly_once.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "replica/kv/command.h"
#include "replica/kv/result.h"

#include "sim/check/kv_spec.h"

namespace norn::sim {
namespace {

constexpr std::size_t kFindingsMax = 5;

std::optional<std::string> read(const kv::Store& store, const std::string& key) {
  const Buffer command = kv::encode(kv::Command{.kind = kv::CommandKind::get, .pairs = {{key}}});
  Buffer answer;
  store.read(*kv::CommandView::parse(command), 0, answer);
  const auto result = kv::Result::parse(answer);
  if (!result || result->items.empty()) return std::nullopt;
  return result->items.front().value;
}

std::optional<std::string_view> twice(std::string_view value) {
  const std::size_t first = value.find(kTokenBegin);  // most values have no two tokens
  if (first == std::string_view::npos || value.find(kTokenBegin, first + 1) == std::string_view::npos)
    return std::nullopt;
  std::vector<std::string_view> tokens = tokens_of(value);
  std::ranges::sort(tokens);
  const auto found = std::ranges::adjacent_find(tokens);
  if (found == tokens.end()) return std::nullopt;
  return *found;
}

// What the history says about one key.
struct KeyFacts {
  const std::string* name = nullptr;  // in the history
  bool only_appends = true;           // besides reads
  bool only_increments = true;
  bool incremented = false;
  std::int64_t acknowledged = 0;  // increments
  std::int64_t unknown_up = 0;    // those that may have happened
  std::int64_t unknown_down = 0;
  std::vector<std::size_t> appends;  // acknowledged ones
};

void note(KeyFacts& facts, const Operation& operation, std::size_t place) {
  if (operation.outcome == Outcome::fail) return;
  const bool ok = operation.outcome == Outcome::ok;
  switch (operation.kind) {
    case OperationKind::get:
    case OperationKind::multi_get:
      return;
    case OperationKind::append:
      facts.only_increments = false;
      if (ok) facts.appends.push_back(place);
      return;
    case OperationKind::increment:
      facts.only_appends = false;
      facts.incremented = true;
      if (ok) {
        facts.acknowledged += operation.delta;
      } else {
        (operation.delta > 0 ? facts.unknown_up : facts.unknown_down) += operation.delta;
      }
      return;
    default:
      facts.only_appends = facts.only_increments = false;
      return;
  }
}

class Judge {
 public:
  Judge(const FinalValue& final_value, Time now, std::vector<Finding>& findings)
      : final_value_(final_value), now_(now), findings_(findings) {}

  void key(const History& history, const std::string& key, const KeyFacts& facts) {
    const std::string value = final_value_(key).value_or(std::string());
    if (const auto token = twice(value))
      report("key " + key + " holds " + std::string(*token) + " twice", {});
    if (facts.only_appends && !facts.appends.empty()) appends(history, key, value, facts);
    if (facts.only_increments && facts.incremented) counter(key, value, facts);
  }

 private:
  void appends(const History& history, const std::string& key, const std::string& value,
               const KeyFacts& facts) {
    std::vector<std::string_view> tokens = tokens_of(value);
    std::ranges::sort(tokens);
    for (const std::size_t place : facts.appends) {
      const std::string& appended = history[place].accesses.front().argument;
      if (!std::ranges::binary_search(tokens, std::string_view(appended)))
        report("key " + key + " lacks " + appended + ", whose append was acknowledged", {place});
    }
  }
  void counter(const std::string& key, const std::string& value, const KeyFacts& facts) {
    std::int64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    const std::int64_t low = facts.acknowledged + facts.unknown_down;
    const std::int64_t high = facts.acknowledged + facts.unknown_up;
    if (number >= low && number <= high) return;
    report("counter " + key + " stands at " + std::to_string(number) + ", and its increments make " +
               std::to_string(low) + (low == high ? "" : " to " + std::to_string(high)),
           {});
  }
  void report(std::string text, std::vector<std::size_t> operations) {
    if (findings_.size() >= kFindingsMax) return;
    findings_.push_back({oracle::kExactlyOnce, now_, {}, std::move(text), std::move(operations)});
  }

  const FinalValue& final_value_;
  Time now_;
  std::vector<Finding>& findings_;
};

}  // namespace

std::vector<std::string_view> tokens_of(std::string_view value) {
  std::vector<std::string_view> tokens;
  for (std::size_t at = value.find(kTokenBegin); at != std::string_view::npos;
       at = value.find(kTokenBegin, at)) {
    const std::size_t end = value.find(kTokenEnd, at);
    if (end == std::string_view::npos) break;
    tokens.push_back(value.substr(at, end + 1 - at));
    at = end + 1;
  }
  return tokens;
}

FinalValue values_in(const kv::Store& store) {
  return [&store](const std::string& key) { return read(store, key); };
}

std::vector<Finding> check_exactly_once(const History& history, const FinalValue& final_value, Time now) {
  std::vector<Finding> findings;
  std::vector<KeyFacts> keys;  // in order of appearance
  Values names;                // of them: number n is key n - 2
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    for (const KeyAccess& access : operation.accesses) {
      const std::size_t key = names.intern(access.key) - 2;
      if (key == keys.size()) keys.emplace_back().name = &access.key;
      note(keys[key], operation, place);
      if (!access.value || findings.size() >= kFindingsMax) continue;
      if (const auto token = twice(*access.value))
        findings.push_back({oracle::kExactlyOnce,
                            now,
                            {},
                            "key " + access.key + " was read with " + std::string(*token) + " in it twice",
                            {place}});
    }
  }
  if (!final_value) return findings;
  Judge judge(final_value, now, findings);
  std::ranges::sort(keys, [](const KeyFacts& a, const KeyFacts& b) { return *a.name < *b.name; });
  for (const KeyFacts& facts : keys) judge.key(history, *facts.name, facts);
  return findings;
}

}  // namespace norn::sim
