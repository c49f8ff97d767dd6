// What can be learnt of the replicas from the packets they send: who leads which term, who votes, what is
// appended, committed and acknowledged, which snapshots travel. It is what the simulator's observer learns by
// looking into the replicas, as far as it shows outside. It sees packets before the relay does anything to
// them. A value.
//
// A leader shows by its appends; that it leads no more, by a packet that no leader of its term would send. A
// term whose leader dies before it sends anything goes unseen. In a cluster of one nothing shows: whoever is
// up leads.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "replica/wire/fragment.h"
#include "replica/wire/packet.h"

#include "sim/check/finding.h"
#include "sim/scenario/nemesis.h"
#include "sim/scenario/play.h"
#include "sim/scenario/run_result.h"

namespace norn::sim {

class Sniffer final : public Watch {
 public:
  Sniffer(ClusterId cluster, std::uint8_t replicas);

  void on_up(NodeId id) { known_[id.value].up = true; }
  void on_down(NodeId id) { known_[id.value] = {}; }  // what it was is forgotten
  // Sent by this replica to another one, or to a client (nobody).
  void on_datagram(Time now, NodeId from, NodeId to, Bytes datagram);

  bool spoke(NodeId id) const { return known_[id.value].spoke; }  // since it started
  NodeId leader() const;                                          // up, and of the highest term
  Term term_of(NodeId leader) const { return known_[leader.value].leads; }
  Index committed() const override { return committed_; }
  std::uint64_t leaders() const override { return count_of(counters_, Counter::leaders); }
  // What it has acknowledged; of a leader, what it has committed.
  std::optional<Index> applied(NodeId id) const override;

  const Counters& counters() const { return counters_; }  // leaders, step_downs, snapshots_installed
  const std::vector<Finding>& findings() const { return findings_; }
  std::vector<Occasion>& occasions() { return occasions_; }  // since the caller last took them
  std::vector<TimelineEntry>& timeline() { return timeline_; }

 private:
  struct Known {
    bool up = false;
    bool spoke = false;
    Term leads;              // 0: none
    Term voted;              // the last term in which it granted a vote
    Index appended;          // of a leader: the last entry seen
    Index has;               // committed, or acknowledged
    EntryId receives;        // the snapshot that is sent to it
    std::uint64_t size = 0;  // of that
    EntryId installed;       // the last snapshot that it has received whole
  };

  void on_packet(Time now, NodeId from, NodeId to, const wire::Packet& packet);
  void on_append(NodeId from, const raft::AppendEntries& append, bool first);
  void on_snapshot(NodeId to, const raft::InstallSnapshot& snapshot);
  void on_snapshot_reply(NodeId from, const raft::SnapshotReply& reply);
  void on_vote(NodeId from, const raft::VoteReply& reply);
  bool leads(Time now, NodeId id, Term term);  // true: for the first time
  void leads_no_more(Time now, NodeId id);
  void note(Trigger trigger, NodeId subject) { occasions_.push_back({trigger, subject}); }

  ClusterId cluster_;
  std::vector<Known> known_;  // by node id
  std::map<Term, NodeId> leader_of_;
  Index committed_;
  wire::Reassembly reassembly_{wire::Reassembly::Limits{}};
  Counters counters_{};
  std::vector<Finding> findings_;
  std::vector<Occasion> occasions_;
  std::vector<TimelineEntry> timeline_;
};

}  // namespace norn::sim
