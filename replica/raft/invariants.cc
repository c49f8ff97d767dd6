#include "replica/raft/invariants.h"

#include <algorithm>

namespace norn::raft {
namespace {

using Broken = std::optional<std::string>;

// Cold: what leads to words is out of the way of the usual turn, which is in order.
[[gnu::cold, gnu::noinline]] std::string text(Index index) { return std::to_string(index.value); }
[[gnu::cold, gnu::noinline]] std::string text(Term term) { return std::to_string(term.value); }
[[gnu::cold, gnu::noinline]] std::string text(NodeId id) { return std::to_string(id.value); }

Broken check_log_bounds(const Raft& raft) {
  const Log& log = raft.log();
  const Index last = log.last().index;
  if (raft.commit() > last)
    return "commit " + text(raft.commit()) + " is beyond the last entry " + text(last);
  if (raft.durable() > last)
    return "entries up to " + text(raft.durable()) + " are durable, the last is " + text(last);
  if (log.base().index > raft.commit())
    return "the log begins behind " + text(log.base().index) + ", commit is " + text(raft.commit());
  if (log.last().term > raft.term())
    return "an entry of term " + text(log.last().term) + " in term " + text(raft.term());
  const SnapshotPtr& snapshot = raft.snapshot();
  if (log.base().index != Index{} && (!snapshot || snapshot->last.index < log.base().index))
    return "no snapshot covers what is before the log, up to " + text(log.base().index);
  if (snapshot && snapshot->last.index > raft.commit())
    return "the snapshot covers " + text(snapshot->last.index) + ", commit is " + text(raft.commit());
  return std::nullopt;
}

Broken check_role(const Raft& raft) {
  const NodeId self = raft.config().id;
  const HardState& hard_state = raft.hard_state();
  const bool leads = raft.role() == Role::leader;
  const bool campaigns = raft.role() == Role::candidate || raft.role() == Role::pre_candidate;
  if (raft.term() == Term{} && (hard_state.vote || raft.leader()))
    return "a vote or a leader before the first term";
  if (leads != (raft.leader() == self))
    return "role and leader " + text(raft.leader()) + " contradict each other";
  if (campaigns && raft.leader()) return "campaigns under leader " + text(raft.leader());
  if ((leads || raft.role() == Role::candidate) && hard_state.vote != self)
    return "runs for term " + text(raft.term()) + " with a vote for " + text(hard_state.vote);
  if (raft.fence() != Index{} && raft.role() != Role::follower) return "campaigns behind its fence";
  if (!leads && !raft.progress().empty()) return "keeps progress without leading";
  if (leads && raft.log().last().term != raft.term()) return "leads without an entry of its term";
  return std::nullopt;
}

Broken check_peer(const Raft& raft, const Progress& peer) {
  const auto broken = [&](const std::string& what) { return "peer " + text(peer.id) + ": " + what; };
  const Index last = raft.log().last().index;
  if (peer.match >= peer.next)
    return broken("match " + text(peer.match) + " is not before next " + text(peer.next));
  if (peer.match > last)
    return broken("match " + text(peer.match) + " is beyond the last entry " + text(last));
  if (peer.next > last.next()) return broken("next " + text(peer.next) + " leaves a gap after " + text(last));
  if ((peer.mode == Mode::snapshot) != (peer.sending != nullptr))
    return broken("mode and snapshot contradict each other");
  if (!peer.sending) return std::nullopt;
  if (peer.chunk_acked > peer.chunk_next || peer.chunk_next > peer.sending->image.size())
    return broken("chunks acknowledged, sent and there are out of order");
  return std::nullopt;
}

Broken check_progress(const Raft& raft) {
  if (raft.role() != Role::leader) return std::nullopt;
  NodeId before;
  for (const Progress& peer : raft.progress()) {
    if (peer.id <= before) return "progress is not ascending by id";
    if (peer.id == raft.config().id) return "a leader follows itself";
    before = peer.id;
    if (Broken broken = check_peer(raft, peer)) return broken;
  }
  const auto known = [&](NodeId id) {
    return id == raft.config().id ||
           std::ranges::find(raft.progress(), id, &Progress::id) != raft.progress().end();
  };
  const Configuration& configuration = raft.configuration();
  if (!std::ranges::all_of(configuration.voters, known) ||
      !std::ranges::all_of(configuration.outgoing, known))
    return "a voter without progress";
  return std::nullopt;
}

// Of entries that were there before and may not be changed: `id` is still in the log, or before its base.
bool keeps(const Log& log, EntryId id) { return id.index < log.base().index || log.matches(id); }

Broken check_same_term(const Before& before, const Raft& after) {
  const HardState& hard_state = after.hard_state();
  if (before.hard_state.vote && hard_state.vote != before.hard_state.vote)
    return "the vote of term " + text(after.term()) + " changes from " + text(before.hard_state.vote) +
           " to " + text(hard_state.vote);
  if (before.leader && after.leader() && after.leader() != before.leader)
    return "term " + text(after.term()) + " has two leaders, " + text(before.leader) + " and " +
           text(after.leader());
  if (after.role() != Role::leader) return std::nullopt;
  if (before.role != Role::leader && before.role != Role::candidate)
    return "leads a term it has not campaigned in";
  auto peer = after.progress().begin();  // both ascend by id
  for (const Before::Match& was : before.matches) {
    while (peer != after.progress().end() && peer->id < was.peer) ++peer;
    if (peer == after.progress().end() || peer->id != was.peer || peer->trusted_from != was.trusted_from)
      continue;
    if (peer->match < was.match)
      return "match of peer " + text(was.peer) + " falls from " + text(was.match) + " to " +
             text(peer->match);
  }
  // Leader append-only (Raft figure 3).
  if (before.role == Role::leader && !keeps(after.log(), before.last)) return "a leader cuts its own log";
  return std::nullopt;
}

}  // namespace

Broken check_state(const Raft& raft) {
  if (Broken broken = check_log_bounds(raft)) return broken;
  if (Broken broken = check_role(raft)) return broken;
  return check_progress(raft);
}

void Before::remember(const Raft& raft) {
  hard_state = raft.hard_state();
  role = raft.role();
  leader = raft.leader();
  base = raft.log().base();
  last = raft.log().last();
  commit = {raft.log().term(raft.commit()).value_or(Term{}), raft.commit()};
  fence = raft.fence();
  matches.clear();
  for (const Progress& peer : raft.progress()) matches.push_back({peer.id, peer.match, peer.trusted_from});
}

Broken check_step(const Before& before, const Raft& after) {
  if (after.term() < before.hard_state.term)
    return "the term falls from " + text(before.hard_state.term) + " to " + text(after.term());
  if (after.commit() < before.commit.index)
    return "commit falls from " + text(before.commit.index) + " to " + text(after.commit());
  if (after.log().base().index < before.base.index)
    return "the log's base falls to " + text(after.log().base().index);
  if (!keeps(after.log(), before.commit))
    return "committed entry " + text(before.commit.index) + " is replaced";
  if (after.fence() > before.fence) return "a fence rises";
  if (after.fence() != Index{} && after.hard_state().vote != before.hard_state.vote &&
      after.hard_state().vote)
    return "votes behind its fence";
  if (after.term() == before.hard_state.term) return check_same_term(before, after);
  return std::nullopt;
}

Broken check_log(const Log& log) {
  const Bytes run = log.encoded(log.first(), log.last().index);
  if (run.size() != log.size_bytes()) return "the entries do not fill the log";
  if (!EntryRun::valid(run)) return "the log is no run of entries with ascending terms";
  EntryRun entries(run, log.first());
  EntryId before = log.base();
  std::size_t size = 0;
  while (const auto entry = entries.next()) {
    size += kEntryHeaderSize + entry->payload.size();
    if (entry->id.term < before.term) return "terms go down at " + text(entry->id.index);
    if (log.term(entry->id.index) != entry->id.term)
      return "the terms of entry " + text(entry->id.index) + " differ";
    if (log.encoded_size(log.first(), entry->id.index) != size)
      return "offsets go wrong at " + text(entry->id.index);
    before = entry->id;
  }
  if (before != log.last()) return "the last entry is not where the log ends";
  return std::nullopt;
}

}  // namespace norn::raft
