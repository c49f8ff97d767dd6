// The order of events, and what a crash does.
#include "tests/replica/cluster.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <utility>

namespace norn {
namespace {

constexpr Duration kRestart = milliseconds(40);
constexpr std::size_t kSameTimeMax = 20'000;

}  // namespace

ReplicaOptions Cluster::compacting(NodeId id, std::uint8_t count) {
  ReplicaOptions options = options_of(id, count);
  options.compact_after_bytes = 500;
  options.keep_bytes = 200;
  options.raft.snapshot_chunk_size = 200;
  return options;
}

Cluster::Cluster(std::uint64_t seed, std::uint8_t count) {
  for (std::uint8_t id = 1; id <= count; ++id) {
    nodes_.emplace_back(compacting({id}, count), seed * 16 + id);
    up_at_.push_back(now_);
  }
}

NodeId Cluster::leader() const {
  const Replica* best = nullptr;
  for (const Node& node : nodes_) {
    const bool leads = node.runs() && node.replica->raft().role() == raft::Role::leader;
    if (leads && (best == nullptr || node.replica->raft().term() > best->raft().term()))
      best = &*node.replica;
  }
  return best == nullptr ? NodeId{} : best->raft().config().id;
}

void Cluster::run(Duration duration) {
  const Time until = now_ + duration;
  while (step(until)) continue;
  now_ = until;
}

bool Cluster::step(Time until) {
  REQUIRE(++same_time_ < kSameTimeMax);
  return deliver() || complete() || pass(until);
}

NodeId Cluster::elect() {
  for (int tries = 0; tries < 200; ++tries) {
    run(milliseconds(20));
    const NodeId found = leader();
    const auto follows = [&](const Node& node) {
      return node.options.raft.id == cut_ || (node.runs() && node.replica->raft().leader() == found);
    };
    if (found && std::ranges::all_of(nodes_, follows)) return found;
  }
  FAIL("nobody is elected");
  return {};
}

bool Cluster::deliver() {
  if (network_.empty()) return false;
  const Datagram datagram = std::move(network_.front());
  network_.pop_front();
  if (recording_) recorded_.push_back(datagram);
  const NodeId from{static_cast<std::uint8_t>(datagram.from.value)};
  const NodeId to{static_cast<std::uint8_t>(datagram.to.value)};
  if (cut_ && (from == cut_ || to == cut_)) return true;
  if (datagram.to == kClient) {
    replies_.push_back(datagram);
    return true;
  }
  Node& receiver = node(to);
  if (!receiver.runs()) return true;
  receiver.hear(now_, datagram.from, datagram.bytes);
  end_turn(receiver);
  return true;
}

bool Cluster::complete() {
  const File first = snapshots_last_ ? File::wal : File::snapshot;
  const File second = snapshots_last_ ? File::snapshot : File::wal;
  for (const File file : {first, second}) {
    for (Node& each : nodes_) {
      if (!each.runs() || !each.sync(now_, file)) continue;
      end_turn(each);
      return true;
    }
  }
  return false;
}

bool Cluster::pass(Time until) {
  Time next = kNever;
  Node* who = nullptr;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Time at = nodes_[i].runs() ? nodes_[i].replica->deadline() : up_at_[i];
    if (at >= next) continue;
    next = at;
    who = &nodes_[i];
  }
  if (next > until) return false;
  if (next > now_) {
    now_ = next;
    same_time_ = 0;
  }
  if (who->runs()) {
    who->tick(now_);
    end_turn(*who);
    return true;
  }
  who->start(now_);
  end_turn(*who);
  return true;
}

void Cluster::end_turn(Node& of) {
  of.settle(now_);
  for (Datagram& datagram : of.take()) network_.push_back(std::move(datagram));
  if (of.replica->stopped()) stops_.push_back(*of.replica->stopped());
  if (of.replica->stopped() || of.disk.crashed()) go_down(of, kept_);
}

void Cluster::go_down(Node& of, Kept kept) {
  of.kill(kept);
  up_at_[of.options.raft.id.value - 1u] = now_ + kRestart;
}

void Cluster::kill(NodeId id, Kept kept) {
  if (node(id).runs()) go_down(node(id), kept);
}

void Cluster::post(Sequence sequence, const kv::Command& command) {
  const Buffer bytes = kv::encode(command);
  network_.push_back({kClient, address_of(leader()), encoded({session_, sequence, {}, bytes})});
}

kv::Result Cluster::perform(const kv::Command& command) {
  const bool opens = command.kind == kv::CommandKind::open_session;
  const SessionId session = opens ? SessionId{} : session_;
  const Sequence acked = sequence_;
  const Sequence sequence{++sequence_.value};
  const Buffer bytes = kv::encode(command);
  replies_.clear();
  for (std::size_t tries = 0; tries < 300; ++tries) {
    const NodeId to = leader() && tries % 4 == 0 ? leader() : nodes_[tries % nodes_.size()].options.raft.id;
    network_.push_back(
        {kClient, address_of(to), encoded({session, sequence, opens ? Sequence{} : acked, bytes})});
    run(milliseconds(15));
    for (const Answer& answer : answers(std::exchange(replies_, {}))) {
      if (answer.status != wire::ReplyStatus::done || answer.sequence != sequence) continue;
      REQUIRE(answer.result);
      if (opens) {
        session_ = {answer.result->items.at(0).version};
        sequence_ = {};
      }
      return *answer.result;
    }
  }
  FAIL("never answered");
  return {};
}

std::string Cluster::trouble() const {
  std::string words;
  const Replica* first = nullptr;
  for (const Node& each : nodes_) {
    const std::string name = "replica " + std::to_string(each.options.raft.id.value) + ": ";
    for (const std::string& broken : each.broken) words += name + broken + "\n";
    if (!each.runs()) {
      words += name + "down\n";
      continue;
    }
    const Replica& replica = *each.replica;
    if (first == nullptr) first = &replica;
    if (replica.raft().fence() != Index{}) words += name + "still fenced\n";
    if (replica.applied() != first->applied()) {
      words += name + "has applied " + std::to_string(replica.applied().value) + ", not " +
               std::to_string(first->applied().value) + "\n";
    } else if (!(replica.store() == first->store())) {
      words += name + "differs\n";
    }
  }
  return words;
}

}  // namespace norn
