// Exactly-once, from what the workload makes of it: each append adds a token that no other operation uses,
// and counters are changed by increments alone. So whatever the order of the operations was,
//   - no value that was ever read, or is in a store at the end, holds a token twice;
//   - a counter stands at the sum of the acknowledged increments, and some of those whose outcome is unknown;
//   - on a key that only appends write, every acknowledged token is there.
// The linearizability check implies most of this. This one names the operation that was applied twice.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/kv/store.h"

#include "sim/check/finding.h"
#include "sim/check/history.h"

namespace norn::sim {

// Tokens are enclosed in brackets, and hold none.
inline constexpr char kTokenBegin = '[';
inline constexpr char kTokenEnd = ']';

// The tokens of a value, in its order; views into it.
std::vector<std::string_view> tokens_of(std::string_view value);

// What a key holds at the end, when everything that was acknowledged is applied; nothing: it is absent.
using FinalValue = std::function<std::optional<std::string>(const std::string& key)>;

// As a store has them, of a replica that has applied it all; it looks at the store for as long as it is used.
FinalValue values_in(const kv::Store& store);

// Without final values, only what was read is judged.
std::vector<Finding> check_exactly_once(const History& history, const FinalValue& final_value, Time now);

}  // namespace norn::sim
