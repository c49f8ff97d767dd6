// A replica's turns, and what leaves it.
#include "tests/replica/node.h"

#include <utility>

#include "replica/raft/invariants.h"

#include "tests/replica/promises.h"

namespace norn {
namespace {

// Notes what a node sends in one turn. After a crash in the middle of the turn nothing leaves any more.
class Outbox final : public net::Transport {
 public:
  explicit Outbox(Node& node) : node_(node) {}

  void send(Address to, Bytes bytes) override {
    if (node_.disk.crashed()) return;
    if (node_.replica->stopped()) node_.broken.push_back("sends after it has stopped");
    const NodeId peer{static_cast<std::uint8_t>(to.value)};
    const auto decoded = wire::decode(node_.options.cluster, bytes);
    if (const auto* packet = std::get_if<wire::Packet>(&decoded)) {
      if (auto broken = broken_promise(node_.options, *node_.replica, node_.disk, peer, *packet))
        node_.broken.push_back("not durable: " + *broken);
    }
    node_.sent.push_back({address_of(node_.options.raft.id), to, Buffer(bytes.begin(), bytes.end())});
  }

 private:
  Node& node_;
};

}  // namespace

ReplicaOptions options_of(NodeId id, std::uint8_t count) {
  ReplicaOptions options;
  options.cluster = kCluster;
  options.raft.id = id;
  options.addresses.push_back({});
  for (std::uint8_t i = 1; i <= count; ++i) {
    options.raft.voters.push_back({i});
    options.addresses.push_back(address_of({i}));
  }
  return options;
}

Node::Node(ReplicaOptions its_options, std::uint64_t its_seed)
    : options(std::move(its_options)), seed(its_seed) {}

void Node::start(Time now) {
  const Rng rng = Rng(seed).fork("start " + std::to_string(++starts));
  replica.emplace(options, disk, rng, now);
  settle(now);
}

void Node::kill(Kept kept) {
  replica.reset();
  disk.crash(kept);
}

void Node::hear(Time now, Address from, Bytes datagram) { replica->on_datagram(now, from, datagram); }

void Node::hear(Time now, NodeId from, const raft::Message& message) {
  hear(now, address_of(from), encoded(from, message));
}

void Node::ask(Time now, SessionId session, Sequence sequence, const kv::Command& command, Address client) {
  const Buffer bytes = kv::encode(command);
  hear(now, client, encoded({session, sequence, {}, bytes}));
}

bool Node::sync(Time now, File file) {
  if (!disk.pending(file)) return false;
  const ScriptedDisk::Completion completion = disk.complete(file);
  replica->on_synced(now, completion.ticket, completion.status);
  return true;
}

void Node::tick(Time now) { replica->on_deadline(now); }

void Node::settle(Time now) {
  if (disk.crashed()) return;
  Outbox outbox(*this);
  replica->settle(now, outbox, disk);
  if (replica->stopped()) return;
  if (auto unsound = raft::check_state(replica->raft())) broken.push_back(*unsound);
}

kv::Command put(const std::string& key, const std::string& value) {
  return {.kind = kv::CommandKind::put, .pairs = {{key, value}}};
}
kv::Command get(const std::string& key) { return {.kind = kv::CommandKind::get, .pairs = {{key}}}; }
kv::Command increment(const std::string& key) {
  return {.kind = kv::CommandKind::increment, .pairs = {{key}}, .delta = 1};
}
kv::Command open_session() { return {.kind = kv::CommandKind::open_session}; }

std::vector<Answer> answers(const std::vector<Datagram>& datagrams) {
  std::vector<Answer> all;
  for (const auto& [to, whole, reply] : seen<wire::ClientReply>(datagrams)) {
    std::optional<kv::Result> result;
    if (reply.status == wire::ReplyStatus::done) result = kv::Result::parse(reply.result);
    all.push_back({reply.status, reply.leader, reply.session, reply.sequence, std::move(result)});
  }
  return all;
}

Buffer encoded(NodeId from, const raft::Message& message, ClusterId cluster) {
  Buffer out;
  wire::encode(cluster, from, message, out);
  return out;
}

Buffer encoded(const wire::ClientRequest& request) {
  Buffer out;
  wire::encode(kCluster, {}, wire::Body(request), out);
  return out;
}

}  // namespace norn
