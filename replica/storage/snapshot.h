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

// Makes an image whose state comes in pieces. Voters as in raft::Configuration: ascending, at least one. A
// value.
class SnapshotEncoder {
 public:
  SnapshotEncoder(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters);

  Buffer& out() { return image_; }  // append the state here; after each piece, call one of these:
  void expect(std::size_t bytes);   // once, after the first: how many are to come
  void add();                       // after each that follows, to take it into the checksum
  Buffer finish();                  // all are there

 private:
  Buffer image_;
  std::size_t state_at_;    // where the state begins
  std::size_t summed_ = 0;  // how much of the image the checksum covers
  std::uint32_t crc_ = 0;
};

// Replaces out's content. Voters as in raft::Configuration: ascending, at least one.
void encode_snapshot(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters, Bytes state,
                     Buffer& out);

// Nothing if it is not a whole, undamaged snapshot of this cluster.
std::optional<SnapshotView> parse_snapshot(ClusterId cluster, Bytes image);

// The same in pieces: the layout at once, the checksum as far as it is told. A value; the image must outlive
// it.
class SnapshotCheck {
 public:
  SnapshotCheck(ClusterId cluster, Bytes image);

  enum class Progress : std::uint8_t { more, sound, refused };
  Progress step(std::size_t bytes);
  const SnapshotView& view() const { return *view_; }  // if not refused

 private:
  Bytes image_;
  std::optional<SnapshotView> view_;
  std::size_t summed_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace norn::storage
