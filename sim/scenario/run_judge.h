// The judgement of a run that is over: what was counted, what the clients saw, and whether the scenario's
// expectations hold.
#pragma once

#include <optional>
#include <vector>

#include "sim/check/exactly_once.h"
#include "sim/check/history.h"
#include "sim/check/stream.h"
#include "sim/engine/stage.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload.h"

namespace norn::sim {

// Outcomes and latencies, of all operations but the probes, and by phase.
void count_operations(const Scenario& scenario, const Workload& workload, Time ended, RunResult& result);

// Counters that come from the stage and the history: whoever watches the replicas knows the rest.
void complete_counters(const Stage& stage, const Workload& workload, RunResult& result);

// By how much a run in real time may exceed what its scenario allows, since machines schedule late; nothing
// in virtual time.
struct Slack {
  Duration time{};              // silence, and the time to reach liveness
  std::uint64_t elections = 0;  // won, and lost by stepping down
};

// What of the scenario's expectations does not hold. Counters that nobody can count here are not judged.
std::vector<Finding> check_expectations(const Scenario& scenario, const RunResult& result,
                                        const Slack& slack = {}, const std::vector<Counter>& unseen = {});

// Whether what the clients saw is linearizable. `stream`, if there is one, has seen all of the history: then
// only what it left undecided is judged again.
void judge_linearizability(const Scenario& scenario, const History& history, const CheckOptions& options,
                           const StreamChecker* stream, RunResult& result);

// A violation that the stream has found, with the reason and the witnesses that the judge of whole histories
// gives for what was seen until that response: it knows more kinds of them.
Finding finding_of(const StreamViolation& violation, const History& history, const CheckOptions& options);

// When all findings are there: puts them in order of time, and says what it comes to.
void conclude(RunResult& result);

CourseStatistics course_statistics(const Stage& stage, const Workload& workload);

// Of all that the clients saw.
std::uint64_t digest_of(const History& history);

}  // namespace norn::sim
