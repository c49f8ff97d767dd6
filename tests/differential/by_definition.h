// Linearizability decided from its definition alone (Herlihy & Wing 1990): every order that real time allows
// is tried, one operation after another, on a plain map. For histories of a few operations. It shares nothing
// with the judges, not even how a value is kept.
#pragma once

#include "sim/check/history.h"

namespace norn::differential {

// At most 64 operations; it takes factorial time.
bool linearizable_by_definition(const sim::History& history);

}  // namespace norn::differential
