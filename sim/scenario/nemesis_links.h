// Which links the actions cut that cut some.
#pragma once

#include <utility>
#include <vector>

#include "replica/base/rng.h"

#include "sim/engine/stage.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

// Of a partition, bridge, ring or cut; each as the addresses it leads from and to, once.
std::vector<std::pair<std::uint64_t, std::uint64_t>> links_to_cut(const Stage& stage, const Action& action,
                                                                  const std::vector<NodeId>& target,
                                                                  const std::vector<NodeId>& to, Rng& rng);

// Whether replicas a < b of n are neighbours in the ring: each has the n/2 nearest (by id) at least, so that
// all see a majority, and from 3 replicas on not all see the same.
bool is_ring_link(std::size_t a, std::size_t b, std::size_t n);

}  // namespace norn::sim
