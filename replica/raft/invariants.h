// What is true of a Raft at the end of each turn, and of what one turn may change. Whoever drives the core in
// a test asks after every event: all but check_log costs a few comparisons per peer, whatever the log's
// length. Properties of several replicas together (election safety, log matching, ...) are not here: no
// single replica can see them.
//
// Each returns nothing, or a sentence that says what is broken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replica/raft/raft.h"

namespace norn::raft {

std::optional<std::string> check_state(const Raft& raft);

// What check_step needs to remember of the state before.
struct Before {
  explicit Before(const Raft& raft) { remember(raft); }
  void remember(const Raft& raft);  // instead of what it was

  HardState hard_state;
  Role role = Role::follower;
  NodeId leader;
  EntryId base;
  EntryId last;
  EntryId commit;
  Index fence;
  struct Match {
    NodeId peer;
    Index match;
    std::uint64_t trusted_from;
  };
  std::vector<Match> matches;  // a leader's
};

// Of one process, between two moments; a restart is no step.
std::optional<std::string> check_step(const Before& before, const Raft& after);

// Walks the whole log: whole entries whose terms never go down (Raft 5.3), indices without a gap, and the
// byte offsets that go with them.
std::optional<std::string> check_log(const Log& log);

}  // namespace norn::raft
