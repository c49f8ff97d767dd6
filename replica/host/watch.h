// Tells the log what changed in a replica from turn to turn, once each, and what is refused, now and then.
#pragma once

#include "replica/host/real_time.h"
#include "replica/replica.h"
#include "replica/seal/endpoint.h"

namespace norn::host {

class Watch {
 public:
  // `endpoint` is null where nothing is sealed.
  void observe(Time now, const Replica& replica, const seal::Endpoint* endpoint);

 private:
  void observe_refusals(const Replica& replica);
  void observe_seals(const seal::Endpoint& endpoint);

  raft::Role role_ = raft::Role::follower;
  Term term_;
  NodeId leader_;
  Time refusals_due_{};
  ReplicaCounters seen_;
  seal::Counters seals_seen_;
  bool disk_full_ = false;
  std::uint64_t handovers_ = 0;
};

}  // namespace norn::host
