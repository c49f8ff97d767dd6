// A Raft with the least of a shell around it: a disk that remembers only what was synced, and a state machine
// that is the list of its commands. The order of things is that of replica/replica_storage.cc: one write in
// flight, promises held back until the write that covers them, recovery from a snapshot and a log that may
// not fit together. A value.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "replica/raft/invariants.h"
#include "replica/raft/raft.h"

namespace norn::raft {

// A message on its way. It shares the bytes that the message's views point into.
struct Flight {
  NodeId from;
  NodeId to;
  Message message;
  std::shared_ptr<const Buffer> bytes;
};
Flight take_off(NodeId from, const Outgoing& outgoing);

// What a crash leaves.
struct Disk {
  HardState hard_state;
  Log log;
  SnapshotPtr snapshot;
  Index fence;
  friend bool operator==(const Disk&, const Disk&) = default;
};

class Node {
 public:
  // Starts from an empty disk.
  Node(Config config, Rng rng, Time now);

  bool alive() const { return raft_.has_value(); }
  const Raft& raft() const { return *raft_; }
  NodeId id() const { return config_.id; }
  const Disk& disk() const { return disk_; }
  // The commands applied so far, each followed by ';' (a no-op is just that).
  const std::string& applied() const { return applied_; }
  Index applied_to() const { return applied_to_; }
  bool dirty() const { return hard_state_dirty_ || log_dirty_from_.has_value(); }
  bool writing() const { return writing_.has_value(); }
  bool installing() const { return install_ != nullptr; }
  // Promises that wait for a write, oldest first; and how many there ever were.
  struct Held {
    std::uint64_t write;
    Flight flight;
  };
  const std::vector<Held>& held() const { return held_; }
  std::size_t held_ever() const { return held_ever_; }
  // What the invariants of one replica had to say; empty: nothing.
  const std::string& broken() const { return broken_; }

  // One turn each; what is sent is appended to `out`.
  void step(Time now, const Flight& flight, std::vector<Flight>& out);
  void tick(Time now, std::vector<Flight>& out);
  bool propose(Time now, const std::vector<std::string>& commands, std::vector<Flight>& out);
  std::vector<ReadTicket> read(Time now, std::size_t count,
                               std::vector<Flight>& out);  // none: not the leader
  bool transfer(Time now, NodeId to, std::vector<Flight>& out);

  void begin_write();  // of all that is dirty, unless a write is in flight
  void finish_write(Time now, std::vector<Flight>& out);
  // Only the entries up to `upto` of the write in flight; the rest is dirty again.
  void finish_write_upto(Time now, Index upto, std::vector<Flight>& out);
  void persist(Time now, std::vector<Flight>& out) {
    begin_write();
    if (writing()) finish_write(now, out);
  }
  // The snapshot that has come is on the disk, or turned out to be none.
  void finish_install(Time now, std::vector<Flight>& out);
  void reject_install(Time now, std::vector<Flight>& out);
  // Makes a snapshot of the state after `covered`, which is applied, and cuts the log up to `upto`.
  void compact(Index covered, Index upto, Index at_least = {});

  // write_reached_disk: the write in flight came down whole, though nobody was told.
  void crash(bool write_reached_disk = false);
  void lose_log_from(Index index);  // of a crashed node: synced entries are gone, and recovery noticed it
  void restart(Rng rng, Time now);

  // Whether the two will behave alike from here on.
  friend bool same(const Node& a, const Node& b);

 private:
  struct Write {
    Disk image;
    Index last;
    friend bool operator==(const Write&, const Write&) = default;
  };
  void end_turn(Time now, const Before& before, Effects& effects, std::vector<Flight>& out);
  void absorb(Effects& effects);
  void apply();
  template <class Input>
  void turn(Time now, std::vector<Flight>& out, Input input) {
    const Before before(*raft_);
    Effects effects;
    input(effects);
    end_turn(now, before, effects, out);
  }

  Config config_;
  std::optional<Raft> raft_;
  Disk disk_;
  bool hard_state_dirty_ = false;
  std::optional<Index> log_dirty_from_;
  std::optional<Write> writing_;
  std::uint64_t writes_ = 0;  // begun
  std::vector<Held> held_;
  std::size_t held_ever_ = 0;
  SnapshotPtr install_;
  std::string applied_;
  Index applied_to_;
  std::string broken_;
};

// One line each, as in "append term 1, after 0@0: 1@1 noop; commit 0, round 1".
std::string describe(const Message& message);
// Its kind in one word: pre_vote vote vote_reply append heartbeat append_reply snapshot snapshot_reply
// timeout_now.
std::string kind_of(const Message& message);
std::string describe(EntryId id);  // index@term
std::string describe(const Entry& entry);
std::string describe(const Log& log);
std::string describe(Role role);

}  // namespace norn::raft
