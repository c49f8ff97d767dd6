// Which oracles judge a run: all of them. What they cost is measured by leaving some out (tools/bench/sim).
// No scenario and no option of a program reaches this.
//
// The world goes the same way with each of them and without: an oracle looks, and changes nothing. Two are no
// part of this: the budget of events, by which a storm ends, and the replica's own assertions.
#pragma once

namespace norn::sim {

struct Oracles {
  bool expectations = true;  // what the scenario expects, with the counts and the timeline of the replicas
  bool safety = true;        // on each step: safety.h, and the invariants of one replica
  bool durability = true;    // durability.h; on each step only with `safety`, whose book it looks into
  bool liveness = true;      // without it the liveness phase ends when the caller ends it
  bool bounds = true;        // queues and buffers at the end
  bool exactly_once = true;
  bool linearizability = true;
};

}  // namespace norn::sim
