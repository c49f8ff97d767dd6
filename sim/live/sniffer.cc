#include "sim/live/sniffer.h"

#include <algorithm>
#include <string>
#include <type_traits>

#include "replica/raft/log.h"

namespace norn::sim {
namespace {

Index last_of(const raft::AppendEntries& append) {
  Index last = append.prev.index;
  raft::EntryRun run(append.entries, last.next());
  while (const auto entry = run.next()) last = entry->id.index;
  return last;
}

// Of the replica that sends it, if it leads or led.
std::optional<Term> led_term(const raft::Message& message) {
  if (const auto* append = std::get_if<raft::AppendEntries>(&message)) return append->term;
  if (const auto* snapshot = std::get_if<raft::InstallSnapshot>(&message)) return snapshot->term;
  if (const auto* now = std::get_if<raft::TimeoutNow>(&message)) return now->term;
  return std::nullopt;
}

// Whether the leader of this term would not send it.
bool is_not_of_leader(const raft::Message& message, Term term) {
  return std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<One, raft::VoteReply>) {
          return !one.pre_vote && one.term > term;  // a pre-vote's names the term that was asked about
        } else if constexpr (std::is_same_v<One, raft::AppendReply>) {
          // With its own term a leader refuses the appends of an earlier one.
          return one.term > term || (one.accepted && one.term == term);
        } else if constexpr (std::is_same_v<One, raft::RequestVote> ||
                             std::is_same_v<One, raft::SnapshotReply>) {
          return one.term >= term;
        } else {
          return one.term > term;
        }
      },
      message);
}

}  // namespace

Sniffer::Sniffer(ClusterId cluster, std::uint8_t replicas)
    : cluster_(cluster), known_(replicas + std::size_t{1}) {}

NodeId Sniffer::leader() const {
  NodeId found;
  Term highest;
  for (std::size_t i = 1; i < known_.size(); ++i) {
    const Known& known = known_[i];
    if (!known.up || (known.leads <= highest && known_.size() > 2)) continue;
    found = {static_cast<std::uint8_t>(i)};
    highest = known.leads;
  }
  return found;
}

std::optional<Index> Sniffer::applied(NodeId id) const {
  const Known& known = known_[id.value];
  return known.up ? std::optional(known.has) : std::nullopt;
}

void Sniffer::on_datagram(Time now, NodeId from, NodeId to, Bytes datagram) {
  known_[from.value].spoke = true;
  if (!to) return;
  auto decoded = wire::decode(cluster_, datagram);
  const auto* packet = std::get_if<wire::Packet>(&decoded);
  if (packet == nullptr) return;
  if (const auto* fragment = std::get_if<wire::Fragment>(&packet->body)) {
    const Bytes whole = reassembly_.add(address(from), *fragment);
    if (whole.empty()) return;
    decoded = wire::decode(cluster_, whole);
    packet = std::get_if<wire::Packet>(&decoded);
  }
  if (packet != nullptr && packet->from == from && known_[from.value].up) on_packet(now, from, to, *packet);
}

void Sniffer::on_packet(Time now, NodeId from, NodeId to, const wire::Packet& packet) {
  std::optional<raft::Message> message;
  std::visit(
      [&](const auto& body) {
        if constexpr (std::is_constructible_v<raft::Message, decltype(body)>) message.emplace(body);
      },
      packet.body);
  if (!message) return;
  Known& sender = known_[from.value];
  if (sender.leads != Term{} && is_not_of_leader(*message, sender.leads)) leads_no_more(now, from);
  bool first = false;
  if (const auto term = led_term(*message); term && *term > sender.leads) first = leads(now, from, *term);
  if (const auto* append = std::get_if<raft::AppendEntries>(&*message)) on_append(from, *append, first);
  if (const auto* snapshot = std::get_if<raft::InstallSnapshot>(&*message)) on_snapshot(to, *snapshot);
  if (const auto* reply = std::get_if<raft::SnapshotReply>(&*message)) on_snapshot_reply(from, *reply);
  if (const auto* reply = std::get_if<raft::VoteReply>(&*message)) on_vote(from, *reply);
  if (const auto* reply = std::get_if<raft::AppendReply>(&*message); reply != nullptr && reply->accepted)
    sender.has = reply->match;
}

bool Sniffer::leads(Time now, NodeId id, Term term) {
  known_[id.value].leads = term;
  const auto [known, is_new] = leader_of_.emplace(term, id);
  if (known->second != id) {
    std::vector<NodeId> both{known->second, id};
    std::ranges::sort(both);
    findings_.push_back(
        {oracle::kElectionSafety, now, both, "two replicas lead term " + std::to_string(term.value)});
  }
  if (!is_new) return false;
  ++count_of(counters_, Counter::leaders);
  timeline_.push_back({now, TimelineKind::leader, {id}, term, {}});
  note(Trigger::leader_elected, id);
  return true;
}

void Sniffer::leads_no_more(Time now, NodeId id) {
  Known& known = known_[id.value];
  ++count_of(counters_, Counter::step_downs);
  timeline_.push_back({now, TimelineKind::step_down, {id}, known.leads, {}});
  known.leads = {};
}

void Sniffer::on_append(NodeId from, const raft::AppendEntries& append, bool first) {
  Known& leader = known_[from.value];
  if (append.term != leader.leads) return;
  leader.has = std::max(leader.has, append.commit);
  committed_ = std::max(committed_, append.commit);
  const Index last = last_of(append);
  if (first) {
    leader.appended = last;
  } else if (last > leader.appended) {
    leader.appended = last;
    note(Trigger::leader_append, from);
  }
}

void Sniffer::on_snapshot(NodeId to, const raft::InstallSnapshot& snapshot) {
  Known& receiver = known_[to.value];
  if (receiver.receives == snapshot.last) return;
  receiver.receives = snapshot.last;
  receiver.size = snapshot.size;
  note(Trigger::snapshot_sent, to);
}

void Sniffer::on_snapshot_reply(NodeId from, const raft::SnapshotReply& reply) {
  Known& receiver = known_[from.value];
  const bool whole = reply.last == receiver.receives && reply.received >= receiver.size;
  if (!whole || receiver.installed == reply.last) return;
  receiver.installed = reply.last;
  ++count_of(counters_, Counter::snapshots_installed);
}

void Sniffer::on_vote(NodeId from, const raft::VoteReply& reply) {
  Known& voter = known_[from.value];
  if (!reply.granted || reply.pre_vote || reply.term <= voter.voted) return;
  voter.voted = reply.term;
  note(Trigger::vote_granted, from);
}

}  // namespace norn::sim
