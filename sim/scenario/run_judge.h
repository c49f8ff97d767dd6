// The judgement of a run that is over: what was counted, what the clients saw, and whether the scenario's
// expectations hold.
#pragma once

#include <vector>

#include "sim/check/history.h"
#include "sim/engine/world.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload.h"

namespace norn::sim {

// Outcomes and latencies, of all operations but the probes, and by phase.
void count_operations(const Scenario& scenario, const Workload& workload, Time ended, RunResult& result);

// Counters that come from the world and the history: the observer knows the rest.
void complete_counters(const World& world, const Workload& workload, RunResult& result);

// What of the scenario's expectations does not hold.
std::vector<Finding> check_expectations(const Scenario& scenario, const RunResult& result);

CourseStatistics course_statistics(const World& world, const Workload& workload);

// Of all that the clients saw.
std::uint64_t digest_of(const History& history);

}  // namespace norn::sim
