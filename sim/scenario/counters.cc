#include "sim/scenario/counters.h"

#include <algorithm>
#include <utility>

namespace norn::sim {

Observer::Observer(std::uint8_t replicas, const NemesisPlayer& nemesis, const Oracles& oracles)
    : checks_safety_(oracles.safety),
      safety_(replicas, oracles.durability),
      known_(replicas + std::size_t{1}),
      beside_(replicas + std::size_t{1}),
      durable_(replicas + std::size_t{1}),
      before_(replicas + std::size_t{1}),
      receiving_(replicas + std::size_t{1}) {
  for (std::size_t i = 0; i < wanted_.size(); ++i) wanted_[i] = nemesis.waits_for(static_cast<Trigger>(i));
  looks_ = oracles.expectations || oracles.safety || oracles.liveness || oracles.exactly_once ||
           std::ranges::find(wanted_, true) != wanted_.end();
}

Observer::Known Observer::summary(const World& world, NodeId id, const Replica& replica) {
  const raft::Raft& raft = replica.raft();
  return {.up = true,
          .incarnation = world.incarnation(id),
          .role = raft.role(),
          .hard_state = raft.hard_state(),
          .commit = raft.commit(),
          .applied = replica.applied(),
          .base = raft.log().base(),
          .last = raft.log().last(),
          .snapshots_taken = replica.counters().snapshots_taken,
          .snapshots_installed = replica.counters().snapshots_installed};
}

Observer::Beside Observer::beside(const raft::Raft& raft) {
  return {raft.leader(), raft.fence(), raft.snapshot() ? raft.snapshot()->last.index : Index{}};
}

void Observer::look(World& world, NodeId id) {
  if (!looks_) return;
  Replica* replica = world.replica(id);
  if (replica == nullptr) return on_down(world, id);
  Known& known = known_[id.value];
  const Known after = summary(world, id, *replica);
  if (wanted_[static_cast<std::size_t>(Trigger::snapshot_sent)]) note_snapshots(id, replica->raft());
  const Index log_changed_from = replica->take_log_changed_from();
  const Index durable = replica->raft().durable();
  const bool synced = std::exchange(durable_[id.value], durable) != durable;
  if (after == known && log_changed_from > after.last.index) {
    if (!synced) return;
    // A sync, of one that does not lead: whatever else the oracles ask is answered as it was.
    if (after.role != raft::Role::leader && durable <= after.last.index &&
        beside(replica->raft()) == beside_[id.value]) {
      if (checks_safety_) safety_.observe_synced(id, durable, replica->raft().log());
      return;
    }
  }
  beside_[id.value] = beside(replica->raft());
  Observation seen = look_at(*replica, id, after.incarnation, log_changed_from);
  if (after.incarnation != known.incarnation) {
    seen.disk_rotten =
        world.disk(id).rotten(storage::File::wal) || world.disk(id).rotten(storage::File::snapshot);
    if (after.incarnation > 1) on_started(world.now(), id, *replica);
    known = Known{};
    known.incarnation = after.incarnation;
    known.hard_state = after.hard_state;
    known.last = after.last;
    before_[id.value].reset();
  }
  if (checks_safety_) {
    check_invariants(world.now(), id, replica->raft());
    safety_.observe(world.now(), seen);
  }
  committed_ = std::max(committed_, std::min(after.commit, after.last.index));
  count_changes(world.now(), id, known, after, seen);
  known = after;
}

void Observer::look_at_all(World& world) {
  for (std::uint32_t i = 1; i <= world.replicas(); ++i) look(world, {static_cast<std::uint8_t>(i)});
}

void Observer::on_started(Time now, NodeId id, const Replica& replica) {
  const std::string& note = replica.recovery_note();
  if (note.find("WAL") != std::string::npos) add(Counter::torn_tails);
  timeline_.push_back({now, TimelineKind::restart, {id}, replica.raft().term(), note});
}

void Observer::on_down(const World& world, NodeId id) {
  known_[id.value].up = false;
  receiving_[id.value].reset();
  for (; stops_seen_ < world.stops().size(); ++stops_seen_) {
    const Stop& stop = world.stops()[stops_seen_];
    add(Counter::stops);
    timeline_.push_back({stop.at, TimelineKind::stop, {stop.replica}, {}, stop.reason});
  }
}

void Observer::count_changes(Time now, NodeId id, const Known& before, const Known& after,
                             const Observation& seen) {
  const bool was_there = before.last.index > after.base.index;
  if (was_there && seen.log_changed_from <= before.last.index && !seen.log->matches(before.last))
    add(Counter::truncations);
  add(Counter::snapshots_taken, after.snapshots_taken - before.snapshots_taken);
  add(Counter::snapshots_installed, after.snapshots_installed - before.snapshots_installed);
  const NodeId vote = after.hard_state.vote;
  if (after.hard_state != before.hard_state && vote && vote != id) note(Trigger::vote_granted, id);
  on_leader(now, id, before, after);
}

void Observer::on_leader(Time now, NodeId id, const Known& before, const Known& after) {
  const bool led = before.role == raft::Role::leader;
  const bool leads = after.role == raft::Role::leader;
  const bool same = led && leads && before.hard_state.term == after.hard_state.term;
  if (same) {
    if (after.last.index > before.last.index) note(Trigger::leader_append, id);
    return;
  }
  if (led) {
    add(Counter::step_downs);
    timeline_.push_back({now, TimelineKind::step_down, {id}, before.hard_state.term, {}});
  }
  if (leads) {
    add(Counter::leaders);
    timeline_.push_back({now, TimelineKind::leader, {id}, after.hard_state.term, {}});
    note(Trigger::leader_elected, id);
  }
}

void Observer::check_invariants(Time now, NodeId id, const raft::Raft& raft) {
  std::optional<raft::Before>& before = before_[id.value];
  auto broken = raft::check_state(raft);
  if (!broken && before) broken = raft::check_step(*before, raft);
  if (broken) safety_.report_invariant(now, id, *broken);
  if (before) {
    before->remember(raft);
  } else {
    before.emplace(raft);
  }
}

void Observer::note_snapshots(NodeId id, const raft::Raft& raft) {
  ReplicaSet receiving;
  if (raft.role() == raft::Role::leader) {
    for (const raft::Progress& peer : raft.progress()) {
      if (peer.mode != raft::Mode::snapshot) continue;
      receiving.set(peer.id.value);
      if (!receiving_[id.value].test(peer.id.value)) note(Trigger::snapshot_sent, peer.id);
    }
  }
  receiving_[id.value] = receiving;
}

void Observer::note(Trigger trigger, NodeId subject) {
  if (wanted_[static_cast<std::size_t>(trigger)]) occasions_.push_back({trigger, subject});
}

}  // namespace norn::sim
