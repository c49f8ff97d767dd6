// Chance is part of every format: a seed must mean the same run for ever. The golden values of xoshiro256**
// and splitmix64 are those of the published algorithms.
#include "replica/base/rng.h"

#include <array>
#include <bit>
#include <doctest/doctest.h>
#include <set>
#include <vector>

namespace norn {
namespace {

std::vector<std::uint64_t> draw(Rng rng, int count) {
  std::vector<std::uint64_t> out;
  for (int i = 0; i < count; ++i) out.push_back(rng.next());
  return out;
}

TEST_CASE("the generator is xoshiro256**") {
  Rng rng = std::bit_cast<Rng>(std::array<std::uint64_t, 4>{1, 2, 3, 4});
  CHECK(rng.next() == 11520u);
  CHECK(rng.next() == 0u);
  CHECK(rng.next() == 1509978240u);
  CHECK(rng.next() == 1215971899390074240u);
}

TEST_CASE("a seed is spread over the state by splitmix64") {
  CHECK(Rng(0).state() == std::array<std::uint64_t, 4>{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4,
                                                       0x06c45d188009454f, 0xf88bb8a8724c81ec});
}

TEST_CASE("a fork depends on the state and the name, and leaves the generator alone") {
  const Rng rng(42);
  const Rng before = rng;
  const Rng network = rng.fork("network");
  CHECK(rng == before);
  CHECK(network == rng.fork("network"));
  CHECK_FALSE(network == rng.fork("disk"));
  CHECK_FALSE(network == Rng(43).fork("network"));
  CHECK_FALSE(rng.fork("ab") == rng.fork("ba"));
  CHECK_FALSE(rng.fork("") == rng);
  Rng moved = rng;
  moved.next();
  CHECK_FALSE(moved.fork("network") == network);
}

TEST_CASE("forks draw their own numbers, whatever the others draw") {
  const Rng rng(7);
  std::set<std::uint64_t> seen;
  std::size_t drawn = 0;
  for (const char* name : {"network", "disk", "nemesis", "workload", "replica 1", "replica 2"}) {
    for (const std::uint64_t value : draw(rng.fork(name), 1000)) seen.insert(value);
    drawn += 1000;
  }
  for (const std::uint64_t value : draw(rng, 1000)) seen.insert(value);
  CHECK(seen.size() == drawn + 1000);
}

TEST_CASE("between reaches both ends and nothing else") {
  Rng rng(1);
  std::array<int, 6> count{};
  for (int i = 0; i < 6000; ++i) {
    const std::uint64_t value = rng.between(10, 15);
    REQUIRE(value >= 10);
    REQUIRE(value <= 15);
    ++count[value - 10];
  }
  for (const int each : count) {
    CHECK(each > 850);
    CHECK(each < 1150);
  }
  CHECK(rng.between(5, 5) == 5);
  Rng a(3);
  Rng b(3);
  CHECK(a.between(0, ~std::uint64_t{0}) == b.next());  // the whole range
  CHECK(rng.between(Duration(-3), Duration(-3)) == Duration(-3));
}

TEST_CASE("chance happens as often as it says, and never at 0 or not at 1") {
  Rng rng(9);
  int happened = 0;
  for (int i = 0; i < 100'000; ++i) happened += rng.chance({250'000}) ? 1 : 0;
  CHECK(happened > 24'000);
  CHECK(happened < 26'000);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE_FALSE(rng.chance({0}));
    REQUIRE(rng.chance({kPpm}));
  }
}

}  // namespace
}  // namespace norn
