// Which scenarios can be played on real processes, and what of them is left out. A scenario that is about
// something nobody can do to a real process is refused; one that merely mentions such a thing is played
// without it, and the report says so. sim/README.md has the table.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace norn::sim {

struct Playable {
  std::string refusal;             // empty: it can be played. Else the key that forbids it, and why
  std::vector<std::string> notes;  // what is left out, a line each
  std::vector<Counter> unseen;     // bounded by the scenario, and counted by nobody here
};

Playable playable(const Scenario& scenario);

// The options of `replica serve` that make it the scenario's cluster.
std::vector<std::string> replica_options(const Cluster& cluster);

}  // namespace norn::sim
