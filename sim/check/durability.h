// Durability: what a leader commits is on the synced disks of a majority at that moment; a replica that
// starts again still has all it had synced; and replicas that have applied as much have the same state.
//
// A disk is judged by what its replica knows to be synced, and while that is down by what it knew last: it
// may hold more. (Only what was synced counts on coming back; a replica acknowledges nothing else. And an
// acknowledgement under way when its sender loses the entry would contradict leader completeness: the entry
// it acknowledged in this leader's term cannot have been replaced before the leader counted it.)
#pragma once

#include <optional>
#include <vector>

#include "sim/check/finding.h"
#include "sim/check/safety_log_book.h"
#include "sim/engine/world.h"

namespace norn::sim {

class Durability {
 public:
  explicit Durability(std::uint8_t replicas) : synced_(replicas + std::size_t{1}) {}

  // The last entry that this replica knows to be synced.
  void note_synced(NodeId replica, EntryId last) { synced_[replica.value] = last; }
  // Called when a leader has moved its commit index to this entry.
  std::optional<Finding> check_commit(Time now, NodeId leader, EntryId committed, const LogBook& book) const;
  // Called when a replica has started again and recovered a log from base to last, before note_synced.
  std::optional<Finding> check_recovered(Time now, NodeId replica, EntryId base, EntryId last,
                                         const LogBook& book) const;

 private:
  std::vector<EntryId> synced_;  // by node id
};

// Whether the live replicas that have applied as much as one another have the same state.
std::vector<Finding> check_agreement(const World& world);

}  // namespace norn::sim
