// The world's verbs: pauses, cuts, clocks, and what the trace and the counters tell of them.
#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

#include "tests/engine/world_testing.h"

namespace norn::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Records final : public TraceSink {
 public:
  void record(const TraceRecord& record) override { all.push_back(record); }
  std::vector<TraceRecord> of(TraceKind kind, Address to = {}) const {
    std::vector<TraceRecord> some;
    for (const TraceRecord& record : all) {
      if (record.kind == kind && (to == Address{} || record.to == to)) some.push_back(record);
    }
    return some;
  }
  std::vector<TraceRecord> all;
};

TEST_CASE("a paused replica does nothing, then takes what waited in the order of its arrival") {
  WorldOptions options = small_world();
  options.network.delay = {.low = microseconds(500)};
  World world(options, 1);
  const NodeId leader = elect(world);
  const NodeId paused = another(world, leader);
  CHECK(world.pause(paused));
  CHECK_FALSE(world.pause(paused));
  Records records;
  world.set_trace(&records);
  for (int i = 0; i < 5; ++i) CHECK(put(world, "k", std::to_string(i)));
  CHECK(records.of(TraceKind::deliver, address(paused)).empty());
  CHECK(records.of(TraceKind::send).size() > 10);
  const Time resumed = world.now();
  CHECK(world.resume(paused));
  CHECK_FALSE(world.resume(paused));
  CHECK_FALSE(world.is_paused(paused));
  run_for(world, Duration{});
  std::vector<TraceRecord> sent = records.of(TraceKind::send, address(paused));
  const std::vector<TraceRecord> delivered = records.of(TraceKind::deliver, address(paused));
  REQUIRE_FALSE(delivered.empty());
  REQUIRE(delivered.size() <= sent.size());
  sent.erase(std::remove_if(sent.begin(), sent.end(),
                            [&](const TraceRecord& record) { return record.at == resumed; }),
             sent.end());
  for (std::size_t i = 0; i < delivered.size(); ++i) {
    CHECK(delivered[i].at == resumed);
    CHECK(delivered[i].what == sent[i].what);
  }
  run_for(world, milliseconds(100));
  CHECK(world.replica(paused)->applied() == world.replica(leader)->applied());
}

TEST_CASE("a paused replica's buffer is bounded, and its death empties it") {
  World world(small_world(3, 0), 1);
  const NodeId leader = elect(world);
  const NodeId paused = another(world, leader);
  run_for(world, seconds(1));
  world.pause(paused);
  const std::uint64_t lost = world.counters().replicas.lost;
  run_for(world, seconds(60));  // of heartbeats, 20 a second
  CHECK(world.counters().replicas.lost > lost);
  CHECK(world.datagrams_under_way() >= World::kPausedDatagramsMax);
  CHECK(world.datagrams_under_way() < World::kPausedDatagramsMax + 20);
  CHECK(world.kill(paused));
  CHECK(world.datagrams_under_way() < 20);
  CHECK_FALSE(world.is_paused(paused));
  CHECK(world.restart(paused));
  run_for(world, seconds(1));
  CHECK(world.pause(paused));
  run_for(world, seconds(5));
  CHECK(world.datagrams_under_way() > 50);  // the buffer is a new one, with room
}

TEST_CASE("what waits in a paused replica's buffer has arrived: a cut does not lose it") {
  World world(small_world(3, 0), 1);
  const NodeId leader = elect(world);
  const NodeId paused = another(world, leader);
  world.pause(paused);
  run_for(world, milliseconds(120));
  Records records;
  world.set_trace(&records);
  world.cut(address(leader), address(paused));
  world.resume(paused);
  run_for(world, Duration{});
  CHECK_FALSE(records.of(TraceKind::deliver, address(paused)).empty());
}

TEST_CASE("the queue holds little more than what is under way, busy or idle") {
  World world(small_world(5, 1), 1);
  elect(world);
  for (int i = 0; i < 300; ++i) {
    REQUIRE(put(world, "k", "v"));
    REQUIRE(world.events_queued() < world.datagrams_under_way() + 25);
  }
  for (int i = 0; i < 60; ++i) {
    run_for(world, seconds(1));
    REQUIRE(world.events_queued() < world.datagrams_under_way() + 25);
  }
}

TEST_CASE("a write completes while its replica is paused, and is reported when it resumes") {
  WorldOptions options = small_world(1);
  options.disk.sync = {.low = milliseconds(10)};
  World world(options, 1);
  REQUIRE(put(world, "k", "0"));
  REQUIRE(world.submit(0, 1, kv::encode({.kind = kv::CommandKind::put, .pairs = {{"k", "1"}}})));
  while (!world.disk({1}).pending(File::wal)) REQUIRE(world.step());
  world.pause({1});
  run_for(world, seconds(1));
  CHECK(world.completions(0).empty());
  CHECK(world.disk({1}).pending(File::wal));
  CHECK(world.disk({1}).synced(File::wal) == world.disk({1}).content(File::wal).size());
  world.resume({1});
  run_for(world, milliseconds(5));
  CHECK(world.completions(0).size() == 1);
}

