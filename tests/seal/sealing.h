// What the tests of sealing share: keys and endpoints from a seed, and the places of a datagram's fields.
#pragma once

#include <algorithm>
#include <doctest/doctest.h>

#include "replica/base/bytes.h"
#include "replica/base/rng.h"
#include "replica/seal/endpoint.h"

namespace norn::seal {

inline constexpr std::size_t kVersionAt = 1;
inline constexpr std::size_t kNamesAt = 2;
inline constexpr std::size_t kKeyAt = 4;
inline constexpr std::size_t kBootAt = 8;
inline constexpr std::size_t kCounterAt = 24;

inline void fill(Rng& rng, std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.between(0, 255));
}

inline Buffer noise(Rng& rng, std::size_t size) {
  Buffer bytes(size);
  fill(rng, bytes);
  return bytes;
}

inline Key random_key(Rng& rng) {
  Key key{};
  fill(rng, key.bytes);
  return key;
}

inline Endpoint::Random random_bytes(Rng& rng) {
  Endpoint::Random bytes{};
  fill(rng, bytes);
  return bytes;
}

inline Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

inline std::uint64_t refused(const Endpoint& endpoint, Refusal why) {
  return endpoint.counters().refused[static_cast<std::size_t>(why)];
}
inline std::uint64_t refused(const Endpoint& endpoint) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : endpoint.counters().refused) all += count;
  return all;
}

// Two replicas that have the same key.
struct Pair {
  explicit Pair(std::uint64_t seed) : rng(seed), key(random_key(rng)), one(start({1})), two(start({2})) {}

  // A process of this name, with the key.
  Endpoint start(NodeId self, std::size_t senders_max = 8192) {
    return {key, random_bytes(rng), Names{self, {{kOne, {1}}, {kTwo, {2}}, {kThree, {3}}}}, senders_max};
  }
  // The exchange of first contact; then each has the other's ticket.
  void meet() {
    const Buffer hello = copy(one.seal(kTwo, as_bytes("hello")));
    const Buffer answer = copy(two.open(kOne, hello).answer);
    const Buffer again = copy(one.open(kTwo, answer).answer);
    REQUIRE(equal(two.open(kOne, again).packet, as_bytes("hello")));
  }
  Buffer from_one(std::string_view packet = "packet") { return copy(one.seal(kTwo, as_bytes(packet))); }
  Buffer from_two(std::string_view packet = "packet") { return copy(two.seal(kOne, as_bytes(packet))); }

  static constexpr Address kOne{1};
  static constexpr Address kTwo{2};
  static constexpr Address kThree{3};
  static constexpr Address kClient{100};
  static constexpr Address kElsewhere{101};
  Rng rng;
  Key key;
  Endpoint one;
  Endpoint two;
};

}  // namespace norn::seal
