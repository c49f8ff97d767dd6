// The pool of datagrams under way.
#include "sim/engine/datagram_pool.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>

#include "replica/base/rng.h"

namespace norn::sim {
namespace {

Buffer random_bytes(Rng& rng, std::size_t size) {
  Buffer bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.next());
  return bytes;
}

TEST_CASE("every datagram comes out as it went in, whatever came and went in between") {
  Rng rng(1);
  DatagramPool pool;
  std::map<DatagramPool::Ticket, Buffer> held;
  for (int i = 0; i < 20'000; ++i) {
    if (rng.chance(Ratio{520'000}) || held.empty()) {
      const std::uint64_t scale = rng.between(0, 11);
      const std::size_t size = rng.between(0, std::uint64_t{1} << scale);
      Buffer bytes = random_bytes(rng, size);
      const auto ticket =
          pool.add(static_cast<std::uint16_t>(i % 7), static_cast<std::uint16_t>(i % 11), bytes);
      REQUIRE(held.emplace(ticket, std::move(bytes)).second);
    } else {
      auto one = held.lower_bound(rng.between(0, held.rbegin()->first));
      const DatagramPool::Datagram datagram = pool.get(one->first);
      REQUIRE(
          std::equal(datagram.bytes.begin(), datagram.bytes.end(), one->second.begin(), one->second.end()));
      pool.release(one->first);
      held.erase(one);
    }
    REQUIRE(pool.size() == held.size());
  }
}

TEST_CASE("sizes at the edges of the slabs fit") {
  Rng rng(2);
  DatagramPool pool;
  for (const std::size_t size : {0, 1, 63, 64, 65, 1024, 1025, 65'536, 1 << 24}) {
    const Buffer bytes = random_bytes(rng, size);
    const auto ticket = pool.add(1, 2, bytes);
    const DatagramPool::Datagram datagram = pool.get(ticket);
    CHECK(datagram.from == 1);
    CHECK(datagram.to == 2);
    CHECK(std::equal(datagram.bytes.begin(), datagram.bytes.end(), bytes.begin(), bytes.end()));
  }
}

TEST_CASE("what is released is used again") {
  DatagramPool pool;
  const auto first = pool.add(1, 2, Buffer(100, std::byte{1}));
  const auto second = pool.add(1, 2, Buffer(100, std::byte{2}));
  pool.release(first);
  CHECK(pool.add(1, 2, Buffer(90, std::byte{3})) == first);
  CHECK(pool.add(1, 2, Buffer(90, std::byte{4})) != second);
}

TEST_CASE("a copy of the pool holds the same datagrams, apart from the original's") {
  DatagramPool pool;
  const auto ticket = pool.add(1, 2, Buffer(10, std::byte{5}));
  DatagramPool copy = pool;
  pool.get(ticket).bytes[0] = std::byte{6};
  CHECK(copy.get(ticket).bytes[0] == std::byte{5});
  copy.release(ticket);
  CHECK(pool.size() == 1);
}

}  // namespace
}  // namespace norn::sim
