// Majorities. A configuration is one set of voters, or, while it changes, two whose majorities are both
// needed (joint consensus, thesis 4.3); learners receive the log and do not count.
#pragma once

#include <algorithm>
#include <vector>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/base/types.h"

namespace norn::raft {

// How many of n make a majority: any two such groups share a member.
inline std::size_t majority(std::size_t n) {
  if (bug(Bug::quorum_off_by_one)) return (n + 1) / 2;
  return n / 2 + 1;
}

// More voters make a cluster slower, not safer; small enough that a majority is found on the stack.
inline constexpr std::size_t kVotersMax = 31;

struct Configuration {
  std::vector<NodeId> voters;    // ascending, at least one
  std::vector<NodeId> outgoing;  // the voters before, while the change is under way; else empty
  std::vector<NodeId> learners;
  friend bool operator==(const Configuration&, const Configuration&) = default;

  bool votes(NodeId id) const {
    return std::ranges::find(voters, id) != voters.end() || std::ranges::find(outgoing, id) != outgoing.end();
  }
};

// The highest value that a majority of the voters has reached. `reached(id)` is ordered.
template <class Reached>
auto majority_reached(const std::vector<NodeId>& voters, Reached reached) {
  ASSERT(!voters.empty());
  using Value = decltype(reached(voters.front()));
  ASSERT(voters.size() <= kVotersMax);
  Value values[kVotersMax];
  std::size_t count = 0;
  for (const NodeId id : voters) {  // insertion sort, highest first: voters are few
    const Value value = reached(id);
    std::size_t at = count++;
    for (; at > 0 && values[at - 1] < value; --at) values[at] = values[at - 1];
    values[at] = value;
  }
  return values[majority(voters.size()) - 1];
}

// The highest value that a quorum of the configuration has reached: of both majorities while joint.
template <class Reached>
auto quorum_reached(const Configuration& configuration, Reached reached) {
  auto value = majority_reached(configuration.voters, reached);
  if (!configuration.outgoing.empty())
    value = std::min(value, majority_reached(configuration.outgoing, reached));
  return value;
}

// Whether those for whom `yes(id)` holds are a quorum.
template <class Yes>
bool is_quorum(const Configuration& configuration, Yes yes) {
  return quorum_reached(configuration, [&](NodeId id) { return yes(id) ? 1 : 0; }) == 1;
}

}  // namespace norn::raft
