// Every interleaving within small scopes. Each scope says what it is after; the counts are told, and a search
// that reaches too little fails.
#include "tests/raft/explorer.h"

#include <doctest/doctest.h>
#include <string>

namespace norn::raft {
namespace {

Exploration search(const std::string& name, const Scope& scope) {
  Exploration found = explore(scope);
  MESSAGE(name << ": " << found.states << " states, complete to depth " << found.depth << ", " << found.nodes
               << " states of a node, terms to " << found.term_max.value << ", commits to "
               << found.commit_max.value);
  REQUIRE_MESSAGE(found.broken.empty(), found.broken);
  return found;
}

constexpr std::size_t kStatesMax = 250'000;

TEST_CASE("every interleaving of two campaigns, with a crash, elects at most one leader a term") {
  Scope scope;
  scope.timeouts = 2;
  scope.crashes = 1;
  scope.depth_max = 40;
  scope.states_max = kStatesMax;
  const Exploration found = search("two campaigns and a crash", scope);
  CHECK(found.leaders > 0);
  CHECK(found.term_max >= Term{2});
}

TEST_CASE("every interleaving of two campaigns with pre-vote elects at most one leader a term") {
  Scope scope;
  scope.pre_vote = true;
  scope.timeouts = 2;
  scope.depth_max = 40;
  scope.states_max = kStatesMax;
  const Exploration found = search("two campaigns with pre-vote", scope);
  CHECK(found.leaders > 0);
}

TEST_CASE("every interleaving of a proposal, a change of leaders and a crash keeps what is committed") {
  Scope scope;
  scope.elected = true;
  scope.timeouts = 2;
  scope.proposals = 1;
  scope.crashes = 1;
  scope.depth_max = 40;
  scope.states_max = kStatesMax;
  const Exploration found = search("a proposal, two timeouts and a crash", scope);
  CHECK(found.commit_max >= Index{2});
  CHECK(found.term_max >= Term{2});
}

TEST_CASE("every interleaving of three changes of leaders, as in figure 8, keeps what is committed") {
  Scope scope;
  scope.elected = true;
  scope.instant = true;
  scope.timeouts = 3;
  scope.proposals = 1;
  scope.flights_max = 4;
  scope.depth_max = 40;
  scope.states_max = 2 * kStatesMax;
  const Exploration found = search("a proposal and three timeouts, instant disks", scope);
  CHECK(found.commit_max >= Index{3});
  CHECK(found.term_max >= Term{4});
}

TEST_CASE("every interleaving of two proposals and repeated messages keeps what is committed") {
  Scope scope;
  scope.elected = true;
  scope.repeats = true;
  scope.timeouts = 1;
  scope.proposals = 2;
  scope.depth_max = 40;
  scope.states_max = kStatesMax;
  const Exploration found = search("two proposals, a timeout, messages repeated", scope);
  CHECK(found.commit_max >= Index{3});
}

TEST_CASE("every interleaving of two nodes keeps what is committed") {
  Scope scope;
  scope.voters = 2;
  scope.timeouts = 3;
  scope.proposals = 2;
  scope.crashes = 2;
  scope.depth_max = 60;
  scope.states_max = kStatesMax;
  const Exploration found = search("two nodes, three timeouts, two proposals, two crashes", scope);
  CHECK(found.commit_max >= Index{3});
}

}  // namespace
}  // namespace norn::raft
