#include "sim/scenario/targets.h"

#include <algorithm>
#include <utility>

namespace norn::sim {
namespace {

using Kind = Target::Kind;

template <class Keep>
std::vector<NodeId> those(const Stage& stage, Keep keep) {
  std::vector<NodeId> ids = all_replicas(stage.replicas());
  std::erase_if(ids, [&](NodeId id) { return !keep(id); });
  return ids;
}

std::vector<NodeId> live(const Stage& stage) {
  return those(stage, [&](NodeId id) { return stage.up(id); });
}

std::vector<NodeId> without(std::vector<NodeId> ids, NodeId one) {
  std::erase(ids, one);
  return ids;
}

std::vector<NodeId> with(std::vector<NodeId> ids, NodeId one) {
  ids.push_back(one);
  std::ranges::sort(ids);
  return ids;
}

// Groups of which the leader is a part, or is not.
std::vector<NodeId> group(Kind kind, const Stage& stage, NodeId leader, Rng& rng) {
  const std::vector<NodeId> all = all_replicas(stage.replicas());
  const std::size_t minority = (all.size() - 1) / 2;
  const std::size_t majority = all.size() / 2 + 1;
  const std::vector<NodeId> others = without(all, leader);
  switch (kind) {
    case Kind::minority:
      return pick(others, minority, rng);
    case Kind::majority:
      return pick(others.size() >= majority ? others : all, majority, rng);
    case Kind::minority_with_leader:
      return minority == 0 || !leader ? std::vector<NodeId>{} : with(pick(others, minority - 1, rng), leader);
    case Kind::majority_with_leader:
      return !leader ? pick(all, majority, rng) : with(pick(others, majority - 1, rng), leader);
    default:
      return pick(all, minority, rng);
  }
}

}  // namespace

std::vector<NodeId> all_replicas(std::uint8_t replicas) {
  std::vector<NodeId> ids;
  for (std::uint32_t i = 1; i <= replicas; ++i) ids.push_back({static_cast<std::uint8_t>(i)});
  return ids;
}

std::vector<NodeId> pick(std::vector<NodeId> from, std::size_t count, Rng& rng) {
  count = std::min(count, from.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t other = rng.between(i, from.size() - 1);
    std::swap(from[i], from[other]);
  }
  from.resize(count);
  std::ranges::sort(from);
  return from;
}

std::vector<NodeId> resolve(const Target& target, const Stage& stage, const TargetContext& context,
                            Rng& rng) {
  const auto leader = [&] {
    NodeId found = stage.leader();
    if (found || context.no_stand_in) return found;
    const std::vector<NodeId> instead = pick(live(stage), 1, rng);
    return instead.empty() ? NodeId{} : instead.front();
  };
  const auto one = [](NodeId id) { return id ? std::vector{id} : std::vector<NodeId>{}; };
  switch (target.kind) {
    case Kind::ids:
      return target.ids;
    case Kind::all:
      return all_replicas(stage.replicas());
    case Kind::leader:
      return one(leader());
    case Kind::follower: {
      const NodeId not_this = leader();
      return pick(without(live(stage), not_this), 1, rng);
    }
    case Kind::followers:
      return without(all_replicas(stage.replicas()), leader());
    case Kind::random:
      return pick(live(stage), 1, rng);
    case Kind::minority:
    case Kind::majority:
    case Kind::minority_with_leader:
    case Kind::majority_with_leader: {
      const NodeId who = leader();
      return group(target.kind, stage, who, rng);
    }
    case Kind::any_minority:
      return group(target.kind, stage, {}, rng);
    case Kind::down:
      return those(stage, [&](NodeId id) { return !stage.up(id); });
    case Kind::paused:
      return those(stage, [&](NodeId id) { return stage.up(id) && stage.is_paused(id); });
    case Kind::subject:
      return one(context.subject);
    case Kind::subject_and_follower: {
      if (!context.subject) return {};
      const std::vector<NodeId> other = pick(without(live(stage), context.subject), 1, rng);
      return other.empty() ? one(context.subject) : with(other, context.subject);
    }
  }
  return {};
}

ReplicaSet set_of(const std::vector<NodeId>& ids) {
  ReplicaSet set;
  for (const NodeId id : ids) set.set(id.value);
  return set;
}

}  // namespace norn::sim
