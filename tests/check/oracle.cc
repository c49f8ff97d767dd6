// Every order, tried: see oracle.h. It shares no code with the checker, nor an idea beyond the definition.
#include "tests/check/oracle.h"

#include <cstdlib>
#include <map>

namespace norn::sim {

namespace {

using Map = std::map<std::string, std::string>;

std::optional<std::string> look(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

bool is_number(const std::string& text) {
  const std::size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
  return text.size() > first && text.size() < 17 &&
         text.find_first_not_of("0123456789", first) == std::string::npos;
}

// Runs an operation; false if its result is not what was seen.
bool run(Map& map, const Operation& operation, bool known) {
  for (const KeyAccess& access : operation.accesses) {
    const std::optional<std::string> now = look(map, access.key);
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        if (known && now != access.value) return false;
        break;
      case OperationKind::put:
      case OperationKind::multi_put:
        map[access.key] = access.argument;
        break;
      case OperationKind::remove:
        map.erase(access.key);
        break;
      case OperationKind::compare_and_set:
        if (known && operation.matched != (now == access.expected)) return false;
        if (known && !operation.matched && operation.value_known && now != access.value) return false;
        if (now == access.expected) map[access.key] = access.argument;
        break;
      case OperationKind::append:
        map[access.key] = now.value_or("") + access.argument;
        break;
      case OperationKind::increment: {
        const std::string before = now.value_or("0");
        if (!is_number(before)) {
          if (known) return false;
          break;
        }
        const std::string after = std::to_string(std::stoll(before) + operation.delta);
        if (known && access.value != after) return false;
        map[access.key] = after;
        break;
      }
    }
  }
  return true;
}

struct Trial {
  std::vector<const Operation*> operations;
  std::vector<bool> used;

  static bool known(const Operation& operation) { return operation.outcome == Outcome::ok; }

  bool extend(const Map& map) {
    bool done = true;
    for (std::size_t i = 0; i < operations.size(); ++i) done &= used[i] || !known(*operations[i]);
    if (done) return true;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (used[i] || !may_be_next(i)) continue;
      Map after = map;
      if (!run(after, *operations[i], known(*operations[i]))) continue;
      used[i] = true;
      if (extend(after)) return true;
      used[i] = false;
    }
    return false;
  }

  bool may_be_next(std::size_t next) const {
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (!used[i] && known(*operations[i]) && operations[i]->back < operations[next]->call) return false;
    }
    return true;
  }
};

}  // namespace

bool linearizable_by_trying(const History& history) {
  Trial trial;
  for (const Operation& operation : history) {
    if (operation.outcome != Outcome::fail) trial.operations.push_back(&operation);
  }
  trial.used.resize(trial.operations.size(), false);
  return trial.extend({});
}

}  // namespace norn::sim
