// How datagrams leave the replica and the clients inside a process: to each other through a queue in memory,
// to everybody else through a socket. Either way they are the same packets.
#pragma once

#include <unordered_set>
#include <vector>

#include "replica/host/udp_socket.h"
#include "replica/net/transport.h"

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

// The transport of one party.
class Port final : public net::Transport {
 public:
  Port(Address self, UdpSocket& socket, LocalQueue& local) : self_(self), socket_(socket), local_(local) {}
  void send(Address to, Bytes datagram) override {
    if (local_.has(to)) {
      local_.push(self_, to, datagram);
    } else {
      socket_.send(to, datagram);
    }
  }

 private:
  Address self_;
  UdpSocket& socket_;
  LocalQueue& local_;
};

}  // namespace norn::host
