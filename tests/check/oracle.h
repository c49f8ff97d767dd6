// A stupid second opinion: tries every order of the operations on a map of strings. For seven operations or
// so.
#pragma once

#include "sim/check/history.h"

namespace norn::sim {

bool linearizable_by_trying(const History& history);

}  // namespace norn::sim
