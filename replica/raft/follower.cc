// Following a leader: entries, heartbeats and snapshots received, and their acknowledgement (Raft 5.3, 7).
#include <algorithm>
#include <memory>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/raft/raft.h"

namespace norn::raft {

// Replies promise the term: they wait until it is durable.
void Raft::send_reply(NodeId to, const Message& message, Effects& effects) {
  auto& send = durable_state_ == hard_state_ ? effects.send : effects.send_when_durable;
  send.push_back({to, message});
}

// What every message of a leader does. False: it is not one of this term's leader, and has been answered.
bool Raft::follow(Time now, NodeId from, Term leader_term, std::uint64_t round, Effects& effects) {
  if (leader_term < term()) {
    // Tells a deposed leader of the new term, and a legitimate one that this replica is ahead of it.
    send_reply(from, AppendReply{term(), 0, false, false, {}, {}}, effects);
    return false;
  }
  if (leader_term == term() && role_ == Role::leader)
    return false;  // two leaders of one term: the oracle's business
  if (leader_term > term() || role_ != Role::follower) become_follower(now, leader_term, from, effects);
  leader_ = from;
  heard_leader_ = now;
  reset_election_timer(now);
  heard_round_ = std::max(heard_round_, round);
  return true;
}

void Raft::on(Time now, NodeId from, const AppendEntries& message, Effects& effects) {
  if (!follow(now, from, message.term, message.round, effects)) return;
  const bool known = message.prev.index < log_.base().index || log_.matches(message.prev) ||
                     (bug(Bug::prev_term_unchecked) && message.prev.index <= log_.last().index);
  if (!known) {
    const EntryId hint = log_.find_last(message.prev.index, message.prev.term);
    send_reply(from, AppendReply{term(), heard_round_, false, fenced(), message.prev.index, hint}, effects);
    return;
  }
  accept(message, effects);
  lift_fence(effects);
  // Entries are acknowledged once durable: see persisted(). A heartbeat does not wait for the disk.
  if (message.entries.empty() || durable_ >= matched_) ack_due_ = true;
}

// Takes the entries of a message whose prev is known: rule 3 and 4 of AppendEntries (Raft figure 2).
void Raft::accept(const AppendEntries& message, Effects& effects) {
  EntryRun run(message.entries, message.prev.index.next());
  Index last_new = message.prev.index;
  while (true) {
    const Bytes rest = run.rest();
    const std::optional<Entry> entry = run.next();
    if (!entry) break;
    const Index index = entry->id.index;
    if (index <= log_.base().index || log_.matches(entry->id)) {
      last_new = index;
      continue;
    }
    if (log_.has(index)) {
      ASSERT(index >
             commit_);  // committed entries are in every later leader's log (leader completeness, 5.4.3)
      log_.truncate_from(index);
      durable_ = std::min(durable_, index.prev());
    }
    log_.append_run(rest);
    effects.note_log(index);
    last_new = log_.last().index;
    break;
  }
  if (bug(Bug::truncate_on_stale_append) && last_new < log_.last().index && last_new > log_.base().index) {
    log_.truncate_from(last_new.next());
    durable_ = std::min(durable_, last_new);
    effects.note_log(last_new.next());
  }
  matched_ = std::max(matched_, last_new);
  // What is committed may be applied, and come to the disk in a snapshot; the term in which this was learned
  // must be there before it. Else a crash leaves a state newer than the term, and an older leader would be
  // heard.
  if (durable_state_.term != term()) return;
  const Index known = bug(Bug::commit_past_append) ? log_.last().index : last_new;
  const Index commit = std::min(message.commit, known);
  commit_ = bug(Bug::commit_regresses) ? commit : std::max(commit_, commit);
}

// After synced entries were lost: once the log is again, durably, what a leader has committed as far as it
// ever was, everything this replica ever acknowledged that matters is back, and it may vote.
void Raft::lift_fence(Effects& effects) {
  if (!fenced() || commit_ < fence_ || std::min(durable_, matched_) < fence_) return;
  fence_ = {};
  effects.hard_state_changed = true;  // the next record says so
}

void Raft::acknowledge(Effects& effects) {
  if (!leader_ || durable_state_ != hard_state_) return;  // stays due
  Index match = std::min(durable_, matched_);
  if (bug(Bug::ack_before_sync)) match = matched_;
  if (bug(Bug::heartbeat_ack_matches_last)) match = durable_;  // the last, the leader's or not
  effects.send.push_back({leader_, AppendReply{term(), heard_round_, true, fenced(), match, {}}});
  acked_ = std::max(acked_, match);
  ack_due_ = false;
}

void Raft::on(Time now, NodeId from, const InstallSnapshot& message, Effects& effects) {
  if (!follow(now, from, message.term, message.round, effects)) return;
  const bool old = message.last.index <= commit_ && !bug(Bug::old_snapshot_replaces_log);
  if (old) {
    matched_ = std::max(matched_, message.last.index);  // what is committed is in the leader's log
    ack_due_ = true;
    return;
  }
  if (!incoming_.installing && incoming_.last < message.last)
    incoming_ = {message.last, message.size, {}, false};
  // Nor may a leader's snapshot come to the disk before its term: see accept().
  const bool next = message.last == incoming_.last && message.size == incoming_.size &&
                    message.offset == incoming_.image.size() && durable_state_.term == term();
  if (!incoming_.installing && next && message.chunk.size() <= incoming_.size - incoming_.image.size()) {
    incoming_.image.insert(incoming_.image.end(), message.chunk.begin(), message.chunk.end());
    if (incoming_.image.size() == incoming_.size) {
      incoming_.installing = true;
      effects.install =
          std::make_shared<const Snapshot>(Snapshot{incoming_.last, std::move(incoming_.image)});
      incoming_.image = {};
    }
  }
  const std::uint64_t received = incoming_.installing ? incoming_.size : incoming_.image.size();
  // Of another snapshot than the leader's, it tells no more than that this replica follows.
  send_reply(from, SnapshotReply{term(), incoming_.last, received, heard_round_}, effects);
}

void Raft::installed(Time now, const SnapshotPtr& snapshot, const Configuration& configuration,
                     Effects& effects) {
  ASSERT(snapshot);
  incoming_ = {};
  const EntryId last = snapshot->last;
  if (role_ == Role::follower) reset_election_timer(now);
  if (!snapshot_ || snapshot_->last.index < last.index) snapshot_ = snapshot;
  if (last.index <= commit_ && !bug(Bug::old_snapshot_replaces_log)) return;  // the log came first
  if (log_.matches(last) && !bug(Bug::old_snapshot_replaces_log)) {
    log_.compact_to(last.index);
  } else {
    log_.reset(last);
    durable_ = last.index;
  }
  effects.note_log(log_.first());
  durable_ = std::max(durable_, last.index);
  commit_ = std::max(commit_, last.index);
  matched_ = std::max(matched_, last.index);
  snapshot_ = snapshot;
  if (!configuration.voters.empty()) configuration_ = configuration;
  lift_fence(effects);
  ack_due_ = true;
}

void Raft::install_rejected() { incoming_ = {}; }

}  // namespace norn::raft
