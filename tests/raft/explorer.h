// Breadth-first search through every interleaving of a small cluster: deliver any message, never deliver it,
// let any node's clock run out, finish a write, crash. States are compared exactly. A node's state and a
// message are kept once each and named by a number, and so is what a node does when it meets an input: so a
// state of the cluster is a dozen numbers, and most steps are a look-up.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tests/raft/node.h"

namespace norn::raft {

struct Scope {
  std::uint8_t voters = 3;
  bool pre_vote = false;
  bool elected = false;  // begins with node 1 leading, its no-op everywhere, nothing on its way
  bool instant = false;  // disks finish at once: deeper for the same number of states
  bool repeats = false;  // a delivered message stays, and may come again
  std::uint32_t timeouts = 0;
  std::uint32_t proposals = 0;
  std::uint32_t crashes = 0;
  std::uint32_t depth_max = 0;  // steps from the beginning
  std::size_t states_max = 0;   // the search ends here, whatever is left
  std::size_t flights_max = 6;  // on their way at once; beyond it the oldest are lost
};

struct Exploration {
  std::size_t states = 0;
  std::uint32_t depth = 0;  // to which it was complete, or depth_max
  std::size_t nodes = 0;    // different states of single nodes
  std::size_t leaders = 0;  // states with a leader
  Term term_max;
  Index commit_max;
  std::string broken;  // empty: nothing
};

Exploration explore(const Scope& scope);

}  // namespace norn::raft
