// The snapshot's format, little-endian:
//
//   snapshot := magic:u64 version:u32 voters:u32 cluster:u64 term:u64 index:u64 size:u64
//               voter:u8[voters] state:u8[size] crc:u32
//
// term and index are those of the last entry it covers; voters are node ids, ascending, at
// least one; crc is the CRC32C of everything before it. Nothing follows it.
#include "replica/storage/snapshot.h"

#include <algorithm>
#include <functional>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"
#include "replica/base/checksum.h"

namespace norn::storage {
namespace {

constexpr std::uint64_t kMagic = 0x70616e736e726f6e;  // "nornsnap"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadSize = 48;
constexpr std::size_t kChecksumSize = sizeof(std::uint32_t);

// As raft::Configuration keeps them: ascending, at least one, and nobody is not among them.
bool valid_voters(const std::vector<NodeId>& voters) {
  if (voters.empty() || !voters.front()) return false;
  return std::adjacent_find(voters.begin(), voters.end(), std::greater_equal<>()) == voters.end();
}

}  // namespace

SnapshotEncoder::SnapshotEncoder(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters)
    : state_at_(kHeadSize + voters.size()) {
  ASSERT(valid_voters(voters));
  Writer writer(image_);
  writer.integer(kMagic);
  writer.integer(kVersion);
  writer.integer(static_cast<std::uint32_t>(voters.size()));
  writer.integer(cluster.value);
  writer.integer(last.term.value);
  writer.integer(last.index.value);
  writer.integer(std::uint64_t{0});  // the state's size
  for (const NodeId voter : voters) writer.integer(voter.value);
}

void SnapshotEncoder::expect(std::size_t bytes) {
  Writer(image_).patch(kHeadSize - sizeof(std::uint64_t), std::uint64_t{image_.size() - state_at_ + bytes});
  image_.reserve(image_.size() + bytes + kChecksumSize);
  add();
}

void SnapshotEncoder::add() {
  crc_ = crc32c(Bytes(image_).subspan(summed_), crc_);
  summed_ = image_.size();
}

Buffer SnapshotEncoder::finish() {
  const auto expected =
      Reader(Bytes(image_).subspan(kHeadSize - sizeof(std::uint64_t))).integer<std::uint64_t>();
  ASSERT(expected == image_.size() - state_at_);
  ASSERT(summed_ == image_.size());
  Writer(image_).integer(crc_);
  return std::move(image_);
}

void encode_snapshot(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters, Bytes state,
                     Buffer& out) {
  SnapshotEncoder encoder(cluster, last, voters);
  encoder.expect(state.size());
  Writer(encoder.out()).bytes(state);
  encoder.add();
  out = encoder.finish();
}

SnapshotCheck::SnapshotCheck(ClusterId cluster, Bytes image) : image_(image) {
  if (image.size() < kHeadSize + kChecksumSize) return;
  Reader in(image.first(image.size() - kChecksumSize));
  if (in.integer<std::uint64_t>() != kMagic) return;
  if (in.integer<std::uint32_t>() != kVersion) return;
  const auto voters = in.integer<std::uint32_t>();
  if (in.integer<std::uint64_t>() != cluster.value) return;
  SnapshotView view;
  view.last.term.value = in.integer<std::uint64_t>();
  view.last.index.value = in.integer<std::uint64_t>();
  if (std::max(view.last.term.value, view.last.index.value) > kCountMax) return;
  const auto size = in.integer<std::uint64_t>();
  for (const std::byte voter : in.bytes(voters)) view.voters.push_back({static_cast<std::uint8_t>(voter)});
  view.state = in.bytes(size);
  if (in.done() && valid_voters(view.voters)) view_ = std::move(view);
}

SnapshotCheck::Progress SnapshotCheck::step(std::size_t bytes) {
  if (!view_) return Progress::refused;
  const std::size_t covered = image_.size() - kChecksumSize;
  bytes = std::min(bytes, covered - summed_);
  crc_ = crc32c(image_.subspan(summed_, bytes), crc_);
  summed_ += bytes;
  if (summed_ < covered) return Progress::more;
  const auto expected = Reader(image_.last(kChecksumSize)).integer<std::uint32_t>();
  return crc_ == expected ? Progress::sound : Progress::refused;
}

std::optional<SnapshotView> parse_snapshot(ClusterId cluster, Bytes image) {
  SnapshotCheck check(cluster, image);
  if (check.step(image.size()) != SnapshotCheck::Progress::sound) return std::nullopt;
  return check.view();
}

}  // namespace norn::storage
