// Worlds of real replicas: they serve, they survive, they repeat, they can be copied.
#include "sim/engine/world.h"

#include <doctest/doctest.h>
#include <vector>

#include "tests/engine/world_testing.h"

namespace norn::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

WorldOptions bad_weather() {
  WorldOptions options = small_world(3, 2);
  for (LinkModel* model : {&options.network, &options.client_network}) {
    model->drop = Ratio{50'000};
    model->duplicate = Ratio{20'000};
    model->reorder = Ratio{50'000};
    model->corrupt = Ratio{10'000};
  }
  options.disk.stall = Ratio{20'000};
  options.clock_offset_max = seconds(100);
  return options;
}

// Some load and some faults, all drawn from the seed: one call, one more of them.
void stir(World& world, Rng& rng) {
  const NodeId id{static_cast<std::uint8_t>(rng.between(1, world.replicas()))};
  const std::uint64_t what = rng.between(0, 19);
  if (what == 0) world.kill(id);
  if (what <= 3) world.restart(id);
  if (what == 4) world.pause(id);
  if (what >= 5 && what <= 7) world.resume(id);
  if (what == 8) world.cut(address(id), address(another(world, id)));
  if (what == 9) world.heal_all();
  if (what == 10) world.set_drift(id, static_cast<std::int32_t>(rng.between(0, 1000)) - 500);
  const auto client = static_cast<std::uint32_t>(rng.between(0, world.clients() - 1));
  const std::string value = std::to_string(rng.between(0, 9));
  const Buffer command = kv::encode({.kind = kv::CommandKind::put, .pairs = {{"k" + value, value}}});
  world.submit(client, what, command);
  world.completions(client).clear();
  run_for(world, milliseconds(static_cast<std::int64_t>(rng.between(1, 60))));
}

TEST_CASE("a world elects a leader and serves a put and a get") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world(small_world(), seed);
    elect(world);
    CHECK(put(world, "a", "1"));
    CHECK(get(world, "a") == "1");
    CHECK(get(world, "b") == "(absent)");
  }
}

TEST_CASE("what was acknowledged survives the death of all replicas at once") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world(small_world(), seed);
    REQUIRE(put(world, "a", "1"));
    for (std::uint8_t i = 1; i <= 3; ++i) CHECK(world.kill({i}));
    CHECK_FALSE(world.kill({1}));
    CHECK_FALSE(world.up({1}));
    run_for(world, seconds(1));
    for (std::uint8_t i = 1; i <= 3; ++i) CHECK(world.restart({i}));
    CHECK_FALSE(world.restart({1}));
    CHECK(world.incarnation({1}) == 2);
    CHECK(get(world, "a") == "1");
  }
}

TEST_CASE("a cluster goes on without its leader, and the leader comes back") {
  World world(small_world(), 1);
  REQUIRE(put(world, "a", "1"));
  const NodeId first = elect(world);
  world.kill(first);
  CHECK(put(world, "b", "2"));
  const NodeId second = elect(world);
  CHECK(second != first);
  world.restart(first);
  run_for(world, seconds(1));
  CHECK(world.replica(first)->applied() == world.replica(second)->applied());
}

TEST_CASE("the same seed gives the same run, another seed another one") {
  const auto run = [](std::uint64_t seed) {
    World world(bad_weather(), seed);
    Rng rng(seed);
    for (int i = 0; i < 100; ++i) stir(world, rng);
    return world;
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const World first = run(seed);
    CHECK(same_state(first, run(seed)));
    CHECK(first.digest() != run(seed + 1).digest());
  }
}

TEST_CASE("a copy taken at any instant runs on to the same state and digest") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    World world(bad_weather(), seed);
    Rng rng(seed);
    Rng when = rng.fork("when");
    for (int copies = 0; copies < 5; ++copies) {
      for (std::uint64_t steps = when.between(1, 400); steps > 0; --steps) world.step();
      for (std::uint64_t stirs = when.between(0, 20); stirs > 0; --stirs) stir(world, rng);
      World copy = world;
      World assigned(small_world(5, 0), 99);
      assigned = world;
      Rng same = rng;
      Rng same_again = rng;
      for (int i = 0; i < 20; ++i) {
        stir(world, rng);
        stir(copy, same);
        stir(assigned, same_again);
      }
      REQUIRE(same_state(world, copy));
      REQUIRE(same_state(world, assigned));
    }
  }
}

TEST_CASE("whichever disk operation fails, the replica stops, says so, and nothing acknowledged is lost") {
  for (std::uint64_t n = 1; n <= 25; ++n) {
    World world(small_world(), n);
    REQUIRE(put(world, "a", "0"));
    const NodeId broken = n % 2 == 0 ? elect(world) : another(world, elect(world));
    world.disk(broken).fail_operation(n);
    for (int i = 1; i <= 20; ++i) CHECK(put(world, "a", std::to_string(i)));
    REQUIRE(world.stops().size() == 1);
    CHECK(world.stops()[0].replica == broken);
    CHECK_FALSE(world.stops()[0].reason.empty());
    CHECK_FALSE(world.up(broken));
    CHECK(world.restart(broken));
    CHECK(get(world, "a") == "20");
  }
}

TEST_CASE("alarms come at their time, in the order they were set, the past ones now") {
  World world(small_world(), 1);
  world.set_alarm(Time(milliseconds(30)), 3);
  world.set_alarm(Time(milliseconds(20)), 1);
  world.set_alarm(Time(milliseconds(20)), 2);
  std::vector<std::uint64_t> tags;
  while (tags.size() < 3) {
    const auto step = world.step();
    REQUIRE(step);
    if (step->kind != StepKind::alarm) continue;
    tags.push_back(step->tag);
    CHECK(world.now() == Time(milliseconds(step->tag == 3 ? 30 : 20)));
  }
  CHECK(tags == std::vector<std::uint64_t>{1, 2, 3});
  run_for(world, seconds(1));
  const Time now = world.now();
  world.set_alarm(Time{}, 4);
  auto step = world.step();
  while (step && step->kind != StepKind::alarm) step = world.step();
  REQUIRE(step);
  CHECK(step->tag == 4);
  CHECK(world.now() == now);
}

TEST_CASE("a budget of events ends a run") {
  WorldOptions options = small_world();
  options.events_max = 1000;
  World world(options, 1);
  CHECK_FALSE(world.run_until(Time(seconds(1000))));
  CHECK(world.storm());
  CHECK_FALSE(world.step());
  CHECK(world.counters().events == 1000);
}

TEST_CASE("a failed assertion comes out of the world, which can still be destroyed") {
  const AssertHandler before = set_assert_handler(throw_assertion_failure);
  {
    World world(small_world(), 1);
    run_for(world, seconds(1));
    CHECK_THROWS_AS(world.submit(0, 1, Buffer(3, std::byte{200})), AssertionFailure);
  }
  set_assert_handler(before);
}

}  // namespace
}  // namespace norn::sim
