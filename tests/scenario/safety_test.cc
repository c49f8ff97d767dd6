// The safety oracle on fabricated observations: what is broken is found, and what only looks so is not.
#include "sim/check/safety.h"

#include <doctest/doctest.h>
#include <initializer_list>
#include <string>

#include "replica/base/bytes.h"

namespace norn::sim {
namespace {

using raft::Role;

raft::Log log_of(std::initializer_list<std::pair<std::uint64_t, const char*>> entries) {
  raft::Log log;
  for (const auto& [term, payload] : entries) log.append({term}, raft::EntryKind::command, as_bytes(payload));
  return log;
}

// Everything synced, unless said otherwise, and everything committed applied, with a chain that fits.
Observation seen(std::uint8_t replica, const raft::Log& log, std::uint64_t term, std::uint64_t commit = 0,
                 Role role = Role::follower) {
  Observation made;
  made.replica = {replica};
  made.role = role;
  made.hard_state.term = {term};
  made.commit = {commit};
  made.durable = log.last().index;
  made.log = &log;
  return made;
}

std::vector<std::string> oracles(const Safety& safety) {
  std::vector<std::string> names;
  for (const Finding& finding : safety.findings()) names.emplace_back(finding.oracle);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("replicas that agree are left in peace") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}, {1, "b"}});
  for (const std::uint8_t id : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{3}})
    safety.observe(Time{}, seen(id, log, 1));
  safety.observe(Time{}, seen(1, log, 1, 2, Role::leader));
  safety.observe(Time{}, seen(2, log, 1, 2));
  CHECK(safety.findings().empty());
  CHECK(safety.committed() == Index{2});
}

TEST_CASE("a term with two leaders is found, and one leader with two terms is not") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}});
  safety.observe(Time{}, seen(1, log, 2, 0, Role::leader));
  safety.observe(Time{}, seen(1, log, 3, 0, Role::leader));
  CHECK(safety.findings().empty());
  safety.observe(Time{}, seen(2, log, 2, 0, Role::leader));
  CHECK(oracles(safety) == Names{"election safety"});
}

TEST_CASE("an entry that differs from its namesake is found, and so is one after another history") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}, {3, "b"}});
  const raft::Log other_content = log_of({{1, "a"}, {3, "c"}});
  const raft::Log other_history = log_of({{2, "x"}, {3, "b"}});
  safety.observe(Time{}, seen(1, log, 3));
  safety.observe(Time{}, seen(2, other_content, 3));
  CHECK(oracles(safety) == Names{"log matching"});
  safety.observe(Time{}, seen(3, other_history, 3));
  CHECK(oracles(safety) == Names{"log matching", "log matching"});
}

TEST_CASE("a new leader without a committed entry is found") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}, {1, "b"}});
  const raft::Log shorter = log_of({{1, "a"}});
  safety.observe(Time{}, seen(2, log, 1));
  safety.observe(Time{}, seen(1, log, 1, 2, Role::leader));
  safety.observe(Time{}, seen(3, shorter, 2, 0, Role::leader));
  CHECK(oracles(safety) == Names{"leader completeness"});
}

TEST_CASE("a late winner of an old term need not have what was committed in newer ones") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}, {5, "b"}});
  const raft::Log old = log_of({{1, "a"}});
  safety.observe(Time{}, seen(2, log, 5));
  safety.observe(Time{}, seen(1, log, 5, 2, Role::leader));
  safety.observe(Time{}, seen(3, old, 4, 0, Role::leader));
  CHECK(safety.findings().empty());
}

TEST_CASE("different entries committed at one index are found, and so are different ones applied") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}});
  const raft::Log other = log_of({{2, "z"}});
  safety.observe(Time{}, seen(1, log, 3, 1));
  safety.observe(Time{}, seen(2, other, 3, 1));
  CHECK(oracles(safety) == Names{"state machine safety"});

  Safety applied(3);
  Observation one = seen(1, log, 3, 1);
  Observation two = seen(2, log, 3, 1);
  one.applied = two.applied = {1};
  one.chain = 17;
  two.chain = 18;
  applied.observe(Time{}, one);
  applied.observe(Time{}, two);
  CHECK(oracles(applied) == Names{"state machine safety"});
}

