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

void encode_snapshot(ClusterId cluster, EntryId last, const std::vector<NodeId>& voters, Bytes state,
                     Buffer& out) {
  ASSERT(valid_voters(voters));
  out.clear();
  out.reserve(kHeadSize + voters.size() + state.size() + kChecksumSize);
  Writer writer(out);
  writer.integer(kMagic);
  writer.integer(kVersion);
  writer.integer(static_cast<std::uint32_t>(voters.size()));
  writer.integer(cluster.value);
  writer.integer(last.term.value);
  writer.integer(last.index.value);
  writer.integer(std::uint64_t{state.size()});
  for (const NodeId voter : voters) writer.integer(voter.value);
  writer.bytes(state);
  writer.integer(crc32c(out));
}

std::optional<SnapshotView> parse_snapshot(ClusterId cluster, Bytes image) {
  if (image.size() < kHeadSize + kChecksumSize) return std::nullopt;
  const Bytes covered = image.first(image.size() - kChecksumSize);
  if (Reader(image.last(kChecksumSize)).integer<std::uint32_t>() != crc32c(covered)) return std::nullopt;

  Reader in(covered);
  if (in.integer<std::uint64_t>() != kMagic) return std::nullopt;
  if (in.integer<std::uint32_t>() != kVersion) return std::nullopt;
  const auto voters = in.integer<std::uint32_t>();
  if (in.integer<std::uint64_t>() != cluster.value) return std::nullopt;
  SnapshotView view;
  view.last.term.value = in.integer<std::uint64_t>();
  view.last.index.value = in.integer<std::uint64_t>();
  if (std::max(view.last.term.value, view.last.index.value) > kCountMax) return std::nullopt;
  const auto size = in.integer<std::uint64_t>();
  for (const std::byte voter : in.bytes(voters)) view.voters.push_back({static_cast<std::uint8_t>(voter)});
  view.state = in.bytes(size);
  if (!in.done() || !valid_voters(view.voters)) return std::nullopt;
  return view;
}

}  // namespace norn::storage
