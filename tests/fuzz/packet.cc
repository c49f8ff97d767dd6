// The packet gate: what decode lets through is exactly what encode writes. Each input is tried as it is, and
// with the header put right around its kind, sender and body, since no chance finds a checksum.
#include "replica/wire/packet.h"

#include <variant>

#include "replica/base/checksum.h"
#include "replica/kv/command.h"
#include "replica/kv/request.h"
#include "replica/kv/result.h"
#include "replica/raft/log.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

constexpr ClusterId kCluster{7};
constexpr std::size_t kKindAt = 6;

Buffer mended(Bytes input) {
  Buffer packet = copy(input);
  Buffer header;
  Writer out(header);
  out.integer(std::uint8_t{'N'});
  out.integer(wire::kWireVersion);
  out.bytes(input.subspan(kKindAt, 2));
  out.integer(kCluster.value);
  out.integer(static_cast<std::uint32_t>(input.size() - wire::kHeaderSize));
  std::copy(header.begin(), header.end(), packet.begin() + 4);
  const std::uint32_t checksum = crc32c(Bytes(packet).subspan(4));
  std::memcpy(packet.data(), &checksum, sizeof checksum);
  return packet;
}

void check(Bytes input) {
  const auto decoded = wire::decode(kCluster, input);
  const auto* packet = std::get_if<wire::Packet>(&decoded);
  if (packet == nullptr) return;
  Buffer again;
  wire::encode(kCluster, packet->from, packet->body, again);
  ASSERT(equal(again, input));
}

}  // namespace

void fuzz(Bytes input) {
  check(input);
  if (input.size() >= wire::kHeaderSize) check(mended(input));
}

std::vector<Buffer> seeds() {
  const Buffer command = kv::encode(kv::Command{.kind = kv::CommandKind::put, .pairs = {{"key", "value"}}});
  const Buffer result = kv::encode(kv::Result{kv::Status::ok, {{"value", 5}}});
  Buffer run;
  raft::encode_entry({3}, raft::EntryKind::noop, {}, run);
  raft::encode_entry({3}, raft::EntryKind::command, kv::encode(kv::Request{{2}, {1}, {}, command}), run);
  const wire::Body bodies[] = {raft::RequestVote{{3}, {{2}, {9}}, true, false},
                               raft::VoteReply{{3}, true, false},
                               raft::AppendEntries{{3}, {{2}, {9}}, {8}, 4, run},
                               raft::AppendReply{{3}, 4, true, false, {9}, {{2}, {9}}},
                               raft::InstallSnapshot{{3}, {{2}, {9}}, 100, 10, 4, as_bytes("a chunk")},
                               raft::SnapshotReply{{3}, {{2}, {9}}, 100, 4},
                               raft::TimeoutNow{{3}},
                               wire::ClientRequest{{2}, {1}, {}, command},
                               wire::ClientReply{{2}, {1}, wire::ReplyStatus::done, {1}, result},
                               wire::Fragment{77, 100, 10, as_bytes("a piece")}};
  std::vector<Buffer> all;
  for (const wire::Body& body : bodies) wire::encode(kCluster, {2}, body, all.emplace_back());
  return all;
}

}  // namespace norn::fuzz
