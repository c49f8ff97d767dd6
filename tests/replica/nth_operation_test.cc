// Every n-th disk operation failing, n = 1, 2, ..., in every way, while a cluster elects, writes, compacts
// and installs a snapshot: whatever it was, nothing acknowledged is lost, and the replicas agree in the end.
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
    REQUIRE(cluster.perform(put(key, std::string(60, 'v') + std::to_string(acknowledged))).status ==
            kv::Status::ok);
  }
}

// In the end: all are up and agree, and what was acknowledged is there, for a read that asks a quorum and in
// each store.
void check_end(Cluster& cluster, std::uint64_t acknowledged) {
  cluster.run(milliseconds(1000));
  REQUIRE(cluster.trouble() == "");
  const std::string expected = std::to_string(acknowledged);
  REQUIRE(cluster.perform(get("number")).items.at(0).value == expected);
  for (Node& node : cluster.nodes()) {
    Buffer out;
    const Buffer command = kv::encode(get("number"));
    node.replica->store().read(*kv::CommandView::parse(command), 0, out);
    REQUIRE(kv::Result::parse(out)->items.at(0).value == expected);
  }
}

struct Script {
  std::uint64_t seed = 1;
  std::uint64_t operation = 0;  // which one fails; 0: none
  Fault fault = Fault::failed;
  Kept kept{};
  bool snapshots_last = false;
};

Cluster scripted(const Script& script, std::uint8_t count) {
  Cluster cluster(script.seed, count);
  cluster.set_kept(script.kept);
  if (script.snapshots_last) cluster.set_snapshots_last();
  if (script.operation != 0) cluster.node(kFaulty).disk.fail_at(script.operation, script.fault);
  return cluster;
}

// The whole life of a cluster whose replica 1 meets the fault.
Course of_three(const Script& script) {
  Cluster cluster = scripted(script, 3);
  Course course;
  std::uint64_t acknowledged = 0;
  cluster.elect();
  cluster.perform(open_session());
  write(cluster, 6, acknowledged);
  cluster.cut(kFaulty);
  write(cluster, 8, acknowledged);  // the others compact what it has not seen
  cluster.heal();
  cluster.run(milliseconds(600));
  if (cluster.node(kFaulty).runs())
    course.snapshots_installed = cluster.node(kFaulty).replica->counters().snapshots_installed;
  write(cluster, 2, acknowledged);
  cluster.kill(cluster.elect(), script.kept);
  write(cluster, 3, acknowledged);
  cluster.kill(kFaulty, script.kept);
  write(cluster, 3, acknowledged);
  check_end(cluster, acknowledged);
  course.operations = cluster.node(kFaulty).disk.operations();
  course.stops = cluster.stops();
  return course;
}

// Of one replica alone: nobody else can give back what its disk loses.
Course of_one(const Script& script) {
  Cluster cluster = scripted(script, 1);
  std::uint64_t acknowledged = 0;
  cluster.perform(open_session());
  write(cluster, 12, acknowledged);
  cluster.kill(kFaulty, script.kept);
  write(cluster, 6, acknowledged);
  check_end(cluster, acknowledged);
  return {cluster.node(kFaulty).disk.operations(), 0, cluster.stops()};
}

void every_operation(Course (*course_of)(const Script&), Fault fault, Kept kept) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (std::uint64_t n = 1;; ++n) {
      CAPTURE(seed);
      CAPTURE(n);
      const Course course = course_of({seed, n, fault, kept, seed % 2 == 0});
      const bool meets = n <= course.operations;
      REQUIRE(course.stops.size() == (fault == Fault::failed && meets ? 1 : 0));
      if (!meets) break;
    }
  }
}

// In a cluster and alone.
void every_operation(Fault fault, Kept kept) {
  every_operation(of_three, fault, kept);
  every_operation(of_one, fault, kept);
}

}  // namespace

TEST_CASE("the course of a cluster without faults elects, compacts and installs a snapshot") {
  const Course course = of_three({});
  CHECK(course.snapshots_installed > 0);
  CHECK(course.operations > 50);
  CHECK(course.stops.empty());
  CHECK(of_one({}).operations > 50);
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
TEST_CASE(
    "whichever disk operation the power fails at, a torn tail and a finished replacement lose nothing") {
  every_operation(Fault::crash, {.appended = 50, .replaced = true});
}
TEST_CASE("whichever disk operation the power fails after, nothing acknowledged is lost") {
  every_operation(Fault::completed_then, {.appended = 100});
}

}  // namespace norn
