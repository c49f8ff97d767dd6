// The shell around the core: one replica of the store, as a value. Inputs come in through on_...; settle ends
// the turn and does all the output, in one place and one order: persist, replicate, apply, answer. It owns no
// thread, no clock and no socket; the two ports are handed to settle rather than kept (design: "Why the ports
// are arguments" in README.md), so a Replica can be copied like any value.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "replica/base/rng.h"
#include "replica/base/types.h"
#include "replica/cluster_clock.h"
#include "replica/divergence.h"
#include "replica/kv/restore.h"
#include "replica/kv/store.h"
#include "replica/net/transport.h"
#include "replica/raft/raft.h"
#include "replica/status.h"
#include "replica/storage/disk.h"
#include "replica/storage/snapshot.h"
#include "replica/storage/wal.h"
#include "replica/wire/fragment.h"

namespace norn {

struct ReplicaOptions {
  ClusterId cluster;
  raft::Config raft;                // who this is, who votes, timing
  std::vector<Address> addresses;   // by node id: addresses[id.value]; [0] unused
  std::size_t datagram_max = 1400;  // larger packets travel as fragments
  // A snapshot is taken when so many bytes of log, and as many as the snapshot before had, have been applied
  // since: so snapshots cost about one more byte written for each byte of log, at most.
  std::uint64_t compact_after_bytes = 1u << 20;
  std::uint64_t keep_bytes = 256u << 10;  // of log kept behind the snapshot, for followers a little behind
  // A snapshot is made, and one from the leader read, so many bytes a turn, and so long after one another.
  std::size_t snapshot_piece_bytes = 256u << 10;
  Duration snapshot_piece_interval{};
  std::uint64_t digest_interval = 1024;  // entries between two comparisons of the replicas' states; 0: none
  kv::Options store;
  std::size_t reads_max = 65536;  // waiting for their round, then busy
  std::size_t reads_bytes_max = 64u << 20;
  std::size_t proposals_bytes_max = 64u << 20;  // of uncommitted log, then busy
};

struct ReplicaCounters {
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
  std::uint64_t refused[wire::kRefusals] = {};
  std::uint64_t syncs = 0;
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_installed = 0;
  std::uint64_t requests = 0;
  std::uint64_t reads = 0;
  std::uint64_t ticks = 0;      // proposed, because a key was to expire
  std::uint64_t handovers = 0;  // of leadership, because the disk stalled
};

// Tickets tell the two files' completions apart: the WAL's writes are numbered from 1.
inline constexpr storage::SyncTicket kSnapshotTicket{0};

class Replica {
 public:
  // Recovers from the disk's files and starts as a follower. A replica that cannot start is stopped() from
  // birth.
  Replica(ReplicaOptions options, storage::Disk& disk, Rng rng, Time now);

  void on_datagram(Time now, Address from, Bytes datagram);
  void on_synced(Time now, storage::SyncTicket ticket, storage::DiskStatus status);
  void on_deadline(Time now);
  void settle(Time now, net::Transport& transport, storage::Disk& disk);  // ends the turn

  Time deadline() const;

  // Hands leadership to the most advanced follower that is there, for a process that is about to end; settle
  // sends it. False: it does not lead, or there is nobody.
  bool transfer(Time now);

  // Why this replica has stopped for good: a failed disk, a file that is not its own, a state that
  // a majority contradicts. Its process must end.
  const std::optional<std::string>& stopped() const { return stopped_; }
  // What recovery found, in words (damage, a torn tail), for the log; empty if nothing.
  const std::string& recovery_note() const { return recovery_note_; }

  const raft::Raft& raft() const { return raft_; }
  const kv::Store& store() const { return store_; }
  NodeId leader() const { return raft_.leader(); }                // nobody: none known
  bool disk_full() const { return wal_full_ || snapshot_full_; }  // nothing is acknowledged, or compacted
  const Divergence& divergence() const { return divergence_; }
  std::uint64_t cluster_time(Time now) const { return clock_.at(now); }  // milliseconds
  ReplicaStatus status(Time now) const;
  Index applied() const { return store_.applied(); }
  const ReplicaCounters& counters() const { return counters_; }
  const wire::Reassembly& peer_pieces() const { return peer_pieces_; }
  const wire::Reassembly& client_pieces() const { return client_pieces_; }
  // The lowest index whose entry may have changed since the last call; kept for observers (the safety
  // oracle).
  Index take_log_changed_from();

 private:
  // Recovery (replica_storage.cc).
  std::optional<raft::Persistent> recover(storage::Disk& disk);
  void recover_snapshot(Bytes file, storage::Recovery& wal, raft::Persistent& persistent);

  // Inputs.
  NodeId peer_at(Address address) const;  // nobody: no other replica is there
  void on_packet(Time now, Address from, const wire::Packet& packet);
  void on_request(Time now, Address from, const wire::ClientRequest& request);
  void absorb();  // takes from the effects of an input what later inputs of the turn must not lose

