// The checker's peer: the search of Wing & Gong (1993) with the cache of Lowe (2017), key by key, as the
// well-known checkers do it. States are strings, a set of operations is a row of bits. It knows put, get,
// remove and compare-and-set.
#pragma once

#include "sim/check/history.h"

namespace norn::sim::bench {

bool linearizable_by_search(const History& history);

}  // namespace norn::sim::bench
