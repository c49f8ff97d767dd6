// Which scenarios are played on real processes, and what is said about the others.
#include "sim/live/playable.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <set>
#include <string>

#include "sim/scenario/parse.h"

#include "tests/source_folder.h"

namespace norn::sim {
namespace {

Playable judged(const std::string& json) {
  return playable(std::get<Scenario>(parse_scenario(R"({"duration": "5s")" + json + "}", "x.json")));
}

}  // namespace

TEST_CASE("of the scenarios shipped, those about clocks and disks are refused") {
  std::set<std::string> refused;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source_folder() + "/scenarios")) {
    if (entry.path().extension() != ".json") continue;
    const auto scenario = read_scenario(entry.path().string());
    if (!playable(std::get<Scenario>(scenario)).refusal.empty()) refused.insert(entry.path().stem().string());
  }
  const std::set<std::string> expected = {"clock_drift_beyond_the_bound",
                                          "clock_drift_within_the_bound",
                                          "clock_drift_without_leases",
                                          "failed_sync",
                                          "slow_disk_on_the_leader",
                                          "stalling_disks",
                                          "three_disks_lost",
                                          "torn_wal_tail"};
  CHECK(refused == expected);
}

TEST_CASE("a refusal names the key") {
  const auto refusal = [](const std::string& json) {
    const std::string text = judged(json).refusal;
    return text.substr(0, text.find(':'));
  };
  CHECK(refusal("").empty());
  CHECK(refusal(R"(, "disk": {"stall": 0.1})") == "disk.stall");
  CHECK(refusal(R"(, "disk": {"sync_error": 0.1})") == "disk.sync_error");
  CHECK(refusal(R"(, "disk": {"capacity": 100000})") == "disk.capacity");
  CHECK(refusal(R"(, "disk": {"torn": 1})") == "disk.torn");
  CHECK(refusal(R"(, "disks": [{"replica": 1, "set": {"sync": "1ms"}}])") == "disks");
  CHECK(refusal(R"(, "clocks": [{"replica": 1, "offset": "1s"}, {"replica": 2, "drift": 0.1}])") ==
        "clocks[1].drift");
  CHECK(refusal(R"(, "cluster": {"pre_vote": false})") == "cluster.pre_vote");
  CHECK(refusal(R"(, "cluster": {"check_quorum": false})") == "cluster.check_quorum");
  CHECK(refusal(R"(, "clients": {"count": 1001})") == "clients.count");
  CHECK(refusal(R"(, "events": [{"at": "1s", "type": "disk", "set": {"sync": "1ms"}}])") == "events[0]");
  CHECK(refusal(R"(, "nemeses": [{"type": "kill", "target": "leader", "every": "1s"},
                                 {"type": "clock", "target": 1, "offset": "1s", "every": "1s"}])") ==
        "nemeses[1]");
}

TEST_CASE("what is left out is said") {
  CHECK(judged("").notes.empty());
  CHECK(judged(R"(, "disk": {"sync": "5ms"})").notes.size() == 1);
  CHECK(judged(R"(, "cluster": {"sessions_max": 5, "snapshot_window": 2})").notes.size() == 2);
  CHECK(judged(R"(, "clocks": [{"replica": 1, "offset": "1s"}])").notes.size() == 1);
  const Playable counted = judged(
      R"(, "expect": {"counts": {"kills": {"min": 1}, "truncations": {"min": 1}, "leaders": {"min": 1}}})");
  CHECK(counted.unseen == std::vector{Counter::truncations});
  CHECK(counted.notes.size() == 1);
  CHECK(judged(R"(, "cluster": {"replicas": 1}, "expect": {"counts": {"leaders": {"min": 1}}})").unseen ==
        std::vector{Counter::leaders});
}

}  // namespace norn::sim
