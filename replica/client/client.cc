// The client's turn: replies and timers change the operations' states, settle sends what became ready.
#include "replica/client/client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "replica/base/assert.h"
#include "replica/kv/command.h"
#include "replica/kv/result.h"
#include "replica/kv/sessions.h"

namespace norn::client {
namespace {

using State = Operation::State;

constexpr std::uint8_t kRedirectsMax = 3;           // followed at once between two pauses
constexpr std::int64_t kFirstPauseShare = 8;        // the first pause is this part of the attempt timeout
constexpr std::size_t kKeptCommandSize = 4u << 10;  // a place keeps no larger buffer for its next operation

std::optional<SessionId> opened_session(const kv::ResultView& result) {
  if (result.status() != kv::Status::ok || result.size() != 1) return std::nullopt;
  SessionId session;
  result.each([&](const kv::ResultView::Item& item) { session.value = item.version; });
  return session.value == 0 ? std::nullopt : std::optional(session);
}

}  // namespace

std::optional<SessionId> session_answered(Bytes datagram) { return wire::glance_at_reply(datagram); }

Client::Client(Options options, Rng rng, Time now) : options_(std::move(options)), rng_(rng), heard_(now) {
  ASSERT(!options_.replicas.empty());
  ASSERT(options_.outstanding_max > 0);
  ASSERT(options_.attempt_timeout >= Duration(kFirstPauseShare * 2));
  target_ = rng_.between(0, options_.replicas.size() - 1);
  opener_.command = kv::encode(kv::Command{.kind = kv::CommandKind::open_session});
}

Client::Client(Options options, Rng rng, Time now, Resume resume) : Client(std::move(options), rng, now) {
  ASSERT(resume.session.value > 0);
  ASSERT(resume.next.value > 0);
  resumed_ = true;
  session_ = resume.session;
  operations_ = Operations(resume.next);
  released_ = operations_.acked();
}

bool Client::submit(Time now, Ticket ticket, Bytes command) {
  if (outstanding_ >= options_.outstanding_max) return false;
  const auto view = kv::CommandView::parse(command);
  ASSERT(view.has_value());
  ASSERT(view->kind() != kv::CommandKind::open_session);
  Operation& operation = operations_.add();
  operation.state = State::queued;
  operation.read = view->is_read();
  operation.left = false;
  operation.ticket = ticket;
  operation.deadline = now + options_.deadline;
  operation.command.assign(command.begin(), command.end());
  ++outstanding_;
  wake_at(operation.deadline);
  return true;
}

void Client::on_datagram(Time now, Address from, Bytes datagram) {
  const std::size_t replica = replica_at(from);
  if (replica == kNobody) {
    ++counters_.strangers;
    return;
  }
  auto decoded = wire::decode(options_.cluster, datagram);
  if (const auto* packet = std::get_if<wire::Packet>(&decoded)) {
    if (const auto* fragment = std::get_if<wire::Fragment>(&packet->body)) {
      const Bytes whole = reassembly_.add(from, *fragment);
      if (whole.empty()) return;
      decoded = wire::decode(options_.cluster, whole);
    }
  }
  if (const auto* why = std::get_if<wire::Refusal>(&decoded)) {
    ++counters_.refused[static_cast<std::size_t>(*why)];
    return;
  }
  const auto& packet = std::get<wire::Packet>(decoded);
  const auto* reply = std::get_if<wire::ClientReply>(&packet.body);
  if (reply == nullptr || packet.from != options_.replicas[replica].id) {
    ++counters_.refused[static_cast<std::size_t>(wire::Refusal::malformed)];
    return;
  }
  on_reply(now, replica, *reply);
}

void Client::on_deadline(Time now) {
  if (now < next_timer_) return;
  next_timer_ = kNever;
  for (Sequence at = operations_.first(); at < operations_.end(); ++at.value) expire(now, operations_[at]);
  operations_.trim();
  if (outstanding_ == 0) opener_.state = State::settled;  // nobody waits for a session any more
  expire(now, opener_);
}

void Client::settle(Time now, net::Transport& transport) {
  on_deadline(now);
  if (outstanding_ == 0) return;
  if (session_.value == 0) {
    if (opener_.state == State::settled) open_session(now);
    if (opener_.state == State::ready) transmit(now, opener_, transport);
    return;
  }
  const std::uint64_t window_end = operations_.acked().value + kv::kWindow;
  while (released_.value < window_end && released_.value + 1 < operations_.end().value) {
    ++released_.value;
    if (operations_[released_].state == State::queued) start(now, operations_[released_]);
  }
  for (const Sequence sequence : ready_) {
    if (!operations_.has(sequence)) continue;
    Operation& operation = operations_[sequence];
    if (operation.state == State::ready) transmit(now, operation, transport);
  }
  ready_.clear();
}

std::size_t Client::replica_at(Address address) const {
  for (std::size_t i = 0; i < options_.replicas.size(); ++i) {
    if (options_.replicas[i].address == address) return i;
  }
  return kNobody;
}

std::size_t Client::replica_named(NodeId id) const {
  for (std::size_t i = 0; i < options_.replicas.size(); ++i) {
    if (options_.replicas[i].id == id) return i;
  }
  return kNobody;
}

// Replies.

void Client::on_reply(Time now, std::size_t from, const wire::ClientReply& reply) {
  Operation* operation = find(reply);
  if (operation == nullptr) return;
  if (reply.status == wire::ReplyStatus::done) {
    on_done(now, from, *operation, reply.result);
    return;
  }
  // A refusal counts only for the attempt that waits for it; an older one has been dealt with.
  if (operation->state != State::waiting || operation->target != from) return;
  if (reply.status == wire::ReplyStatus::not_leader) {
    on_not_leader(now, from, *operation, reply.leader);
  } else {
    turn_away(*operation);
    pause(now, *operation);
  }
}

// The operation that a reply answers; null if there is none that waits for an answer.
Operation* Client::find(const wire::ClientReply& reply) {
  if (reply.session.value == 0) {
    const bool ours = opener_.state != State::settled && opener_.left && opener_.sequence == reply.sequence;
    return ours ? &opener_ : nullptr;
  }
  if (reply.session != session_ || !operations_.has(reply.sequence) || reply.sequence > released_)
    return nullptr;
  Operation& operation = operations_[reply.sequence];
  return operation.state == State::settled || !operation.left ? nullptr : &operation;
}

void Client::on_done(Time now, std::size_t from, Operation& operation, Bytes result) {
  const auto view = kv::ResultView::parse(result);
  if (!view) {
    ++counters_.refused[static_cast<std::size_t>(wire::Refusal::malformed)];
    return;
  }
  if (operation.target == from) heard_leader(now, from);
  if (&operation == &opener_) {
    const auto session = opened_session(*view);
    if (!session) return;  // the attempt times out, and is made again
    session_ = *session;
    opener_.state = State::settled;
    ++counters_.sessions_opened;
    return;
  }
  switch (resumed_ ? kv::Status::ok : view->status()) {
    case kv::Status::session_evicted:
      on_session_evicted();
      return;
    case kv::Status::stale_sequence:
    case kv::Status::window_exceeded:
      complete(operation, Verdict::unknown);
      break;
    default:
      complete(operation, Verdict::done, result);
      break;
  }
  operations_.trim();
}

void Client::on_not_leader(Time now, std::size_t from, Operation& operation, NodeId hint) {
  if (target_ == from) {
    const std::size_t named = replica_named(hint);
    const bool follow = named != kNobody && named != from && operation.redirects < kRedirectsMax;
    leader_ = follow ? hint : NodeId{};
    leader_answered_ = false;
    target_ = follow ? named : after(from);
    if (!follow) {
      pause(now, operation);
      return;
    }
  }
  if (!redirect(operation)) pause(now, operation);
}

// What the session's retries could still be answered with is gone: writes that left may or may not have
// happened. Reads change nothing, so they may be asked again, as may all that never left.
void Client::on_session_evicted() {
  for (Sequence at = operations_.first(); at < operations_.end(); ++at.value) {
    Operation& operation = operations_[at];
    if (operation.state == State::settled) continue;
    if (operation.left && !operation.read) {
      complete(operation, Verdict::unknown);
    } else {
      operation.state = State::queued;
    }
  }
  operations_.renumber();
  session_ = {};
  released_ = {};
  ready_.clear();
}

// A replica answered as only the leader can. If that is news, operations that asked elsewhere turn to it.
void Client::heard_leader(Time now, std::size_t replica) {
  heard_ = now;
  const NodeId id = options_.replicas[replica].id;
  if (leader_ == id && leader_answered_) return;
  leader_ = id;
  leader_answered_ = true;
  target_ = replica;
  for (Sequence at = operations_.first(); at < operations_.end(); ++at.value) {
    Operation& operation = operations_[at];
    const bool asked = operation.state == State::waiting || operation.state == State::pausing;
    if (asked && operation.target != replica) redirect(operation);
  }
}

// Timers.

void Client::expire(Time now, Operation& operation) {
  if (operation.state == State::settled) return;
  if (operation.deadline <= now) {
    complete(operation, operation.left ? Verdict::unknown : Verdict::failed);
    return;
  }
  const bool timed = operation.state == State::waiting || operation.state == State::pausing;
  if (timed && operation.due <= now) {
    if (operation.state == State::waiting) {
      on_timeout(now, operation);
    } else {
      make_ready(operation);
    }
  } else if (timed) {
    wake_at(operation.due);
  }
  wake_at(operation.deadline);
}

void Client::on_timeout(Time now, Operation& operation) {
  operation.timeout = std::min(operation.timeout * 2, options_.attempt_timeout_max);
  turn_away(operation);
  pause(now, operation);
}

// After an attempt that came to nothing: the next goes to another replica, unless one has gone there already,
// or the leader has answered something since.
void Client::turn_away(const Operation& operation) {
  const bool leader_lives = leader_answered_ && heard_ > operation.sent_at;
  if (operation.target != target_ || leader_lives) return;
  leader_ = {};
  leader_answered_ = false;
  target_ = after(target_);
}

// Sending.

void Client::start(Time now, Operation& operation) {
  const std::uint64_t left_behind =
      operation.sequence.value - std::min(operation.sequence.value, kv::kWindow);
  operation.acked = resumed_ ? Sequence{left_behind} : operations_.acked();
  operation.redirects = 0;
  operation.timeout = options_.attempt_timeout;
  operation.next_pause = options_.attempt_timeout / kFirstPauseShare;
  operation.sent_at = now;
  make_ready(operation);
}

void Client::pause(Time now, Operation& operation) {
  operation.state = State::pausing;
  operation.redirects = 0;
  operation.due = now + rng_.between(operation.next_pause / 2, operation.next_pause);
  operation.next_pause = std::min(operation.next_pause * 2, options_.attempt_timeout);
  wake_at(operation.due);
}

bool Client::redirect(Operation& operation) {
  if (operation.redirects == kRedirectsMax) return false;
  ++operation.redirects;
  make_ready(operation);
  return true;
}

void Client::make_ready(Operation& operation) {
  operation.state = State::ready;
  if (&operation != &opener_) ready_.push_back(operation.sequence);
}

void Client::transmit(Time now, Operation& operation, net::Transport& transport) {
  operation.state = State::waiting;
  operation.left = true;
  operation.target = target_;
  operation.sent_at = now;
  operation.due = now + operation.timeout;
  wake_at(operation.due);
  const wire::ClientRequest request{session_, operation.sequence, operation.acked, operation.command};
  wire::encode(options_.cluster, NodeId{}, request, packet_);
  wire::send(transport, options_.replicas[target_].address, options_.cluster, NodeId{}, packet_,
             options_.datagram_max, scratch_);
  ++counters_.packets_sent;
}

// The sequence of an open_session request is a nonce: its reply must not be taken for that of an earlier
// client at this address, nor of an earlier session of this one.
void Client::open_session(Time now) {
  opener_.sequence = {rng_.next()};
  opener_.left = false;
  start(now, opener_);
  opener_.acked = {};
}

void Client::complete(Operation& operation, Verdict verdict, Bytes result) {
  completions_.push_back({operation.ticket, verdict, Buffer(result.begin(), result.end())});
  operation.state = State::settled;
  if (operation.command.capacity() > kKeptCommandSize) operation.command = Buffer();
  --outstanding_;
}

}  // namespace norn::client
