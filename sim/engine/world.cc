// The world's course: what each event does, and the turn of a process that follows from it.
#include "sim/engine/world.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "sim/engine/ports.h"

namespace norn::sim {
namespace {

constexpr std::uint32_t kClientsMax = 60'000;  // places are 16 bits

std::vector<NodeId> all_ids(std::uint8_t replicas) {
  std::vector<NodeId> ids;
  for (std::uint32_t i = 1; i <= replicas; ++i) ids.push_back({static_cast<std::uint8_t>(i)});
  return ids;
}

client::Options client_options(const WorldOptions& options) {
  client::Options of_client = options.client;
  of_client.cluster = options.replica.cluster;
  of_client.replicas.clear();
  for (const NodeId id : all_ids(options.replicas)) of_client.replicas.push_back({id, address(id)});
  return of_client;
}

// A datagram in one word, cheaply: its first four bytes are the packet's own checksum.
std::uint64_t word_of(Bytes datagram) {
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, datagram.data(), std::min(datagram.size(), sizeof checksum));
  return std::uint64_t{checksum} << 32 | static_cast<std::uint32_t>(datagram.size());
}

std::uint64_t count(Time at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

}  // namespace

World::World(const WorldOptions& options, std::uint64_t seed)
    : replica_options_(options.replica),
      events_max_(options.events_max),
      seed_(seed),
      network_(options.replicas, options.clients, options.network, options.client_network,
               seed_.fork("network")) {
  ASSERT(options.replicas >= 1);
  ASSERT(options.clients <= kClientsMax);
  const std::vector<NodeId> ids = all_ids(options.replicas);
  replica_options_.raft.voters = ids;
  replica_options_.addresses.assign(1, Address{});
  for (const NodeId id : ids) replica_options_.addresses.push_back(address(id));

  processes_.resize(std::size_t{1} + options.replicas + options.clients);
  replicas_.resize(std::size_t{1} + options.replicas);
  Rng clocks = seed_.fork("clocks");
  for (std::size_t i = 0; i <= options.replicas; ++i) {
    disks_.emplace_back(options.disk, seed_.fork("disk " + std::to_string(i)));
    Duration offset = clocks.between(Duration{}, options.clock_offset_max);
    if (i < options.clock_offsets.size()) offset += options.clock_offsets[i];
    processes_[i].clock = LocalClock(offset);
  }
  const client::Options of_client = client_options(options);
  for (std::uint32_t i = 0; i < options.clients; ++i) {
    clients_.emplace_back(of_client, seed_.fork("client " + std::to_string(i)), now_);
  }
  for (const NodeId id : ids) start(id);
  for (std::uint32_t i = 0; i < options.clients; ++i) end_turn(place(client_address(i)));
}

std::optional<Step> World::step() {
  while (!queue_.empty() && !storm()) {
    const QueuedEvent event = queue_.pop();
    now_ = event.at;
    ++counters_.events;
    if (std::optional<Step> step = happen(event)) return step;
  }
  return std::nullopt;
}

bool World::run_until(Time until) {
  while (!queue_.empty() && queue_.top().at <= until && !storm()) {
    const QueuedEvent event = queue_.pop();
    now_ = event.at;
    ++counters_.events;
    happen(event);
  }
  if (storm()) return false;
  now_ = std::max(now_, until);
  return true;
}

std::optional<Step> World::happen(const QueuedEvent& event) {
  switch (event.kind) {
    case EventKind::datagram:
      return on_datagram(event);
    case EventKind::timer:
      return on_timer(event);
    case EventKind::synced:
      return on_synced(event);
    case EventKind::alarm:
      break;
  }
  note(event, event.payload);
  trace(TraceKind::alarm, {}, event.payload);
  return Step{.kind = StepKind::alarm, .replica = {}, .tag = event.payload};
}

std::optional<Step> World::on_datagram(const QueuedEvent& event) {
  const DatagramPool::Datagram datagram = pool_.get(event.payload);
  const std::uint16_t to = event.process;
  Process& receiver = processes_[to];
  if (!event.arrived && network_.is_cut(datagram.from, to)) return lose(event, Loss::cut);
  if (is_replica(to) && !replicas_[to]) return lose(event, Loss::down);
  if (receiver.paused) {
    if (receiver.held_datagrams >= kPausedDatagramsMax) return lose(event, Loss::buffer);
    hold(receiver, event);
    return std::nullopt;
  }
  arriving_.assign(datagram.bytes.begin(), datagram.bytes.end());
  pool_.release(event.payload);
  note(event, word_of(arriving_));
  ++traffic(datagram.from, to).delivered;
  trace_datagram(TraceKind::deliver, datagram.from, to, arriving_);
  const Address from = address_at(datagram.from);
  const Time local = receiver.clock.local(now_);
  if (is_replica(to)) {
    replicas_[to]->on_datagram(local, from, arriving_);
  } else {
    client_at(to).on_datagram(local, from, arriving_);
  }
  end_turn(to);
  return step_of(StepKind::delivered, to);
}

std::optional<Step> World::on_timer(const QueuedEvent& event) {
  const std::uint16_t place = event.process;
  Process& process = processes_[place];
  if (event.payload != process.timer_arming) return std::nullopt;
  process.timer_at = kNever;
  if (process.paused) return std::nullopt;  // resume arms it anew
  const Time local = process.clock.local(now_);
  const Time deadline = is_replica(place) ? replicas_[place]->deadline() : client_at(place).deadline();
  if (local < deadline) {  // it has moved since
    arm_timer(place);
    return std::nullopt;
  }
  note(event, 0);
  trace(TraceKind::timer, address_at(place));
  if (is_replica(place)) {
    replicas_[place]->on_deadline(local);
  } else {
    client_at(place).on_deadline(local);
  }
  end_turn(place);
  return step_of(StepKind::timer, place);
}

std::optional<Step> World::on_synced(const QueuedEvent& event) {
  const std::uint16_t place = event.process;
  Process& process = processes_[place];
  if (!replicas_[place] || event.incarnation != process.incarnation) return std::nullopt;
  SimDisk& disk = disks_[place];
  const SyncTicket ticket{event.payload};
  disk.complete(ticket);
  if (process.paused) {
    hold(process, event);
    return std::nullopt;
  }
  const DiskStatus status = disk.report(ticket);
  note(event, event.payload);
  if (sink_.value != nullptr)
    trace(TraceKind::synced, address_at(place), event.payload, std::string(name(status)));
  replicas_[place]->on_synced(process.clock.local(now_), ticket, status);
  end_turn(place);
  return step_of(StepKind::synced, place);
}

// Ends the turn of a process: it does its output, and its timer is set.
void World::end_turn(std::uint16_t place) {
  Ports ports(*this, place);
  const Time local = processes_[place].clock.local(now_);
  if (!is_replica(place)) {
    client_at(place).settle(local, ports);
    arm_timer(place);
    return;
  }
  std::optional<Replica>& replica = replicas_[place];
  if (!replica->stopped()) replica->settle(local, ports, ports);
  if (!replica->stopped()) {
    arm_timer(place);
    return;
  }
  const NodeId id{static_cast<std::uint8_t>(place)};
  stops_.push_back({now_, id, *replica->stopped()});
  if (sink_.value != nullptr) trace(TraceKind::stop, address(id), 0, *replica->stopped());
  discard(id);
}

// At most one timer event of a process counts. A deadline that moves later leaves the event where it is: it
// comes early, finds nothing due, and is pushed again; so the usual turn, which only puts a deadline off,
// pushes nothing.
void World::arm_timer(std::uint16_t place) {
  Process& process = processes_[place];
  const Time deadline = is_replica(place) ? replicas_[place]->deadline() : client_at(place).deadline();
  const Time at = std::max(now_, process.clock.when(deadline));
  if (at >= process.timer_at) return;
  process.timer_at = at;
  ++process.timer_arming;
  queue_.push({.at = at, .payload = process.timer_arming, .process = place, .kind = EventKind::timer});
}

void World::send(std::uint16_t from, std::uint16_t to, Bytes datagram) {
  Traffic& counted = traffic(from, to);
  ++counted.sent;
  const std::uint64_t who = std::uint64_t{from} << 16 | to;
  digest_.add(word_of(datagram) ^ who << 24);
  trace_datagram(TraceKind::send, from, to, datagram);
  const Passage passage = network_.send(now_, from, to, datagram);
  if (passage.loss != Loss::none) {
    ++counted.lost;
    trace_datagram(TraceKind::lose, from, to, datagram, passage.loss);
    return;
  }
  for (std::size_t i = 0; i < passage.copies; ++i) {
    const DatagramPool::Ticket ticket = pool_.add(from, to, datagram);
    if (i > 0) {
      ++counted.duplicated;
      trace_datagram(TraceKind::copy, from, to, datagram);
    }
    if (passage.copy[i].corrupt) {
      network_.damage(pool_.get(ticket).bytes);
      ++counted.corrupted;
      trace_datagram(TraceKind::corrupt, from, to, pool_.get(ticket).bytes);
    }
    queue_.push(
        {.at = now_ + passage.copy[i].after, .payload = ticket, .process = to, .kind = EventKind::datagram});
  }
}

Step World::lose(const QueuedEvent& event, Loss loss) {
  const DatagramPool::Datagram datagram = pool_.get(event.payload);
  note(event, word_of(datagram.bytes));
  ++traffic(datagram.from, event.process).lost;
  trace_datagram(TraceKind::lose, datagram.from, event.process, datagram.bytes, loss);
  pool_.release(event.payload);
  return step_of(StepKind::lost, event.process);
}

Step World::step_of(StepKind kind, std::uint16_t place) const {
  if (is_replica(place)) return {.kind = kind, .replica = {static_cast<std::uint8_t>(place)}};
  return {.kind = kind,
          .replica = {},
          .client = static_cast<std::uint32_t>(place - replicas_.size()),
          .is_client = true};
}

bool World::submit(std::uint32_t client, client::Ticket ticket, Bytes command) {
  const std::uint16_t place = this->place(client_address(client));
  if (!clients_[client].submit(processes_[place].clock.local(now_), ticket, command)) return false;
  trace(TraceKind::submit, client_address(client), ticket, {}, command.size());
  end_turn(place);
  return true;
}

NodeId World::leader() const {
  NodeId leader;
  Term highest;
  for (const NodeId id : all_ids(replicas())) {
    if (!up(id)) continue;
    const raft::Raft& raft = replica(id)->raft();
    if (raft.role() != raft::Role::leader || (leader && raft.term() <= highest)) continue;
    leader = id;
    highest = raft.term();
  }
  return leader;
}

void World::set_alarm(Time at, std::uint64_t tag) {
  queue_.push({.at = std::max(at, now_), .payload = tag, .kind = EventKind::alarm});
}

std::uint16_t World::place(Address address) const {
  const std::uint64_t value = address.value;
  if (value >= kFirstClientAddress) {
    ASSERT(value - kFirstClientAddress < clients_.size());
    return static_cast<std::uint16_t>(replicas_.size() + (value - kFirstClientAddress));
  }
  ASSERT(value >= 1);
  ASSERT(value < replicas_.size());
  return static_cast<std::uint16_t>(value);
}

Address World::address_at(std::uint16_t place) const {
  if (is_replica(place)) return {place};
  return client_address(static_cast<std::uint32_t>(place - replicas_.size()));
}

// Of an event that was not void, with a word for what it carried.
void World::note(const QueuedEvent& event, std::uint64_t word) {
  digest_.add(count(event.at) ^ std::uint64_t{event.process} << 48 ^
              static_cast<std::uint64_t>(event.kind) << 40);
  digest_.add(word);
}

}  // namespace norn::sim
