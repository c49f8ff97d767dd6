// Exactly-once, from what the workload makes of it: each append adds a token that no other operation uses,
// and counters are changed by increments alone. So whatever the order of the operations was,
//   - no value that was ever read, or is in a store at the end, holds a token twice;
//   - a counter stands at the sum of the acknowledged increments, and some of those whose outcome is unknown;
//   - on a key that only appends write, every acknowledged token is there.
// The linearizability check implies most of this. This one names the operation that was applied twice.
#pragma once

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

// `store` is that of a replica which has applied everything that was acknowledged; null: there is none, and
// only what was read is judged.
std::vector<Finding> check_exactly_once(const History& history, const kv::Store* store, Time now);

}  // namespace norn::sim
