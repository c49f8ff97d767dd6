// Replicas, the datagrams between them, and one client that asks for one thing at a time. No chance but what
// the test puts in: datagrams are delivered in the order in which they were sent, disks complete when no
// datagram is left, and time passes when nothing else is to be done. A value.
//
// A replica that has stopped, or whose power has failed, is started again a little later on what its disk
// kept.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/replica/node.h"

namespace norn {

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed = 1, std::uint8_t count = 3);

  // Small logs: a snapshot every few entries, and few entries kept behind it.
  static ReplicaOptions compacting(NodeId id, std::uint8_t count);

  Node& node(NodeId id) { return nodes_[id.value - 1u]; }
  std::vector<Node>& nodes() { return nodes_; }
  NodeId leader() const;  // of the highest term; nobody
  Time now() const { return now_; }

  void run(Duration duration);
  bool step(Time until);  // one event; false if there is none before `until`
  NodeId elect();         // runs until somebody leads and everyone knows it

  // Nothing goes to it or comes from it.
  void cut(NodeId id) { cut_ = id; }
  void heal() { cut_ = {}; }
  void kill(NodeId id, Kept kept = {});  // until the time of a restart has passed

  // Asks, and asks again, each replica in turn, until it is answered. An unanswered one is a failed test.
  kv::Result perform(const kv::Command& command);
  SessionId session() const { return session_; }
  // Asks the leader once, and waits for nothing.
  void post(Sequence sequence, const kv::Command& command);

  // In words, what is not as it should be: broken promises, replicas that are down or that differ.
  std::string trouble() const;
  // Why replicas stopped, in the order in which they did.
  const std::vector<std::string>& stops() const { return stops_; }

  void set_kept(Kept kept) { kept_ = kept; }  // by crashes that a disk's script brings about
  // Snapshots complete only when no WAL has anything under way; else before all WALs.
  void set_snapshots_last() { snapshots_last_ = true; }
  // All datagrams that were sent, if recording.
  void record() { recording_ = true; }
  const std::vector<Datagram>& recorded() const { return recorded_; }

 private:
  void end_turn(Node& of);
  void go_down(Node& of, Kept kept);
  bool deliver();
  bool complete();
  bool pass(Time until);

  Time now_{};
  std::vector<Node> nodes_;
  std::vector<Time> up_at_;  // of those that are down
  std::deque<Datagram> network_;
  NodeId cut_;
  Kept kept_;
  bool snapshots_last_ = false;
  std::vector<std::string> stops_;
  bool recording_ = false;
  std::vector<Datagram> recorded_;

  SessionId session_;
  Sequence sequence_;
  std::vector<Datagram> replies_;  // to the client
  std::size_t same_time_ = 0;      // events since time last passed
};

}  // namespace norn
