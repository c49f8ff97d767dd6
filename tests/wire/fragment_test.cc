// Fragments: large packets arrive whole through a network that loses, repeats and reorders, within bounds.
#include "replica/wire/fragment.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <utility>

#include "replica/base/rng.h"

namespace norn::wire {
namespace {

constexpr ClusterId kCluster{9};
constexpr Address kHere{1};
constexpr Address kThere{2};

struct Wire : net::Transport {
  std::vector<Buffer> datagrams;
  void send(Address to, Bytes datagram) override {
    REQUIRE(to == kThere);
    datagrams.emplace_back(datagram.begin(), datagram.end());
  }
};

Buffer noise(Rng& rng, std::size_t size) {
  Buffer out(size);
  for (std::byte& byte : out) byte = static_cast<std::byte>(rng.between(0, 255));
  return out;
}

std::vector<Buffer> cut(Bytes packet, std::size_t datagram_max = 200) {
  Wire wire;
  Buffer scratch;
  send(wire, kThere, kCluster, NodeId{1}, packet, datagram_max, scratch);
  return std::move(wire.datagrams);
}

Fragment fragment_of(const Buffer& datagram) {
  const auto result = decode(kCluster, datagram);
  const Packet* packet = std::get_if<Packet>(&result);
  REQUIRE(packet != nullptr);
  REQUIRE(std::holds_alternative<Fragment>(packet->body));
  return std::get<Fragment>(packet->body);
}

bool add(Reassembly& reassembly, const Buffer& datagram, const Buffer& whole, Address from = kHere) {
  const Bytes got = reassembly.add(from, fragment_of(datagram));
  if (got.empty()) return false;
  REQUIRE(std::equal(got.begin(), got.end(), whole.begin(), whole.end()));
  return true;
}

TEST_CASE("a packet that fits travels as it is, a larger one as datagrams that fit") {
  Rng rng(1);
  for (const std::size_t size : {1u, 199u, 200u, 201u, 1000u, 5000u}) {
    const Buffer packet = noise(rng, size);
    const auto datagrams = cut(packet);
    CHECK((datagrams.size() == 1) == (size <= 200));
    if (size <= 200) CHECK(datagrams.front() == packet);
    for (const Buffer& datagram : datagrams) CHECK(datagram.size() <= 200);
  }
  CHECK(cut(noise(rng, 5000)).front().size() == 200);  // and are used to the full
}

TEST_CASE("fragments in any order, some of them twice, make the packet exactly once") {
  Rng rng(2);
  for (int round = 0; round < 200; ++round) {
    const Buffer packet = noise(rng, rng.between(201, 4000));
    auto datagrams = cut(packet);
    for (std::size_t i = datagrams.size() - 1; i > 0; --i) {
      std::swap(datagrams[i], datagrams[rng.between(0, i)]);
    }
    Reassembly reassembly({});
    int wholes = 0;
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
      const std::size_t before = rng.between(0, i);
      if (wholes == 0 && before < i) wholes += add(reassembly, datagrams[before], packet);
      CHECK(wholes == 0);
      wholes += add(reassembly, datagrams[i], packet);
    }
    CHECK(wholes == 1);
    CHECK(reassembly.packets() == 0);
    CHECK(reassembly.bytes() == 0);
  }
}

TEST_CASE("a packet sent again, cut differently, fills the holes of the first try") {
  Rng rng(3);
  for (int round = 0; round < 100; ++round) {
    const Buffer packet = noise(rng, 5000);
    Reassembly reassembly({});
    bool whole = false;
    int tries = 0;
    for (; !whole && tries < 100; ++tries) {
      for (const Buffer& datagram : cut(packet, 100 + rng.between(0, 300))) {
        if (rng.chance({600'000})) continue;  // lost
        whole = whole || add(reassembly, datagram, packet);
        CHECK(reassembly.bytes() < 20'000);  // overlapping pieces are not kept twice
      }
    }
    CHECK(whole);
    CHECK(tries > 1);
  }
}

TEST_CASE("packets of different senders do not mix") {
  Rng rng(4);
  const Buffer packet = noise(rng, 300);
  const auto datagrams = cut(packet);
  REQUIRE(datagrams.size() == 2);
  Reassembly reassembly({});
  CHECK_FALSE(add(reassembly, datagrams[0], packet, kHere));
  CHECK_FALSE(add(reassembly, datagrams[1], packet, kThere));
  CHECK(reassembly.packets() == 2);
  CHECK(add(reassembly, datagrams[1], packet, kHere));
}

TEST_CASE("pieces that do not make what was promised are thrown away") {
  Rng rng(5);
  const Buffer packet = noise(rng, 300);
  Reassembly reassembly({});
  Fragment wrong{12345, 300, 0, packet};
  CHECK(reassembly.add(kHere, wrong).empty());
  CHECK(reassembly.packets() == 0);
  CHECK(reassembly.bytes() == 0);
}

TEST_CASE("a flood of unfinished packets stays within the bounds") {
  Rng rng(6);
  const Reassembly::Limits limits{.bytes_max = 20'000, .packets_max = 16};
  Reassembly reassembly(limits);
  const Buffer bytes = noise(rng, 3000);
  std::size_t most_bytes = 0;
  std::size_t most_packets = 0;
  for (int i = 0; i < 20'000; ++i) {
    Fragment fragment{rng.between(0, 40), kPacketSizeMax, 0, {}};
    fragment.offset = static_cast<std::uint32_t>(rng.between(0, kPacketSizeMax - 3000));
    fragment.piece = Bytes(bytes).first(rng.between(1, rng.chance({500'000}) ? 3 : 3000));
    CHECK(reassembly.add(Address{rng.between(1, 3)}, fragment).empty());
    most_bytes = std::max(most_bytes, reassembly.bytes());
    most_packets = std::max(most_packets, reassembly.packets());
  }
  CHECK(most_bytes <= limits.bytes_max);
  CHECK(most_bytes > limits.bytes_max / 2);
  CHECK(most_packets == limits.packets_max);
}

TEST_CASE("a small fragment of a large packet takes little memory") {
  Reassembly reassembly({});
  const Buffer piece(10);
  CHECK(reassembly.add(kHere, {1, kPacketSizeMax, kPacketSizeMax - 10, piece}).empty());
  CHECK(reassembly.bytes() < 300);
}

TEST_CASE("the oldest unfinished packet gives way") {
  Rng rng(7);
  Reassembly reassembly({.bytes_max = 1u << 20, .packets_max = 2});
  const Buffer first = noise(rng, 300);
  const Buffer second = noise(rng, 300);
  const Buffer third = noise(rng, 300);
  CHECK_FALSE(add(reassembly, cut(first)[0], first));
  CHECK_FALSE(add(reassembly, cut(second)[0], second));
  CHECK_FALSE(add(reassembly, cut(third)[0], third));
  CHECK(reassembly.packets() == 2);
  CHECK(add(reassembly, cut(second)[1], second));
  CHECK(add(reassembly, cut(third)[1], third));
  CHECK_FALSE(add(reassembly, cut(first)[1], first));  // its first half is gone
  CHECK(add(reassembly, cut(first)[0], first));        // but a retry completes it
}

TEST_CASE("a hostile sender's flood drops nothing of another's") {
  Rng rng(9);
  const Buffer packet = noise(rng, 3000);
  const Buffer flood = noise(rng, 1000);
  Reassembly reassembly({.bytes_max = 20'000, .packets_max = 8});
  const auto datagrams = cut(packet);
  for (std::size_t i = 0; i + 1 < datagrams.size(); ++i) CHECK_FALSE(add(reassembly, datagrams[i], packet));
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    // Many packets, or few large ones; under one address, or two.
    const auto offset = static_cast<std::uint32_t>(rng.between(0, 100) * 1000);
    const Bytes piece = Bytes(flood).first(rng.between(1, 1000));
    CHECK(reassembly.add(Address{5 + i % 2}, {i < 2'500 ? i : i % 4, 200'000, offset, piece}).empty());
  }
  CHECK(add(reassembly, datagrams.back(), packet));
}

TEST_CASE("a packet that arrives in too many stretches is given up") {
  Reassembly reassembly({});
  const Buffer piece(1);
  std::size_t most = 0;
  for (std::uint32_t at = 200'000; at > 0; at -= 2) {
    CHECK(reassembly.add(kHere, {1, kPacketSizeMax, at, piece}).empty());
    most = std::max(most, reassembly.bytes());
  }
  CHECK(most < 200'000);  // bytes: of 100,000 stretches it would be millions
}

TEST_CASE("a copy goes its own way") {
  Rng rng(8);
  const Buffer packet = noise(rng, 500);
  const auto datagrams = cut(packet);
  REQUIRE(datagrams.size() == 4);
  Reassembly one({});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(add(one, datagrams[static_cast<std::size_t>(i)], packet));
  Reassembly other = one;
  CHECK(add(one, datagrams[3], packet));
  CHECK(other.packets() == 1);
  CHECK(add(other, datagrams[3], packet));
}

}  // namespace
}  // namespace norn::wire
