// Tier 2 and 3: the general search, for whatever the tiers above leave: several keys joined by multi-key
// operations, increments, values written more than once, compare-and-sets beside removes.
//
// It is just-in-time linearization (Lowe 2017, after Wing & Gong 1993), breadth first: it sweeps the calls
// and returns in time order and keeps every configuration (search_frontier.h) that some order of the
// operations leads to. Only when an operation returns must it have taken effect; then each configuration that
// lacks it tries the sequences of open operations that end with it. No configuration left: a violation, and
// what went before is the longest prefix that has an order. The memory is the width of the history, never its
// length. search.cc says what is pruned and why that loses nothing.
#pragma once

#include <cstdint>

#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"
#include "sim/check/order_trail.h"

namespace norn::sim {

// Judges one component. Every operation tried is a step, and every configuration carried along beyond the
// first; `steps`, at most steps_max before, goes up by them and never beyond: then, or when more
// configurations are alive at once than a machine's memory is for, the verdict is undecided. The component is
// changed: values that nobody sees become one. If `landings` are wanted, what was seen to land, in order, is
// left there on success.
Judgement search_component(const Narrator& history, Component& component, std::uint64_t steps_max,
                           std::uint64_t& steps, std::vector<Landing>* landings = nullptr);

}  // namespace norn::sim
