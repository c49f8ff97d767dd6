// The network between real processes, on loopback. Every datagram of the cluster passes here, and what the
// simulator's Network draws for it happens to it: it is lost, held up, doubled, damaged.
//
// A replica is given, as its peers' addresses, those of sockets of ours. Socket (i, j) is what replica i
// believes to be replica j: what i sends there goes on to j out of socket (j, i), so j sees it come from
// where it believes i to be. A client has one socket: its datagrams are ours to begin with, and leave through
// it to the replicas' own addresses.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "replica/host/udp_socket.h"

#include "sim/engine/datagram_pool.h"
#include "sim/engine/event_queue.h"
#include "sim/engine/network.h"
#include "sim/engine/stage.h"

namespace norn::sim {

// What the relay tells, and asks. Places: 1..replicas, then the clients.
struct RelayHooks {
  std::function<Time()> now;
  std::function<bool(NodeId)> up;                                  // whether anybody receives there
  std::function<void(NodeId from, std::uint16_t to, Bytes)> sent;  // by a replica, before anything happens
  std::function<void(std::uint32_t client, NodeId from, Bytes)> take;  // arrived at a client
};

class Relay {
 public:
  // homes: the replicas' own addresses, by node id. Throws host::Failure: no sockets.
  Relay(boost::asio::io_context& io, std::vector<Address> homes, std::uint32_t clients, Network network,
        RelayHooks hooks);

  // What replica `of` is to believe to be the address of `peer`: its own, if that is itself.
  Address address_for(NodeId of, NodeId peer) const;
  Address home(NodeId replica) const { return homes_[replica.value]; }

  void send_from_client(std::uint32_t client, NodeId to, Bytes datagram);

  Time next_due() const { return queue_.empty() ? kNever : queue_.top().at; }
  // Passes on what is due.
  void deliver_due(Time now);
  std::size_t under_way() const { return pool_.size(); }
  Duration latest() const { return latest_; }  // the longest that anything was passed on after it was due

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const Traffic& between_replicas() const { return replicas_; }
  const Traffic& with_clients() const { return clients_; }

 private:
  std::size_t replicas() const { return homes_.size() - 1; }
  bool is_replica(std::uint16_t place) const { return place < homes_.size(); }
  host::UdpSocket& between(std::size_t of, std::size_t peer) { return *sockets_[of * homes_.size() + peer]; }
  void listen(host::UdpSocket& socket, std::uint16_t to, NodeId only);
  void receive(host::UdpSocket& socket, std::uint16_t to, NodeId only);
  void pass(std::uint16_t from, std::uint16_t to, Bytes datagram);
  void deliver(const DatagramPool::Datagram& datagram);
  Traffic& traffic(std::uint16_t from, std::uint16_t to) {
    return is_replica(from) && is_replica(to) ? replicas_ : clients_;
  }

  std::vector<Address> homes_;
  Network network_;
  RelayHooks hooks_;
  std::vector<std::unique_ptr<host::UdpSocket>> sockets_;         // by replica and peer
  std::vector<std::unique_ptr<host::UdpSocket>> client_sockets_;  // by client
  EventQueue queue_;
  DatagramPool pool_;
  std::vector<host::UdpSocket*> to_flush_;
  Traffic replicas_;
  Traffic clients_;
  Duration latest_{};
};

}  // namespace norn::sim
