// Leading: replication with probe / replicate / snapshot progress (etcd's scheme), commitment
// (Raft 5.3, 5.4.2), rounds for linearizable reads (thesis 6.4), the check that a quorum still follows
// (thesis 6.2), and handing over (thesis 3.10).
#include <algorithm>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/raft/raft.h"

namespace norn::raft {

Progress* Raft::find(NodeId id) {
  for (Progress& peer : progress_) {
    if (peer.id == id) return &peer;
  }
  return nullptr;
}

void Raft::start_round(Time now) {
  constexpr std::size_t kStartsMax = 256;  // beyond it, a lease begins a little earlier than it might
  ++round_;
  if (round_starts_.size() < kStartsMax) round_starts_.push_back({round_, now});
  confirm_rounds();  // of a cluster of one
}

void Raft::confirm_rounds() {
  const std::uint64_t confirmed = quorum_reached(configuration_, [&](NodeId id) {
    if (id == config_.id) return round_;
    const Progress* peer = find(id);
    return peer != nullptr ? peer->round : 0;
  });
  if (confirmed <= confirmed_round_) return;
  confirmed_round_ = confirmed;
  auto keep = round_starts_.begin();
  for (; keep != round_starts_.end() && keep->round <= confirmed; ++keep) lease_start_ = keep->at;
  round_starts_.erase(round_starts_.begin(), keep);
}

void Raft::check_quorum(Time now, Effects& effects) {
  const auto active = [&](NodeId id) {
    const Progress* peer = find(id);
    return id == config_.id || (peer != nullptr && peer->active);
  };
  check_quorum_at_ = now + config_.election_timeout_max;
  if (!is_quorum(configuration_, active)) return become_follower(now, term(), {}, effects);
  for (Progress& peer : progress_) peer.active = false;
}

void Raft::advance_commit() {
  const Index reached = quorum_reached(configuration_, [&](NodeId id) {
    if (id == config_.id) return durable_;
    const Progress* peer = find(id);
    return peer != nullptr ? peer->match : Index{};
  });
  if (reached <= commit_) return;
  if (bug(Bug::commit_scan_breaks) && log_.term(commit_.next()) != term()) return;
  // Only an entry of the leader's own term is committed by counting (5.4.2, figure 8).
  if (log_.term(reached) != term() && !bug(Bug::commit_old_term)) return;
  commit_ = reached;
  impatient_at_ = kNever;  // the next flush looks at what is left
  usual_patience_ -= (usual_patience_ - config_.thrift_patience) / 32;
  patience_ = usual_patience_;
}

bool Raft::sent_at_once(const Progress& peer) const {
  if (config_.thrift_patience == Duration::zero() || log_.last().index <= generous_upto_) return true;
  return peer.preferred || peer.mode != Mode::replicate || peer.id == transfer_to_;
}

bool Raft::has_new_entries() const {
  return std::ranges::any_of(progress_, [&](const Progress& peer) {
    return sent_at_once(peer) && peer.mode == Mode::replicate && peer.next <= log_.last().index;
  });
}

// Before a heartbeat: whoever has answered since the last one, the most advanced first.
void Raft::prefer_who_answers() {
  std::vector<Progress*> peers;
  for (Progress& peer : progress_) {
    peer.preferred = !configuration_.outgoing.empty();  // of two quorums no bare one is looked for
    if (configuration_.votes(peer.id)) peers.push_back(&peer);
  }
  const auto better = [](const Progress* a, const Progress* b) {
    return a->unanswered != b->unanswered ? a->unanswered < b->unanswered : a->match > b->match;
  };
  std::ranges::stable_sort(peers, better);
  const std::size_t bare = std::min(configuration_.voters.size() / 2, peers.size());
  for (std::size_t i = 0; i < bare; ++i) peers[i]->preferred = true;
}

// A quorum's worth was not enough. Where one message is lost, or one follower is gone, so may be the next:
// thrift rests for a few entries.
void Raft::grow_impatient() {
  constexpr std::uint64_t kGenerousEntries = 4;
  constexpr std::uint32_t kUnanswered = 3;  // then it is not there
  generous_upto_ = {log_.last().index.value + kGenerousEntries};
  impatient_at_ = kNever;
  patience_ *= 2;
  resent_round_ = round_ + 1;
  for (Progress& peer : progress_) {
    if (peer.unanswered > kUnanswered) continue;
    peer.waiting = false;
    if (peer.mode == Mode::replicate) peer.next = std::max(peer.match, log_.base().index).next();
  }
}

// An acknowledgement of what had been sent before: nothing was lost, all was only slower than thrift had
// patience for. (As TCP finds a spurious retransmission: Eifel, RFC 3522.)
void Raft::grow_patient() {
  constexpr std::uint32_t kPatienceGrowthMax = 4;
  usual_patience_ = std::min(usual_patience_ * 2, config_.thrift_patience * kPatienceGrowthMax);
  resent_round_ = 0;
  generous_upto_ = {};
}

void Raft::on(Time now, NodeId from, const AppendReply& message, Effects& effects) {
  if (message.term > term()) return become_follower(now, message.term, {}, effects);
  if (message.term < term() || role_ != Role::leader) return;
  Progress* peer = find(from);
  if (peer == nullptr) return;
  peer->active = true;
  peer->unanswered = 0;
  if (message.round > peer->round && message.round <= round_) {
    peer->round = message.round;
    confirm_rounds();
  }
  if (!message.accepted) return on_rejected(*peer, message);
  if (message.match > log_.last().index) return;  // no honest follower says so
  if (message.round < peer->trusted_from) return;
  if (message.match > peer->match || bug(Bug::match_regresses)) {
    if (message.round < resent_round_) grow_patient();
    peer->match = message.match;
    advance_commit();
  }
  peer->next = std::max(peer->next, peer->match.next());
  peer->waiting = false;
  if (from == transfer_to_) offer_leadership(effects);
  const bool whole = peer->mode == Mode::snapshot && peer->match >= peer->sending->last.index;
  if (whole) peer->sending.reset();
  if (peer->mode == Mode::probe || whole) peer->mode = Mode::replicate;
}

void Raft::on_rejected(Progress& peer, const AppendReply& message) {
  if (peer.mode == Mode::snapshot) return;
  const Index refused = message.match;
  if (message.lost_log) {
    // Whatever it acknowledged before, known or still on its way, may be gone: it echoes the next round when
    // it has come to life again.
    peer.trusted_from = round_ + 1;
    round_wanted_ = true;
  }
  if (message.lost_log && message.hint.index < peer.match) {
    peer.match = {};  // its disk lost what it once matched
  } else if (peer.mode == Mode::probe ? refused != peer.next.prev() : refused <= peer.match) {
    return;  // an old refusal
  }
  if (refused == Index{}) return;  // nothing precedes the first entry: nobody refuses that
  const EntryId agree = log_.find_last(std::min(message.hint.index, refused.prev()), message.hint.term);
  // At the base or before it the terms cannot be compared any more: then the hint alone tells, and a snapshot
  // may be what is next.
  const Index last_agreed = std::min(agree.index, std::min(message.hint.index, refused.prev()));
  peer.next = std::max(peer.match, last_agreed).next();
  peer.mode = Mode::probe;
  peer.waiting = false;
}

void Raft::replicate_to(Progress& peer, bool heartbeat, Effects& effects) {
  const bool compacted = peer.next <= log_.base().index;
  if (peer.mode != Mode::snapshot && compacted && !start_snapshot(peer)) return;
  switch (peer.mode) {
    case Mode::probe:
      if (peer.waiting && !heartbeat) return;
      send_append(peer, true, effects);
      peer.waiting = true;
      return;
    case Mode::replicate:
      while (peer.next <= log_.last().index &&
             log_.encoded_size(std::max(peer.match, log_.base().index).next(), peer.next.prev()) <
                 config_.inflight_size_max) {
        peer.next = send_append(peer, true, effects).next();
      }
      return;
    case Mode::snapshot:
      send_chunks(peer, heartbeat, effects);
      return;
  }
}

// Sends what follows peer.next - 1, or, without entries, a heartbeat that asks whether the follower has that
// much. Returns the last index it has then.
Index Raft::send_append(Progress& peer, bool with_entries, Effects& effects) {
  ASSERT(peer.next > log_.base().index);
  const Index prev = peer.next.prev();
  const bool entries = with_entries && peer.next <= log_.last().index;
  const Index to = entries ? log_.fit(peer.next, config_.append_size_max) : prev;
  const Bytes run = entries ? log_.encoded(peer.next, to) : Bytes{};
  // An entry too large for a datagram travels in fragments, and a try that is the same bytes as the one
  // before fills the holes that it left. So it carries neither commit nor round; an empty message does.
  const bool large = run.size() > config_.append_size_max;
  const Index commit = large ? Index{} : commit_;
  const std::uint64_t round = large ? 0 : round_;
  effects.send.push_back({peer.id, AppendEntries{term(), {*log_.term(prev), prev}, commit, round, run}});
  if (!large) peer.sent_round = round_;
  return to;
}

bool Raft::start_snapshot(Progress& peer) {
  if (!snapshot_) return false;
  peer.mode = Mode::snapshot;
  peer.sending = snapshot_;
  peer.chunk_acked = peer.chunk_next = peer.chunk_seen = 0;
  peer.chunk_rewound = ~std::uint64_t{0};
  peer.restarted_round = 0;
  return true;
}

void Raft::send_chunks(Progress& peer, bool heartbeat, Effects& effects) {
  const Buffer& image = peer.sending->image;
  const auto send_one = [&](std::uint64_t offset) {
    const std::uint64_t size = std::min<std::uint64_t>(config_.snapshot_chunk_size, image.size() - offset);
    effects.send.push_back({peer.id, InstallSnapshot{term(), peer.sending->last, image.size(), offset, round_,
                                                     Bytes(image).subspan(offset, size)}});
    peer.sent_round = round_;
    return offset + size;
  };
  if (heartbeat) {
    if (peer.chunk_seen == peer.chunk_acked)
      peer.chunk_next = peer.chunk_acked;  // a heartbeat long, nothing: sent again
    peer.chunk_seen = peer.chunk_acked;
  }
  const std::uint64_t end = std::min<std::uint64_t>(
      image.size(), peer.chunk_acked + std::uint64_t{config_.snapshot_window} * config_.snapshot_chunk_size);
  const bool idle = peer.chunk_next >= end;
  while (peer.chunk_next < end) peer.chunk_next = send_one(peer.chunk_next);
  if (idle && heartbeat) send_one(peer.chunk_acked);
}

void Raft::on(Time now, NodeId from, const SnapshotReply& message, Effects& effects) {
  if (message.term > term()) return become_follower(now, message.term, {}, effects);
  if (message.term < term() || role_ != Role::leader) return;
  Progress* peer = find(from);
  if (peer == nullptr) return;
  peer->active = true;
  peer->unanswered = 0;
  if (message.round > peer->round && message.round <= round_) {
    peer->round = message.round;
    confirm_rounds();
  }
  if (peer->mode != Mode::snapshot || message.last != peer->sending->last) return;
  if (message.received > peer->sending->image.size()) return;
  if (message.received > peer->chunk_acked) {
    peer->chunk_acked = message.received;
    peer->chunk_next = std::max(peer->chunk_next, peer->chunk_acked);
  } else if (message.received < peer->chunk_acked) {
    // It has started anew, after a restart; or the reply is old. Going back is harmless, but each time sends
    // a window again: so once a round, and not for replies from before that.
    if (message.round <= peer->restarted_round) return;
    peer->restarted_round = round_;
    peer->chunk_acked = peer->chunk_next = message.received;
  } else if (peer->chunk_rewound != peer->chunk_acked) {
    peer->chunk_rewound = peer->chunk_next = peer->chunk_acked;  // a gap: from there once more
  }
}

void Raft::offer_leadership(Effects& effects) {
  const Progress* peer = find(transfer_to_);
  if (peer == nullptr || peer->match != log_.last().index) return;
  effects.send.push_back({transfer_to_, TimeoutNow{term()}});
}

}  // namespace norn::raft
