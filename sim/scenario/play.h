// A scenario being played on a stage: what the clients ask (workload), what goes wrong (nemesis), the phases,
// and after them the liveness phase. It is the same in virtual and in real time: whoever owns the stage hands
// in its alarms, and the occasions that triggers wait for, and says what can be seen of the replicas. A
// value.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/check/liveness.h"
#include "sim/engine/stage.h"
#include "sim/scenario/nemesis.h"
#include "sim/scenario/run_alarms.h"
#include "sim/scenario/run_judge.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload.h"

namespace norn::sim {

// What can be seen of the replicas.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual Index committed() const = 0;                        // by any leader
  virtual std::uint64_t leaders() const = 0;                  // elections won so far
  virtual std::optional<Index> applied(NodeId id) const = 0;  // nothing: it is down
};

class Play {
 public:
  // The scenario is a valid one. rng is the run's: its streams are forked from it.
  Play(std::shared_ptr<const Scenario> scenario, const Rng& rng, Slack slack = {});

  void start(Stage& stage);
  // Each returns true if the nemesis has acted: replicas may have been started, stopped or killed.
  bool on_alarm(Stage& stage, const Watch& watch, Alarm alarm);
  bool on_occasion(Stage& stage, const Occasion& occasion);
  void collect(Stage& stage, std::uint32_t client) { workload_.collect(stage, client); }

  bool over() const { return over_; }
  void end() { over_ = true; }  // now, whatever is still to come
  void cut_short();             // the same, and no liveness is asked
  // The liveness phase will not look at what it waits for, and so go on until the caller ends it.
  void ask_no_liveness() { asks_liveness_ = false; }

  std::vector<Duration> clock_offsets() { return nemesis_.faults().clock_offsets(); }
  const NemesisPlayer& nemesis() const { return nemesis_; }
  Workload& workload() { return workload_; }
  const Workload& workload() const { return workload_; }
  std::vector<TimelineEntry>& timeline() { return timeline_; }
  const std::vector<TimelineEntry>& timeline() const { return timeline_; }
  // The time when all was there that the liveness phase asks for.
  std::optional<Time> liveness_reached() const;

  // What was counted and what the clients saw; what the caller counted is in the result already.
  void count(const Stage& stage, RunResult& result) const;
  std::vector<Finding> check_liveness(const Stage& stage, const Watch& watch) const;

 private:
  struct LivenessPhase {
    std::vector<NodeId> core;
    Time began{};
    Index committed;  // when it began
    std::uint64_t leaders = 0;
    std::optional<Time> reached;
  };

  void enter(Stage& stage, const Phase& phase);
  bool on_end(Stage& stage, const Watch& watch);
  void begin_liveness(Stage& stage, const Watch& watch);
  void watch_liveness(Stage& stage, const Watch& watch);
  LivenessFacts liveness_facts(const Stage& stage, const Watch& watch) const;
  std::vector<NodeId> behind(const Stage& stage, const Watch& watch) const;
  bool asks_for_rest() const { return scenario_->cluster.pre_vote && scenario_->cluster.check_quorum; }
  void take_timeline();

  std::shared_ptr<const Scenario> scenario_;
  Rng core_rng_;
  Slack slack_;
  NemesisPlayer nemesis_;
  Workload workload_;
  std::vector<TimelineEntry> timeline_;
  std::optional<LivenessPhase> liveness_;
  bool asks_liveness_ = true;
  bool over_ = false;
};

}  // namespace norn::sim
