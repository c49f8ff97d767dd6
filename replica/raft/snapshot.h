// A snapshot as the core sees it: which entry it covers, and opaque bytes. Immutable once made, and shared,
// so that copying a Raft costs nothing for it.
#pragma once

#include <memory>

#include "replica/base/types.h"

namespace norn::raft {

struct Snapshot {
  EntryId last;  // the last entry it covers
  Buffer image;  // the state machine's encoding, and who votes: see replica/storage/snapshot.h
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace norn::raft
