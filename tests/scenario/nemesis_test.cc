// Whom targets mean, which links actions cut, and how overlapping faults are undone.
#include <algorithm>
#include <doctest/doctest.h>
#include <memory>

#include "sim/engine/world.h"
#include "sim/scenario/nemesis_faults.h"
#include "sim/scenario/nemesis_links.h"
#include "sim/scenario/targets.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;
using Kind = Target::Kind;

struct Bench {
  explicit Bench(std::uint8_t replicas = 5) : faults(scenario_of(replicas)), world(options(replicas), 1) {
    world.run_until(Time(2s));
    REQUIRE(world.leader());
  }
  static std::shared_ptr<const Scenario> scenario_of(std::uint8_t replicas) {
    auto scenario = std::make_shared<Scenario>();
    scenario->cluster.replicas = replicas;
    return scenario;
  }
  static WorldOptions options(std::uint8_t replicas) {
    WorldOptions options;
    options.replicas = replicas;
    options.clients = 2;
    return options;
  }
  auto begin(const Action& action, Faults::Owner owner) {
    return faults.begin(world, action, owner, {}, rng);
  }
  std::vector<NodeId> who(Kind kind) { return resolve({kind, {}}, world, {}, rng); }
  bool is_cut(std::uint8_t from, std::uint8_t to) const {
    return world.is_cut(address(NodeId{from}), address(NodeId{to}));
  }

  Faults faults;
  World world;
  Rng rng{3};
};

Action action_on(ActionKind kind, std::vector<NodeId> ids) {
  Action action;
  action.kind = kind;
  action.target = {Kind::ids, std::move(ids)};
  action.to = {Kind::all, {}};
  return action;
}

bool has(const std::vector<NodeId>& ids, NodeId id) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

TEST_CASE("targets have the sizes they say, with the leader or without") {
  Bench bench;
  const NodeId leader = bench.world.leader();
  for (int i = 0; i < 20; ++i) {
    CHECK(bench.who(Kind::leader) == std::vector{leader});
    CHECK(bench.who(Kind::followers).size() == 4);
    CHECK(!has(bench.who(Kind::followers), leader));
    CHECK(!has(bench.who(Kind::follower), leader));
    CHECK(bench.who(Kind::minority).size() == 2);
    CHECK(!has(bench.who(Kind::minority), leader));
    CHECK(bench.who(Kind::minority_with_leader).size() == 2);
    CHECK(has(bench.who(Kind::minority_with_leader), leader));
    CHECK(bench.who(Kind::majority).size() == 3);
    CHECK(!has(bench.who(Kind::majority), leader));
    CHECK(bench.who(Kind::majority_with_leader).size() == 3);
    CHECK(has(bench.who(Kind::majority_with_leader), leader));
    CHECK(bench.who(Kind::any_minority).size() == 2);
  }
  CHECK(bench.who(Kind::down).empty());
  CHECK(bench.who(Kind::paused).empty());
  const TargetContext context{{4}, false};
  const auto two = resolve({Kind::subject_and_follower, {}}, bench.world, context, bench.rng);
  CHECK(two.size() == 2);
  CHECK(has(two, {4}));
}

TEST_CASE("a random live replica stands in for a leader there is not, unless nobody may") {
  Bench bench;
  while (const NodeId leader = bench.world.leader()) bench.world.kill(leader);
  CHECK(bench.who(Kind::leader).size() == 1);
  CHECK(resolve({Kind::leader, {}}, bench.world, {{}, true}, bench.rng).empty());
}

TEST_CASE("in a ring everybody keeps the links that make a majority, and some are cut") {
  for (std::size_t n = 3; n <= 12; ++n) {
    std::size_t cut = 0;
    for (std::size_t a = 1; a <= n; ++a) {
      std::size_t linked = 0;
      for (std::size_t b = 1; b <= n; ++b) {
        if (a == b) continue;
        (is_ring_link(std::min(a, b), std::max(a, b), n) ? linked : cut) += 1;
      }
      CHECK(linked + 1 >= n / 2 + 1);
    }
    CHECK(cut > 0);
  }
}

TEST_CASE("a link is cut as long as any action cuts it") {
  Bench bench;
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{1}}), 1));
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{1}, {2}}), 2));
  CHECK(bench.is_cut(1, 2));
  CHECK(bench.is_cut(1, 3));
  CHECK(bench.is_cut(4, 2));
  CHECK(bench.faults.undo(bench.world, 1));
  CHECK(!bench.is_cut(1, 2));
  CHECK(bench.is_cut(1, 3));
  CHECK(bench.faults.undo(bench.world, 2));
  CHECK(!bench.is_cut(1, 3));
  CHECK(!bench.faults.undo(bench.world, 2));
}

