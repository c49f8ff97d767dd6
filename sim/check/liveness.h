// The liveness oracle's rules, on facts that the run gathers: after the core was healed, within a stated
// time, operations are answered, the core's replicas catch up, and the cluster comes to rest. And no leak:
// what a replica keeps for others stays within its bounds.
#pragma once

#include <vector>

#include "replica/base/types.h"

#include "sim/check/finding.h"
#include "sim/check/history.h"
#include "sim/engine/world.h"

namespace norn::sim {

struct LivenessFacts {
  Time began{};
  Time now{};
  bool out_of_time = false;                      // `within` has passed
  std::vector<std::size_t> pending;              // operations without an answer; places in the history
  std::vector<std::uint32_t> probes_unanswered;  // clients whose put and get in this phase were not answered
  std::vector<NodeId> behind;  // replicas of the core that have not applied what was committed when it began
  std::uint64_t leaders = 0;   // elections won since
  std::uint64_t leaders_max = 0;  // as many are a cluster coming to rest; 0: not asked
};

// Whether all is there that is asked for.
bool reached(const LivenessFacts& facts);
std::vector<Finding> check_liveness(const LivenessFacts& facts);

// How many elections may be won after the core was healed, until now: a few to settle who leads, and then
// hardly any.
std::uint64_t leaders_allowed(Duration since_healed, Duration election_timeout_max);

// Sessions and reassembly of each live replica within their bounds.
std::vector<Finding> check_bounds(const World& world, std::size_t sessions_max);
// At rest, hardly a datagram is under way.
std::vector<Finding> check_rest(const World& world);

}  // namespace norn::sim
