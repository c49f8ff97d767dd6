// Tier 1: one key, every written value distinct. Then each read names the write it saw, and deciding takes a
// sort and a sweep instead of a search (Gibbons & Korach 1997; Golab, Li & Shah 2011). Three shapes of
// component are decided here, each with its argument beside the code:
//   puts, gets and compare-and-sets                 zones.cc
//   appends of distinct tokens, and gets            zones_append.cc
//   puts, gets and removes                          zones_remove.cc
// A compare-and-set that found something else is a read, if what it found is known. Everything else falls
// through: no verdict.
//
// Times: an operation stands at an instant in [call, back]; a must precede b when back(a) < call(b). A write
// of unknown outcome comes back at the end of time, and is dropped when no operation that happened needs it.
//
// On success each leaves the order it found, places in the history, in `order`, if that is wanted.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable_component.h"

namespace norn::sim {

Judgement judge_by_zones(const History& history, const Component& component,
                         std::vector<std::uint32_t>* order = nullptr);

// The three shapes. Each checks its own conditions on values and gives no verdict when they do not hold.
Judgement judge_compare_and_set_zones(const History& history, const Component& component,
                                      std::vector<std::uint32_t>* order);
Judgement judge_append_chain(const History& history, const Component& component,
                             std::vector<std::uint32_t>* order);
Judgement judge_remove_zones(const History& history, const Component& component,
                             std::vector<std::uint32_t>* order);

// What a read saw: a failed compare-and-set whose find was what it expected contradicts itself, and sees
// nothing.
inline bool contradicts_itself(const KvStep& step, const KeyStep& part) {
  return is_read(step) && step.kind == OperationKind::compare_and_set && step.value_known &&
         part.value == part.expected;
}

Judgement linearizable();
Judgement violation(const History& history, std::string reason, std::vector<std::size_t> witnesses);

}  // namespace norn::sim
