// What replicas say to each other. Runs of bytes in a message are views: they live as long as the turn in
// which the message was made or received.
#pragma once

#include <variant>

#include "replica/base/types.h"

namespace norn::raft {

// Asks for a vote (Raft 5.2), or, if pre_vote, whether one would be given (thesis 9.6); then term is the one
// the sender would campaign in, and nobody changes state.
struct RequestVote {
  Term term;
  EntryId last;  // of the candidate's log (5.4.1)
  bool pre_vote = false;
  bool transfer =
      false;  // the leader itself asked for this election: voters do not protect it (thesis 4.2.3)
  friend bool operator==(const RequestVote&, const RequestVote&) = default;
};

struct VoteReply {
  Term term;  // the voter's; if a pre-vote was granted, the one that was asked about
  bool granted = false;
  bool pre_vote = false;
  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

// Replicates entries after prev, and is the heartbeat when it has none (5.3).
struct AppendEntries {
  Term term;
  EntryId prev;  // the entry before the first one
  Index commit;  // the leader's
  std::uint64_t round =
      0;          // of the leader's in this term; echoed, so that it learns who followed it when (6.4)
  Bytes entries;  // encoded, contiguous (log.h)
};

struct AppendReply {
  Term term;
  std::uint64_t round = 0;  // the highest round of this term's leader that the follower has heard
  bool accepted = false;
  bool lost_log =
      false;     // the follower lost synced entries to a damaged disk: what it once matched means nothing
  Index match;   // accepted: durable and equal to the leader's log up to here. Rejected: the refused prev
  EntryId hint;  // rejected: where the logs may agree: the last entry with a term <= that of prev
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

// One chunk of a snapshot (Raft 7).
struct InstallSnapshot {
  Term term;
  EntryId last;  // the last entry it covers
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t round = 0;  // as in AppendEntries
  Bytes chunk;
};

struct SnapshotReply {
  Term term;
  EntryId last;                // which snapshot
  std::uint64_t received = 0;  // bytes from its start, without a gap
  std::uint64_t round = 0;
  friend bool operator==(const SnapshotReply&, const SnapshotReply&) = default;
};

// Campaign now: the leader hands over (thesis 3.10).
struct TimeoutNow {
  Term term;
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

using Message = std::variant<RequestVote, VoteReply, AppendEntries, AppendReply, InstallSnapshot,
                             SnapshotReply, TimeoutNow>;

struct Outgoing {
  NodeId to;
  Message message;
};

// What must survive a crash besides the log (5.1, figure 2).
struct HardState {
  Term term;
  NodeId vote;  // nobody: none cast in this term
  friend bool operator==(const HardState&, const HardState&) = default;
};

}  // namespace norn::raft
