// The Raft core: one voter's state, and how it changes. It takes values and gives values: inputs are
// messages, the time, proposals and "this is durable now"; outputs are Effects, which the shell carries out.
// No I/O, no clock, no callback, no thread: so a state can be copied, compared, stored and branched from, and
// every transition is a test of a few lines.
//
// A turn is: any number of inputs, then one flush. Nothing is replicated before the flush, so a turn's
// proposals share their messages.
//
// Sources: Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version) -
// "Raft" with a section number; Ongaro's dissertation - "thesis".
#pragma once

#include <optional>
#include <vector>

#include "replica/base/rng.h"
#include "replica/base/types.h"
#include "replica/raft/log.h"
#include "replica/raft/message.h"
#include "replica/raft/progress.h"
#include "replica/raft/quorum.h"
#include "replica/raft/snapshot.h"

namespace norn::raft {

enum class ReadMode : std::uint8_t {
  read_index,  // a leader asks a quorum before it answers (thesis 6.4)
  lease,  // it answers from its lease while it has one (thesis 6.4.1): right only while clocks drift within
          // bounds
};

struct Config {
  NodeId id;
  std::vector<NodeId> voters;  // until the log or a snapshot says otherwise
  Duration election_timeout_min = std::chrono::milliseconds(150);  // Raft 9.3
  Duration election_timeout_max = std::chrono::milliseconds(300);
  Duration heartbeat_interval = std::chrono::milliseconds(50);
  // A campaign asks those who have not voted for it again after this long, and once more after twice that; 0:
  // only the next campaign does.
  Duration vote_retry{};
  bool pre_vote = true;
  bool check_quorum = true;
  ReadMode read_mode = ReadMode::read_index;
  // lease: a lease is election_timeout_min shortened by twice this share, so that it ends, on the leader's
  // clock, before any follower's clock lets it vote, as long as every clock's rate is within 1 +-
  // clock_drift_max of true time.
  Ratio clock_drift_max{10'000};
  // Thrift, where messages cost more than latency (Moraru et al., EPaxos, SOSP 2013, 6.1): new entries go at
  // once to the followers of a bare quorum only, those who answer best, and to the rest with the next
  // heartbeat. Entries that are not committed after this long go to all who answer, and again to those who
  // have been sent them; after twice that once more, and so on. Where that proves hasty, since what was sent
  // before is acknowledged after all, patience grows, up to four times this. 0: no thrift, and heartbeats
  // find what was lost.
  Duration thrift_patience{};
  std::size_t append_size_max = 1200;          // bytes of entries in a message; a larger entry goes alone
  std::size_t inflight_size_max = 256u << 10;  // bytes sent to a follower and not acknowledged
  std::size_t snapshot_chunk_size = 1024;
  std::uint32_t snapshot_window = 32;  // chunks sent and not acknowledged
  friend bool operator==(const Config&, const Config&) = default;
};

// What recovery found; a new replica starts from an empty one.
struct Persistent {
  HardState hard_state;
  Log log;
  SnapshotPtr snapshot;         // covers log.base() or more
  Configuration configuration;  // the snapshot's; empty voters: Config's
  Index fence;  // no votes before the log is matched by a leader and committed up to here: synced entries
                // were lost
};

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

// What the shell must do, in this order. Views in messages live until the next call that changes the Raft.
struct Effects {
  bool hard_state_changed = false;          // 1 write term and vote
  std::optional<Index> log_changed_from;    // 2 write the log from here
  std::vector<Outgoing> send;               // 3 may overtake 1 and 2: replication (thesis 10.2.1)
  std::vector<Outgoing> send_when_durable;  // 4 once 1 and 2 are synced: votes, and asking for them
  SnapshotPtr install;  // a whole snapshot has come: verify it, write it, then installed()

  // The log was changed from `index`, or from earlier.
  void note_log(Index index) {
    if (!log_changed_from || index < *log_changed_from) log_changed_from = index;
  }
};

// A read waits until confirmed_round() >= round and everything up to `index` is applied.
struct ReadTicket {
  std::uint64_t round = 0;
  Index index;
};

class Raft {
 public:
  Raft(Config config, Persistent persistent, Rng rng, Time now);

  // Inputs.
  void step(Time now, NodeId from, const Message& message, Effects& effects);
  void tick(Time now, Effects& effects);          // at or after deadline(); an early call does nothing
  bool propose(Bytes command, Effects& effects);  // false: not the leader, or handing over
  std::optional<ReadTicket> read(Time now);       // nothing: not the leader
  // Durable by now: this hard state and the log up to `last`, an entry of the log as it is.
  void persisted(Time now, const HardState& hard_state, Index last, Effects& effects);
  void flush(Time now, Effects& effects);  // ends the turn

  // Snapshots. compact: the shell has made `snapshot` durable; the log may go up to `upto` (at most its
  // last), and goes up to `at_least` (at most upto) whichever follower could do with the rest. installed:
  // effects.install is durable; the log starts anew behind it, or keeps what follows. rejected: it was not a
  // snapshot.
  void compact(SnapshotPtr snapshot, Index upto, Index at_least = {});
  void installed(Time now, const SnapshotPtr& snapshot, const Configuration& configuration, Effects& effects);
  void install_rejected();

  // Hands leadership to the most advanced follower, or to `to` (thesis 3.10). False: not the leader, or
  // nobody to hand it to.
  bool transfer(Time now, NodeId to, Effects& effects);

