// Elections: Raft 5.2 and 5.4.1, with pre-vote (thesis 9.6), protection of a living leader (thesis 4.2.3) and
// leadership transfer (thesis 3.10).
#include <algorithm>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/raft/raft.h"

namespace norn::raft {

void Raft::set_hard_state(const HardState& hard_state, Effects& effects) {
  const bool vote_only = hard_state.term == hard_state_.term;
  hard_state_ = hard_state;
  if (bug(Bug::term_not_persisted) && !vote_only) {
    durable_state_ = hard_state_;
    return;
  }
  effects.hard_state_changed = true;
}

void Raft::reset_election_timer(Time now) {
  election_at_ = now + rng_.between(config_.election_timeout_min, config_.election_timeout_max);
}

// Whether a leader may be alive, so that no vote may depose it. Also from a start on: before it, this replica
// may have followed one.
bool Raft::protects_leader(Time now) const {
  if (!config_.check_quorum) return false;
  return role_ == Role::leader || now < heard_leader_ + config_.election_timeout_min;
}

void Raft::become_follower(Time now, Term term, NodeId leader, Effects& effects) {
  ASSERT(term >= hard_state_.term);
  if (term > hard_state_.term) {
    set_hard_state({term, {}}, effects);
    matched_ = acked_ = {};
    heard_round_ = 0;
    ack_due_ = false;
    // The next leader's snapshot may be an older one; a half of another's must not stand in its way.
    if (!incoming_.installing) incoming_ = {};
  }
  if (role_ != Role::follower) reset_election_timer(now);
  role_ = Role::follower;
  leader_ = leader;
  votes_.clear();
  ask_again_at_ = kNever;
  progress_.clear();
  round_starts_.clear();
  transfer_to_ = {};
  heartbeat_due_ = round_wanted_ = false;
}

void Raft::campaign(Time now, bool pre_vote, bool transfer, Effects& effects) {
  leader_ = {};
  votes_.clear();
  role_ = pre_vote ? Role::pre_candidate : Role::candidate;
  if (!pre_vote) {
    set_hard_state({term().next(), config_.id}, effects);
    matched_ = acked_ = {};
    heard_round_ = 0;
    ack_due_ = false;
    if (!incoming_.installing) incoming_ = {};
  }
  ask_for_votes(transfer, effects);
  asked_ = 1;
  const bool again = config_.vote_retry != Duration::zero() && !transfer;
  ask_again_at_ = again ? now + config_.vote_retry : kNever;
  // A pre-vote of one's own is free. A vote counts once it is durable: see persisted().
  if (pre_vote || bug(Bug::term_not_persisted)) count_vote(now, config_.id, effects);
}

// Of those who have not granted theirs.
void Raft::ask_for_votes(bool transfer, Effects& effects) {
  const bool pre_vote = role_ == Role::pre_candidate;
  const Term asked = pre_vote ? term().next() : term();
  auto& send = pre_vote ? effects.send : effects.send_when_durable;
  const auto ask = [&](NodeId id) {
    const bool granted = std::ranges::find(votes_, id) != votes_.end();
    if (id != config_.id && !granted)
      send.push_back({id, RequestVote{asked, log_.last(), pre_vote, transfer}});
  };
  std::ranges::for_each(configuration_.voters, ask);
  for (const NodeId id : configuration_.outgoing) {
    if (std::ranges::find(configuration_.voters, id) == configuration_.voters.end()) ask(id);
  }
}

void Raft::ask_again(Time now, Effects& effects) {
  constexpr std::uint32_t kAsksMax = 3;
  ask_for_votes(false, effects);
  ask_again_at_ = ++asked_ < kAsksMax ? now + config_.vote_retry * asked_ : kNever;
}

void Raft::count_vote(Time now, NodeId from, Effects& effects) {
  if (std::ranges::find(votes_, from) == votes_.end()) votes_.push_back(from);
  const auto granted = [&](NodeId id) { return std::ranges::find(votes_, id) != votes_.end(); };
  if (!is_quorum(configuration_, granted)) return;
  if (role_ == Role::pre_candidate) {
    reset_election_timer(now);
    campaign(now, false, false, effects);
  } else {
    become_leader(now, effects);
  }
}

void Raft::become_leader(Time now, Effects& effects) {
  ASSERT(role_ == Role::candidate);
  role_ = Role::leader;
  leader_ = config_.id;
  votes_.clear();
  ask_again_at_ = kNever;
  progress_.clear();
  const auto add = [&](const std::vector<NodeId>& members) {
    for (const NodeId id : members) {
      if (id == config_.id || find(id) != nullptr) continue;
      Progress peer;
      peer.id = id;
      peer.active = true;
      peer.next = log_.last().index.next();
      progress_.push_back(std::move(peer));
    }
  };
  add(configuration_.voters);
  add(configuration_.outgoing);
  add(configuration_.learners);
  std::ranges::sort(progress_, {}, &Progress::id);
  round_ = confirmed_round_ = 0;
  round_starts_.clear();
  lease_barred_ = false;
  transfer_to_ = {};
  incoming_ = {};
  check_quorum_at_ = now + config_.election_timeout_max;
  heartbeat_due_ = true;  // tells everyone at once
  impatient_at_ = kNever;
  patience_ = usual_patience_ = config_.thrift_patience;
  resent_round_ = 0;
  generous_upto_ = {};
  heartbeat_at_ = now;
  // Entries of earlier terms are committed only together with one of this term (5.4.2): so there is one at
  // once.
  log_.append(term(), EntryKind::noop, {});
  term_start_ = log_.last().index;
  effects.note_log(term_start_);
}

void Raft::on(Time now, NodeId from, const RequestVote& message, Effects& effects) {
  const bool up_to_date = message.last >= log_.last() || bug(Bug::vote_without_log_check);  // 5.4.1
  const bool deposes = message.term > term() && protects_leader(now) && !message.transfer;
  if (message.pre_vote) {
    const bool granted = message.term > term() && up_to_date && !deposes && !fenced();
    effects.send.push_back({from, VoteReply{granted ? message.term : term(), granted, true}});
    return;
  }
  if (deposes) return;
  if (message.term > term()) become_follower(now, message.term, {}, effects);
  const bool free = hard_state_.vote == NodeId{} || hard_state_.vote == from;
  const bool granted = message.term == term() && free && up_to_date && !fenced();
  if (!granted) {
    send_reply(from, VoteReply{term(), false, false}, effects);
    return;
  }
  become_follower(now, term(), leader_, effects);  // a pre-candidate gives way; a candidate is never free
  if (hard_state_.vote != from) set_hard_state({term(), from}, effects);
  reset_election_timer(now);
  auto& send = bug(Bug::vote_not_persisted) ? effects.send : effects.send_when_durable;
  send.push_back({from, VoteReply{term(), true, false}});
}

void Raft::on(Time now, NodeId from, const VoteReply& message, Effects& effects) {
  if (message.pre_vote && message.granted) {
    if (role_ == Role::pre_candidate && message.term == term().next()) count_vote(now, from, effects);
    return;
  }
  if (message.term > term()) return become_follower(now, message.term, {}, effects);
  if (message.term < term() && !bug(Bug::stale_vote_reply)) return;
  if (message.granted && role_ == Role::candidate) count_vote(now, from, effects);
}

void Raft::on(Time now, NodeId from, const TimeoutNow& message, Effects& effects) {
  if (message.term != term() || role_ != Role::follower || from != leader_ || fenced()) return;
  reset_election_timer(now);
  campaign(now, false, true, effects);  // no pre-vote: the leader is alive, and wants it
}

}  // namespace norn::raft
