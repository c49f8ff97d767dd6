// The packet gate: what is encoded comes back, and nothing else gets through.
#include "replica/wire/packet.h"

#include <cstring>
#include <doctest/doctest.h>
#include <string>

#include "replica/base/bytes.h"
#include "replica/base/checksum.h"
#include "replica/base/rng.h"
#include "replica/kv/command.h"
#include "replica/raft/log.h"

namespace norn::wire {
namespace {

constexpr ClusterId kCluster{0x1122334455667788};
constexpr NodeId kSender{3};

// Bytes of which views are taken below.
struct Sources {
  Buffer run;
  Buffer put;
  Buffer open;
  Buffer text;
  Sources() {
    raft::encode_entry(Term{5}, raft::EntryKind::noop, {}, run);
    raft::encode_entry(Term{6}, raft::EntryKind::command, as_bytes("a payload"), run);
    put = kv::encode(kv::Command{.kind = kv::CommandKind::put, .pairs = {{"key", "value"}}});
    open = kv::encode(kv::Command{.kind = kv::CommandKind::open_session});
    const Bytes chunk = as_bytes("some bytes");
    text.assign(chunk.begin(), chunk.end());
  }
};

// Every kind, most of them twice: the booleans differ, and runs are empty or not.
std::vector<Body> bodies(const Sources& from) {
  return {
      raft::RequestVote{{7}, {{6}, {20}}, true, false},
      raft::RequestVote{{7}, {{6}, {20}}, false, true},
      raft::VoteReply{{7}, true, false},
      raft::VoteReply{{7}, false, true},
      raft::AppendEntries{{7}, {{5}, {20}}, {19}, 44, from.run},
      raft::AppendEntries{{7}, {{7}, {20}}, {20}, 45, {}},
      raft::AppendReply{{7}, 44, true, false, {22}, {}},
      raft::AppendReply{{7}, 45, false, true, {21}, {{4}, {18}}},
      raft::InstallSnapshot{{7}, {{6}, {20}}, 30, 20, 46, from.text},
      raft::InstallSnapshot{{7}, {{6}, {20}}, 0, 0, 47, {}},
      raft::SnapshotReply{{7}, {{6}, {20}}, 30, 46},
      raft::TimeoutNow{{7}},
      ClientRequest{{90}, {5}, {4}, from.put},
      ClientRequest{{}, {0xfedcba9876543210}, {}, from.open},
      ClientReply{{90}, {5}, ReplyStatus::done, kSender, from.text},
      ClientReply{{90}, {5}, ReplyStatus::not_leader, {}, {}},
      ClientReply{{90}, {5}, ReplyStatus::busy, {2}, {}},
      Fragment{0xabcdef, 100, 90, from.text},
  };
}

Buffer encoded(const Body& body, NodeId from = kSender) {
  Buffer out;
  encode(kCluster, from, body, out);
  return out;
}

std::optional<Refusal> refusal(Bytes datagram, ClusterId cluster = kCluster) {
  const auto result = decode(cluster, datagram);
  const Refusal* why = std::get_if<Refusal>(&result);
  return why == nullptr ? std::nullopt : std::optional(*why);
}

// Makes a changed packet's checksum right again, and its size too.
void seal(Buffer& packet) {
  const auto size = static_cast<std::uint32_t>(packet.size() - kHeaderSize);
  std::memcpy(packet.data() + 16, &size, sizeof size);
  const std::uint32_t checksum = crc32c(Bytes(packet).subspan(4));
  std::memcpy(packet.data(), &checksum, sizeof checksum);
}

TEST_CASE("every kind of packet comes back as it was sent") {
  const Sources sources;
  for (const Body& body : bodies(sources)) {
    const Buffer packet = encoded(body);
    const auto result = decode(kCluster, packet);
    const Packet* got = std::get_if<Packet>(&result);
    REQUIRE(got != nullptr);
    CHECK(got->from == kSender);
    CHECK(got->body.index() == body.index());
    CHECK(encoded(got->body) == packet);  // the encoding says all there is to say about a body
  }
}

TEST_CASE("the fields come back in their own places") {
  const Sources sources;
  const Buffer append = encoded(raft::AppendEntries{{7}, {{5}, {20}}, {19}, 44, sources.run});
  const auto result = decode(kCluster, append);
  const auto& body = std::get<raft::AppendEntries>(std::get<Packet>(result).body);
  CHECK(body.term == Term{7});
  CHECK(body.prev == EntryId{{5}, {20}});
  CHECK(body.commit == Index{19});
  CHECK(body.round == 44);
  CHECK(Buffer(body.entries.begin(), body.entries.end()) == sources.run);

  const Buffer reply = encoded(raft::AppendReply{{7}, 45, false, true, {21}, {{4}, {18}}});
  const auto reply_result = decode(kCluster, reply);
  CHECK(std::get<raft::AppendReply>(std::get<Packet>(reply_result).body) ==
        raft::AppendReply{{7}, 45, false, true, {21}, {{4}, {18}}});

  const Buffer request = encoded(ClientRequest{{90}, {5}, {4}, sources.put}, NodeId{});
  const auto request_result = decode(kCluster, request);
  const auto& client = std::get<ClientRequest>(std::get<Packet>(request_result).body);
  CHECK_FALSE(std::get<Packet>(request_result).from);
  CHECK(client.session == SessionId{90});
  CHECK(client.sequence == Sequence{5});
  CHECK(client.acked == Sequence{4});
  CHECK(Buffer(client.command.begin(), client.command.end()) == sources.put);
}

TEST_CASE("a message of raft is the same packet as the body it becomes") {
  const raft::Message message = raft::RequestVote{{7}, {{6}, {20}}, true, false};
  Buffer out(500);  // what it held before is gone
  encode(kCluster, kSender, message, out);
  CHECK(out == encoded(raft::RequestVote{{7}, {{6}, {20}}, true, false}));
}

TEST_CASE("the format of version 1 stays what it is") {
  const Buffer packet = encoded(raft::VoteReply{{7}, true, false});
  constexpr unsigned char kExpected[] = {'N', 1, 1, 3, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 10,
                                         0,   0, 0, 7, 0,    0,    0,    0,    0,    0,    0,    1,    0};
  REQUIRE(packet.size() == 4 + sizeof kExpected);
  CHECK(std::memcmp(packet.data() + 4, kExpected, sizeof kExpected) == 0);
}

TEST_CASE("every flipped bit of every kind is noticed") {
  const Sources sources;
  for (const Body& body : bodies(sources)) {
    Buffer packet = encoded(body);
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      const std::byte mask{static_cast<unsigned char>(1u << (bit % 8))};
      packet[bit / 8] ^= mask;
      REQUIRE(refusal(packet).has_value());
      packet[bit / 8] ^= mask;
    }
    REQUIRE_FALSE(refusal(packet).has_value());
  }
}

TEST_CASE("every truncated packet, and every longer one, is refused for its length") {
  const Sources sources;
  for (const Body& body : bodies(sources)) {
    Buffer packet = encoded(body);
    for (std::size_t size = 0; size < packet.size(); ++size) {
      REQUIRE(refusal(Bytes(packet).first(size)) == Refusal::truncated);
    }
    packet.push_back(std::byte{0});
    REQUIRE(refusal(packet) == Refusal::truncated);
  }
}

TEST_CASE("a body that is shorter or longer than its kind says is malformed") {
  for (const Body& body : {Body(raft::VoteReply{{7}, true, false}), Body(raft::TimeoutNow{{7}}),
                           Body(raft::SnapshotReply{{7}, {{6}, {20}}, 30, 46})}) {
    Buffer packet = encoded(body);
    packet.push_back(std::byte{0});
    seal(packet);
    CHECK(refusal(packet) == Refusal::malformed);
    packet.pop_back();
    packet.pop_back();
    seal(packet);
    CHECK(refusal(packet) == Refusal::malformed);
  }
}

TEST_CASE("each reason to refuse a packet has its own name") {
  Buffer packet = encoded(raft::TimeoutNow{{7}});
  CHECK(refusal(packet, ClusterId{1}) == Refusal::cluster);

  SUBCASE("another version") {
    packet[5] = std::byte{kWireVersion + 1};
    seal(packet);
    CHECK(refusal(packet) == Refusal::version);
  }
  SUBCASE("not one of our packets at all") {
    packet[4] = std::byte{'{'};
    CHECK(refusal(packet) == Refusal::version);
  }
  SUBCASE("damage, even to the cluster's id") {
    packet[9] ^= std::byte{1};
    CHECK(refusal(packet) == Refusal::checksum);
  }
  SUBCASE("an unknown kind") {
    packet[6] = std::byte{10};
    seal(packet);
    CHECK(refusal(packet) == Refusal::malformed);
  }
}

TEST_CASE("only requests and fragments may come from nobody") {
  const Sources sources;
  for (const Body& body : bodies(sources)) {
    const bool may = std::holds_alternative<ClientRequest>(body) || std::holds_alternative<Fragment>(body);
    CHECK(refusal(encoded(body, NodeId{})).has_value() == !may);
  }
}

TEST_CASE("fields beyond their range are malformed") {
  const auto with = [](const Body& body, std::size_t at, unsigned char value) {
    Buffer packet = encoded(body);
    packet[kHeaderSize + at] = std::byte{value};
    seal(packet);
    return refusal(packet);
  };
  CHECK(with(raft::VoteReply{{7}, true, false}, 8, 1) == std::nullopt);
  CHECK(with(raft::VoteReply{{7}, true, false}, 8, 2) == Refusal::malformed);
  CHECK(with(raft::VoteReply{{7}, true, false}, 9, 0xff) == Refusal::malformed);
  CHECK(with(raft::TimeoutNow{{7}}, 7, 0x7f) == Refusal::malformed);  // a term near 2^63
  CHECK(with(ClientReply{{90}, {5}, ReplyStatus::busy, {}, {}}, 16, 3) == Refusal::malformed);
}

TEST_CASE("what does not fit together is malformed") {
  const Sources sources;
  const Bytes run(sources.run);
  SUBCASE("half an entry") {
    CHECK(refusal(encoded(raft::AppendEntries{{7}, {{5}, {20}}, {19}, 44, run.first(run.size() - 1)})) ==
          Refusal::malformed);
  }
  SUBCASE("terms that go down from prev to the first entry") {
    CHECK(refusal(encoded(raft::AppendEntries{{7}, {{6}, {20}}, {19}, 44, run})) == Refusal::malformed);
  }
  SUBCASE("an entry before, or among those carried, of a later term than the sender's") {
    CHECK(refusal(encoded(raft::AppendEntries{{7}, {{8}, {20}}, {19}, 44, {}})) == Refusal::malformed);
    CHECK(refusal(encoded(raft::AppendEntries{{4}, {{4}, {20}}, {19}, 44, run})) == Refusal::malformed);
    CHECK(refusal(encoded(raft::AppendEntries{{7}, {{5}, {20}}, {19}, 44, run})) == std::nullopt);
  }
  SUBCASE("a chunk beyond the snapshot's end") {
    CHECK(refusal(encoded(raft::InstallSnapshot{{7}, {{6}, {20}}, 29, 20, 1, sources.text})) ==
          Refusal::malformed);
    CHECK(refusal(encoded(raft::InstallSnapshot{{7}, {{6}, {20}}, 30, 31, 1, {}})) == Refusal::malformed);
  }
  SUBCASE("a piece beyond the packet's end, an empty one, and a packet too large") {
    CHECK(refusal(encoded(Fragment{1, 99, 90, sources.text})) == Refusal::malformed);
    CHECK(refusal(encoded(Fragment{1, 99, 0xffffffff, sources.text})) == Refusal::malformed);
    CHECK(refusal(encoded(Fragment{1, 99, 90, {}})) == Refusal::malformed);
    CHECK(refusal(encoded(Fragment{1, kPacketSizeMax, 0, sources.text})) == std::nullopt);
    CHECK(refusal(encoded(Fragment{1, kPacketSizeMax + 1, 0, sources.text})) == Refusal::malformed);
  }
  SUBCASE("no command, and commands in the wrong session") {
    CHECK(refusal(encoded(ClientRequest{{90}, {5}, {4}, {}})) == Refusal::malformed);
    CHECK(refusal(encoded(ClientRequest{{90}, {5}, {4}, sources.text})) == Refusal::malformed);
    CHECK(refusal(encoded(ClientRequest{{90}, {5}, {4}, sources.open})) == Refusal::malformed);
    CHECK(refusal(encoded(ClientRequest{{}, {5}, {4}, sources.put})) == Refusal::malformed);
  }
}

TEST_CASE("whatever bytes come with a right checksum, decoding stays within them") {
  // Sanitizers see a read beyond the datagram; this sees that what is let through is sound.
  const Sources sources;
  const auto all = bodies(sources);
  Rng rng(20240501);
  std::size_t accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    Buffer packet = encoded(all[rng.between(0, all.size() - 1)]);
    const std::uint64_t changes = rng.between(1, 4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::size_t at = 4 + rng.between(0, packet.size() - 5);
      const auto value = static_cast<unsigned char>(rng.between(0, 255));
      if (at != 5) packet[at] = std::byte{value};
    }
    if (rng.chance({200'000})) packet.resize(kHeaderSize + rng.between(0, packet.size() - kHeaderSize));
    seal(packet);
    const Buffer exact(packet.begin(), packet.end());  // no spare capacity to read into unnoticed
    const auto result = decode(kCluster, exact);
    const Packet* got = std::get_if<Packet>(&result);
    if (got == nullptr) continue;
    ++accepted;
    Buffer again;
    encode(kCluster, got->from, got->body, again);
    REQUIRE(again == exact);  // one encoding for each packet
  }
  CHECK(accepted > 1000);
}

}  // namespace
}  // namespace norn::wire
