// The loop's half of the stage: what arrives, what is due, who ends.
#include "sim/live/real_stage.h"

#include <algorithm>
#include <utility>

#include "replica/host/options.h"

#include "sim/live/playable.h"
#include "sim/scenario/targets.h"

namespace norn::sim {
namespace {

constexpr const char* kClusterName = "norn-live";
constexpr std::size_t kLastLines = 5;  // of a log, when a replica ends by itself

// The port a client sends through.
class ClientPort final : public net::Transport {
 public:
  ClientPort(Relay& relay, std::uint32_t client) : relay_(relay), client_(client) {}
  void send(Address to, Bytes datagram) override {
    relay_.send_from_client(client_, {static_cast<std::uint8_t>(to.value)}, datagram);
  }

 private:
  Relay& relay_;
  std::uint32_t client_;
};

}  // namespace

RealStage::RealStage(const Scenario& scenario, std::uint64_t seed, const std::string& program,
                     const std::string& folder)
    : seed_(seed), sniffer_(host::cluster_id(kClusterName), scenario.cluster.replicas) {
  start_processes(scenario, program, folder);
  start_clients(scenario);
}

void RealStage::start_processes(const Scenario& scenario, const std::string& program,
                                const std::string& folder) {
  const std::vector<NodeId> ids = all_replicas(scenario.cluster.replicas);
  std::vector<Address> homes(1);
  for (const NodeId id : ids) {
    processes_.push_back(
        std::make_unique<ReplicaProcess>(io_, id, folder, [this, id](Exit exit) { on_ended(id, exit); }));
    homes.push_back(processes_.back()->home());
  }
  const std::uint32_t clients = scenario.clients.count + 1;
  relay_.emplace(io_, std::move(homes), clients,
                 Network(scenario.cluster.replicas, clients, scenario.network, scenario.client_network,
                         seed_.fork("network")),
                 RelayHooks{.now = [this] { return now(); },
                            .up = [this](NodeId id) { return up(id); },
                            .sent = [this](NodeId from, std::uint16_t to,
                                           Bytes datagram) { on_sent(from, to, datagram); },
                            .take = [this](std::uint32_t client, NodeId from,
                                           Bytes datagram) { take(client, from, datagram); }});
  for (const NodeId id : ids) {
    std::string cluster;
    for (const NodeId peer : ids)
      cluster += (cluster.empty() ? "" : ",") + std::to_string(peer.value) + "=" +
                 host::to_text(relay_->address_for(id, peer));
    std::vector<std::string> command = {program,       "serve", "--id",           std::to_string(id.value),
                                        "--cluster",   cluster, "--cluster-name", kClusterName,
                                        "--log-level", "info"};
    for (std::string& option : replica_options(scenario.cluster)) command.push_back(std::move(option));
    process(id).set_command(std::move(command));
    start(id);
  }
}

void RealStage::start_clients(const Scenario& scenario) {
  client::Options options;
  options.cluster = host::cluster_id(kClusterName);
  for (const NodeId id : all_replicas(scenario.cluster.replicas))
    options.replicas.push_back({id, address(id)});
  options.attempt_timeout = scenario.clients.attempt_timeout;
  options.attempt_timeout_max = scenario.clients.attempt_timeout_max;
  options.deadline = scenario.clients.deadline;
  options.outstanding_max = scenario.clients.outstanding_max;
  options.datagram_max = scenario.cluster.datagram_max;
  for (std::uint32_t i = 0; i <= scenario.clients.count; ++i)
    clients_.push_back({client::Client(options, seed_.fork("client " + std::to_string(i)), now())});
}

void RealStage::wait() {
  const Time now = this->now();
  const Time due = std::min({queue_.empty() ? kNever : queue_.top().at, relay_->next_due(), now + kWaitMax});
  if (due <= now || !touched_.empty()) {
    io_.poll();
  } else {
    timer_.expires_at(clock_.system(due));
    timer_.async_wait([](const boost::system::error_code&) {});
    io_.run_one();
    timer_.cancel();
    io_.poll();  // what else is ready, and the timer's own end
  }
  relay_->deliver_due(this->now());
}

std::optional<Due> RealStage::next_due() {
  while (!touched_.empty()) {
    const std::uint32_t client = touched_.back();
    touched_.pop_back();
    if (!completions(client).empty()) return Due{Due::Kind::client, client};
  }
  const Time now = this->now();
  while (!queue_.empty() && queue_.top().at <= now) {
    const QueuedEvent event = queue_.pop();
    if (is_void(event)) continue;
    latest_ = std::max(latest_, now - event.at);
    ++counters_.events;
    if (event.kind == EventKind::alarm) return Due{Due::Kind::alarm, event.payload};
    LiveClient& client = clients_[event.process];
    client.timer_at = kNever;
    client.client.on_deadline(now);
    end_turn(event.process);
    if (!client.client.completions().empty()) return Due{Due::Kind::client, event.process};
  }
  return std::nullopt;
}

bool RealStage::is_void(const QueuedEvent& event) const {
  return event.kind == EventKind::timer && event.payload != clients_[event.process].timer_arming;
}

void RealStage::set_alarm(Time at, std::uint64_t tag) {
  queue_.push({.at = at, .payload = tag, .kind = EventKind::alarm});
}

std::uint16_t RealStage::place(Address address) const {
  if (address.value < kFirstClientAddress) return static_cast<std::uint16_t>(address.value);
  return static_cast<std::uint16_t>(replicas() + 1 + (address.value - kFirstClientAddress));
}

// Clients.

bool RealStage::submit(std::uint32_t client, client::Ticket ticket, Bytes command) {
  if (!clients_[client].client.submit(now(), ticket, command)) return false;
  end_turn(client);
  return true;
}

void RealStage::take(std::uint32_t client, NodeId from, Bytes datagram) {
  clients_[client].client.on_datagram(now(), address(from), datagram);
  end_turn(client);
  touched_.push_back(client);
}

// At most one timer event of a client counts; as in World::arm_timer.
void RealStage::end_turn(std::uint32_t number) {
  LiveClient& client = clients_[number];
  ClientPort port(*relay_, number);
  client.client.settle(now(), port);
  const Time deadline = client.client.deadline();
  if (deadline >= client.timer_at) return;
  client.timer_at = deadline;
  ++client.timer_arming;
  queue_.push({.at = deadline,
               .payload = client.timer_arming,
               .process = static_cast<std::uint16_t>(number),
               .kind = EventKind::timer});
}

// Replicas.

void RealStage::on_sent(NodeId from, std::uint16_t to, Bytes datagram) {
  const bool first_word = !sniffer_.spoke(from) && up(from);
  const NodeId peer = to <= replicas() ? NodeId{static_cast<std::uint8_t>(to)} : NodeId{};
  sniffer_.on_datagram(now(), from, peer, datagram);
  if (first_word) on_first_word(from);
}

// It has recovered.
void RealStage::on_first_word(NodeId id) {
  if (incarnation(id) == 1) return;
  const std::string note = process(id).recovery_note();
  if (note.find("WAL") != std::string::npos) ++torn_tails_;
  timeline_.push_back({now(), TimelineKind::restart, {id}, {}, note});
}

void RealStage::start(NodeId id) {
  process(id).start();
  sniffer_.on_up(id);
}

void RealStage::on_ended(NodeId id, Exit exit) {
  constexpr int kCouldNotStart = 2;  // of replica serve
  const std::string words = process(id).last_words(kLastLines);
  std::string reason = exit.text() + (words.empty() ? "" : ": " + words);
  if (exit.status == kCouldNotStart && incarnation(id) == 1 && !cannot_start_)
    cannot_start_ = process(id).last_words(1);
  if (exit.signal != 0) crashes_.push_back({oracle::kAssertion, now(), {id}, "crashed: " + reason});
  sniffer_.on_down(id);
  timeline_.push_back({now(), TimelineKind::stop, {id}, {}, reason});
  stops_.push_back({now(), id, std::move(reason)});
}

bool RealStage::kill(NodeId id) {
  if (!up(id)) return false;
  process(id).kill();
  sniffer_.on_down(id);
  ++counters_.kills;
  return true;
}

bool RealStage::restart(NodeId id) {
  if (up(id)) return false;
  start(id);
  ++counters_.restarts;
  return true;
}

bool RealStage::pause(NodeId id) {
  if (!up(id) || is_paused(id)) return false;
  process(id).pause();
  ++counters_.pauses;
  return true;
}

bool RealStage::resume(NodeId id) {
  if (!is_paused(id)) return false;
  process(id).resume();
  return true;
}

const StageCounters& RealStage::counters() const {
  counters_.replicas = relay_->between_replicas();
  counters_.clients = relay_->with_clients();
  return counters_;
}

}  // namespace norn::sim
