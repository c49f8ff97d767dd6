// The faults of a run as spans of time, from its timeline: for the picture of an explanation.
#pragma once

#include <vector>

#include "sim/explain/page.h"
#include "sim/scenario/run_result.h"

namespace norn::sim {

// In order of their begin. What killed or paused replicas ends for each of them when it runs again; what cut
// links when it is undone or everything is healed; other faults when they are undone. A rot is over at once.
std::vector<FaultSpan> fault_spans(const std::vector<TimelineEntry>& timeline);

}  // namespace norn::sim
