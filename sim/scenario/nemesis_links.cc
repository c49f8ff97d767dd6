// Which links an action cuts, and the models in force.
#include "sim/scenario/nemesis_links.h"

#include <algorithm>

#include "sim/scenario/nemesis_faults.h"

namespace norn::sim {
namespace {

using Links = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

std::vector<NodeId> others_than(const std::vector<NodeId>& ids, const Stage& stage) {
  std::vector<NodeId> others = all_replicas(stage.replicas());
  std::erase_if(others, [&](NodeId id) { return std::ranges::find(ids, id) != ids.end(); });
  return others;
}

void add(const std::vector<NodeId>& from, const std::vector<NodeId>& to, Links& links) {
  for (const NodeId a : from) {
    for (const NodeId b : to) {
      if (a != b) links.emplace_back(a.value, b.value);
    }
  }
}

void partition(const Stage& stage, const Action& action, const std::vector<NodeId>& target, Links& links) {
  const std::vector<NodeId> others = others_than(target, stage);
  const bool out = action.direction != Direction::in;
  const bool in = action.direction != Direction::out;
  if (out) add(target, others, links);
  if (in) add(others, target, links);
  if (!action.clients) return;
  for (const NodeId id : target) {
    for (std::uint32_t client = 0; client < stage.clients(); ++client) {
      if (out) links.emplace_back(id.value, client_address(client).value);
      if (in) links.emplace_back(client_address(client).value, id.value);
    }
  }
}

void bridge(const Stage& stage, const std::vector<NodeId>& target, Rng& rng, Links& links) {
  if (target.size() != 1) return;
  const std::vector<NodeId> others = others_than(target, stage);
  const std::vector<NodeId> half = pick(others, others.size() / 2, rng);
  std::vector<NodeId> other_half = others;
  std::erase_if(other_half, [&](NodeId id) { return std::ranges::find(half, id) != half.end(); });
  add(half, other_half, links);
  add(other_half, half, links);
}

void ring(const Stage& stage, Links& links) {
  const std::size_t replicas = stage.replicas();
  for (std::uint64_t a = 1; a <= replicas; ++a) {
    for (std::uint64_t b = a + 1; b <= replicas; ++b) {
      if (is_ring_link(a, b, replicas)) continue;
      links.emplace_back(a, b);
      links.emplace_back(b, a);
    }
  }
}

}  // namespace

bool is_ring_link(std::size_t a, std::size_t b, std::size_t n) {
  const std::size_t neighbours = n / 2;
  const std::size_t straight = b - a;
  const std::size_t distance = std::min(straight, n - straight);
  const std::size_t reach = neighbours / 2;  // on either side
  if (distance <= reach) return true;
  if (neighbours % 2 == 0) return false;
  // One more neighbour each: the opposite replica; in rings of odd size, which have none, the next one on
  // either side, but for the links across the end of the ids, which nobody needs.
  if (n % 2 == 0) return distance == n / 2;
  return distance == reach + 1 && straight == distance;
}

Links links_to_cut(const Stage& stage, const Action& action, const std::vector<NodeId>& target,
                   const std::vector<NodeId>& to, Rng& rng) {
  Links links;
  switch (action.kind) {
    case ActionKind::partition:
      partition(stage, action, target, links);
      break;
    case ActionKind::bridge:
      bridge(stage, target, rng, links);
      break;
    case ActionKind::ring:
      ring(stage, links);
      break;
    case ActionKind::cut:
      add(target, to, links);
      break;
    default:
      break;
  }
  return links;
}

// The models in force.

namespace {

LinkModel lossless(LinkModel model) {
  model.drop = model.corrupt = {};
  return model;
}

}  // namespace

void Faults::change_links(Stage& stage, LinkChanged change) {
  if (change.owner == kForever) {  // the same again and again need be kept once
    std::erase_if(link_changes_, [&](const LinkChanged& old) {
      return old.owner == kForever && old.clients == change.clients && old.from == change.from &&
             old.to == change.to && old.set == change.set;
    });
  }
  link_changes_.push_back(change);
  refresh_links(stage, change);
}

void Faults::change_network(Stage& stage, const LinkChange& replicas, const LinkChange& clients) {
  const ReplicaSet all = set_of(all_replicas(stage.replicas()));
  if (replicas != LinkChange{}) change_links(stage, {kForever, false, all, all, replicas});
  if (clients != LinkChange{}) change_links(stage, {kForever, true, all, {}, clients});
}

void Faults::refresh_links(Stage& stage, const LinkChanged& where) const {
  const std::vector<NodeId> all = all_replicas(stage.replicas());
  for (const NodeId from : all) {
    if (!where.from.test(from.value)) continue;
    if (where.clients) {
      const LinkModel model = client_link_model(from);
      for (std::uint32_t client = 0; client < stage.clients(); ++client) {
        stage.set_link(address(from), client_address(client), model);
        stage.set_link(client_address(client), address(from), model);
      }
      continue;
    }
    for (const NodeId to : all) {
      if (to == from || !where.to.test(to.value)) continue;
      const LinkModel model = link_model(from, to);
      if (stage.link(address(from), address(to)) != model) stage.set_link(address(from), address(to), model);
    }
  }
}

LinkModel Faults::link_model(NodeId from, NodeId to) const {
  LinkModel model = scenario_->network;
  for (const LinkOverride& link : scenario_->links) {
    const bool there = link.from == from && link.to == to;
    const bool back = link.both_ways && link.from == to && link.to == from;
    if (there || back) apply(link.set, model);
  }
  if (core_.test(from.value) && core_.test(to.value)) return lossless(model);
  for (const LinkChanged& change : link_changes_) {
    if (!change.clients && change.from.test(from.value) && change.to.test(to.value)) apply(change.set, model);
  }
  return model;
}

LinkModel Faults::client_link_model(NodeId replica) const {
  LinkModel model = scenario_->client_network;
  if (core_.test(replica.value)) return lossless(model);
  for (const LinkChanged& change : link_changes_) {
    if (change.clients && change.from.test(replica.value)) apply(change.set, model);
  }
  return model;
}

void Faults::refresh_disks(Stage& stage, const ReplicaSet& of) const {
  for (const NodeId id : all_replicas(stage.replicas())) {
    if (of.test(id.value)) stage.set_disk(id, disk_model(id));
  }
}

DiskModel Faults::disk_model(NodeId id) const {
  DiskModel model = scenario_->disk;
  for (const DiskOverride& disk : scenario_->disks) {
    if (disk.replica == id) apply(disk.set, model);
  }
  if (core_.test(id.value)) {
    model.sync_error = {};  // it would take a member out of the core
    return model;
  }
  for (const DiskChanged& change : disk_changes_) {
    if (change.of.test(id.value)) apply(change.set, model);
  }
  return model;
}

void Faults::refresh_drifts(Stage& stage, const ReplicaSet& of) const {
  for (const NodeId id : all_replicas(stage.replicas())) {
    if (of.test(id.value)) stage.set_drift(id, drift(id));
  }
}

std::int32_t Faults::drift(NodeId id) const {
  std::int32_t ppm = 0;
  for (const ClockOverride& clock : scenario_->clocks) {
    if (clock.replica == id) ppm = clock.drift_ppm;
  }
  if (core_.test(id.value)) return ppm;
  for (const DriftChanged& change : drift_changes_) {
    if (change.of.test(id.value)) ppm = change.drift_ppm;
  }
  return ppm;
}

}  // namespace norn::sim