  // The turn's end, in its order.
  void let_time_pass(Time now);
  void watch_disk(Time now);
  void persist(Time now, storage::Disk& disk);
  void write_record(Time now, storage::Disk& disk);
  void write_image(Time now, storage::Disk& disk);
  void begin_write(Time now, Index last);
  void write_snapshot(storage::Disk& disk);
  void hold(std::uint64_t write, const raft::Outgoing& outgoing);
  void replicate(net::Transport& transport);
  void apply(Time now, net::Transport& transport);
  void compare_states(net::Transport& transport);
  void answer_reads(Time now, net::Transport& transport);
  void refuse_waiting();

  // What is done in pieces (replica_snapshots.cc).
  bool in_pieces() const { return encoding_ || restoring_ || store_.untidy(); }
  void do_pieces(Time now);
  void begin_snapshot();
  void encode_piece();
  void restore_piece(Time now);
  void reject_snapshot();
  void receive_snapshot(const raft::SnapshotPtr& snapshot);
  void on_snapshot_written(Time now);
  std::uint64_t due_after(const raft::SnapshotPtr& snapshot) const;
  Index keep_from(Index upto, std::uint64_t bytes) const;

  void on_disk_full(Time now, storage::SyncTicket ticket);
  void on_wal_written(Time now);
  void on_state_digest(NodeId from, const wire::StateDigest& said);

  // Time and watching (replica_watch.cc).
  bool tick_under_way() const;
  NodeId successor() const;
  void stop_if_odd();

  void send_message(net::Transport& transport, NodeId to, const raft::Message& message);
  void send_reply(net::Transport& transport, Address to, const wire::ClientReply& reply);
  void send_packet(net::Transport& transport, Address to);
  void refuse(Address to, SessionId session, Sequence sequence, wire::ReplyStatus status);
  void stop(std::string why) { stopped_ = std::move(why); }
  void note(const std::string& what) { recovery_note_ += (recovery_note_.empty() ? "" : "; ") + what; }

  struct Proposal {  // an entry of ours whose client waits here
    Term term;
    Index index;
    Address client;
    SessionId session;
    Sequence sequence;
  };
  struct Read {  // waits until its round is confirmed and its index applied
    Term term;
    raft::ReadTicket ticket;
    Address client;
    SessionId session;
    Sequence sequence;
    Buffer command;
  };
  struct Refusal {  // an answer that needs no state
    Address client;
    SessionId session;
    Sequence sequence;
    wire::ReplyStatus status;
  };
  struct Held {  // a message that waits for the write that covers it
    std::uint64_t write;
    NodeId to;
    raft::Message message;  // without views
  };

  struct Encoding {  // a snapshot that is being made
    EntryId last;
    storage::SnapshotEncoder encoder;
  };
  struct Restoring {  // one from the leader that is being read
    raft::SnapshotPtr snapshot;
    storage::SnapshotCheck check;
    std::optional<kv::Store::Restore> store{};  // once the checksum is found right
  };

  ReplicaOptions options_;
  raft::Raft raft_;
  kv::Store store_;
  storage::Wal wal_;
  wire::Reassembly peer_pieces_{wire::Reassembly::Limits{}};
  wire::Reassembly client_pieces_{wire::Reassembly::Limits{}};  // apart: no client takes a peer's room
  ReplicaCounters counters_;
  std::optional<std::string> stopped_;
  std::string recovery_note_;

  // Durability. Writes of the WAL are numbered; what is dirty now will be in write next_write_.
  bool hard_state_dirty_ = false;
  std::optional<Index> log_dirty_from_;
  bool image_wanted_ = false;  // the next write replaces the whole file
  bool writing_ = false;       // write next_write_ - 1 is in flight
  std::uint64_t next_write_ = 1;
  Time stalled_at_{};              // of a write in flight: a leader that still waits then hands over
  raft::HardState written_state_;  // by the write in flight
  Index written_last_;
  Time retry_write_at_ = kNever;     // the disk was full; reset by the next write
  Time retry_snapshot_at_ = kNever;  // the same for the snapshot's file
  bool wal_full_ = false;            // until a write has succeeded
  bool snapshot_full_ = false;
  std::optional<Encoding> encoding_;
  std::optional<Restoring> restoring_;
  Time next_piece_at_{};
  raft::SnapshotPtr snapshot_to_write_;  // taken here, or received and to be installed
  std::optional<kv::Store> restored_;    // what is in it, if received
  raft::Configuration restored_configuration_;
  bool snapshot_writing_ = false;
  // The write that cuts the WAL to a snapshot from the leader. Acknowledgements wait for it: until then,
  // damage to the snapshot's file would pass for the state of a replica that never had one.
  std::uint64_t install_write_ = 0;
  std::deque<Held> held_;

  // Clients.
  std::deque<Proposal> proposals_;  // ascending by id
  std::deque<Read> reads_;
  std::size_t reads_bytes_ = 0;  // of their commands
  std::vector<Refusal> refusals_;

  ClusterClock clock_;
  EntryId tick_;       // the latest that was proposed here
  Time tick_after_{};  // it was not taken: not before then again
  Divergence divergence_;

  Term leading_;  // the term in which proposals_ and reads_ were taken; 0: none

  Index observed_from_;  // see take_log_changed_from

  // Scratch, empty or meaningless between turns.
  raft::Effects effects_;
  Buffer packet_;
  Buffer datagram_;
  Buffer result_;
  Buffer payload_;
};

}  // namespace norn
