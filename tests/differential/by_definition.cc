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

// Runs an operation. False: its result was `seen`, and is not the one the map gives.
bool run(const Operation& operation, bool seen, Map& map) {
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
        if (seen && !operation.matched && operation.value_known && access.value != before) return false;
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

// The order so far is a set (bits of `placed`) and the map it leaves. Those in `certain` must be placed.
class Orders {
 public:
  Orders(const History& history, std::uint64_t certain) : history_(history), certain_(certain) {}

  bool any(std::uint64_t placed, const Map& map) const {
    if ((certain_ & ~placed) == 0) return true;  // the others may as well never happen
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (in(placed, i) || history_[i].outcome == Outcome::fail || !may_be_next(i, placed)) continue;
      if (!in(certain_, i) && wrote_nothing(history_[i])) continue;
      Map after = map;
      if (run(history_[i], in(certain_, i), after) && any(placed | std::uint64_t{1} << i, after)) return true;
    }
    return false;
  }

 private:
  static bool wrote_nothing(const Operation& operation) {
    return operation.kind == OperationKind::compare_and_set && operation.outcome == Outcome::ok &&
           !operation.matched;
  }

  static bool in(std::uint64_t set, std::size_t i) { return (set >> i & 1) != 0; }

  bool precedes(std::size_t i, std::size_t j) const {
    return history_[i].outcome == Outcome::ok && history_[i].back < history_[j].call;
  }

  // It precedes none that is placed, and none that is still to be placed precedes it.
  bool may_be_next(std::size_t i, std::uint64_t placed) const {
    for (std::size_t j = 0; j < history_.size(); ++j) {
      if (j == i) continue;
      if (in(placed, j) ? precedes(i, j) : in(certain_, j) && precedes(j, i)) return false;
    }
    return true;
  }

  const History& history_;
  std::uint64_t certain_;
};

}  // namespace

bool linearizable_by_definition(const History& history) {
  std::uint64_t completed = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].outcome == Outcome::ok) completed |= std::uint64_t{1} << i;
  }
  return Orders(history, completed).any(0, {});
}

bool linearizable_whatever_else(const History& history, const std::vector<std::size_t>& certain) {
  std::uint64_t set = 0;
  for (const std::size_t i : certain) set |= std::uint64_t{1} << i;
  return Orders(history, set).any(0, {});
}

}  // namespace norn::differential
