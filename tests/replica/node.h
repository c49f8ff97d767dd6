// One replica with its disk, and what it has sent, turn by turn: the test plays the network, the clock, the
// other replicas and the clients. A value, so that a whole cluster of them can be copied.
//
// Each datagram that leaves is checked against the disk: what it promises must be found again if the power
// failed at that instant (see promises.h); and each turn ends with a Raft that is sound by its own
// invariants.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "replica/kv/command.h"
#include "replica/kv/result.h"
#include "replica/replica.h"

#include "tests/replica/scripted_disk.h"

namespace norn {

using std::chrono::milliseconds;

inline constexpr ClusterId kCluster{77};
inline constexpr Address kClient{100};

inline Address address_of(NodeId id) { return {id.value}; }

// Of replica `id` in a cluster of replicas 1..count.
ReplicaOptions options_of(NodeId id, std::uint8_t count = 3);

struct Datagram {
  Address from;
  Address to;
  Buffer bytes;
  friend bool operator==(const Datagram&, const Datagram&) = default;
};

class Node {
 public:
  explicit Node(ReplicaOptions options, std::uint64_t seed = 1);

  // A process begins on the disk as it is; its first turn is over.
  void start(Time now);
  // The power fails.
  void kill(Kept kept = {});
  void restart(Time now, Kept kept = {}) {
    kill(kept);
    start(now);
  }
  bool runs() const { return replica.has_value(); }

  // A turn with one input, or, with a later settle, one input of a turn.
  void hear(Time now, Address from, Bytes datagram);
  void hear(Time now, NodeId from, const raft::Message& message);
  void ask(Time now, SessionId session, Sequence sequence, const kv::Command& command,
           Address client = kClient);
  bool sync(Time now, File file);  // completes what is under way for the file; false if nothing is
  void tick(Time now);
  void settle(Time now);

  std::vector<Datagram> take() { return std::exchange(sent, {}); }

  ReplicaOptions options;
  ScriptedDisk disk;
  std::optional<Replica> replica;
  std::vector<Datagram> sent;
  std::vector<std::string> broken;  // promises that the disk does not keep, and unsound states
  std::uint64_t seed;
  std::uint64_t starts = 0;
};

// The packets of one kind among datagrams, with where they go; fragments are put together. Views in the
// packets live as long as `whole`.
template <class Body>
struct Seen {
  Address to;
  Buffer whole;
  Body body;
};
template <class Body>
std::vector<Seen<Body>> seen(const std::vector<Datagram>& datagrams) {
  wire::Reassembly reassembly{wire::Reassembly::Limits{}};
  std::vector<Seen<Body>> found;
  for (const Datagram& datagram : datagrams) {
    Buffer whole = datagram.bytes;
    auto decoded = wire::decode(kCluster, whole);
    auto* packet = std::get_if<wire::Packet>(&decoded);
    if (packet == nullptr) continue;
    if (const auto* fragment = std::get_if<wire::Fragment>(&packet->body)) {
      const Bytes joined = reassembly.add(datagram.from, *fragment);
      if (joined.empty()) continue;
      whole.assign(joined.begin(), joined.end());
      decoded = wire::decode(kCluster, whole);
      packet = std::get_if<wire::Packet>(&decoded);
      if (packet == nullptr) continue;
    }
    if (const auto* body = std::get_if<Body>(&packet->body)) {
      Body kept = *body;
      found.push_back({datagram.to, std::move(whole), kept});
    }
  }
  return found;
}

// Commands, and answers to them, of the client.
kv::Command put(const std::string& key, const std::string& value);
kv::Command get(const std::string& key);
kv::Command increment(const std::string& key);
kv::Command open_session();

struct Answer {
  wire::ReplyStatus status;
  NodeId leader;
  SessionId session;
  Sequence sequence;
  std::optional<kv::Result> result;  // if done
};
std::vector<Answer> answers(const std::vector<Datagram>& datagrams);

Buffer encoded(NodeId from, const raft::Message& message, ClusterId cluster = kCluster);
Buffer encoded(const wire::ClientRequest& request);

}  // namespace norn
