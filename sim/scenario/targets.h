// Who is meant by a Target at this moment.
#pragma once

#include <bitset>
#include <optional>
#include <vector>

#include "replica/base/rng.h"

#include "sim/engine/stage.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

std::vector<NodeId> all_replicas(std::uint8_t replicas);

// `count` of these, or all if there are fewer, in ascending order.
std::vector<NodeId> pick(std::vector<NodeId> from, std::size_t count, Rng& rng);

struct TargetContext {
  NodeId subject;  // of a trigger; nobody: there is none
  // Nobody stands in for a leader that there is not: the course's simulator does nothing then.
  bool no_stand_in = false;
};

// Ascending; empty if nobody is left to choose.
std::vector<NodeId> resolve(const Target& target, const Stage& stage, const TargetContext& context, Rng& rng);

// A set of replicas, by node id.
using ReplicaSet = std::bitset<256>;
ReplicaSet set_of(const std::vector<NodeId>& ids);

}  // namespace norn::sim
