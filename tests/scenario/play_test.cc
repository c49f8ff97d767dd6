// A play on a stage that a test drives itself: reading back, and what a run in real time is allowed beyond
// its scenario.
#include "sim/scenario/play.h"

#include <doctest/doctest.h>
#include <memory>
#include <set>
#include <string>

#include "sim/engine/world.h"
#include "sim/scenario/counters.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

struct Bench {
  explicit Bench(Scenario scenario, Slack slack = {})
      : shared(std::make_shared<const Scenario>(std::move(scenario))),
        play(shared, Rng(1), slack),
        world(options(*shared), 1),
        observer(shared->cluster.replicas, play.nemesis()) {
    play.start(world);
  }
  static WorldOptions options(const Scenario& scenario) {
    WorldOptions options;
    options.replicas = scenario.cluster.replicas;
    options.clients = scenario.clients.count;
    return options;
  }
  void step() {
    const std::optional<Step> step = world.step();
    REQUIRE(step);
    if (step->kind == StepKind::alarm) play.on_alarm(world, observer, alarm_of(step->tag));
    if (step->is_client) play.collect(world, step->client);
    observer.look_at_all(world);
  }
  void run() {
    while (!play.over()) step();
  }

  std::shared_ptr<const Scenario> shared;
  Play play;
  World world;
  Observer observer;
};

Scenario quick() {
  Scenario scenario;
  scenario.duration = 2s;
  scenario.cluster.replicas = 3;
  scenario.clients.count = 3;
  scenario.clients.keys.count = 40;
  scenario.liveness.within = 1s;
  return scenario;
}

// Nobody can be reached after the first half second, not even when the core is healed.
Scenario unreachable() {
  Scenario scenario = quick();
  Event event;
  event.at = 500ms;
  event.action = default_action(ActionKind::kill);
  event.action.target = {Target::Kind::majority, {}};
  scenario.events = {event};
  scenario.liveness.core = Liveness::Core::all;
  return scenario;
}

RunResult counted(Counter counter, std::uint64_t count, Duration silence) {
  RunResult result;
  count_of(result.counters, counter) = count;
  result.silence = silence;
  return result;
}

}  // namespace

TEST_CASE("every key of the history is read back once, through one client") {
  Bench bench(quick());
  bench.run();
  Workload& workload = bench.play.workload();
  CHECK(workload.keys_to_read_back() == 0);
  CHECK(workload.values_read_back().empty());
  std::set<std::string> keys;
  for (const Operation& operation : workload.history()) keys.insert(operation.accesses.front().key);
  const std::size_t before = workload.history().size();

  workload.read_back(bench.world, 2);
  while (workload.reads_back()) bench.step();
  CHECK(workload.keys_to_read_back() == keys.size());
  CHECK(workload.history().size() == before + keys.size());
  const auto values = workload.values_read_back();
  CHECK(values.size() == keys.size());
  for (const auto& [key, value] : values) CHECK(keys.contains(key));
  for (std::size_t i = before; i < workload.history().size(); ++i) CHECK(workload.history()[i].client == 2);
  CHECK(values.at("p0")->starts_with("probe 0"));
}

TEST_CASE("the slack puts off the time at which liveness must be there") {
  for (const Slack& slack : {Slack{}, Slack{700ms, 0}}) {
    Bench bench(unreachable(), slack);
    while (!bench.play.over()) {
      bench.step();
      for (const NodeId id : {NodeId{1}, NodeId{2}, NodeId{3}}) {
        if (bench.world.now() > Time(2s)) bench.world.kill(id);
      }
    }
    CHECK(bench.world.now() >= Time(3s) + slack.time);
    CHECK(bench.world.now() < Time(3100ms) + slack.time);
    CHECK(!bench.play.check_liveness(bench.world, bench.observer).empty());
  }
}

TEST_CASE("the slack widens what is allowed at most, and no other bound") {
  Scenario scenario;
  scenario.expect.silence_max = 1s;
  scenario.expect.bounds = {{Counter::leaders, 2, 4}, {Counter::lost, 0, 4}};
  const Slack slack{2s, 3};
  const auto findings = [&](const RunResult& result) {
    return check_expectations(scenario, result, slack).size();
  };
  CHECK(findings(counted(Counter::leaders, 7, 3s)) == 0);
  CHECK(findings(counted(Counter::leaders, 8, 3s)) == 1);
  CHECK(findings(counted(Counter::leaders, 1, 3s)) == 1);
  CHECK(findings(counted(Counter::leaders, 7, 3001ms)) == 1);
  CHECK(findings(counted(Counter::lost, 5, 0s)) == 2);
  CHECK(check_expectations(scenario, counted(Counter::lost, 5, 0s), slack, {Counter::leaders}).size() == 1);
}

}  // namespace norn::sim
