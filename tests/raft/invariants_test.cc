// The invariants speak up when they are broken: steps are made up of two replicas that are not one.
#include "replica/raft/invariants.h"

#include <doctest/doctest.h>
#include <initializer_list>
#include <string>

#include "replica/base/bytes.h"

#include "tests/raft/node.h"

namespace norn::raft {
namespace {

Config of_three(std::uint8_t id) {
  Config config;
  config.id = {id};
  config.voters = {{1}, {2}, {3}};
  config.pre_vote = false;
  return config;
}

Raft make(HardState hard_state, std::initializer_list<std::uint64_t> terms, Index snapshot_at = {},
          Index fence = {}) {
  Persistent persistent;
  persistent.hard_state = hard_state;
  for (const std::uint64_t term : terms) persistent.log.append({term}, EntryKind::command, as_bytes("x"));
  if (snapshot_at != Index{}) {
    persistent.snapshot =
        std::make_shared<const Snapshot>(Snapshot{{*persistent.log.term(snapshot_at), snapshot_at}, {}});
  }
  persistent.fence = fence;
  return {of_three(1), std::move(persistent), Rng(1), Time{}};
}

Raft elect(Raft raft) {
  Effects effects;
  const Time now = raft.deadline();
  raft.tick(now, effects);
  raft.persisted(now, raft.hard_state(), raft.log().last().index, effects);
  raft.step(now, {2}, VoteReply{raft.term(), true, false}, effects);
  raft.flush(now, effects);
  REQUIRE(raft.role() == Role::leader);
  return raft;
}

std::string step(const Raft& before, const Raft& after) {
  return check_step(Before(before), after).value_or("");
}

TEST_CASE("a step that takes back a promise is told") {
  const Raft old = make({{2}, {1}}, {1, 2, 2}, {2});
  CHECK(step(old, old).empty());
  CHECK(step(old, make({{1}, {1}}, {1, 1, 1}, {2})) == "the term falls from 2 to 1");
  CHECK(step(old, make({{2}, {3}}, {1, 2, 2}, {2})) == "the vote of term 2 changes from 1 to 3");
  CHECK(step(old, make({{2}, {}}, {1, 2, 2}, {2})) == "the vote of term 2 changes from 1 to 0");
  CHECK(step(old, make({{3}, {3}}, {1, 2, 2}, {2})).empty());  // another term, another vote
  CHECK(step(old, make({{2}, {1}}, {1, 2, 2}, {1})) == "commit falls from 2 to 1");
  CHECK(step(old, make({{2}, {1}}, {1, 1, 2}, {2})) == "committed entry 2 is replaced");
  CHECK(step(old, make({{2}, {1}}, {1, 2, 2}, {2}, {3})) == "a fence rises");
  CHECK(step(make({{2}, {}}, {1, 2}, {}, {2}), make({{2}, {3}}, {1, 2}, {}, {2})) ==
        "votes behind its fence");
}

TEST_CASE("a leader that cuts its log, or never ran for its term, is told") {
  const Raft follower = make({{2}, {}}, {1, 2, 2});
  const Raft leader = elect(follower);
  CHECK(step(leader, leader).empty());
  CHECK(step(make({{3}, {1}}, {1, 2, 2}), leader) == "leads a term it has not campaigned in");
  Raft longer = leader;
  Effects effects;
  REQUIRE(longer.propose(as_bytes("y"), effects));
  CHECK(step(leader, longer).empty());
  CHECK(step(longer, leader) == "a leader cuts its own log");
}

TEST_CASE("a state that cannot be is told") {
  CHECK_FALSE(check_state(make({{2}, {1}}, {1, 2})).has_value());
  CHECK_FALSE(check_state(elect(make({{2}, {1}}, {1, 2}))).has_value());
  CHECK(check_state(make({{1}, {1}}, {1, 2})) == "an entry of term 2 in term 1");
  CHECK(check_state(make({{}, {1}}, {})) == "a vote or a leader before the first term");
}

}  // namespace
}  // namespace norn::raft
