// The core's inputs and its clock; what each role does with them is in election.cc, follower.cc and
// leader.cc.
#include "replica/raft/raft.h"

#include <algorithm>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"

namespace norn::raft {

Raft::Raft(Config config, Persistent persistent, Rng rng, Time now)
    : config_(std::move(config)),
      rng_(rng),
      configuration_(std::move(persistent.configuration)),
      hard_state_(persistent.hard_state),
      log_(std::move(persistent.log)),
      snapshot_(std::move(persistent.snapshot)),
      durable_state_(hard_state_),
      durable_(log_.last().index),
      commit_(log_.base().index),
      fence_(persistent.fence),
      heard_leader_(now) {
  ASSERT(config_.id != NodeId{});
  ASSERT(config_.heartbeat_interval > Duration::zero());
  ASSERT(config_.heartbeat_interval < config_.election_timeout_min);
  ASSERT(config_.election_timeout_min <= config_.election_timeout_max);
  ASSERT(!snapshot_ || log_.base().index <= snapshot_->last.index);
  if (configuration_.voters.empty()) configuration_.voters = config_.voters;
  if (bug(Bug::no_pre_vote_check_quorum)) config_.pre_vote = config_.check_quorum = false;
  if (snapshot_) commit_ = std::max(commit_, snapshot_->last.index);
  reset_election_timer(now);
}

void Raft::step(Time now, NodeId from, const Message& message, Effects& effects) {
  ASSERT(from != config_.id);
  std::visit([&](const auto& body) { on(now, from, body, effects); }, message);
}

Time Raft::deadline() const {
  if (role_ != Role::leader) return std::min(election_at_, ask_again_at_);
  Time at = heartbeat_at_;
  if (config_.check_quorum) at = std::min(at, check_quorum_at_);
  if (transfer_to_) at = std::min(at, transfer_until_);
  return std::min(at, impatient_at_);
}

void Raft::tick(Time now, Effects& effects) {
  if (role_ != Role::leader) {
    if (now >= ask_again_at_) ask_again(now, effects);
    if (now < election_at_) return;
    reset_election_timer(now);
    if (!fenced() && configuration_.votes(config_.id)) campaign(now, config_.pre_vote, false, effects);
    return;
  }
  if (transfer_to_ && now >= transfer_until_) transfer_to_ = {};
  if (config_.check_quorum && now >= check_quorum_at_) check_quorum(now, effects);
  if (role_ != Role::leader) return;
  if (now >= impatient_at_) grow_impatient();
  if (now >= heartbeat_at_) heartbeat_due_ = true;
}

bool Raft::propose(Bytes command, Effects& effects) {
  if (role_ != Role::leader || transfer_to_) return false;
  log_.append(term(), EntryKind::command, command);
  effects.note_log(log_.last().index);
  return true;
}

std::optional<ReadTicket> Raft::read(Time now) {
  if (role_ != Role::leader) return std::nullopt;
  // An entry of this term stands behind everything committed in earlier ones (thesis 6.4, step 1): waiting
  // for it to be applied serves as well as refusing reads until then.
  const Index index = bug(Bug::read_index_early) ? commit_ : std::max(commit_, term_start_);
  if (bug(Bug::read_without_quorum)) return ReadTicket{0, index};
  if (config_.read_mode == ReadMode::lease && lease_valid(now)) return ReadTicket{confirmed_round_, index};
  round_wanted_ = true;
  return ReadTicket{round_ + 1, index};
}

bool Raft::lease_valid(Time now) const {
  if (role_ != Role::leader || lease_barred_ || confirmed_round_ == 0 || !config_.check_quorum) return false;
  Duration lease = config_.election_timeout_min;
  lease -= lease * 2 * config_.clock_drift_max.ppm / kPpm;
  if (bug(Bug::lease_under_drift)) lease = config_.election_timeout_max * 4;
  return now < lease_start_ + lease;
}

void Raft::persisted(Time now, const HardState& hard_state, Index last, Effects& effects) {
  ASSERT(last <= log_.last().index);
  durable_state_ = hard_state;
  durable_ = std::max(durable_, last);
  if (role_ == Role::leader) advance_commit();
  if (role_ == Role::candidate && durable_state_ == hard_state_) count_vote(now, config_.id, effects);
  if (role_ == Role::follower && std::min(durable_, matched_) > acked_) ack_due_ = true;
}

void Raft::flush(Time now, Effects& effects) {
  if (role_ != Role::leader) {
    if (ack_due_) acknowledge(effects);
    return;
  }
  const bool thrifty = config_.thrift_patience != Duration::zero();
  const bool entries = thrifty && has_new_entries();
  // One message carries entries along with a heartbeat that is nearly due.
  if (entries && now >= heartbeat_at_ - config_.heartbeat_interval / 5) heartbeat_due_ = true;
  const bool everyone = heartbeat_due_ || round_wanted_;
  if (everyone || entries) start_round(now);
  if (heartbeat_due_) {
    prefer_who_answers();
    for (Progress& peer : progress_) ++peer.unanswered;
  }
  for (Progress& peer : progress_) {
    if (heartbeat_due_ || sent_at_once(peer)) replicate_to(peer, heartbeat_due_, effects);
  }
  if (everyone) {
    // Who got no entries to carry the round gets an empty message.
    for (Progress& peer : progress_) {
      if (peer.sent_round == round_ || peer.mode == Mode::snapshot || peer.next <= log_.base().index)
        continue;
      send_append(peer, false, effects);
    }
  }
  if (heartbeat_due_) heartbeat_at_ = now + config_.heartbeat_interval;
  heartbeat_due_ = round_wanted_ = false;
  if (thrifty && commit_ < log_.last().index) impatient_at_ = std::min(impatient_at_, now + patience_);
  if (transfer_to_ && everyone) offer_leadership(effects);
}

void Raft::compact(SnapshotPtr snapshot, Index upto, Index at_least) {
  ASSERT(snapshot);
  ASSERT(at_least <= upto);
  ASSERT(upto <= snapshot->last.index);
  if (role_ == Role::leader) {
    // A follower that is receiving a snapshot needs what follows it, or it would need the next snapshot, too.
    for (const Progress& peer : progress_) {
      if (peer.mode == Mode::snapshot && peer.active && config_.check_quorum)
        upto = std::min(upto, peer.sending->last.index);
    }
    upto = std::max(upto, at_least);  // it may never come to an end: its disk is full
  }
  snapshot_ = std::move(snapshot);
  log_.compact_to(std::min(upto, log_.last().index));
}

bool Raft::transfer(Time now, NodeId to, Effects& effects) {
  if (role_ != Role::leader) return false;
  if (!to) {
    Index best;
    for (const Progress& peer : progress_) {
      if (!configuration_.votes(peer.id) || (to && peer.match <= best)) continue;
      best = peer.match;
      to = peer.id;
    }
  }
  if (find(to) == nullptr || !configuration_.votes(to)) return false;
  transfer_to_ = to;
  transfer_until_ = now + config_.election_timeout_max;
  lease_barred_ = true;  // a delayed TimeoutNow may start an election at any later time of this term
  offer_leadership(effects);
  return true;
}

}  // namespace norn::raft
