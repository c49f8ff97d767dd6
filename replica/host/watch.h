// Tells the log what changed in a replica from turn to turn, once each, and what is refused, now and then.
#pragma once

#include "replica/host/real_time.h"
#include "replica/replica.h"

namespace norn::host {

class Watch {
 public:
  void observe(Time now, const Replica& replica);

 private:
  void observe_refusals(Time now, const Replica& replica);

  raft::Role role_ = raft::Role::follower;
  Term term_;
  NodeId leader_;
  Time refusals_due_{};
  ReplicaCounters seen_;
};

}  // namespace norn::host
