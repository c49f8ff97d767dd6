// What a replica keeps an eye on: the time that passes for keys, a disk that stalls, states that differ. And
// what it tells about itself.
#include <algorithm>
#include <string>

#include "replica/base/bugs.h"
#include "replica/kv/request.h"
#include "replica/replica.h"

namespace norn {

Time Replica::deadline() const {
  if (stopped_) return kNever;
  Time at = std::min({raft_.deadline(), retry_write_at_, retry_snapshot_at_});
  if (in_pieces()) at = std::min(at, next_piece_at_);
  if (store_.applied() < raft_.commit()) at = std::min(at, next_piece_at_);
  if (raft_.role() != raft::Role::leader) return at;
  if (writing_) at = std::min(at, stalled_at_);
  const auto expiry = store_.next_expiry();
  if (expiry && !tick_under_way()) at = std::min(at, std::max(clock_.when(*expiry + 1), tick_after_));
  return at;
}

bool Replica::tick_under_way() const { return tick_.term == raft_.term() && tick_.index > store_.applied(); }

// Keys that are due go with the next entry of any kind; where none comes, a leader makes one.
void Replica::let_time_pass(Time now) {
  if (raft_.role() != raft::Role::leader || tick_under_way() || now < tick_after_) return;
  const auto expiry = store_.next_expiry();
  const std::uint64_t time = clock_.at(now);
  if (!expiry || *expiry >= time) return;
  tick_after_ = now + options_.raft.heartbeat_interval;
  payload_.clear();
  const auto kind = static_cast<std::byte>(kv::CommandKind::tick);
  kv::encode({{}, {}, {}, Bytes(&kind, 1), time}, payload_);
  if (!raft_.propose(payload_, effects_)) return;
  tick_after_ = {};
  tick_ = raft_.log().last();
  ++counters_.ticks;
  absorb();
}

// Heartbeats do not wait for the disk, so a leader whose disk stalls would stay, and each of its writes would
// wait for the slower of two followers. One whose disk keeps up does better.
void Replica::watch_disk(Time now) {
  if (!writing_ || raft_.role() != raft::Role::leader || now < stalled_at_) return;
  stalled_at_ = now + options_.raft.election_timeout_max;
  const NodeId to = successor();
  const auto match = [&](const raft::Progress& peer) { return peer.id == to ? peer.match : Index{}; };
  const auto& peers = raft_.progress();
  if (!to || std::ranges::max(peers, {}, match).match <= raft_.durable()) return;
  if (raft_.transfer(now, to, effects_)) ++counters_.handovers;
  absorb();
}

bool Replica::transfer(Time now) {
  const NodeId to = successor();
  const bool offered = to && raft_.transfer(now, to, effects_);
  absorb();
  return offered;
}

// The follower that is there, may vote and has the most of the log; nobody if there is none.
NodeId Replica::successor() const {
  const raft::Progress* best = nullptr;
  for (const raft::Progress& peer : raft_.progress()) {
    if (!peer.active || !raft_.configuration().votes(peer.id)) continue;
    if (best == nullptr || peer.match > best->match) best = &peer;
  }
  return best != nullptr ? best->id : NodeId{};
}

void Replica::compare_states(net::Transport& transport) {
  const wire::StateDigest state{store_.applied(), store_.state_digest()};
  const auto& voters = raft_.configuration().voters;
  divergence_.note(options_.raft.id, {state.index, state.digest}, voters);
  stop_if_odd();
  if (stopped_) return;
  for (const NodeId id : voters) {
    if (id == options_.raft.id) continue;
    wire::encode(options_.cluster, options_.raft.id, wire::Body(state), packet_);
    send_packet(transport, options_.addresses[id.value]);
  }
}

void Replica::on_state_digest(NodeId from, const wire::StateDigest& said) {
  divergence_.note(from, {said.index, said.digest}, raft_.configuration().voters);
  stop_if_odd();
}

void Replica::stop_if_odd() {
  const auto& odd = divergence_.odd();
  if (!odd) return;
  stop("its state at entry " + std::to_string(odd->own.index.value) +
       " is not the one that a majority of the replicas has: its memory or its disk went wrong, or its "
       "program is "
       "another one; start it again with an empty data directory");
}

ReplicaStatus Replica::status(Time now) const {
  const raft::SnapshotPtr& snapshot = raft_.snapshot();
  ReplicaStatus status{.id = options_.raft.id,
                       .role = raft_.role(),
                       .term = raft_.term(),
                       .leader = raft_.leader(),
                       .log_first = raft_.log().first(),
                       .log_last = raft_.log().last().index,
                       .durable = raft_.durable(),
                       .commit = raft_.commit(),
                       .applied = store_.applied(),
                       .fence = raft_.fence(),
                       .snapshot_index = snapshot ? snapshot->last.index : Index{},
                       .log_bytes = raft_.log().size_bytes(),
                       .wal_bytes = wal_.size(),
                       .snapshot_bytes = snapshot ? snapshot->image.size() : 0,
                       .disk_full = disk_full(),
                       .cluster_time = clock_.at(now),
                       .keys = store_.size(),
                       .sessions = store_.sessions().size(),
                       .divergent_peers = divergence_.others()};
  for (const raft::Progress& peer : raft_.progress())
    status.peers.push_back({peer.id, peer.mode, peer.active, peer.match, peer.next});
  return status;
}

}  // namespace norn
