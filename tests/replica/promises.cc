// Recovery by the storage layer's own reading, from the durable bytes alone.
#include "tests/replica/promises.h"

#include <algorithm>

#include "replica/storage/snapshot.h"

namespace norn {
namespace {

struct Survivor {
  raft::HardState hard_state;
  raft::Log log;
  EntryId covered;  // by the snapshot
};

std::optional<Survivor> survivor(const ReplicaOptions& options, const ScriptedDisk& disk) {
  storage::Wal wal(options.cluster, options.raft.id);
  storage::Recovery recovery;
  if (wal.recover(disk.durable(File::wal), recovery)) return std::nullopt;
  Survivor left{recovery.hard_state, std::move(recovery.log), {}};
  if (const auto snapshot = storage::parse_snapshot(options.cluster, disk.durable(File::snapshot)))
    left.covered = snapshot->last;
  left.hard_state.term = std::max(left.hard_state.term, left.covered.term);
  return left;
}

std::string words(const char* what, Term term) {
  return std::string(what) + " of term " + std::to_string(term.value);
}

// The vote for `candidate` in `term`; in a later term no vote of this one will be given any more.
bool keeps_vote(const Survivor& left, Term term, NodeId candidate) {
  return left.hard_state.term > term || left.hard_state == raft::HardState{term, candidate};
}

}  // namespace

std::optional<std::string> broken_promise(const ReplicaOptions& options, const Replica& sender,
                                          const ScriptedDisk& disk, NodeId to, const wire::Packet& packet) {
  const auto left = survivor(options, disk);
  if (!left) return "what is durable cannot be read";
  if (const auto* ask = std::get_if<raft::RequestVote>(&packet.body)) {
    if (!ask->pre_vote && !keeps_vote(*left, ask->term, options.raft.id))
      return words("a candidacy", ask->term);
  }
  if (const auto* vote = std::get_if<raft::VoteReply>(&packet.body)) {
    if (vote->pre_vote) return std::nullopt;
    if (vote->granted && !keeps_vote(*left, vote->term, to)) return words("a vote", vote->term);
    if (left->hard_state.term < vote->term) return words("a reply", vote->term);
  }
  if (const auto* append = std::get_if<raft::AppendEntries>(&packet.body)) {
    if (!keeps_vote(*left, append->term, options.raft.id)) return words("leadership", append->term);
  }
  if (const auto* reply = std::get_if<raft::AppendReply>(&packet.body)) {
    if (left->hard_state.term < reply->term) return words("a reply", reply->term);
    if (!reply->accepted) return std::nullopt;
    const raft::Log& log = sender.raft().log();
    for (Index at = left->covered.index.next(); at <= reply->match; at = at.next()) {
      const std::optional<Term> term = left->log.term(at);
      if (!term || (log.has(at) && log.term(at) != term))
        return "entry " + std::to_string(at.value) + " of those acknowledged";
    }
  }
  if (const auto* reply = std::get_if<raft::SnapshotReply>(&packet.body)) {
    if (left->hard_state.term < reply->term) return words("a reply", reply->term);
  }
  return std::nullopt;
}

}  // namespace norn
