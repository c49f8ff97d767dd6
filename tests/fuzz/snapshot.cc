// Snapshots, as a follower receives them: the file, and the store in it. What is read is written back byte
// for byte, so nothing is read that could not have been written. Tried as it is, and with the file's checksum
// put right.
#include "replica/storage/snapshot.h"

#include "replica/base/checksum.h"
#include "replica/kv/store.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

constexpr ClusterId kCluster{7};
constexpr std::size_t kChecksumSize = 4;

void check_store(Bytes state) {
  const auto store = kv::Store::parse(state);
  if (!store) return;
  Buffer again;
  store->encode(again);
  ASSERT(equal(again, state));
}

void check(Bytes file) {
  const auto snapshot = storage::parse_snapshot(kCluster, file);
  if (!snapshot) return;
  Buffer again;
  storage::encode_snapshot(kCluster, snapshot->last, snapshot->voters, snapshot->state, again);
  ASSERT(equal(again, file));
  check_store(snapshot->state);
}

Buffer mended(Bytes input) {
  Buffer file = copy(input);
  const std::uint32_t checksum = crc32c(input.first(input.size() - kChecksumSize));
  std::memcpy(file.data() + file.size() - kChecksumSize, &checksum, sizeof checksum);
  return file;
}

}  // namespace

void fuzz(Bytes input) {
  check(input);
  if (input.size() >= kChecksumSize) check(mended(input));
  check_store(input);
}

std::vector<Buffer> seeds() {
  kv::Store store;
  std::uint64_t index = 0;
  Buffer result;
  const auto apply = [&](SessionId session, std::uint64_t sequence, const kv::Command& command) {
    const Buffer bytes = kv::encode(command);
    store.apply({++index}, kv::encode(kv::Request{session, {sequence}, {}, bytes}), result);
  };
  apply({}, 1, {.kind = kv::CommandKind::open_session});
  apply({1}, 1, {.kind = kv::CommandKind::put, .pairs = {{"key", "value"}}});
  apply({1}, 2, {.kind = kv::CommandKind::put, .pairs = {{"other", "5"}}});
  apply({1}, 3, {.kind = kv::CommandKind::remove, .pairs = {{"key"}}});
  apply({1}, 4, {.kind = kv::CommandKind::increment, .pairs = {{"other"}}, .delta = -2});
  std::vector<Buffer> all(2);
  store.encode(all[0]);
  storage::encode_snapshot(kCluster, {{3}, {index}}, {{1}, {2}, {3}}, all[0], all[1]);
  return all;
}

}  // namespace norn::fuzz