TEST_CASE("a cut loses what is sent and what is under way, in its direction only") {
  WorldOptions options = small_world(3, 0);
  options.network.delay = {.low = milliseconds(20)};
  World world(options, 1);
  const NodeId leader = elect(world);
  const NodeId cut_off = another(world, leader);
  Records records;
  world.set_trace(&records);
  // Until a datagram is on its way to the follower.
  while (records.of(TraceKind::send, address(cut_off)).empty()) REQUIRE(world.step());
  const Time sent = world.now();
  world.cut(address(leader), address(cut_off));
  CHECK(world.is_cut(address(leader), address(cut_off)));
  CHECK_FALSE(world.is_cut(address(cut_off), address(leader)));
  records.all.clear();
  run_for(world, milliseconds(120));
  const std::vector<TraceRecord> lost = records.of(TraceKind::lose, address(cut_off));
  REQUIRE(lost.size() >= 2);
  CHECK(lost[0].loss == Loss::cut);
  CHECK(std::any_of(lost.begin(), lost.end(),
                    [&](const TraceRecord& record) { return record.at == sent + milliseconds(20); }));
  for (const TraceRecord& record : records.of(TraceKind::deliver, address(cut_off))) {
    CHECK(record.from != address(leader));
  }
  world.heal_all();
  records.all.clear();
  run_for(world, seconds(2));
  CHECK(records.of(TraceKind::lose).empty());
  CHECK(world.replica(cut_off)->raft().leader() == world.leader());
}

TEST_CASE("a datagram for a replica that is down is lost when it arrives") {
  World world(small_world(3, 0), 1);
  const NodeId leader = elect(world);
  const NodeId down = another(world, leader);
  world.kill(down);
  bool lost = false;
  for (int i = 0; i < 200 && !lost; ++i) {
    const auto step = world.step();
    REQUIRE(step);
    lost = step->kind == StepKind::lost && step->replica == down;
  }
  CHECK(lost);
}

TEST_CASE("datagrams are counted by who they are between, and none is unaccounted for") {
  WorldOptions options = small_world(3, 2);
  options.network.drop = Ratio{100'000};
  options.network.duplicate = Ratio{50'000};
  options.client_network.drop = Ratio{100'000};
  World world(options, 1);
  for (int i = 0; i < 10; ++i) put(world, "k", "v");
  const Traffic& replicas = world.counters().replicas;
  const Traffic& clients = world.counters().clients;
  CHECK(replicas.lost > 0);
  CHECK(replicas.duplicated > 0);
  CHECK(clients.sent > 20);
  CHECK(clients.duplicated == 0);
  const std::uint64_t entered = replicas.sent + replicas.duplicated + clients.sent;
  const std::uint64_t left = replicas.delivered + replicas.lost + clients.delivered + clients.lost;
  CHECK(entered == left + world.datagrams_under_way());
}

TEST_CASE("a fast clock makes a replica's timers run fast, a jump makes its deadline pass") {
  const auto timers = [](std::int32_t ppm) {
    World world(small_world(1, 0), 1);
    run_for(world, seconds(1));
    world.set_drift({1}, ppm);
    const Time local = world.local_time({1});
    std::uint64_t count = 0;
    world.set_alarm(world.now() + seconds(30), 0);
    for (auto step = world.step(); step && step->kind != StepKind::alarm; step = world.step()) {
      count += step->kind == StepKind::timer;
    }
    CHECK(world.local_time({1}) - local ==
          Duration(seconds(30)) * (static_cast<std::int64_t>(kPpm) + ppm) / kPpm);
    return count;
  };
  const std::uint64_t steady = timers(0);
  const std::uint64_t fast = timers(500'000);
  const std::uint64_t slow = timers(-500'000);
  CHECK(steady > 100);
  CHECK(fast > steady * 148 / 100);
  CHECK(slow < steady * 80 / 100);  // not half: deadlines that used to coincide come apart

  World hurried(small_world(1, 0), 1);
  const Duration left = hurried.replica({1})->deadline() - hurried.local_time({1});
  hurried.set_drift({1}, 250'000);  // its deadline is nearer in true time now, at once
  while (hurried.step().value().kind != StepKind::timer) continue;
  CHECK(hurried.now() == Time((left * 4 + Duration(4)) / 5));

  World world(small_world(1, 0), 1);
  world.jump_clock({1}, seconds(10));  // past any election timeout
  const Time now = world.now();
  const auto step = world.step();
  REQUIRE(step);
  CHECK(step->kind == StepKind::timer);
  CHECK(world.now() == now);
}

TEST_CASE("links have models of their own") {
  World world(small_world(3, 1), 1);
  LinkModel slow;
  slow.delay = {.low = milliseconds(40)};
  world.set_link(address({1}), client_address(0), slow);
  CHECK(world.link(address({1}), client_address(0)) == slow);
  CHECK(world.link(client_address(0), address({1})) == LinkModel{});
  world.set_network(slow);
  CHECK(world.link(address({1}), address({2})) == slow);
  world.clear_link(address({1}), client_address(0));
  CHECK(world.link(address({1}), client_address(0)) == LinkModel{});
  world.set_client_network(slow);
  CHECK(world.link(address({1}), client_address(0)) == slow);
}

TEST_CASE("a copy of a traced world is not traced, and tracing changes nothing") {
  World world(small_world(), 1);
  World copy = world;
  Records records;
  world.set_trace(&records);
  World copy_of_traced = world;
  run_for(copy_of_traced, seconds(1));
  CHECK(records.all.empty());
  run_for(world, seconds(1));
  run_for(copy, seconds(1));
  CHECK(records.all.size() > 20);
  CHECK(same_state(world, copy));
}

}  // namespace
}  // namespace norn::sim