  // State.
  Time deadline() const;
  Role role() const { return role_; }
  NodeId leader() const { return leader_; }  // nobody: none known in this term
  const HardState& hard_state() const { return hard_state_; }
  Term term() const { return hard_state_.term; }
  Index commit() const { return commit_; }
  const Log& log() const { return log_; }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  const Configuration& configuration() const { return configuration_; }
  const Config& config() const { return config_; }
  const std::vector<Progress>& progress() const {
    return progress_;
  }  // of the others, ascending by id; a leader's
  std::uint64_t confirmed_round() const { return confirmed_round_; }
  bool lease_valid(Time now) const;
  Index durable() const { return durable_; }
  Index fence() const { return fence_; }

  friend bool operator==(const Raft&, const Raft&) = default;

 private:
  // Elections (election.cc).
  void become_follower(Time now, Term term, NodeId leader, Effects& effects);
  void campaign(Time now, bool pre_vote, bool transfer, Effects& effects);
  void ask_for_votes(bool transfer, Effects& effects);
  void ask_again(Time now, Effects& effects);
  void become_leader(Time now, Effects& effects);
  void count_vote(Time now, NodeId from, Effects& effects);
  void reset_election_timer(Time now);
  bool protects_leader(Time now) const;
  bool fenced() const { return fence_ != Index{}; }
  void on(Time now, NodeId from, const RequestVote& message, Effects& effects);
  void on(Time now, NodeId from, const VoteReply& message, Effects& effects);
  void on(Time now, NodeId from, const TimeoutNow& message, Effects& effects);
  void set_hard_state(const HardState& hard_state, Effects& effects);

  // Following (follower.cc).
  bool follow(Time now, NodeId from, Term term, std::uint64_t round, Effects& effects);
  void on(Time now, NodeId from, const AppendEntries& message, Effects& effects);
  void on(Time now, NodeId from, const InstallSnapshot& message, Effects& effects);
  void accept(const AppendEntries& message, Effects& effects);
  void acknowledge(Effects& effects);
  void send_reply(NodeId to, const Message& message, Effects& effects);
  void lift_fence(Effects& effects);

  // Leading (leader.cc).
  void on(Time now, NodeId from, const AppendReply& message, Effects& effects);
  void on(Time now, NodeId from, const SnapshotReply& message, Effects& effects);
  void on_rejected(Progress& peer, const AppendReply& message);
  void replicate_to(Progress& peer, bool heartbeat, Effects& effects);
  Index send_append(Progress& peer, bool with_entries, Effects& effects);
  void send_chunks(Progress& peer, bool heartbeat, Effects& effects);
  bool start_snapshot(Progress& peer);
  void advance_commit();
  void start_round(Time now);
  void confirm_rounds();
  void check_quorum(Time now, Effects& effects);
  bool has_new_entries() const;
  bool sent_at_once(const Progress& peer) const;
  void prefer_who_answers();
  void grow_impatient();
  void grow_patient();
  void offer_leadership(Effects& effects);
  Progress* find(NodeId id);

  Config config_;
  Rng rng_;
  Configuration configuration_;
  HardState hard_state_;
  Log log_;
  SnapshotPtr snapshot_;
  HardState durable_state_;  // what of hard_state_ is known to be synced
  Index durable_;            // what of log_ is
  Index commit_;
  Index fence_;
  Role role_ = Role::follower;
  NodeId leader_;

  // Of any role but leader.
  Time election_at_{};
  Time heard_leader_{};  // or started: from then on, election_timeout_min long, no vote deposes a leader
  std::vector<NodeId> votes_;  // granted in this campaign
  Time ask_again_at_ = kNever;
  std::uint32_t asked_ = 0;  // times, in this campaign

  // Of a follower, in this term.
  Index matched_;  // equal to the leader's log up to here
  Index acked_;    // the highest match acknowledged
  std::uint64_t heard_round_ = 0;
  bool ack_due_ = false;
  struct Incoming {  // a snapshot that is arriving
    EntryId last;
    std::uint64_t size = 0;
    Buffer image;
    bool installing = false;  // it is whole, and with the shell
    friend bool operator==(const Incoming&, const Incoming&) = default;
  };
  Incoming incoming_;

  // Of a leader, in this term.
  std::vector<Progress> progress_;
  Index term_start_;         // its no-op
  std::uint64_t round_ = 0;  // rounds are numbered in a term; each message to a follower carries the latest
  std::uint64_t confirmed_round_ = 0;
  bool round_wanted_ = false;  // a read waits for a round that begins after it
  bool heartbeat_due_ = false;
  Time heartbeat_at_{};
  Time check_quorum_at_{};
  Time impatient_at_ = kNever;      // thrift: when entries that are not committed are sent again
  Duration patience_{};             // thrift: doubles with each time, until something is committed
  Duration usual_patience_{};       // thrift: then it is this again
  std::uint64_t resent_round_ = 0;  // thrift: the round in which entries were sent again; 0: none were
  Index generous_upto_;             // thrift: entries up to here are sent to everyone
  struct RoundStart {
    std::uint64_t round;
    Time at;
    friend bool operator==(const RoundStart&, const RoundStart&) = default;
  };
  std::vector<RoundStart> round_starts_;  // of rounds not confirmed yet, ascending; for the lease
  Time lease_start_{};                    // when the last confirmed round began
  bool lease_barred_ = false;  // leadership was offered in this term: an election may ignore the lease
  NodeId transfer_to_;
  Time transfer_until_{};
};

}  // namespace norn::raft
