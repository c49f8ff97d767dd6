// Every n-th disk operation failing, n = 1, 2, ..., in every way, while a cluster elects, writes, compacts and
// installs a snapshot: whatever it was, nothing acknowledged is lost, and the replicas agree in the end.
#include <doctest/doctest.h>
#include <string>

#include "tests/replica/cluster.h"

namespace norn {
namespace {

constexpr NodeId kFaulty{1};

struct Course {
  std::uint64_t operations = 0;  // of the faulty replica's disk, all of them
  std::uint64_t snapshots_installed = 0;
  std::vector<std::string> stops;
};

void write(Cluster& cluster, int count, std::uint64_t& acknowledged) {
  for (int i = 0; i < count; ++i) {
    const kv::Result result = cluster.perform(increment("number"));
    REQUIRE(result.status == kv::Status::ok);
    REQUIRE(result.items.at(0).value == std::to_string(++acknowledged));
    const std::string key = "key " + std::to_string(acknowledged % 5);
    REQUIRE(cluster.perform(put(key, std::string(60, 'v') + std::to_string(acknowledged))).status == kv::Status::ok);
  }
}

// The whole life of a cluster whose replica 1 meets the fault. The reads at the end go through rounds of the
// leader, the comparison through all three stores.
Course run_course(std::uint64_t seed, std::uint64_t operation, Fault fault, Kept kept) {
  Cluster cluster(seed);
  cluster.set_kept(kept);
  cluster.node(kFaulty).disk.fail_at(operation, fault);
  std::uint64_t acknowledged = 0;
  cluster.elect();
  cluster.perform(open_session());
  write(cluster, 6, acknowledged);
  cluster.cut(kFaulty);
  write(cluster, 8, acknowledged);  // the others compact what it has not seen
  cluster.heal();
  cluster.run(milliseconds(600));
  Course course;
  if (cluster.node(kFaulty).runs())
    course.snapshots_installed = cluster.node(kFaulty).replica->counters().snapshots_installed;
  write(cluster, 2, acknowledged);
  cluster.kill(cluster.elect(), kept);
  write(cluster, 3, acknowledged);
  cluster.kill(kFaulty, kept);
  write(cluster, 3, acknowledged);
  cluster.run(milliseconds(1000));

  REQUIRE(cluster.trouble() == "");
  REQUIRE(cluster.perform(get("number")).items.at(0).value == std::to_string(acknowledged));
  for (Node& node : cluster.nodes()) {
    Buffer out;
    const Buffer command = kv::encode(get("number"));
    node.replica->store().read(*kv::CommandView::parse(command), out);
    REQUIRE(kv::Result::parse(out)->items.at(0).value == std::to_string(acknowledged));
  }
  course.operations = cluster.node(kFaulty).disk.operations();
  course.stops = cluster.stops();
  return course;
}

void every_operation(Fault fault, Kept kept) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    for (std::uint64_t n = 1;; ++n) {
      CAPTURE(seed);
      CAPTURE(n);
      const Course course = run_course(seed, n, fault, kept);
      if (fault == Fault::full || fault == Fault::crash || fault == Fault::completed_then)
        REQUIRE(course.stops.empty());
      if (fault == Fault::failed && n <= course.operations) REQUIRE(course.stops.size() == 1);
      if (n > course.operations) break;
    }
  }
}

}  // namespace

TEST_CASE("the course of a cluster without faults elects, compacts and installs a snapshot") {
  const Course course = run_course(1, 0, Fault::failed, {});
  CHECK(course.snapshots_installed > 0);
  CHECK(course.operations > 50);
  CHECK(course.stops.empty());
}

TEST_CASE("whichever disk operation fails, the replica stops, and nothing acknowledged is lost") {
  every_operation(Fault::failed, {});
}
TEST_CASE("whichever disk operation fails, nothing is lost when the unsynced is on the disk after all") {
  every_operation(Fault::failed, {.appended = ~std::size_t{0}, .replaced = true});
}
TEST_CASE("whichever disk operation finds the disk full, it is tried again, and nothing is lost") {
  every_operation(Fault::full, {});
}
TEST_CASE("whichever disk operation the power fails at, nothing acknowledged is lost") {
  every_operation(Fault::crash, {});
}
TEST_CASE("whichever disk operation the power fails at, a torn tail and a finished replacement lose nothing") {
  every_operation(Fault::crash, {.appended = 50, .replaced = true});
}
TEST_CASE("whichever disk operation the power fails after, nothing acknowledged is lost") {
  every_operation(Fault::completed_then, {.appended = 100});
}

}  // namespace norn
