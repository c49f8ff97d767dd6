// Judging the compact form, component by component: tier 1 where it decides (tier1.h), else the search.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/check/compact.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"

namespace norn::sim {

// The component in the form that the search takes; its key strings are views into the history.
Component make_component(const CompactHistory& history, const std::vector<std::uint32_t>& keys);

// Judges every component and adds to the result. The first violation found ends it.
void judge_components(const CompactHistory& history, const Narrator& narrator, const CheckOptions& options,
                      CheckResult& result);

}  // namespace norn::sim
