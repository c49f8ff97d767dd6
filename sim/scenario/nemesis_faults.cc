// Beginning and undoing faults; which links an action cuts, and which models are in force, is in
// nemesis_links.cc.
#include "sim/scenario/nemesis_faults.h"

#include <algorithm>

#include "sim/scenario/json_values.h"
#include "sim/scenario/nemesis_links.h"

namespace norn::sim {
namespace {

std::string list(const std::vector<NodeId>& ids) {
  std::string text;
  for (const NodeId id : ids) text += (text.empty() ? "r" : ", r") + std::to_string(id.value);
  return text;
}

// "partition of r1, r3", "network from r2 to r4, r5".
std::string describe(const Action& action, const std::vector<NodeId>& target, const std::vector<NodeId>& to) {
  const bool directed = action.kind == ActionKind::cut || action.kind == ActionKind::network;
  std::string text(name_of(action.kind));
  if (!target.empty()) text += (directed ? " from " : " of ") + list(target);
  if (directed) text += " to " + list(to);
  if (action.kind == ActionKind::partition && action.direction != Direction::both)
    text += action.direction == Direction::out ? ", outward" : ", inward";
  if (action.kind == ActionKind::partition && action.clients) text += ", from the clients too";
  return text;
}

}  // namespace

Faults::Faults(std::shared_ptr<const Scenario> scenario)
    : scenario_(std::move(scenario)), pauses_(scenario_->cluster.replicas + std::size_t{1}) {}

std::vector<Duration> Faults::clock_offsets() const {
  std::vector<Duration> offsets(scenario_->cluster.replicas + std::size_t{1});
  for (const ClockOverride& clock : scenario_->clocks) offsets[clock.replica.value] = clock.offset;
  const Duration lowest = std::ranges::min(offsets);
  for (Duration& offset : offsets) offset -= lowest;
  return offsets;
}

void Faults::set_up(Stage& stage) {
  const std::vector<NodeId> all = all_replicas(stage.replicas());
  refresh_links(stage, {kForever, false, set_of(all), set_of(all), {}});
  refresh_disks(stage, set_of(all));
  refresh_drifts(stage, set_of(all));
}

std::optional<Faults::Effect> Faults::begin(Stage& stage, const Action& action, Owner owner,
                                            const TargetContext& context, Rng& rng) {
  if (action.kind == ActionKind::heal) return heal(stage);
  std::vector<NodeId> target;
  if (action.kind != ActionKind::ring) target = resolve(action.target, stage, context, rng);
  std::vector<NodeId> to;
  if (action.kind == ActionKind::cut || action.kind == ActionKind::network)
    to = resolve(action.to, stage, context, rng);
  std::optional<Effect> effect;
  switch (action.kind) {
    case ActionKind::partition:
    case ActionKind::bridge:
    case ActionKind::ring:
    case ActionKind::cut:
      effect = cut_links(stage, action, owner, target, to, rng);
      break;
    case ActionKind::kill:
    case ActionKind::pause:
      effect = stop_processes(stage, action.kind, owner, target);
      break;
    case ActionKind::restart:
    case ActionKind::resume:
      effect = start_processes(stage, action.kind, target);
      break;
    case ActionKind::rot:
      effect = rot(stage, action, target);
      break;
    default:
      effect = change_model(stage, action, owner, target, to);
      break;
  }
  if (effect) effect->text = describe(action, effect->replicas, to);
  return effect;
}

std::optional<Faults::Effect> Faults::cut_links(Stage& stage, const Action& action, Owner owner,
                                                const std::vector<NodeId>& target,
                                                const std::vector<NodeId>& to, Rng& rng) {
  Active active{action.kind, links_to_cut(stage, action, target, to, rng), {}, target};
  if (active.cuts.empty()) return std::nullopt;
  for (const Link& link : active.cuts) set_link(stage, link, true);
  active_.insert_or_assign(owner == kForever ? next_unowned_++ : owner, std::move(active));
  return Effect{target, {}, true};
}

// A link is cut by the first action that cuts it, and linked again by the last that does not any more.
void Faults::set_link(Stage& stage, const Link& link, bool cut) {
  std::uint32_t& count = cuts_[link];
  if (cut && count++ == 0) stage.cut({link.first}, {link.second});
  if (!cut && --count == 0) {
    stage.heal({link.first}, {link.second});
    cuts_.erase(link);
  }
}

std::optional<Faults::Effect> Faults::heal(Stage& stage) {
  if (cuts_.empty()) return std::nullopt;
  for (const auto& [link, count] : cuts_) stage.heal({link.first}, {link.second});
  cuts_.clear();
  std::erase_if(active_, [](const auto& entry) { return !entry.second.cuts.empty(); });
  return Effect{{}, std::string(name_of(ActionKind::heal)), false};
}

std::optional<Faults::Effect> Faults::stop_processes(Stage& stage, ActionKind kind, Owner owner,
                                                     const std::vector<NodeId>& target) {
  Active active{kind, {}, {}, {}};
  for (const NodeId id : target) {
    if (!(kind == ActionKind::kill ? stage.kill(id) : stage.pause(id))) continue;
    if (kind == ActionKind::pause) ++pauses_[id.value];
    active.processes.push_back({id, stage.incarnation(id), pauses_[id.value]});
    active.replicas.push_back(id);
  }
  if (active.processes.empty()) return std::nullopt;
  Effect effect{active.replicas, {}, false};
  if (owner != kForever) active_.insert_or_assign(owner, std::move(active));
  return effect;
}

std::optional<Faults::Effect> Faults::start_processes(Stage& stage, ActionKind kind,
                                                      const std::vector<NodeId>& target) {
  Effect effect;
  for (const NodeId id : target) {
    if (kind == ActionKind::restart ? stage.restart(id) : stage.resume(id)) effect.replicas.push_back(id);
  }
  if (effect.replicas.empty()) return std::nullopt;
  return effect;
}

std::optional<Faults::Effect> Faults::rot(Stage& stage, const Action& action,
                                          const std::vector<NodeId>& target) {
  Effect effect;
  for (const NodeId id : target) {
    if (stage.rot(id, action.rot_file, action.rot_where, action.rot_bits)) effect.replicas.push_back(id);
  }
  if (effect.replicas.empty()) return std::nullopt;
  return effect;
}

std::optional<Faults::Effect> Faults::change_model(Stage& stage, const Action& action, Owner owner,
                                                   const std::vector<NodeId>& target,
                                                   const std::vector<NodeId>& to) {
  const bool between = action.kind == ActionKind::network;
  if (target.empty() || (between && to.empty())) return std::nullopt;
  const ReplicaSet of = set_of(target);
  switch (action.kind) {
    case ActionKind::network:
    case ActionKind::client_network:
      change_links(stage, {owner, !between, of, set_of(to), action.link});
      break;
    case ActionKind::disk:
      std::erase_if(disk_changes_, [&](const DiskChanged& old) {
        return old.owner == kForever && old.of == of && old.set == action.disk && owner == kForever;
      });
      disk_changes_.push_back({owner, of, action.disk});
      refresh_disks(stage, of);
      break;
    default:
      if (action.clock_offset > Duration{})
        for (const NodeId id : target) stage.jump_clock(id, action.clock_offset);
      if (action.clock_drift_ppm) {
        std::erase_if(drift_changes_, [&](const DriftChanged& old) {
          return old.owner == kForever && old.of == of && owner == kForever;
        });
        drift_changes_.push_back({owner, of, *action.clock_drift_ppm});
        refresh_drifts(stage, of);
      }
      break;
  }
  if (owner != kForever) active_.insert_or_assign(owner, Active{action.kind, {}, {}, target});
  return Effect{target, {}, false};
}

std::optional<Faults::Effect> Faults::undo(Stage& stage, Owner owner) {
  const auto found = active_.find(owner);
  if (found == active_.end()) return std::nullopt;
  const Active active = std::move(found->second);
  active_.erase(found);
  Effect effect{active.replicas, std::string(name_of(active.kind)), false};
  for (const Link& link : active.cuts) set_link(stage, link, false);
  if (!active.processes.empty()) effect.replicas.clear();
  for (const Process& process : active.processes) {
    if (stage.incarnation(process.id) != process.incarnation) continue;
    const bool done = active.kind == ActionKind::kill
                          ? stage.restart(process.id)
                          : pauses_[process.id.value] == process.pause && stage.resume(process.id);
    if (done) effect.replicas.push_back(process.id);
  }
  if (!active.processes.empty() && effect.replicas.empty()) return std::nullopt;
  const auto ours = [owner](const auto& change) { return change.owner == owner; };
  const auto link = std::ranges::find_if(link_changes_, ours);
  if (link != link_changes_.end()) {
    const LinkChanged where = *link;
    link_changes_.erase(link);
    refresh_links(stage, where);
  }
  if (std::erase_if(disk_changes_, ours) != 0) refresh_disks(stage, set_of(active.replicas));
  if (std::erase_if(drift_changes_, ours) != 0) refresh_drifts(stage, set_of(active.replicas));
  return effect;
}

void Faults::heal_core(Stage& stage, const std::vector<NodeId>& core) {
  core_ = set_of(core);
  const auto inside = [&](std::uint64_t address) {
    return address >= kFirstClientAddress || core_.test(address);
  };
  for (const auto& [link, count] : cuts_) {
    if (inside(link.first) && inside(link.second)) stage.heal({link.first}, {link.second});
  }
  refresh_links(stage, {kForever, false, core_, core_, {}});
  refresh_links(stage, {kForever, true, core_, {}, {}});
  refresh_disks(stage, core_);
  refresh_drifts(stage, core_);
  for (const NodeId id : core) {
    stage.restart(id);
    stage.resume(id);
  }
}

}  // namespace norn::sim
