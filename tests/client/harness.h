// A client and what it sent, with a test in the place of the replicas.
#pragma once

#include <algorithm>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replica/base/bytes.h"
#include "replica/client/client.h"
#include "replica/kv/command.h"
#include "replica/kv/result.h"
#include "replica/wire/packet.h"

namespace norn::client {

using std::chrono::milliseconds;

inline constexpr ClusterId kCluster{77};
inline constexpr SessionId kSession{500};

inline Address address_of(NodeId id) { return {100u + id.value}; }

inline Options three_replicas() {
  Options options;
  options.cluster = kCluster;
  for (std::uint8_t id = 1; id <= 3; ++id) options.replicas.push_back({NodeId{id}, address_of(NodeId{id})});
  return options;
}

inline Buffer put(const std::string& key, const std::string& value = "v") {
  return kv::encode(kv::Command{.kind = kv::CommandKind::put, .pairs = {{key, value}}});
}
inline Buffer get(const std::string& key) {
  return kv::encode(kv::Command{.kind = kv::CommandKind::get, .pairs = {{key}}});
}
inline Buffer answer(std::uint64_t version) {
  return kv::encode(kv::Result{.items = {{.version = version}}});
}
inline Buffer refusal(kv::Status status) { return kv::encode(kv::Result{.status = status}); }

// A request as a replica got it.
struct Arrived {
  NodeId at;
  SessionId session;
  Sequence sequence;
  Sequence acked;
  Buffer command;
  Buffer packet;
  bool opens() const { return command.at(0) == static_cast<std::byte>(kv::CommandKind::open_session); }
};

class Harness : public net::Transport {
 public:
  explicit Harness(Options options = three_replicas(), std::uint64_t seed = 1)
      : client(std::move(options), Rng(seed), Time{}) {}

  void send(Address to, Bytes datagram) override {
    const auto decoded = wire::decode(kCluster, datagram);
    const auto& packet = std::get<wire::Packet>(decoded);
    REQUIRE_FALSE(packet.from);
    const auto& request = std::get<wire::ClientRequest>(packet.body);
    const NodeId at{static_cast<std::uint8_t>(to.value - 100)};
    arrived.push_back({at, request.session, request.sequence, request.acked,
                       Buffer(request.command.begin(), request.command.end()),
                       Buffer(datagram.begin(), datagram.end())});
    ++datagrams;
  }

  // What the client sends at this time, timers included.
  std::vector<Arrived> turn() {
    arrived.clear();
    if (client.deadline() <= now) client.on_deadline(now);
    client.settle(now, *this);
    return std::exchange(arrived, {});
  }
  // Lets time pass from timer to timer; what was sent.
  std::vector<Arrived> pass(Duration duration) {
    const Time end = now + duration;
    std::vector<Arrived> all = turn();
    while (client.deadline() <= end) {
      now = std::max(now, client.deadline());
      auto some = turn();
      all.insert(all.end(), some.begin(), some.end());
      ++timers;
      REQUIRE(timers < 100'000);  // no timer that never advances
    }
    now = end;
    return all;
  }
  void reply(NodeId from, SessionId session, Sequence sequence, wire::ReplyStatus status, NodeId leader,
             Bytes result) {
    Buffer packet;
    wire::encode(kCluster, from, wire::ClientReply{session, sequence, status, leader, result}, packet);
    client.on_datagram(now, address_of(from), packet);
  }
  void done(const Arrived& request, Bytes result) {
    reply(request.at, request.session, request.sequence, wire::ReplyStatus::done, request.at, result);
  }
  void not_leader(const Arrived& request, NodeId leader) {
    reply(request.at, request.session, request.sequence, wire::ReplyStatus::not_leader, leader, {});
  }
  void busy(const Arrived& request) {
    reply(request.at, request.session, request.sequence, wire::ReplyStatus::busy, {}, {});
  }
  bool submit(Ticket ticket, const Buffer& command) { return client.submit(now, ticket, command); }

  // Opens a session with the first operation; the leader is whoever the client asked first.
  NodeId open(SessionId session = kSession) {
    const auto sent = turn();
    REQUIRE(sent.size() == 1);
    REQUIRE(sent[0].opens());
    done(sent[0], answer(session.value));
    return sent[0].at;
  }
  std::vector<Completion> completions() { return std::exchange(client.completions(), {}); }

  Time now{};
  std::size_t datagrams = 0;
  std::size_t timers = 0;
  std::vector<Arrived> arrived;
  Client client;
};

inline NodeId other_than(NodeId id) { return {static_cast<std::uint8_t>(id.value % 3 + 1)}; }

}  // namespace norn::client
