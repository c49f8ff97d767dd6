// Verifying an order: see order.h. Nothing of the judge is used here, so that nothing of it need be believed.
#include <algorithm>
#include <unordered_map>

#include "sim/check/kv_spec.h"
#include "sim/check/linearizable_words.h"
#include "sim/check/order.h"

namespace norn::sim {

namespace {

using Value = std::optional<std::string>;

bool is_of_unknown_outcome(const Operation& operation) {
  return operation.outcome == Outcome::info || operation.outcome == Outcome::pending;
}

// The plain map.
class Map {
 public:
  // Runs an operation. False: it would not have given the result that was seen; the map is then as before.
  bool run(const Operation& operation) {
    const bool known = operation.outcome == Outcome::ok;
    return std::all_of(operation.accesses.begin(), operation.accesses.end(),
                       [&](const KeyAccess& access) { return run(operation, access, known); });
  }

  const Value& at(std::string_view key) { return values_[key]; }

 private:
  bool run(const Operation& operation, const KeyAccess& access, bool known) {
    Value& value = values_[access.key];
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        return !known || value == access.value;
      case OperationKind::put:
      case OperationKind::multi_put:
        value = access.argument;
        return true;
      case OperationKind::remove:
        value.reset();
        return true;
      case OperationKind::compare_and_set: {
        const bool matches = value == access.expected;
        if (known && operation.matched != matches) return false;
        if (known && !matches && operation.value_known && value != access.value) return false;
        if (matches) value = access.argument;
        return true;
      }
      case OperationKind::append:
        if (!value) value.emplace();
        *value += access.argument;
        return true;
      case OperationKind::increment: {
        Value after = incremented(value, operation.delta);
        if (known && (!after || after != access.value)) return false;
        if (after) value = std::move(after);
        return true;
      }
    }
    return false;
  }

  // Nothing: it is no number, or the sum is none; the operation then changes nothing.
  static Value incremented(const Value& value, std::int64_t delta) {
    const std::optional<std::int64_t> before = value ? parse_number(*value) : std::optional<std::int64_t>(0);
    std::int64_t after = 0;
    if (!before || __builtin_add_overflow(*before, delta, &after)) return std::nullopt;
    return std::to_string(after);
  }

  std::unordered_map<std::string_view, Value> values_;  // keys are views into the history
};

// What the map holds at the operation's keys, in words.
std::string held(Map& map, const Operation& operation) {
  std::string text;
  for (const KeyAccess& access : operation.accesses) {
    if (!text.empty()) text += ", ";
    const Value& value = map.at(access.key);
    text += (value ? quoted(*value) : "nothing") + " at " + quoted(access.key);
  }
  return text;
}

}  // namespace

std::optional<std::string> verify_order(const History& history, const Order& order) {
  Map map;
  std::vector<bool> seen(history.size(), false);
  Time instant = Time::min();
  std::uint32_t latest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint32_t place = order[i];
    const std::string where = "at " + std::to_string(i) + " of the order: ";
    if (place >= history.size()) return where + "the history has no operation " + std::to_string(place);
    const Operation& operation = history[place];
    if (seen[place]) return where + "again, " + words_of(history, place);
    seen[place] = true;
    if (operation.outcome == Outcome::fail) return where + "it did not happen: " + words_of(history, place);
    if (operation.call > instant) {
      instant = operation.call;
      latest = place;
    }
    if (!is_of_unknown_outcome(operation) && std::max(operation.call, operation.back) < instant) {
      return where + words_of(history, place) +
             " had returned before the call of what stands before it: " + words_of(history, latest);
    }
    if (map.run(operation)) continue;
    return where + words_of(history, place) + ", but here the map holds " + held(map, operation);
  }
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (history[place].outcome == Outcome::ok && !seen[place]) {
      return "it is missing from the order: " + words_of(history, place);
    }
  }
  return std::nullopt;
}

}  // namespace norn::sim