TEST_CASE("term, commit and vote must not go back within a process") {
  const raft::Log log = log_of({{1, "a"}, {1, "b"}});
  for (const int what : {0, 1, 2}) {
    Safety safety(3);
    Observation before = seen(1, log, 4, 2);
    before.hard_state.vote = {2};
    Observation after = before;
    if (what == 0) after.hard_state = {{3}, {}};
    if (what == 1) after.commit = {1};
    if (what == 2) after.hard_state.vote = {3};
    safety.observe(Time{}, before);
    safety.observe(Time{}, after);
    CHECK(oracles(safety) == Names{"monotonic"});
  }
}

TEST_CASE("a restart may bring commit and applied back, but no entry that was synced") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}, {1, "b"}});
  const raft::Log shorter = log_of({{1, "a"}});
  Observation before = seen(1, log, 1, 1);
  before.durable = {1};
  safety.observe(Time{}, before);
  Observation after = seen(1, shorter, 1);
  after.incarnation = 2;
  safety.observe(Time{}, after);
  CHECK(safety.findings().empty());
  const raft::Log empty;
  Observation again = seen(1, empty, 1);
  again.incarnation = 3;
  safety.observe(Time{}, again);
  CHECK(oracles(safety) == Names{"durability"});
}

TEST_CASE("a leader that commits what a majority has not synced is found") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}});
  const raft::Log empty;
  Observation follower = seen(2, log, 1);
  follower.durable = {};
  safety.observe(Time{}, follower);
  safety.observe(Time{}, seen(3, empty, 1));
  safety.observe(Time{}, seen(1, log, 1, 1, Role::leader));
  CHECK(oracles(safety) == Names{"durability"});
}

TEST_CASE("a sync that is all there is to see counts") {
  const raft::Log log = log_of({{1, "a"}, {1, "b"}});
  for (const std::uint64_t synced : {std::uint64_t{1}, std::uint64_t{2}}) {
    Safety safety(3);
    Observation follower = seen(2, log, 1);
    follower.durable = {};
    safety.observe(Time{}, follower);
    safety.observe_synced({2}, {synced}, log);
    follower.durable = {synced};
    follower.commit = {1};
    follower.log_changed_from = {3};
    safety.observe(Time{}, follower);
    safety.observe(Time{}, seen(1, log, 1, 2, Role::leader));
    CHECK(oracles(safety) == (synced == 2 ? Names{} : Names{"durability"}));
  }
}

TEST_CASE("what is synced is another entry when the log has changed there") {
  Safety safety(3);
  const raft::Log log = log_of({{1, "a"}});
  const raft::Log other = log_of({{2, "b"}});
  safety.observe(Time{}, seen(2, other, 2));
  Observation changed = seen(2, log, 2);
  changed.log_changed_from = {1};
  safety.observe(Time{}, changed);
  safety.observe(Time{}, seen(1, log, 3, 1, Role::leader));
  CHECK(oracles(safety).empty());
}

TEST_CASE("what everybody has compacted away is forgotten, and the rest is still compared") {
  Safety safety(2);
  raft::Log log = log_of({{1, "a"}, {1, "b"}, {1, "c"}});
  safety.observe(Time{}, seen(1, log, 1, 3));
  safety.observe(Time{}, seen(2, log, 1, 3));
  log.compact_to({2});
  for (const std::uint8_t id : {std::uint8_t{1}, std::uint8_t{2}}) {
    Observation compacted = seen(id, log, 1, 3);
    compacted.log_changed_from = {4};
    safety.observe(Time{}, compacted);
  }
  CHECK(safety.findings().empty());
  CHECK(safety.book().first() == Index{2});
  raft::Log other({{1}, {2}});
  other.append({1}, raft::EntryKind::command, as_bytes("x"));
  safety.observe(Time{}, seen(2, other, 1, 3));
  CHECK(oracles(safety) == Names{"log matching"});
}

}  // namespace norn::sim
