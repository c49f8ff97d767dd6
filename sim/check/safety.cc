#include "sim/check/safety.h"

#include <algorithm>
#include <string>
#include <utility>

#include "replica/base/digest.h"

namespace norn::sim {
namespace {

// Cold: what leads to words is out of the way of the usual turn, which is in order.
[[gnu::cold, gnu::noinline]] std::string number(Index index) { return std::to_string(index.value); }
[[gnu::cold, gnu::noinline]] std::string number(Term term) { return std::to_string(term.value); }
[[gnu::cold, gnu::noinline]] std::string name(NodeId replica) {
  return "replica " + std::to_string(replica.value);
}

std::uint64_t hash(const raft::Entry& entry) {
  return Digest::hash(entry.payload) ^ (static_cast<std::uint64_t>(entry.kind) + 1) * 0x9e3779b97f4a7c15;
}

}  // namespace

Observation look_at(const Replica& replica, NodeId id, std::uint32_t incarnation, Index log_changed_from) {
  const raft::Raft& raft = replica.raft();
  return {.replica = id,
          .incarnation = incarnation,
          .role = raft.role(),
          .hard_state = raft.hard_state(),
          .commit = raft.commit(),
          .applied = replica.applied(),
          .durable = raft.durable(),
          .fenced = raft.fence() != Index{},
          .chain = replica.store().chain(),
          .log = &raft.log(),
          .log_changed_from = log_changed_from};
}

void Safety::observe(Time now, const Observation& seen) {
  now_ = now;
  Known& known = known_[seen.replica.value];
  if (seen.incarnation != known.incarnation) on_started(seen, known);
  check_monotonic(seen, known);
  const bool new_base = seen.log->base().index != known.base;
  read_log(seen, known);
  // The term of what is synced can change only with one of these.
  if (known.durable != seen.durable || seen.log_changed_from <= seen.durable || new_base)
    note_synced(seen.replica, seen.durable, *seen.log);
  const bool reigned = known.role == raft::Role::leader && known.hard_state.term == seen.hard_state.term;
  if (seen.role == raft::Role::leader && !reigned) on_elected(seen);
  if (seen.commit > known.commit) on_commit(seen, known);
  if (seen.applied > known.applied) on_applied(seen);
  known.role = seen.role;
  known.hard_state = seen.hard_state;
  known.commit = seen.commit;
  known.applied = seen.applied;
  known.fenced = seen.fenced;
}

void Safety::observe_synced(NodeId replica, Index durable, const raft::Log& log) {
  note_synced(replica, durable, log);
}

// A new process: only its disk connects it with the one before.
void Safety::on_started(const Observation& seen, Known& known) {
  const Index base = known.base;
  if (known.incarnation != 0 && checks_durability_) {
    auto lost = durability_.check_recovered(now_, seen.replica, seen.log->base(), seen.log->last(), book_);
    // A damaged disk may lose what was synced, if the replica notices: then it does not vote on what is left.
    const bool admitted = seen.disk_rotten && seen.fenced;
    if (lost && !admitted) report(std::move(*lost));
    if (!lost && seen.fenced && !known.fenced && !seen.disk_rotten) {
      report(oracle::kDurability, {seen.replica},
             name(seen.replica) + " says that it lost entries, and its disk lost nothing");
    }
  }
  known = Known{};
  known.incarnation = seen.incarnation;
  known.base = base;
}

void Safety::check_monotonic(const Observation& seen, const Known& known) {
  const auto back = [&](std::string_view what, std::uint64_t from, std::uint64_t to) {
    report(oracle::kMonotonic, {seen.replica},
           name(seen.replica) + "'s " + std::string(what) + " went back from " + std::to_string(from) +
               " to " + std::to_string(to));
  };
  if (seen.hard_state.term < known.hard_state.term)
    back("term", known.hard_state.term.value, seen.hard_state.term.value);
  if (seen.commit < known.commit) back("commit", known.commit.value, seen.commit.value);
  if (seen.applied < known.applied) back("applied", known.applied.value, seen.applied.value);
  const bool same_term = seen.hard_state.term == known.hard_state.term;
  if (same_term && known.hard_state.vote && seen.hard_state.vote != known.hard_state.vote)
    report(oracle::kMonotonic, {seen.replica},
           name(seen.replica) + " changed its vote in term " + number(seen.hard_state.term));
  if (seen.applied > seen.commit)
    report(oracle::kInvariant, {seen.replica},
           name(seen.replica) + " has applied " + number(seen.applied) + ", and committed " +
               number(seen.commit));
  if (seen.commit > seen.log->last().index)
    report(oracle::kInvariant, {seen.replica},
           name(seen.replica) + " has committed " + number(seen.commit) + ", and its log ends at " +
               number(seen.log->last().index));
}

void Safety::read_log(const Observation& seen, Known& known) {
  const raft::Log& log = *seen.log;
  const Index last = log.last().index;
  for (Index at = std::max(seen.log_changed_from, log.first()); at <= last; at = at.next()) {
    const raft::Entry entry = log.entry(at);
    const LogBook::Entry read{hash(entry), entry.id.term, *log.term(at.prev()), seen.replica};
    if (const auto other = book_.add(at, read))
      report(oracle::kLogMatching, {other->seen_at, seen.replica},
             "entry " + number(at) + " of term " + number(read.term) + " is not the same at " +
                 name(seen.replica) + " as it was at " + name(other->seen_at) +
                 (other->hash == read.hash ? ": what precedes it differs" : ""));
  }
  if (log.base().index == known.base) return;
  // What lies before everybody's base is compared with nothing any more. The base itself stays, for those who
  // have a snapshot up to it.
  known.base = log.base().index;
  Index lowest = known.base;
  for (std::size_t i = 1; i < known_.size(); ++i) lowest = std::min(lowest, known_[i].base);
  book_.forget_before(lowest);
}

void Safety::note_synced(NodeId replica, Index durable, const raft::Log& log) {
  known_[replica.value].durable = durable;
  if (!checks_durability_) return;
  const Index synced = std::clamp(durable, log.base().index, log.last().index);
  durability_.note_synced(replica, {*log.term(synced), synced});
}

void Safety::on_elected(const Observation& seen) {
  const Term term = seen.hard_state.term;
  const auto [reign, first] = reigns_.try_emplace(term, Reign{seen.replica, seen.incarnation});
  if (!first) {
    const bool same = reign->second.leader == seen.replica;
    report(oracle::kElectionSafety, {reign->second.leader, seen.replica},
           "term " + number(term) + (same ? " has elected " : " has two leaders, ") +
               name(reign->second.leader) + (same ? " twice" : " and " + name(seen.replica)));
  }
  // Only what was committed in the terms before: the winner of an old election may show up late, after a
  // newer leader has committed entries that it need not have. By log matching, the highest such entry stands
  // for all below it.
  for (Index at = committed_; at >= book_.first() && at > seen.log->base().index; at = at.prev()) {
    const LogBook::Place& place = book_.place(at);
    if (place.committed == Term{} || place.committed_in >= term) continue;
    if (seen.log->matches({place.committed, at})) return;
    report(oracle::kLeaderCompleteness, {place.committed_by, seen.replica},
           name(seen.replica) + " leads term " + number(term) + " without entry " + number(at) + " of term " +
               number(place.committed) + ", which was committed in term " + number(place.committed_in));
    return;
  }
}

void Safety::on_commit(const Observation& seen, const Known& known) {
  const raft::Log& log = *seen.log;
  const Index upto = std::min(seen.commit, log.last().index);
  if (upto < book_.first()) return;
  const Index from = std::max({known.commit.next(), log.base().index, book_.first()});
  for (Index at = from; at <= upto; at = at.next()) {
    if (at > Index{}) commit_at(seen, {*log.term(at), at});
  }
  if (!checks_durability_ || seen.role != raft::Role::leader || upto <= log.base().index) return;
  auto missing = durability_.check_commit(now_, seen.replica, {*log.term(upto), upto}, book_);
  if (missing) report(std::move(*missing));
}

void Safety::commit_at(const Observation& seen, EntryId id) {
  LogBook::Place& place = book_.place(id.index);
  if (place.committed == Term{}) {
    place.committed = id.term;
    place.committed_in = seen.hard_state.term;
    place.committed_by = seen.replica;
    committed_ = std::max(committed_, id.index);
  } else if (place.committed != id.term) {
    report(oracle::kStateMachineSafety, {place.committed_by, seen.replica},
           "at " + number(id.index) + ", " + name(place.committed_by) + " has committed the entry of term " +
               number(place.committed) + ", and " + name(seen.replica) + " that of term " + number(id.term));
  }
}

void Safety::on_applied(const Observation& seen) {
  if (seen.applied < book_.first()) return;
  LogBook::Place& place = book_.place(seen.applied);
  if (!place.applied_by) {
    place.applied_by = seen.replica;
    place.chain = seen.chain;
  } else if (place.chain != seen.chain) {
    report(oracle::kStateMachineSafety, {place.applied_by, seen.replica},
           name(place.applied_by) + " and " + name(seen.replica) + " have applied different entries up to " +
               number(seen.applied));
  }
}

void Safety::report_invariant(Time now, NodeId replica, const std::string& broken) {
  now_ = now;
  report(oracle::kInvariant, {replica}, name(replica) + ": " + broken);
}

void Safety::report(Finding finding) {
  if (findings_.size() >= kFindingsMax) return;
  std::ranges::sort(finding.replicas);
  finding.replicas.erase(std::unique(finding.replicas.begin(), finding.replicas.end()),
                         finding.replicas.end());
  findings_.push_back(std::move(finding));
}

void Safety::report(std::string_view oracle, std::vector<NodeId> replicas, std::string text) {
  report({oracle, now_, std::move(replicas), std::move(text)});
}

}  // namespace norn::sim
