// What goes wrong, and when: the scenario's events, and its nemeses, which act again and again on a timer or
// on what the protocol does. It draws whom and when; faults (nemesis_faults.h) does it. Each event and each
// nemesis has a random stream of its own, named by what it is, so that leaving one out does not move the
// draws of the others. A value.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "replica/base/rng.h"

#include "sim/engine/stage.h"
#include "sim/scenario/nemesis_faults.h"
#include "sim/scenario/run_alarms.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

// Something that a trigger waits for has happened.
struct Occasion {
  Trigger trigger = Trigger::leader_elected;
  NodeId subject;
};

class NemesisPlayer {
 public:
  NemesisPlayer(std::shared_ptr<const Scenario> scenario, Rng rng);

  void start(Stage& stage);  // sets up links, disks and clocks, and the first alarms
  // True: it acted, and replicas may have been started, stopped or killed.
  bool on_alarm(Stage& stage, Alarm alarm);
  bool on_occasion(Stage& stage, const Occasion& occasion);
  bool waits_for(Trigger trigger) const;

  // The liveness phase: nothing acts or is undone from now on.
  void stop() { stopped_ = true; }
  Faults& faults() { return faults_; }

  // What it did since the caller last took it.
  std::vector<TimelineEntry>& timeline() { return timeline_; }
  std::uint64_t partitions() const { return partitions_; }

 private:
  struct State {  // of a nemesis
    Rng rng;
    std::uint32_t acted = 0;
  };
  struct Due {  // an action that waits for its `after`
    std::size_t nemesis = 0;
    NodeId subject;
  };

  void arm_timer(Stage& stage, std::size_t nemesis);
  bool consider(Stage& stage, std::size_t nemesis, NodeId subject);
  bool act(Stage& stage, std::size_t nemesis, NodeId subject);
  bool play_event(Stage& stage, std::size_t event);
  bool begin(Stage& stage, const Action& action, Duration lasts, NodeId subject, Rng& rng);
  bool undo(Stage& stage, Faults::Owner owner);

  std::shared_ptr<const Scenario> scenario_;
  Faults faults_;
  std::vector<Rng> event_rngs_;
  std::vector<State> nemeses_;
  std::map<std::uint64_t, Due> due_;
  std::uint64_t next_due_ = 0;
  Faults::Owner next_owner_ = 1;
  std::uint64_t partitions_ = 0;
  bool stopped_ = false;
  std::vector<TimelineEntry> timeline_;
};

}  // namespace norn::sim
