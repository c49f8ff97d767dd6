// WAL recovery: it returns from every file, and what it recovers can be written and recovered again. An input
// is tried as a file, and as the records of one with its checksums put right: its first byte says whether the
// records' numbers and places in the log are put right, too.
#include "replica/storage/wal.h"

#include "replica/base/checksum.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

using storage::Recovery;
using storage::Wal;

constexpr ClusterId kCluster{7};
constexpr NodeId kNode{2};
constexpr std::size_t kHeaderSize = 32;
constexpr std::size_t kHeaderCrcAt = 12;
constexpr std::size_t kHeadSize = 80;  // of a record; the fields' places in it:
constexpr std::size_t kCrcAt = 4;
constexpr std::size_t kNumberAt = 8;
constexpr std::size_t kSizeAt = 64;
constexpr std::size_t kBodyCrcAt = 72;

template <typename T>
T load(Bytes file, std::size_t at) {
  T value;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

template <typename T>
void put(Buffer& file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

Buffer header() {
  Wal wal(kCluster, kNode);
  Buffer file;
  wal.image({}, raft::Log{}, {}, file);
  file.resize(kHeaderSize);
  return file;
}

// The records of the input, with what chance does not find put right.
Buffer mended(Bytes input) {
  Script script(input);
  const bool numbered = (script.number<std::uint8_t>() & 1) != 0;
  Buffer file = header();
  const auto header_crc = load<std::uint32_t>(file, kHeaderCrcAt);
  const Bytes records = script.bytes(input.size());
  file.insert(file.end(), records.begin(), records.end());
  std::uint64_t number = 0;
  for (std::size_t at = kHeaderSize; at + kHeadSize <= file.size();) {
    const auto size = load<std::uint64_t>(file, at + kSizeAt);
    const std::size_t room = file.size() - at - kHeadSize;
    const std::size_t padded = (size + 7) / 8 * 8;
    if (size > room || padded > room) break;
    put(file, at, std::uint32_t{0x6472636e});
    if (numbered) put(file, at + kNumberAt, ++number);
    put(file, at + kBodyCrcAt, crc32c(Bytes(file).subspan(at + kHeadSize, padded)));
    const std::uint64_t offset = at;
    const std::uint32_t place = crc32c(std::as_bytes(std::span(&offset, 1)), header_crc);
    put(file, at + kCrcAt, crc32c(Bytes(file).subspan(at + kNumberAt, kHeadSize - kNumberAt), place));
    at += kHeadSize + padded;
  }
  return file;
}

void check_same(const Recovery& a, const Recovery& b) {
  ASSERT(a.hard_state == b.hard_state);
  ASSERT(a.fence == b.fence);
  ASSERT(a.log == b.log);
}

Recovery recovered(Bytes file) {
  Wal wal(kCluster, kNode);
  Recovery recovery;
  ASSERT(!wal.recover(file, recovery));
  return recovery;
}

void check(Bytes file) {
  Wal wal(kCluster, kNode);
  Recovery found;
  if (wal.recover(file, found)) return;
  if (!found.rewrite) {  // then it can be appended to
    Wal appending = wal;
    Buffer record;
    appending.record(found.hard_state, found.log, found.log.last().index.next(), found.fence, record);
    Buffer longer = copy(file.first(file.size() - found.torn_bytes));
    longer.insert(longer.end(), record.begin(), record.end());
    check_same(recovered(longer), found);
  }
  Buffer image;
  wal.image(found.hard_state, found.log, found.fence, image);
  check_same(recovered(image), found);
}

}  // namespace

void fuzz(Bytes input) {
  check(input);
  check(mended(input));
}

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  Wal wal(kCluster, kNode);
  raft::Log log;
  Buffer file;
  wal.image({}, log, {}, file);
  for (std::uint64_t term = 1; term < 4; ++term) {
    const Index from = log.last().index.next();
    log.append({term}, raft::EntryKind::noop, {});
    log.append({term}, raft::EntryKind::command, as_bytes("a command"));
    Buffer record;
    wal.record({{term}, {2}}, log, from, {term - 1}, record);
    file.insert(file.end(), record.begin(), record.end());
    all.push_back(file);
  }
  // The same as records only.
  for (std::size_t i = 0; i < 3; ++i) {
    Buffer records(1, std::byte{1});
    records.insert(records.end(), all[i].begin() + kHeaderSize, all[i].end());
    all.push_back(records);
  }
  return all;
}

}  // namespace norn::fuzz
