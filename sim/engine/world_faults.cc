// The world's verbs: what happens to processes, clocks and links because somebody above says so.
#include <string>
#include <utility>

#include "sim/engine/ports.h"
#include "sim/engine/world.h"

namespace norn::sim {

// A new process: it recovers from the disk, and has a first turn.
void World::start(NodeId id) {
  Process& process = this->process(id);
  ++process.incarnation;
  ReplicaOptions options = replica_options_;
  options.raft.id = id;
  const Rng rng = seed_.fork("replica " + std::to_string(id.value)).fork(std::to_string(process.incarnation));
  Ports ports(*this, id.value);
  std::optional<Replica>& replica = replicas_[id.value];
  replica.emplace(std::move(options), ports, rng, process.clock.local(now_));
  trace(TraceKind::start, address(id), process.incarnation, replica->recovery_note());
  end_turn(id.value);
}

void World::discard(NodeId id) {
  Process& process = this->process(id);
  for (const QueuedEvent& event : process.held) {
    if (event.kind == EventKind::datagram) lose(event, Loss::down);
  }
  process.held.clear();
  process.held_datagrams = 0;
  process.paused = false;
  process.timer_at = kNever;
  ++process.timer_arming;  // the timer event under way is void
  replicas_[id.value].reset();
  disks_[id.value].crash();
}

bool World::kill(NodeId id) {
  if (!up(id)) return false;
  ++counters_.kills;
  trace(TraceKind::kill, address(id));
  discard(id);
  return true;
}

bool World::restart(NodeId id) {
  if (up(id)) return false;
  ++counters_.restarts;
  start(id);
  return true;
}

bool World::pause(NodeId id) {
  if (!up(id) || is_paused(id)) return false;
  ++counters_.pauses;
  trace(TraceKind::pause, address(id));
  process(id).paused = true;
  return true;
}

bool World::resume(NodeId id) {
  Process& process = this->process(id);
  if (!process.paused) return false;
  trace(TraceKind::resume, address(id));
  process.paused = false;
  process.held_datagrams = 0;
  for (QueuedEvent& event : process.held) {
    event.at = now_;
    event.arrived = true;
    queue_.push(event);
  }
  process.held.clear();
  arm_timer(id.value);
  return true;
}

// Keeps an event for a paused process.
void World::hold(Process& process, const QueuedEvent& event) {
  if (event.kind == EventKind::datagram) ++process.held_datagrams;
  process.held.push_back(event);
}

void World::set_drift(NodeId id, std::int32_t ppm) {
  process(id).clock.set_drift(now_, ppm);
  if (sink_.value != nullptr) trace(TraceKind::drift, address(id), 0, std::to_string(ppm) + " ppm");
  rearm_timer(id);
}

void World::jump_clock(NodeId id, Duration forward) {
  process(id).clock.jump(forward);
  if (sink_.value != nullptr)
    trace(TraceKind::drift, address(id), 0, "+" + std::to_string(forward.count()) + " ns");
  rearm_timer(id);
}

// The clock has changed: its deadline is at another true time.
void World::rearm_timer(NodeId id) {
  if (up(id) && !is_paused(id)) arm_timer(id.value);
}

void World::cut(Address from, Address to) {
  network_.cut(place(from), place(to), true);
  trace_link(TraceKind::cut, from, to);
}

void World::heal(Address from, Address to) {
  network_.cut(place(from), place(to), false);
  trace_link(TraceKind::heal, from, to);
}

void World::heal_all() {
  network_.heal_all();
  trace_link(TraceKind::heal, {}, {});
}

bool World::is_cut(Address from, Address to) const { return network_.is_cut(place(from), place(to)); }

void World::block(Address from, Address to, std::uint16_t kinds) {
  network_.block(place(from), place(to), kinds);
}

void World::clog(Address from, Address to, Time until) { network_.clog(place(from), place(to), until); }

void World::set_network(const LinkModel& model) { network_.set_replica_links(model); }

void World::set_client_network(const LinkModel& model) { network_.set_client_links(model); }

void World::set_link(Address from, Address to, const LinkModel& model) {
  network_.set_link(place(from), place(to), model);
}

void World::clear_link(Address from, Address to) { network_.clear_link(place(from), place(to)); }

const LinkModel& World::link(Address from, Address to) const {
  return network_.model(place(from), place(to));
}

SimDisk& World::disk(NodeId id) { return disks_.at(id.value); }
const SimDisk& World::disk(NodeId id) const { return disks_.at(id.value); }

const Replica* World::replica(NodeId id) const {
  const std::optional<Replica>& replica = replicas_.at(id.value);
  return replica ? &*replica : nullptr;
}

Replica* World::replica(NodeId id) {
  std::optional<Replica>& replica = replicas_.at(id.value);
  return replica ? &*replica : nullptr;
}

const World::Process& World::process(NodeId id) const {
  ASSERT(id.value >= 1);
  ASSERT(id.value < replicas_.size());
  return processes_[id.value];
}

World::Process& World::process(NodeId id) { return const_cast<Process&>(std::as_const(*this).process(id)); }

}  // namespace norn::sim
