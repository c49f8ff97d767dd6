// A gateway over one replica's worth of store, without Raft: requests are applied as they arrive, or are
// lost.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"
#include "replica/kv/request.h"
#include "replica/kv/store.h"
#include "replica/resp/gateway.h"
#include "replica/wire/packet.h"

namespace norn::resp {

class TestHouse : public net::Transport {
 public:
  static constexpr ClusterId kCluster{5};
  static constexpr Address kReplica{1};

  explicit TestHouse(Options options = {}, std::uint64_t seed = 1)
      : gateway(std::move(options), client_options(), Rng(seed), Time{}) {
    gateway.status().voters = 3;
    gateway.status().id = NodeId{1};
  }
  static client::Options client_options() {
    client::Options options;
    options.cluster = kCluster;
    options.replicas = {{NodeId{1}, kReplica}};
    options.datagram_max = wire::kPacketSizeMax;
    return options;
  }

  void send(Address, Bytes datagram) override {
    ++datagrams;
    if (deaf) return;
    const auto decoded = wire::decode(kCluster, datagram);
    const auto* packet = std::get_if<wire::Packet>(&decoded);
    ASSERT(packet != nullptr);
    const auto& request = std::get<wire::ClientRequest>(packet->body);
    if (leader.value != 1) return reply(request, wire::ReplyStatus::not_leader, {});
    const auto command = kv::CommandView::parse(request.command);
    Buffer result;
    if (command->is_read()) {
      store.read(*command, clock, result);
    } else {
      ++entries;
      kv::Request payload;
      payload.session = request.session;
      payload.sequence = request.sequence;
      payload.acked = request.acked;
      payload.time = clock;
      payload.command = request.command;
      store.apply(store.applied().next(), kv::encode(payload), result);
    }
    if (!mute) reply(request, wire::ReplyStatus::done, result);
  }
  void reply(const wire::ClientRequest& request, wire::ReplyStatus status, Bytes result) {
    Buffer packet;
    wire::encode(kCluster, NodeId{1},
                 wire::ClientReply{request.session, request.sequence, status, leader, result}, packet);
    replies.push_back(std::move(packet));
  }

  ConnectionId open() { return *gateway.open(now, "127.0.0.1:1"); }
  void say(ConnectionId id, std::string_view text) { gateway.on_bytes(now, id, as_bytes(text)); }
  // Turns until nothing more happens at this time.
  void settle() {
    do {
      gateway.settle(now, *this);
      auto arrived = std::exchange(replies, {});
      for (const Buffer& packet : arrived) gateway.on_datagram(now, kReplica, packet);
      if (arrived.empty()) break;
    } while (true);
    gateway.settle(now, *this);
  }
  void pass(Duration duration) {
    const Time end = now + duration;
    while (gateway.deadline() <= end) {
      now = std::max(now, gateway.deadline());
      gateway.on_deadline(now);
      settle();
    }
    now = end;
  }
  // What the client reads, all of it.
  std::string hear(ConnectionId id) {
    std::string text;
    while (!gateway.output(id).empty()) {
      text += as_text(gateway.output(id));
      gateway.on_written(now, id, gateway.output(id).size());
      settle();
    }
    return text;
  }
  std::string ask(ConnectionId id, std::string_view text) {
    say(id, text);
    settle();
    return hear(id);
  }

  Time now{};
  std::uint64_t clock = 1000;  // the cluster's, in milliseconds
  NodeId leader{1};
  bool deaf = false;  // requests are lost
  bool mute = false;  // replies are
  std::size_t datagrams = 0;
  std::size_t entries = 0;
  std::deque<Buffer> replies;
  kv::Store store;
  Gateway gateway;
};

// A request as a library sends it.
inline std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
inline std::string request(std::initializer_list<std::string_view> words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) text += bulk(word);
  return text;
}

}  // namespace norn::resp
