#include "sim/live/relay.h"

#include <algorithm>
#include <netinet/in.h>
#include <utility>

namespace norn::sim {
namespace {

constexpr std::size_t kTakenAtOnce = 256;  // datagrams of one socket, before others have their turn
constexpr Address kAnyPort = host::make_address(INADDR_LOOPBACK, 0);

}  // namespace

Relay::Relay(boost::asio::io_context& io, std::vector<Address> homes, std::uint32_t clients, Network network,
             RelayHooks hooks)
    : homes_(std::move(homes)), network_(std::move(network)), hooks_(std::move(hooks)) {
  sockets_.resize(homes_.size() * homes_.size());
  for (std::size_t of = 1; of <= replicas(); ++of) {
    for (std::size_t peer = 1; peer <= replicas(); ++peer) {
      if (of == peer) continue;
      auto& socket = sockets_[of * homes_.size() + peer];
      socket = std::make_unique<host::UdpSocket>(io, kAnyPort);
      listen(*socket, static_cast<std::uint16_t>(peer), {static_cast<std::uint8_t>(of)});
    }
  }
  for (std::uint32_t client = 0; client < clients; ++client) {
    client_sockets_.push_back(std::make_unique<host::UdpSocket>(io, kAnyPort));
    listen(*client_sockets_.back(), static_cast<std::uint16_t>(homes_.size() + client), {});
  }
}

Address Relay::address_for(NodeId of, NodeId peer) const {
  return of == peer ? home(of) : sockets_[of.value * homes_.size() + peer.value]->local();
}

// What arrives at this socket is for `to`, and comes from replica `only`, or from any if that is nobody.
void Relay::listen(host::UdpSocket& socket, std::uint16_t to, NodeId only) {
  socket.wait([this, &socket, to, only] { receive(socket, to, only); });
}

void Relay::receive(host::UdpSocket& socket, std::uint16_t to, NodeId only) {
  socket.receive(kTakenAtOnce, [&](Address from, Bytes datagram) {
    const auto home = std::find(homes_.begin() + 1, homes_.end(), from);
    if (home == homes_.end()) return;  // a stranger's
    const auto sender = static_cast<std::uint8_t>(home - homes_.begin());
    if (only && only.value != sender) return;
    hooks_.sent({sender}, to, datagram);
    pass(sender, to, datagram);
  });
  listen(socket, to, only);
}

void Relay::send_from_client(std::uint32_t client, NodeId to, Bytes datagram) {
  pass(static_cast<std::uint16_t>(homes_.size() + client), to.value, datagram);
}

void Relay::pass(std::uint16_t from, std::uint16_t to, Bytes datagram) {
  const Time now = hooks_.now();
  Traffic& counted = traffic(from, to);
  ++counted.sent;
  const Passage passage = network_.send(now, from, to, datagram);
  if (passage.loss != Loss::none) ++counted.lost;
  for (std::size_t i = 0; i < passage.copies; ++i) {
    const DatagramPool::Ticket ticket = pool_.add(from, to, datagram);
    if (i > 0) ++counted.duplicated;
    if (passage.copy[i].corrupt) {
      network_.damage(pool_.get(ticket).bytes);
      ++counted.corrupted;
    }
    queue_.push(
        {.at = now + passage.copy[i].after, .payload = ticket, .process = to, .kind = EventKind::datagram});
  }
}

void Relay::deliver_due(Time now) {
  while (next_due() <= now) {
    const QueuedEvent event = queue_.pop();
    latest_ = std::max(latest_, now - event.at);
    const DatagramPool::Datagram datagram = pool_.get(event.payload);
    deliver(datagram);
    pool_.release(event.payload);
  }
  for (host::UdpSocket* socket : to_flush_) socket->flush();
  to_flush_.clear();
}

void Relay::deliver(const DatagramPool::Datagram& datagram) {
  Traffic& counted = traffic(datagram.from, datagram.to);
  const NodeId replica{static_cast<std::uint8_t>(datagram.to)};
  if (network_.is_cut(datagram.from, datagram.to) || (is_replica(datagram.to) && !hooks_.up(replica))) {
    ++counted.lost;
    return;
  }
  ++counted.delivered;
  if (!is_replica(datagram.to)) {
    // A copy: the client's turn sends, and the pool moves.
    const Buffer bytes(datagram.bytes.begin(), datagram.bytes.end());
    hooks_.take(static_cast<std::uint32_t>(datagram.to - homes_.size()),
                {static_cast<std::uint8_t>(datagram.from)}, bytes);
    return;
  }
  host::UdpSocket& socket = is_replica(datagram.from) ? between(datagram.to, datagram.from)
                                                      : *client_sockets_[datagram.from - homes_.size()];
  socket.send(home(replica), datagram.bytes);
  if (std::ranges::find(to_flush_, &socket) == to_flush_.end()) to_flush_.push_back(&socket);
}

}  // namespace norn::sim
