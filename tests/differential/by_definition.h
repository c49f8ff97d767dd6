// Linearizability decided from its definition alone (Herlihy & Wing 1990): every order that real time allows
// is tried, one operation after another, on a plain map. For histories of a few operations. It shares nothing
// with the judges, not even how a value is kept.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/check/history.h"

namespace norn::differential {

// At most 64 operations; it takes factorial time.
bool linearizable_by_definition(const sim::History& history);

// Of the completed operations only those at `certain` places (ascending) happened as they were seen. Each of
// the others took effect at an instant of its own time, with any result, or not at all; but that a
// compare-and-set did not write stays true.
bool linearizable_whatever_else(const sim::History& history, const std::vector<std::size_t>& certain);

}  // namespace norn::differential
