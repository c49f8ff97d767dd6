// What a replica can tell about itself, as plain numbers: for an INFO page, a log line, a monitor.
#pragma once

#include <optional>
#include <vector>

#include "replica/raft/raft.h"

namespace norn {

struct ReplicaStatus {
  struct Peer {  // as its leader knows it
    NodeId id;
    raft::Mode mode = raft::Mode::probe;
    bool active = false;  // heard from lately
    Index match;          // durable there
    Index next;           // to be sent
  };
  NodeId id;
  raft::Role role = raft::Role::follower;
  Term term;
  NodeId leader;  // nobody: none known
  Index log_first;
  Index log_last;
  Index durable;
  Index commit;
  Index applied;
  Index fence;                       // no votes before the log is back up to here; 0: none
  Index snapshot_index;              // 0: none
  std::uint64_t log_bytes = 0;       // in memory
  std::uint64_t wal_bytes = 0;       // the file
  std::uint64_t snapshot_bytes = 0;  // the file, and in memory
  bool disk_full = false;
  std::uint64_t cluster_time = 0;  // milliseconds
  std::uint64_t keys = 0;
  std::uint64_t sessions = 0;
  std::uint64_t divergent_peers = 0;  // see Divergence::others
  std::vector<Peer> peers{};          // of a leader
};

}  // namespace norn
