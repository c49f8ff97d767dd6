// What a run came to: the verdict and the findings it rests on, what was counted, what happened when, and how
// the clients fared. Plain values, for reports and for searches.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/types.h"

#include "sim/check/finding.h"
#include "sim/check/history.h"
#include "sim/check/linearizable.h"
#include "sim/engine/world.h"
#include "sim/scenario/run_course.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

enum class RunVerdict : std::uint8_t {
  pass,
  finding,    // at least one
  undecided,  // no finding, but the linearizability check ran out of its budget
};

using Counters = std::array<std::uint64_t, kCounterNames.size()>;  // by Counter
inline std::uint64_t& count_of(Counters& counters, Counter counter) {
  return counters[static_cast<std::size_t>(counter)];
}
inline std::uint64_t count_of(const Counters& counters, Counter counter) {
  return counters[static_cast<std::size_t>(counter)];
}

enum class TimelineKind : std::uint8_t {
  leader,     // replicas[0] won the election of `term`
  step_down,  // replicas[0], alive, leads `term` no more
  fault,      // an action did something to `replicas`; text says what
  undone,     // and its time was over
  restart,    // replicas[0] started again; text: its recovery note, if any
  stop,       // replicas[0] stopped by itself; text says why
  phase,      // text: its name
  liveness,   // the liveness phase began; replicas: the core
};
struct TimelineEntry {
  Time at{};
  TimelineKind kind = TimelineKind::fault;
  std::vector<NodeId> replicas;
  Term term;
  std::string text;
  friend bool operator==(const TimelineEntry&, const TimelineEntry&) = default;
};

inline constexpr std::size_t kOperationKinds = 8;  // OperationKind's

struct Outcomes {
  std::uint64_t begun = 0;
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t unknown = 0;  // given up, or pending at the end
  friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

// From call to answer, of the ok operations; ascending.
struct Latencies {
  std::vector<Duration> sorted;

  bool empty() const { return sorted.empty(); }
  // The smallest that at least this share of them does not exceed; 0 if there are none.
  Duration quantile(Ratio share) const;
  Duration p50() const { return quantile({500'000}); }
  Duration p99() const { return quantile({990'000}); }
  Duration max() const { return quantile({kPpm}); }
  friend bool operator==(const Latencies&, const Latencies&) = default;
};

// The clients' operations that began in one phase of the scenario. A scenario without phases has one,
// unnamed.
struct PhaseResult {
  std::string name;
  Time from{};
  Time until{};
  std::array<Outcomes, kOperationKinds> outcomes{};  // by OperationKind
  Latencies latencies;

  Outcomes total() const;
};

struct RunResult {
  RunVerdict verdict = RunVerdict::pass;
  std::vector<Finding> findings;  // in order of time
  Counters counters{};
  StageCounters stage;  // messages and events
  std::vector<TimelineEntry> timeline;

  std::array<Outcomes, kOperationKinds>
      outcomes{};  // by OperationKind; the liveness phase's probes not included
  Latencies latencies;
  std::vector<PhaseResult> phases;
  Duration silence{};  // the longest time without an answer, from clients' start to their stop
  std::uint64_t operations_refused = 0;  // not sent: the client had outstanding_max under way

  CheckResult linearizable;
  std::optional<CourseResult> course;  // scenarios made from a course configuration

  Time ended{};                          // virtual
  std::optional<Time> liveness_reached;  // when all that the liveness phase asks for was there
  std::uint64_t digest = 0;              // of the whole run

  Outcomes total() const;
};

}  // namespace norn::sim
