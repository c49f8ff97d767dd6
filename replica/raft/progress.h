// What a leader knows about one follower (etcd's name for it), and how much it may send it.
#pragma once

#include "replica/base/types.h"
#include "replica/raft/snapshot.h"

namespace norn::raft {

enum class Mode : std::uint8_t {
  probe,      // where the logs agree is not known: one message at a time
  replicate,  // it is: messages are pipelined, next runs ahead of match
  snapshot,   // it lacks entries that are compacted away: chunks of a snapshot are on their way
};

struct Progress {
  NodeId id;
  Mode mode = Mode::probe;
  bool waiting = false;  // probe: a message is unanswered; the next one goes with the heartbeat
  bool active = false;   // heard from since the last check of the quorum (thesis 6.2)
  Index match;           // durable there, and equal to our log. Only rises, but for lost_log
  // Since it lost its log: an acknowledgement that echoes an earlier round may be from before that, and must
  // not count.
  std::uint64_t trusted_from = 0;
  Index next;                    // the first entry not sent yet; match < next
  std::uint64_t round = 0;       // the highest round of ours that it has echoed
  std::uint64_t sent_round = 0;  // and that was sent to it
  std::uint32_t unanswered = 0;  // heartbeats since it was last heard from
  bool preferred = false;        // thrift: one of the quorum that entries are sent to at once
  // While mode is snapshot; go-back-n over chunks:
  SnapshotPtr sending;                // which one: kept, even if a newer one is taken meanwhile
  std::uint64_t chunk_acked = 0;      // bytes it has, from the start
  std::uint64_t chunk_next = 0;       // the first byte not sent
  std::uint64_t chunk_rewound = 0;    // the chunk_acked at which a gap was last answered by sending again
  std::uint64_t restarted_round = 0;  // ours when it was last found to have less than chunk_acked
  std::uint64_t chunk_seen = 0;       // the chunk_acked at the last heartbeat: no progress since means loss
  friend bool operator==(const Progress&, const Progress&) = default;
};

}  // namespace norn::raft