TEST_CASE("a heal ends every cut, and what would have been undone later is forgotten") {
  Bench bench;
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{1}}), 1));
  Action one_way = action_on(ActionKind::partition, {{2}});
  one_way.direction = Direction::out;
  one_way.clients = true;
  REQUIRE(bench.begin(one_way, Faults::kForever));
  CHECK(bench.is_cut(2, 3));
  CHECK(!bench.is_cut(3, 2));
  CHECK(bench.world.is_cut(address(NodeId{2}), client_address(0)));
  CHECK(!bench.world.is_cut(client_address(0), address(NodeId{2})));
  Action heal;
  REQUIRE(bench.begin(heal, Faults::kForever));
  CHECK(!bench.is_cut(1, 3));
  CHECK(!bench.is_cut(2, 3));
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{1}}), 2));
  CHECK(!bench.faults.undo(bench.world, 1));
  CHECK(bench.is_cut(1, 3));
}

TEST_CASE("an action restarts only the death it caused, and resumes only its own pause") {
  Bench bench;
  REQUIRE(bench.begin(action_on(ActionKind::kill, {{1}, {2}}), 1));
  CHECK(!bench.begin(action_on(ActionKind::kill, {{1}}), 2));
  CHECK(bench.world.restart({1}));
  REQUIRE(bench.begin(action_on(ActionKind::kill, {{1}}), 3));
  const auto undone = bench.faults.undo(bench.world, 1);
  REQUIRE(undone);
  CHECK(undone->replicas == std::vector<NodeId>{{2}});
  CHECK(!bench.world.up({1}));
  CHECK(bench.faults.undo(bench.world, 3));
  CHECK(bench.world.up({1}));

  REQUIRE(bench.begin(action_on(ActionKind::pause, {{3}}), 4));
  CHECK(bench.world.resume({3}));
  REQUIRE(bench.begin(action_on(ActionKind::pause, {{3}}), 5));
  CHECK(!bench.faults.undo(bench.world, 4));
  CHECK(bench.world.is_paused({3}));
  CHECK(bench.faults.undo(bench.world, 5));
  CHECK(!bench.world.is_paused({3}));
}

TEST_CASE("models are those of the changes in force, whatever the order they are undone in") {
  Bench bench;
  const auto model = [&] { return bench.world.link(address(NodeId{1}), address(NodeId{2})); };
  const LinkModel plain = model();
  Action lossy = action_on(ActionKind::network, {{1}});
  lossy.link.drop = Ratio{100};
  Action lossier = lossy;
  lossier.link.drop = Ratio{200};
  lossier.link.corrupt = Ratio{300};
  REQUIRE(bench.begin(lossy, 1));
  REQUIRE(bench.begin(lossier, 2));
  CHECK(model().drop == Ratio{200});
  CHECK(bench.faults.undo(bench.world, 1));
  CHECK(model().drop == Ratio{200});
  CHECK(bench.faults.undo(bench.world, 2));
  CHECK(model() == plain);

  Action slow = action_on(ActionKind::disk, {{2}});
  slow.disk.capacity = 77;
  REQUIRE(bench.begin(slow, 3));
  CHECK(bench.world.disk({2}).model().capacity == 77);
  CHECK(bench.world.disk({1}).model().capacity == 0);
  CHECK(bench.faults.undo(bench.world, 3));
  CHECK(bench.world.disk({2}).model().capacity == 0);
}

TEST_CASE("the core is healed, and the rest stays as it is") {
  Bench bench;
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{1}}), 1));
  REQUIRE(bench.begin(action_on(ActionKind::partition, {{5}}), 2));
  REQUIRE(bench.begin(action_on(ActionKind::kill, {{2}, {4}}), 3));
  REQUIRE(bench.begin(action_on(ActionKind::pause, {{3}}), 4));
  Action lossy = action_on(ActionKind::network, {{1}, {4}});
  lossy.link.drop = Ratio{100};
  REQUIRE(bench.begin(lossy, 5));
  bench.faults.heal_core(bench.world, {{1}, {2}, {3}});
  CHECK(!bench.is_cut(1, 2));
  CHECK(!bench.is_cut(3, 1));
  CHECK(bench.is_cut(1, 4));
  CHECK(bench.is_cut(5, 2));
  CHECK(bench.world.up({2}));
  CHECK(!bench.world.up({4}));
  CHECK(!bench.world.is_paused({3}));
  CHECK(bench.world.link(address(NodeId{1}), address(NodeId{2})).drop == Ratio{});
  CHECK(bench.world.link(address(NodeId{4}), address(NodeId{2})).drop == Ratio{100});
}

}  // namespace norn::sim
