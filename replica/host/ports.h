// How datagrams leave the replica and the clients inside a process: to each other through a queue in memory,
// to everybody else through a socket. Either way they are the same packets.
#pragma once

#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "replica/host/udp_socket.h"
#include "replica/net/transport.h"
#include "replica/seal/endpoint.h"

namespace norn::host {

// Datagrams on their way from one party of this process to another, in order.
class LocalQueue {
 public:
  void join(Address party) { parties_.insert(party.value); }
  void leave(Address party) { parties_.erase(party.value); }
  bool has(Address party) const { return parties_.contains(party.value); }
  bool empty() const { return waiting_.empty(); }

  void push(Address from, Address to, Bytes datagram) {
    waiting_.push_back({from, to, bytes_.size(), datagram.size()});
    bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  }

  // Calls deliver(from, to, datagram) for each that is waiting now; what that sends waits for the next call.
  template <typename Deliver>
  void drain(Deliver&& deliver) {
    delivering_.swap(waiting_);
    delivering_bytes_.swap(bytes_);
    for (const Waiting& one : delivering_) {
      deliver(one.from, one.to, Bytes(delivering_bytes_).subspan(one.offset, one.size));
    }
    delivering_.clear();
    delivering_bytes_.clear();
  }

 private:
  struct Waiting {
    Address from;
    Address to;
    std::size_t offset;
    std::size_t size;
  };
  std::unordered_set<std::uint64_t> parties_;
  std::vector<Waiting> waiting_;
  Buffer bytes_;
  std::vector<Waiting> delivering_;
  Buffer delivering_bytes_;
};

// The transport of one party: its place in the queue, its socket, and the seal on what leaves the process, if
// the cluster has a key.
class Port final : public net::Transport {
 public:
  Port(Address self, UdpSocket& socket, LocalQueue& local, std::unique_ptr<seal::Endpoint> endpoint)
      : self_(self), socket_(socket), local_(local), endpoint_(std::move(endpoint)) {
    local_.join(self_);
  }

  Address self() const { return self_; }
  const seal::Endpoint* endpoint() const { return endpoint_.get(); }  // null: nothing is sealed

  void send(Address to, Bytes datagram) override {
    if (local_.has(to)) {
      local_.push(self_, to, datagram);
    } else {
      socket_.send(to, endpoint_ ? endpoint_->seal(to, datagram) : datagram);
    }
  }

  // Calls take(from, packet) for what has come through the socket, unsealed. False: that was all.
  template <typename Take>
  bool receive(std::size_t most, Take&& take) {
    return socket_.receive(most, [&](Address from, Bytes datagram) {
      if (!endpoint_) return take(from, datagram);
      const seal::Opened opened = endpoint_->open(from, datagram);
      if (!opened.answer.empty()) socket_.send(from, opened.answer);
      if (!opened.packet.empty()) take(from, opened.packet);
    });
  }

 private:
  Address self_;
  UdpSocket& socket_;
  LocalQueue& local_;
  std::unique_ptr<seal::Endpoint> endpoint_;
};

}  // namespace norn::host
