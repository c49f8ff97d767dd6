// Majorities against counting.
#include "replica/raft/quorum.h"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <vector>

#include "replica/base/rng.h"

namespace norn::raft {
namespace {

// The highest value v for which more than half of the voters have reached v, found by trying all.
std::uint64_t brute_force(const std::vector<NodeId>& voters, const std::array<std::uint64_t, 16>& reached) {
  std::uint64_t best = 0;
  for (std::uint64_t value = 0; value <= 10; ++value) {
    const auto count =
        std::count_if(voters.begin(), voters.end(), [&](NodeId id) { return reached[id.value] >= value; });
    if (2 * static_cast<std::size_t>(count) > voters.size()) best = value;
  }
  return best;
}

std::vector<NodeId> draw_voters(Rng& chance) {
  std::vector<NodeId> voters;
  const std::uint64_t mask = chance.between(1, (1u << 9) - 1);
  for (std::uint8_t id = 1; id <= 9; ++id) {
    if ((mask >> (id - 1) & 1) != 0) voters.push_back({id});
  }
  return voters;
}

TEST_CASE("a quorum has reached what counting says, also while two configurations are joint") {
  Rng chance(1);
  for (int i = 0; i < 20'000; ++i) {
    Configuration configuration;
    configuration.voters = draw_voters(chance);
    if (chance.chance({500'000})) configuration.outgoing = draw_voters(chance);
    std::array<std::uint64_t, 16> reached{};
    for (auto& value : reached) value = chance.between(0, 10);
    std::uint64_t expected = brute_force(configuration.voters, reached);
    if (!configuration.outgoing.empty())
      expected = std::min(expected, brute_force(configuration.outgoing, reached));
    const auto value_of = [&](NodeId id) { return reached[id.value]; };
    REQUIRE(quorum_reached(configuration, value_of) == expected);
    const std::uint64_t bar = chance.between(1, 10);
    REQUIRE(is_quorum(configuration, [&](NodeId id) { return reached[id.value] >= bar; }) ==
            (expected >= bar));
  }
}

TEST_CASE("two majorities always share a member, and one fewer would not do") {
  for (std::size_t n = 1; n <= 255; ++n) {
    REQUIRE(2 * majority(n) > n);
    REQUIRE(2 * (majority(n) - 1) <= n);
  }
}

}  // namespace
}  // namespace norn::raft
