#include "tests/differential/by_definition.h"

#include <charconv>
#include <cstdint>
#include <map>

namespace norn::differential {

namespace {

using sim::History;
using sim::KeyAccess;
using sim::Operation;
using sim::OperationKind;
using sim::Outcome;

using Map = std::map<std::string, std::string>;

std::optional<std::string> find(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

// The sum as text; nothing if the text is no 64-bit number, or the sum is none.
std::optional<std::string> sum(const std::string& text, std::int64_t delta) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (delta > 0 ? number > INT64_MAX - delta : number < INT64_MIN - delta) return std::nullopt;
  return std::to_string(number + delta);
}

// Runs an operation. False: its result was seen, and is not the one the map gives.
bool run(const Operation& operation, Map& map) {
  const bool seen = operation.outcome == Outcome::ok;
  for (const KeyAccess& access : operation.accesses) {
    const std::optional<std::string> before = find(map, access.key);
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        if (seen && access.value != before) return false;
        break;
      case OperationKind::put:
      case OperationKind::multi_put:
        map[access.key] = access.argument;
        break;
      case OperationKind::remove:
        map.erase(access.key);
        break;
      case OperationKind::compare_and_set:
        if (seen && operation.matched != (before == access.expected)) return false;
        if (seen && !operation.matched && access.value != before) return false;
        if (before == access.expected) map[access.key] = access.argument;
        break;
      case OperationKind::append:
        map[access.key] = before.value_or("") + access.argument;
        break;
      case OperationKind::increment: {
        const std::optional<std::string> after = sum(before.value_or("0"), operation.delta);
        if (seen && (!after || access.value != after)) return false;
        if (after) map[access.key] = *after;
        break;
      }
    }
  }
  return true;
}

// The order so far is a set (bits of `placed`) and the map it leaves.
class Orders {
 public:
  explicit Orders(const History& history) : history_(history) {}

  bool any(std::uint64_t placed, const Map& map) const {
    bool complete = true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((placed >> i & 1) == 0 && history_[i].outcome == Outcome::ok) complete = false;
    }
    if (complete) return true;  // what is of unknown outcome may as well never happen
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if ((placed >> i & 1) != 0 || history_[i].outcome == Outcome::fail || !may_be_next(i, placed)) continue;
      Map after = map;
      if (run(history_[i], after) && any(placed | std::uint64_t{1} << i, after)) return true;
    }
    return false;
  }

 private:
  // Nothing that is not placed yet had returned before its call.
  bool may_be_next(std::size_t i, std::uint64_t placed) const {
    for (std::size_t j = 0; j < history_.size(); ++j) {
      if (j == i || (placed >> j & 1) != 0 || history_[j].outcome != Outcome::ok) continue;
      if (history_[j].back < history_[i].call) return false;
    }
    return true;
  }

  const History& history_;
};

}  // namespace

bool linearizable_by_definition(const History& history) { return Orders(history).any(0, {}); }

}  // namespace norn::differential
