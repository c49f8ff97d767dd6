// A turn: the inputs, and settle, which shows the whole order of output from top to bottom.
#include "replica/replica.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/kv/request.h"

namespace norn {
namespace {

constexpr std::size_t kHeldMax = 4096;         // messages that wait for a write
constexpr std::size_t kAppliedPerTurn = 8192;  // entries

}  // namespace

Replica::Replica(ReplicaOptions options, storage::Disk& disk, Rng rng, Time now)
    : options_(std::move(options)),
      raft_(options_.raft, raft::Persistent{}, rng, now),
      store_(options_.store),
      wal_(options_.cluster, options_.raft.id),
      clock_(now),
      divergence_(options_.raft.id) {
  std::optional<raft::Persistent> persistent = recover(disk);
  if (persistent) raft_ = raft::Raft(options_.raft, std::move(*persistent), rng, now);
  clock_.advance(now, store_.clock());
}

void Replica::settle(Time now, net::Transport& transport, storage::Disk& disk) {
  if (stopped_) return;
  let_time_pass(now);
  watch_disk(now);
  raft_.flush(now, effects_);
  absorb();
  replicate(transport);  // what need not wait for the disk is on its way before the disk is asked
  restore_piece(now);
  persist(now, disk);
  if (stopped_) return;
  refuse_waiting();
  apply(now, transport);
  if (stopped_) return;
  answer_reads(now, transport);
  for (const Refusal& refusal : refusals_) {
    send_reply(transport, refusal.client,
               {refusal.session, refusal.sequence, refusal.status, raft_.leader(), {}});
  }
  refusals_.clear();
  do_pieces(now);
}

Index Replica::take_log_changed_from() {
  const Index from = observed_from_;
  observed_from_ = raft_.log().last().index.next();
  return from;
}

// Inputs.

void Replica::on_deadline(Time now) {
  if (stopped_) return;
  raft_.tick(now, effects_);
  absorb();
}

void Replica::on_datagram(Time now, Address from, Bytes datagram) {
  if (stopped_) return;
  ++counters_.datagrams_in;
  auto decoded = wire::decode(options_.cluster, datagram);
  if (const auto* packet = std::get_if<wire::Packet>(&decoded)) {
    const auto* fragment = std::get_if<wire::Fragment>(&packet->body);
    if (fragment == nullptr) return on_packet(now, from, *packet);
    const Bytes whole = (peer_at(from) ? peer_pieces_ : client_pieces_).add(from, *fragment);
    if (whole.empty()) return;
    decoded = wire::decode(options_.cluster, whole);
    packet = std::get_if<wire::Packet>(&decoded);
    if (packet != nullptr && !std::holds_alternative<wire::Fragment>(packet->body)) {
      return on_packet(now, from, *packet);
    }
  }
  const auto* refusal = std::get_if<wire::Refusal>(&decoded);
  ++counters_.refused[static_cast<std::size_t>(refusal != nullptr ? *refusal : wire::Refusal::malformed)];
}

NodeId Replica::peer_at(Address address) const {
  for (std::size_t i = 1; i < options_.addresses.size(); ++i) {
    const NodeId id{static_cast<std::uint8_t>(i)};
    if (options_.addresses[i] == address && id != options_.raft.id) return id;
  }
  return {};
}

void Replica::on_packet(Time now, Address from, const wire::Packet& packet) {
  if (const auto* request = std::get_if<wire::ClientRequest>(&packet.body))
    return on_request(now, from, *request);
  const NodeId id = packet.from;
  if (!id || id != peer_at(from)) {
    ++counters_.refused[static_cast<std::size_t>(wire::Refusal::malformed)];
    return;
  }
  std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_constructible_v<raft::Message, Body>)
          raft_.step(now, id, raft::Message(body), effects_);
        if constexpr (std::is_same_v<wire::StateDigest, Body>) on_state_digest(id, body);
      },
      packet.body);
  absorb();
}

void Replica::on_request(Time now, Address from, const wire::ClientRequest& request) {
  ++counters_.requests;
  const auto command = kv::CommandView::parse(request.command);
  ASSERT(command.has_value());  // checked at the gate
  // Noted here and not at the turn's end: who takes requests and is deposed in one turn must still refuse
  // them.
  if (raft_.role() == raft::Role::leader) leading_ = raft_.term();
  if (command->is_read()) {
    ++counters_.reads;
    if (reads_.size() >= options_.reads_max || reads_bytes_ >= options_.reads_bytes_max)
      return refuse(from, request.session, request.sequence, wire::ReplyStatus::busy);
    auto ticket = raft_.read(now);
    if (!ticket && bug(Bug::follower_read)) ticket = raft::ReadTicket{};
    if (!ticket) return refuse(from, request.session, request.sequence, wire::ReplyStatus::not_leader);
    reads_bytes_ += request.command.size();
    reads_.push_back({raft_.term(), *ticket, from, request.session, request.sequence,
                      Buffer(request.command.begin(), request.command.end())});
    return;
  }
  const raft::Log& log = raft_.log();
  if (log.encoded_size(raft_.commit().next(), log.last().index) > options_.proposals_bytes_max) {
    return refuse(from, request.session, request.sequence, wire::ReplyStatus::busy);
  }
  payload_.clear();
  kv::encode({request.session, request.sequence, request.acked, request.command, clock_.at(now)}, payload_);
  if (!raft_.propose(payload_, effects_)) {
    return refuse(from, request.session, request.sequence, wire::ReplyStatus::not_leader);
  }
  proposals_.push_back({raft_.term(), log.last().index, from, request.session, request.sequence});
  absorb();
}

