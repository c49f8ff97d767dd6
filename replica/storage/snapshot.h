// The snapshot file and, byte for byte, what travels to a follower that has fallen behind: which entry it
// covers, who votes, and the state machine's encoding, under one CRC32C. Written beside and renamed
// (Disk::replace), so a crash leaves the old one or the new one, whole. The format stands as a grammar in
// snapshot.cc.
#pragma once

#include <optional>
#include <vector>

#include "replica/base/types.h"
#include "replica/raft/snapshot.h"

namespace norn::storage {

struct SnapshotView {
  EntryId last;
  std::vector<NodeId> voters;
  Bytes state;  // lives as long as the image
};

// Replaces out's content. Voters as in raft::Configuration: ascending, at least one.
void encode_snapshot(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters, Bytes state,
                     Buffer& out);

// Nothing if it is not a whole, undamaged snapshot of this cluster.
std::optional<SnapshotView> parse_snapshot(ClusterId cluster, Bytes image);

}  // namespace norn::storage
