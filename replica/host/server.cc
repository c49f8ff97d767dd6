// The loop and its turn.
#include "replica/host/server.h"

#include <boost/asio/post.hpp>
#include <csignal>
#include <random>

#include "replica/host/failure.h"
#include "replica/host/log.h"

namespace norn::host {
namespace {

constexpr std::size_t kDatagramsPerTurn = 1024;
constexpr Duration kEndWithin = std::chrono::milliseconds(800);  // of being told to

// Chance for a real process: from the system.
std::uint64_t system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

Identity identity(const ServeOptions& options) {
  Identity identity{options.cluster_name, options.id, {}};
  for (const client::Peer& peer : options.cluster) identity.voters.push_back(peer.id);
  return identity;
}

Address own_address(const ServeOptions& options) {
  for (const client::Peer& peer : options.cluster) {
    if (peer.id == options.id) return peer.address;
  }
  throw Failure("--id is not one of --cluster");
}

}  // namespace

Server::Server(const ServeOptions& options)
    : options_(options),
      directory_(options.data, identity(options)),
      socket_(io_, options.listen.value_or(own_address(options))),
      port_(own_address(options), socket_, local_),
      disk_(directory_.descriptor(),
            [this](storage::SyncTicket ticket, storage::DiskStatus status) {
              boost::asio::post(io_, [this, ticket, status] { synced_.push_back({ticket, status}); });
            }),
      replica_(replica_options(options, socket_.receive_buffer()), disk_, Rng(system_seed()), clock_.now()) {
  if (replica_.stopped()) throw Failure(options.data + ": " + *replica_.stopped());
  if (!replica_.recovery_note().empty()) spdlog::warn("recovered note=\"{}\"", replica_.recovery_note());
  local_.join(own_address(options));
}

void Server::run() {
  std::signal(SIGPIPE, SIG_IGN);
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) hand_over(clock_.now());
  });
  watch_socket();
  spdlog::info("serving udp={}", to_text(socket_.local()));
  for (Time now = clock_.now(); !ended(now); now = clock_.now()) {
    wait(deadline());
    turn(clock_.now());
    if (replica_.stopped()) throw Failure(*replica_.stopped());
  }
  spdlog::info("ended");
}

// Runs what is ready; if nothing is, until the first thing is.
void Server::wait(Time until) {
  if (!received_ && io_.poll() == 0)
    io_.run_one_until(clock_.system(std::min(until, clock_.now() + kEndWithin)));
  io_.poll();
}

void Server::turn(Time now) {
  if (received_) {
    received_ = socket_.receive(
        kDatagramsPerTurn, [&](Address from, Bytes datagram) { replica_.on_datagram(now, from, datagram); });
    if (!received_) watch_socket();
  }
  for (const Synced& one : synced_) replica_.on_synced(now, one.ticket, one.status);
  synced_.clear();
  if (now >= replica_.deadline()) replica_.on_deadline(now);
  settle(now);
  socket_.flush();
  watch_.observe(now, replica_);
}

void Server::settle(Time now) { replica_.settle(now, port_, disk_); }

Time Server::deadline() const { return std::min(replica_.deadline(), end_at_); }

void Server::watch_socket() {
  socket_.wait([this] { received_ = true; });
}

void Server::hand_over(Time now) {
  spdlog::info("ending");
  end_at_ = now + kEndWithin;
}

bool Server::ended(Time now) const {
  if (end_at_ == kNever) return false;
  return now >= end_at_ || replica_.raft().role() != raft::Role::leader;
}

}  // namespace norn::host
