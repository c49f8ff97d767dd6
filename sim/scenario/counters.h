// The observer: after each turn of a replica it looks whether anything has changed that anybody asks about,
// and if so tells the safety oracle, counts, writes the timeline, and notes the occasions that triggers wait
// for. A turn that changed nothing costs a few comparisons. A value.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "replica/raft/invariants.h"

#include "sim/check/safety.h"
#include "sim/engine/world.h"
#include "sim/scenario/nemesis.h"
#include "sim/scenario/oracles.h"
#include "sim/scenario/play.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/targets.h"

namespace norn::sim {

class Observer final : public Watch {
 public:
  Observer(std::uint8_t replicas, const NemesisPlayer& nemesis, const Oracles& oracles = {});

  // After a turn of this replica, and after whatever else may have started or stopped it.
  void look(World& world, NodeId id);
  void look_at_all(World& world);

  Index committed() const override { return committed_; }
  std::uint64_t leaders() const override { return count_of(counters_, Counter::leaders); }
  std::optional<Index> applied(NodeId id) const override {
    const Known& known = known_[id.value];
    return known.up ? std::optional(known.applied) : std::nullopt;
  }

  const Safety& safety() const { return safety_; }
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  // Since the caller last took them.
  std::vector<Occasion>& occasions() { return occasions_; }
  std::vector<TimelineEntry>& timeline() { return timeline_; }

 private:
  struct Known {
    bool up = false;
    std::uint32_t incarnation = 0;
    raft::Role role = raft::Role::follower;
    raft::HardState hard_state;
    Index commit;
    Index applied;
    EntryId base;
    EntryId last;
    std::uint64_t snapshots_taken = 0;
    std::uint64_t snapshots_installed = 0;
    friend bool operator==(const Known&, const Known&) = default;
  };

  // With Known, all that an oracle looks at in a replica that does not lead, but for what is durable and what
  // is in the log.
  struct Beside {
    NodeId leader;
    Index fence;
    Index snapshot;  // what it covers
    friend bool operator==(const Beside&, const Beside&) = default;
  };

  static Beside beside(const raft::Raft& raft);
  static Known summary(const World& world, NodeId id, const Replica& replica);
  void on_started(Time now, NodeId id, const Replica& replica);
  void on_down(const World& world, NodeId id);
  void count_changes(Time now, NodeId id, const Known& before, const Known& after, const Observation& seen);
  void on_leader(Time now, NodeId id, const Known& before, const Known& after);
  void check_invariants(Time now, NodeId id, const raft::Raft& raft);
  void note_snapshots(NodeId id, const raft::Raft& raft);
  void note(Trigger trigger, NodeId subject);
  void add(Counter counter, std::uint64_t count = 1) { count_of(counters_, counter) += count; }

  bool looks_ = true;  // somebody asks for what this sees
  bool checks_safety_ = true;
  Safety safety_;
  Counters counters_{};
  std::vector<Known> known_;                         // by node id
  std::vector<Beside> beside_;                       // by node id, when the oracles last looked
  std::vector<Index> durable_;                       // by node id
  std::vector<std::optional<raft::Before>> before_;  // by node id
  std::vector<ReplicaSet> receiving_;                // by node id of the leader: who is being sent a snapshot
  std::array<bool, 5> wanted_{};                     // by Trigger
  Index committed_;                                  // the highest anywhere
  std::size_t stops_seen_ = 0;
  std::vector<Occasion> occasions_;
  std::vector<TimelineEntry> timeline_;
};

}  // namespace norn::sim
