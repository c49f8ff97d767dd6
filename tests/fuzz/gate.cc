// A whole replica, leading a cluster of its own, with hostile clients only: packets of every kind, well
// formed and not, from two addresses. It neither stops nor fails an assertion, answers nobody but those two,
// and what it has applied stands in its files when it starts again. The input is a script of packets, sized,
// each without its header's first part.
#include <map>
#include <memory>
#include <utility>

#include "replica/base/checksum.h"
#include "replica/kv/command.h"
#include "replica/replica.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

constexpr ClusterId kCluster{7};
constexpr NodeId kSelf{1};
constexpr Address kHere{100};
constexpr std::size_t kClients = 2;  // at addresses 0 and 1

class Memory final : public storage::Disk {
 public:
  std::optional<Buffer> read(storage::File file) override { return files_[file]; }
  storage::DiskStatus append(storage::File file, Bytes bytes) override {
    files_[file].insert(files_[file].end(), bytes.begin(), bytes.end());
    return storage::DiskStatus::ok;
  }
  void sync(storage::File, storage::SyncTicket ticket) override { synced.push_back(ticket); }
  void replace(storage::File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) override {
    files_[file] = *bytes;
    synced.push_back(ticket);
  }
  std::vector<storage::SyncTicket> synced;  // to be reported

 private:
  std::map<storage::File, Buffer> files_;
};

class Nowhere final : public net::Transport {
 public:
  void send(Address to, Bytes datagram) override {
    ASSERT(to.value < kClients);
    ASSERT(!datagram.empty());
  }
};

ReplicaOptions options() {
  ReplicaOptions options;
  options.cluster = kCluster;
  options.raft.id = kSelf;
  options.raft.voters = {kSelf};
  options.addresses = {Address{kHere.value + 1}, kHere};
  options.datagram_max = 200;
  options.compact_after_bytes = 2'000;
  options.keep_bytes = 500;
  options.store.sessions_max = 3;
  options.store.tombstones_max = 3;
  return options;
}

class Game {
 public:
  Game() { turn(); }

  void play(Script script) {
    while (replica_.raft().role() != raft::Role::leader) turn();
    while (!script.empty()) {
      const Address from{script.below(kClients)};
      const Bytes tail = script.sized();
      replica_.on_datagram(now_, from, tail);
      if (tail.size() >= 2) replica_.on_datagram(now_, from, packet(tail));
      if (script.below(2) == 0) turn();
    }
    turn();
    Replica again(options(), disk_, Rng(2), now_);
    ASSERT(!again.stopped());
    ASSERT(again.raft().log().last() == replica_.raft().log().last());
  }

 private:
  // kind, sender and body, with the rest of the header before them.
  static Buffer packet(Bytes tail) {
    Buffer out;
    Writer writer(out);
    writer.integer(std::uint32_t{0});
    writer.integer(std::uint8_t{'N'});
    writer.integer(wire::kWireVersion);
    writer.bytes(tail.first(2));
    writer.integer(kCluster.value);
    writer.integer(static_cast<std::uint32_t>(tail.size() - 2));
    writer.bytes(tail.subspan(2));
    writer.patch(0, crc32c(Bytes(out).subspan(4)));
    return out;
  }

  // Until nothing is left to be done, and then to the next deadline.
  void turn() {
    Nowhere nowhere;
    do {
      for (const storage::SyncTicket ticket : std::exchange(disk_.synced, {}))
        replica_.on_synced(now_, ticket, storage::DiskStatus::ok);
      replica_.settle(now_, nowhere, disk_);
      ASSERT(!replica_.stopped());
    } while (!disk_.synced.empty());
    now_ = std::max(now_, replica_.deadline());
    replica_.on_deadline(now_);
  }

  Memory disk_;
  Time now_{};
  Replica replica_{options(), disk_, Rng(1), now_};
};

}  // namespace

void fuzz(Bytes input) { Game().play(Script(input)); }

std::vector<Buffer> seeds() {
  const auto body_of = [](const wire::Body& body) {
    Buffer packet;
    wire::encode(kCluster, {}, body, packet);
    Buffer tail(packet.begin() + 6, packet.begin() + 8);
    tail.insert(tail.end(), packet.begin() + wire::kHeaderSize, packet.end());
    return tail;
  };
  using enum kv::CommandKind;
  std::vector<Buffer> tails;
  const auto request = [&](SessionId session, std::uint64_t sequence, const kv::Command& command) {
    const Buffer bytes = kv::encode(command);
    tails.push_back(body_of(wire::ClientRequest{session, {sequence}, {}, bytes}));
  };
  request({}, 1, {.kind = open_session});
  for (std::uint64_t i = 1; i < 20; ++i)
    request({2}, i, {.kind = put, .pairs = {{"key", std::string(100, static_cast<char>(i))}}});
  request({2}, 20, {.kind = get, .pairs = {{"key"}}});
  tails.push_back(body_of(wire::Fragment{5, 100, 10, as_bytes("a piece")}));
  tails.push_back(body_of(raft::RequestVote{{9}, {{9}, {9}}, false, false}));
  Buffer script;
  Writer out(script);
  for (const Buffer& tail : tails) {
    out.integer(std::uint16_t{0});
    out.integer(static_cast<std::uint16_t>(tail.size()));
    out.bytes(tail);
    out.integer(std::uint16_t{0});
  }
  return {script};
}

}  // namespace norn::fuzz
