// The loop and its turn.
#include "replica/host/server.h"

#include <boost/asio/post.hpp>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

#include "replica/host/key_file.h"
#include "replica/host/log.h"

namespace norn::host {
namespace {

constexpr std::size_t kDatagramsPerTurn = 1024;
constexpr Duration kEndWithin = std::chrono::milliseconds(800);  // of being told to
constexpr Duration kLongestWait = std::chrono::seconds(1);
constexpr Duration kStatusEvery = std::chrono::seconds(1);  // of what is costly to find out

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

std::string_view role_word(raft::Role role) {
  switch (role) {
    case raft::Role::leader:
      return "leader";
    case raft::Role::candidate:
      return "candidate";
    case raft::Role::pre_candidate:
      return "pre-candidate";
    case raft::Role::follower:
      break;
  }
  return "follower";
}

client::Options client_options(const ServeOptions& options) {
  client::Options client;
  client.cluster = cluster_id(options.cluster_name);
  client.replicas = options.cluster;
  client.datagram_max = datagram_size(options);
  return client;
}

resp::Options gateway_options(const ServeOptions& options) {
  resp::Options gateway;
  gateway.password = options.requirepass;
  gateway.redirect = options.redirect;
  gateway.connections_max = options.resp_connections_max;
  if (options.resp) gateway.port = port_of(*options.resp);
  for (const client::Peer& peer : options.resp_peers) {
    if (gateway.gateways.size() <= peer.id.value) gateway.gateways.resize(peer.id.value + std::size_t{1});
    gateway.gateways[peer.id.value] = to_text(peer.address);
  }
  return gateway;
}

std::uint64_t refused(const Replica& replica, const seal::Endpoint* endpoint) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : replica.counters().refused) sum += count;
  if (endpoint == nullptr) return sum;
  for (const std::uint64_t count : endpoint->counters().refused) sum += count;
  return sum;
}

std::uint64_t resident_bytes() {
  std::uint64_t all = 0;
  std::uint64_t resident = 0;  // pages
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Server::Server(const ServeOptions& options)
    : options_(options),
      directory_(options.data, identity(options)),
      socket_(io_, options.listen.value_or(own_address(options))),
      port_(own_address(options), socket_, local_,
            make_endpoint(options.key_file, options.id, options.cluster)),
      gateway_socket_(io_, make_address(ip_of(socket_.local()), 0)),
      gateway_port_(gateway_socket_.local(), gateway_socket_, local_,
                    make_endpoint(options.key_file, {}, options.cluster)),
      disk_(directory_.descriptor(),
            [this](storage::SyncTicket ticket, storage::DiskStatus status) {
              boost::asio::post(io_, [this, ticket, status] { synced_.push_back({ticket, status}); });
            }),
      replica_(replica_options(options, socket_.receive_buffer()), disk_, Rng(system_seed()), clock_.now()),
      gateway_(gateway_options(options), client_options(options), Rng(system_seed()), clock_.now()) {
  if (replica_.stopped()) throw stopped();
  if (!replica_.recovery_note().empty()) spdlog::warn("recovered note=\"{}\"", replica_.recovery_note());
  gateway_.status().id = options.id;
  gateway_.status().voters = options.cluster.size();
  gateway_.status().process = static_cast<std::uint64_t>(getpid());
  if (options.resp) resp_.emplace(io_, options, clock_, gateway_);
  directory_.claim();
}

void Server::run() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at the process's limit is a full disk
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) begin_end(clock_.now());
  });
  spdlog::info("serving udp={} resp={}", to_text(socket_.local()), resp_ ? to_text(resp_->local()) : "-");
  while (!ended(clock_.now())) {
    wait(deadline());
    turn(clock_.now());
    if (replica_.stopped()) throw stopped();
  }
  spdlog::info("ended");
}

// Runs what is ready; if nothing is, and nothing is left of the turn before, until the first thing is.
void Server::wait(Time until) {
  if (!arrived_ && !gateway_arrived_ && synced_.empty())
    io_.run_one_until(clock_.system(std::min(until, clock_.now() + kLongestWait)));
  io_.poll();
}

void Server::turn(Time now) {
  receive(now);
  for (const Synced& one : std::exchange(synced_, {})) replica_.on_synced(now, one.ticket, one.status);
  if (now >= replica_.deadline()) replica_.on_deadline(now);
  if (end_at_ != kNever && !handed_over_) handed_over_ = replica_.transfer(now);
  tell_gateway(now);
  settle(now);
  socket_.flush();
  gateway_socket_.flush();
  watch_.observe(now, clock_, replica_, port_.endpoint());
}

void Server::receive(Time now) {
  if (arrived_) {
    arrived_ = port_.receive(kDatagramsPerTurn,
                             [&](Address from, Bytes packet) { replica_.on_datagram(now, from, packet); });
    if (!arrived_) socket_.wait([this] { arrived_ = true; });
  }
  if (gateway_arrived_) {
    gateway_arrived_ = gateway_port_.receive(
        kDatagramsPerTurn, [&](Address from, Bytes packet) { gateway_.on_datagram(now, from, packet); });
    if (!gateway_arrived_) gateway_socket_.wait([this] { gateway_arrived_ = true; });
  }
}

// The clients' requests go to the replica, and its answers to the clients, within the turn when both are
// here.
void Server::settle(Time now) {
  gateway_.settle(now, gateway_port_);
  deliver(now);
  replica_.settle(now, port_, disk_);
  if (!local_.empty()) {
    deliver(now);
    gateway_.settle(now, gateway_port_);
  }
  if (resp_) resp_->attend();
}

void Server::deliver(Time now) {
  local_.drain([&](Address from, Address to, Bytes packet) {
    if (to == port_.self()) {
      replica_.on_datagram(now, from, packet);
    } else {
      gateway_.on_datagram(now, from, packet);
    }
  });
}

void Server::tell_gateway(Time now) {
  if (!resp_) return;
  const raft::Raft& raft = replica_.raft();
  resp::Status& status = gateway_.status();
  status.leader = replica_.leader();
  status.role = role_word(raft.role());
  status.term = raft.term();
  status.commit = raft.commit();
  status.applied = replica_.applied();
  status.last_index = raft.log().last().index;
  status.snapshot_index = raft.snapshot() ? raft.snapshot()->last.index : Index{};
  status.keys = replica_.store().size();
  status.syncs = replica_.counters().syncs;
  status.datagrams_in = socket_.counters().received;
  status.datagrams_out = socket_.counters().sent;
  status.datagrams_refused = refused(replica_, port_.endpoint());
  if (now < status_due_) return;
  status_due_ = now + kStatusEvery;
  status.memory_bytes = resident_bytes();
}

Time Server::deadline() const {
  if (!local_.empty()) return Time{};  // what settled last has more to say
  return std::min({replica_.deadline(), gateway_.deadline(), end_at_});
}

void Server::begin_end(Time now) {
  spdlog::info("ending");
  end_at_ = now + kEndWithin;
  if (resp_) resp_->stop();
}

// Told to end, and nothing is left to do: somebody else leads, if there is anybody, and what was to be
// written is. (What was acknowledged is synced anyway.)
bool Server::ended(Time now) const {
  if (end_at_ == kNever) return false;
  const bool alone = options_.cluster.size() == 1;
  return now >= end_at_ || ((alone || replica_.raft().role() != raft::Role::leader) && disk_.idle());
}

Failure Server::stopped() const {
  const std::string why = options_.data + ": " + *replica_.stopped();
  return Failure(disk_.error() == 0 ? why : why + ": " + std::strerror(disk_.error()));
}

}  // namespace norn::host