void Replica::absorb() {
  if (std::exchange(effects_.hard_state_changed, false)) hard_state_dirty_ = true;
  if (const auto from = std::exchange(effects_.log_changed_from, std::nullopt)) {
    if (!log_dirty_from_ || *from < *log_dirty_from_) log_dirty_from_ = from;
    observed_from_ = std::min(observed_from_, *from);
  }
  if (const auto snapshot = std::exchange(effects_.install, nullptr)) receive_snapshot(snapshot);
  if (effects_.send_when_durable.empty()) return;
  const bool dirty = hard_state_dirty_ || log_dirty_from_ || image_wanted_;
  const std::uint64_t write = dirty ? next_write_ : (writing_ ? next_write_ - 1 : 0);
  for (const raft::Outgoing& outgoing : effects_.send_when_durable) hold(write, outgoing);
  effects_.send_when_durable.clear();
}

// Until the write is durable. A disk that stays full holds up every message; the network may lose messages,
// so the oldest give way.
void Replica::hold(std::uint64_t write, const raft::Outgoing& outgoing) {
  if (held_.size() == kHeldMax) held_.pop_front();
  held_.push_back({write, outgoing.to, outgoing.message});
}

// The turn's end.

void Replica::replicate(net::Transport& transport) {
  const std::uint64_t durable = writing_ ? next_write_ - 2 : next_write_ - 1;
  for (const raft::Outgoing& outgoing : effects_.send) {
    if (install_write_ > durable && std::holds_alternative<raft::AppendReply>(outgoing.message)) {
      hold(install_write_, outgoing);
    } else {
      send_message(transport, outgoing.to, outgoing.message);
    }
  }
  effects_.send.clear();
  // What was waiting for a write that has completed; in order, so the rest waits behind the first that is not
  // covered.
  for (; !held_.empty() && held_.front().write <= durable; held_.pop_front()) {
    send_message(transport, held_.front().to, held_.front().message);
  }
}

void Replica::apply(Time now, net::Transport& transport) {
  const raft::Log& log = raft_.log();
  const Index upto = bug(Bug::apply_before_commit) ? log.last().index : raft_.commit();
  // A long log, after a restart, is applied in several turns.
  for (std::size_t i = 0; i < kAppliedPerTurn && store_.applied() < upto; ++i) {
    const raft::Entry entry = log.entry(store_.applied().next());
    result_.clear();
    store_.apply(entry.id.index, entry.kind == raft::EntryKind::command ? entry.payload : Bytes{}, result_);
    if (options_.digest_interval != 0 && entry.id.index.value % options_.digest_interval == 0) {
      compare_states(transport);
      if (stopped_) return;
    }
    // All that wait here were proposed in the term this replica still leads, so their entries are applied in
    // their order.
    if (proposals_.empty() || proposals_.front().index != entry.id.index) continue;
    const Proposal& proposal = proposals_.front();
    send_reply(transport, proposal.client,
               {proposal.session, proposal.sequence, wire::ReplyStatus::done, raft_.leader(), result_});
    proposals_.pop_front();
  }
  clock_.advance(now, store_.clock());
}

void Replica::answer_reads(Time now, net::Transport& transport) {
  const bool anyone = bug(Bug::follower_read);
  if (raft_.role() != raft::Role::leader && !anyone) return;
  for (; !reads_.empty(); reads_.pop_front()) {
    const Read& read = reads_.front();
    if (read.ticket.round > raft_.confirmed_round() && !anyone) return;
    if (read.ticket.index > store_.applied()) return;
    result_.clear();
    store_.read(*kv::CommandView::parse(read.command), clock_.at(now), result_);
    send_reply(transport, read.client,
               {read.session, read.sequence, wire::ReplyStatus::done, raft_.leader(), result_});
    reads_bytes_ -= read.command.size();
  }
}

// Who is not the leader any more tells its clients so at once: their retries are exactly-once wherever they
// go.
void Replica::refuse_waiting() {
  const Term leading = raft_.role() == raft::Role::leader ? raft_.term() : Term{};
  if (leading == leading_) return;
  leading_ = leading;
  const auto stale = [&](const auto& waiting) {
    if (waiting.term == leading) return false;
    refuse(waiting.client, waiting.session, waiting.sequence, wire::ReplyStatus::not_leader);
    return true;
  };
  proposals_.erase(std::remove_if(proposals_.begin(), proposals_.end(), stale), proposals_.end());
  reads_.erase(std::remove_if(reads_.begin(), reads_.end(), stale), reads_.end());
  reads_bytes_ = 0;
  for (const Read& read : reads_) reads_bytes_ += read.command.size();
}

void Replica::refuse(Address to, SessionId session, Sequence sequence, wire::ReplyStatus status) {
  refusals_.push_back({to, session, sequence, status});
}

void Replica::send_message(net::Transport& transport, NodeId to, const raft::Message& message) {
  ASSERT(to.value < options_.addresses.size());
  wire::encode(options_.cluster, options_.raft.id, message, packet_);
  send_packet(transport, options_.addresses[to.value]);
}

void Replica::send_reply(net::Transport& transport, Address to, const wire::ClientReply& reply) {
  wire::encode(options_.cluster, options_.raft.id, wire::Body(reply), packet_);
  send_packet(transport, to);
}

void Replica::send_packet(net::Transport& transport, Address to) {
  ++counters_.datagrams_out;
  wire::send(transport, to, options_.cluster, options_.raft.id, packet_, options_.datagram_max, datagram_);
}

}  // namespace norn
