// A replica is a value: a copy, taken at any instant, runs on as the original does, and neither knows of the
// other.
#include <doctest/doctest.h>

#include "tests/replica/cluster.h"

namespace norn {
namespace {

// A cluster somewhere in the middle: requests under way, and replica 3 behind, so that it needs a snapshot.
Cluster busy_cluster(std::uint64_t seed) {
  Cluster cluster(seed);
  const NodeId leader = cluster.elect();
  cluster.perform(open_session());
  const NodeId behind{static_cast<std::uint8_t>(leader.value % 3 + 1)};
  cluster.cut(behind);
  for (int i = 0; i < 12; ++i) cluster.perform(put("key", std::string(80, 'v')));
  cluster.heal();
  for (std::uint64_t i = 1; i <= 6; ++i) {
    cluster.post({100 + i}, put("other", std::to_string(i)));
    cluster.post({200 + i}, get("key"));
  }
  return cluster;
}

}  // namespace

TEST_CASE("a copy of a cluster sends what the original sends, from any instant on") {
  Rng rng(7);
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Cluster original = busy_cluster(seed);
    const std::uint64_t steps = rng.between(0, 200);
    for (std::uint64_t i = 0; i < steps; ++i) original.step(kNever);
    original.record();
    Cluster copy = original;
    Cluster untouched = original;
    original.run(milliseconds(500));
    copy.run(milliseconds(500));
    REQUIRE(original.recorded().size() > 20);
    REQUIRE(original.recorded() == copy.recorded());
    REQUIRE(untouched.recorded().empty());
    original = Cluster(1);  // what the copy shares with nobody cannot go away
    untouched.run(milliseconds(500));
    REQUIRE(untouched.recorded() == copy.recorded());
    REQUIRE(copy.trouble() == "");
  }
}

TEST_CASE("a copy may be asked for other things than the original, and each answers for itself") {
  Cluster original = busy_cluster(3);
  Cluster copy = original;
  copy.perform(put("only", "here"));
  original.run(milliseconds(200));
  CHECK(original.perform(get("only")).items.at(0).value == std::nullopt);
  CHECK(copy.perform(get("only")).items.at(0).value == "here");
}

}  // namespace norn
