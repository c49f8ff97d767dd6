// The safety oracle: looks at a replica after each of its turns and compares what it sees with all it has
// seen, of every replica, so far. Raft's five properties (figure 3) and what they rest on:
//
//   election safety        a term has one leader, elected once
//   log matching           an entry's index and term decide its content, and all before it
//   leader completeness    a new leader holds what was committed in the terms before its own
//   state machine safety   what is committed, or applied, at an index is the same everywhere
//   monotonic              within a process, term, commit and applied never go back, nor does a vote change
//   durability             see durability.h
//
// The work is in proportion to what has changed, and memory to the entries that some replica still has. A
// value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "replica/raft/raft.h"
#include "replica/replica.h"

#include "sim/check/durability.h"
#include "sim/check/finding.h"
#include "sim/check/safety_log_book.h"

namespace norn::sim {

// What the oracle looks at: the state of one live replica after a turn.
struct Observation {
  NodeId replica;
  std::uint32_t incarnation = 1;  // which process of this replica
  raft::Role role = raft::Role::follower;
  raft::HardState hard_state;
  Index commit;
  Index applied;
  Index durable;
  bool fenced = false;             // it says that its disk lost something
  bool disk_rotten = false;        // and the world says that it did; asked for when it has started
  std::uint64_t chain = 0;         // of the store, at applied
  const raft::Log* log = nullptr;  // lives for the length of the call
  Index log_changed_from;          // no entry before it has changed since the last observation
};

// log_changed_from as Replica::take_log_changed_from gave it.
Observation look_at(const Replica& replica, NodeId id, std::uint32_t incarnation, Index log_changed_from);

class Safety {
 public:
  explicit Safety(std::uint8_t replicas, bool checks_durability = true)
      : checks_durability_(checks_durability), known_(replicas + std::size_t{1}), durability_(replicas) {}

  void observe(Time now, const Observation& seen);
  // The same when nothing but what is durable has changed since the last observation of this replica.
  void observe_synced(NodeId replica, Index durable, const raft::Log& log);

  // What is broken in one replica, in words (raft/invariants.h).
  void report_invariant(Time now, NodeId replica, const std::string& broken);

  const std::vector<Finding>& findings() const { return findings_; }
  Index committed() const { return committed_; }  // the highest anywhere
  const LogBook& book() const { return book_; }

 private:
  struct Known {  // of the observation before
    std::uint32_t incarnation = 0;
    raft::Role role = raft::Role::follower;
    raft::HardState hard_state;
    Index commit;
    Index applied;
    Index base;
    std::optional<Index> durable;  // what of it was noted as synced; nothing: not yet
    bool fenced = false;
  };
  struct Reign {
    NodeId leader;
    std::uint32_t incarnation = 0;
  };

  void on_started(const Observation& seen, Known& known);
  void check_monotonic(const Observation& seen, const Known& known);
  void read_log(const Observation& seen, Known& known);
  void note_synced(NodeId replica, Index durable, const raft::Log& log);
  void on_elected(const Observation& seen);
  void on_commit(const Observation& seen, const Known& known);
  void commit_at(const Observation& seen, EntryId id);
  void on_applied(const Observation& seen);
  void report(Finding finding);
  void report(std::string_view oracle, std::vector<NodeId> replicas, std::string text);

  static constexpr std::size_t kFindingsMax = 20;  // more of them say nothing new

  bool checks_durability_;
  Time now_{};
  std::vector<Known> known_;  // by node id
  LogBook book_;
  Durability durability_;
  Index committed_;
  std::map<Term, Reign> reigns_;
  std::vector<Finding> findings_;
};

}  // namespace norn::sim
