#include "replica/course/course_replica.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"
#include "replica/course/envelope.h"
#include "replica/kv/request.h"

namespace norn::course {
namespace {

constexpr ClusterId kCluster{3700};
constexpr Address kClients{kReplicasMax + 1};  // all of them; peers have the address of their NodeId

ReplicaOptions options_of(const Roster& roster, NodeId self) {
  ReplicaOptions options;
  options.cluster = kCluster;
  options.raft.id = self;
  options.addresses.push_back({});
  options.raft.voters = roster.nodes();
  for (const NodeId node : options.raft.voters) options.addresses.push_back({node.value});
  // Messages are what costs here, and everybody is on one machine: slow heartbeats, and reads by lease, with
  // a margin for a leader that is kept from the processor between looking at the clock and answering.
  options.raft.heartbeat_interval = std::chrono::milliseconds(500);
  options.raft.election_timeout_min = std::chrono::milliseconds(1100);
  options.raft.election_timeout_max = std::chrono::milliseconds(1600);
  options.raft.vote_retry = std::chrono::milliseconds(30);
  options.raft.read_mode = raft::ReadMode::lease;
  options.raft.clock_drift_max = Ratio{50'000};
  options.raft.thrift_patience = std::chrono::milliseconds(3);
  options.raft.append_size_max = 30'000;  // a replica that was cut off catches up by one message
  options.datagram_max = kPacketMax;
  options.compact_after_bytes = std::uint64_t{1} << 60;  // never: the log is what the answers are read from
  options.digest_interval = 0;
  return options;
}

}  // namespace

// What the replica sends in a turn.
class CourseReplica::Outbox final : public net::Transport {
 public:
  void send(Address to, Bytes datagram) override {
    (to == kClients ? replies : messages).push_back({to, Buffer(datagram.begin(), datagram.end())});
  }
  struct Sent {
    Address to;
    Buffer packet;
  };
  std::vector<Sent> replies;
  std::vector<Sent> messages;
};

CourseReplica::CourseReplica(Roster roster, Id self, Rng rng, Time now)
    : roster_(std::move(roster)),
      self_(self),
      node_(roster_.node(self)),
      replica_(options_of(roster_, node_), disk_, rng, now + kQuiet),
      hello_at_(now) {
  ASSERT(node_ != NodeId{});
}

// Inputs.

void CourseReplica::on_datagram(Time now, std::string_view datagram) {
  hello_at_ = kNever;
  auto parsed = parse(roster_, node_, datagram);
  if (auto* request = std::get_if<Request>(&parsed)) {
    held_.push_back({std::move(*request), now + kHoldMax});
  } else if (const auto* message = std::get_if<PeerMessage>(&parsed)) {
    on_peer(now, *message);
  } else {
    ++counters_.refused[static_cast<std::size_t>(*std::get_if<Refusal>(&parsed))];
  }
}

void CourseReplica::on_peer(Time now, const PeerMessage& message) {
  answered_ = std::max(answered_, message.answered);
  heard_last_ = message.from;
  if (message.packet.empty()) return;
  replica_.on_datagram(now, {message.from.value}, message.packet);
  if (replica_.raft().leader() == message.from) heard_leader_ = now;
}

void CourseReplica::on_deadline(Time now) { replica_.on_deadline(now); }

Time CourseReplica::deadline() const {
  const Time held_until = held_.empty() ? kNever : held_.front().until;
  return std::min({replica_.deadline(), hello_at_, held_until, answers_from_, tell_at_});
}

// The turn's end. The answers leave before the messages that tell of them.
void CourseReplica::settle(Time now, std::vector<std::string>& out) {
  if (now >= hello_at_) {
    out.push_back(hello(self_));
    hello_at_ = now + kHelloInterval;
  }
  Outbox outbox;
  do {
    begin_term(now);
    take_back_overwritten(now);
    dispatch(now, out);
  } while (run(now, outbox));
  answer(now, out);
  tell_peers(now, outbox, out);
}

// A new leader's first entry, after the no-op, opens its session. The session is named after that entry's
// index, so puts can follow at once.
void CourseReplica::begin_term(Time now) {
  const raft::Raft& raft = replica_.raft();
  if (!leads() || raft.term() == session_term_) return;
  session_term_ = raft.term();
  inherited_ = raft.log().last().index.prev();
  answers_from_ = answered_ < inherited_ ? now + kInheritedWait : kNever;
  sequence_ = 0;
  acked_ = {};
  const Buffer open = kv::encode(kv::Command{.kind = kv::CommandKind::open_session});
  const bool taken = submit(now, {{}, {}, {}, open});
  ASSERT(taken);
  session_ = {raft.log().last().index.value};
}

// Puts of which it is certain by now that they will not happen: an entry of a later term is committed in
// their place, or before it (terms never go down along a log). They begin anew, as if they had just come.
void CourseReplica::take_back_overwritten(Time now) {
  const raft::Raft& raft = replica_.raft();
  const EntryId committed{*raft.log().term(raft.commit()), raft.commit()};
  for (Proposed& proposed : std::exchange(proposed_, {})) {
    const EntryId entry = proposed.entry;
    const bool reached = entry.index <= committed.index;
    if (reached && raft.log().matches(entry)) continue;  // it has happened
    if (reached || entry.term < committed.term) {
      held_.push_back({std::move(proposed.request), now + kHoldMax});
    } else {
      proposed_.push_back(std::move(proposed));
    }
  }
}

void CourseReplica::dispatch(Time now, std::vector<std::string>& out) {
  for (Held& held : std::exchange(held_, {})) {
    if (leads() ? propose(held.request, now) : turn_away(held, now, out)) continue;
    if (held_.size() >= kHeldMax) {
      out.push_back(fail(head(held.request.client), held.request.mid));
    } else {
      if (leads()) held.until = now + kHoldMax;
      held_.push_back(std::move(held));
    }
  }
}

// Hands a request to the replica, which leads. False: it does not take more now.
bool CourseReplica::propose(Request& request, Time now) {
  kv::Command command{.pairs = {{request.key}}};
  if (!request.value) {
    const Buffer get = kv::encode(command);
    asked_.emplace(++asked_last_, std::move(request));
    submit(now, {{}, {asked_last_}, {}, get});
    return true;
  }
  command.kind = kv::CommandKind::put;
  command.pairs[0].value = enclose({request.client, request.mid, *request.value});
  if (!submit(now, {session_, {sequence_ + 1}, acked_, kv::encode(command)})) return false;
  ++sequence_;
  proposed_.push_back({replica_.raft().log().last(), std::move(request)});
  return true;
}

// Whether it became an entry of the log.
bool CourseReplica::submit(Time now, const wire::ClientRequest& request) {
  const Index before = replica_.raft().log().last().index;
  Buffer packet;
  wire::encode(kCluster, {}, wire::Body(request), packet);
  replica_.on_datagram(now, kClients, packet);
  return replica_.raft().log().last().index > before;
}

// Points a client to the leader, unless that may be dead for all we know; or, after a while, anywhere else.
bool CourseReplica::turn_away(Held& held, Time now, std::vector<std::string>& out) {
  const Request& request = held.request;
  const auto last = turned_away_.find(request.client);
  const bool news = last == turned_away_.end() || heard_leader_ > last->second;
  if (!(replica_.raft().leader() && news) && now < held.until) return false;
  turned_away_[request.client] = now;
  out.push_back(redirect(head(request.client), request.mid));
  ++counters_.redirects;
  return true;
}

// A turn of the replica. True: its disk has finished something, so that there is another.
bool CourseReplica::run(Time now, Outbox& outbox) {
  replica_.settle(now, outbox, disk_);
  ASSERT(!replica_.stopped());
  for (const Outbox::Sent& reply : std::exchange(outbox.replies, {})) on_reply(now, reply.packet);
  const auto completed = disk_.take_completed();
  for (const storage::SyncTicket ticket : completed) replica_.on_synced(now, ticket, storage::DiskStatus::ok);
  return !completed.empty();
}

// Of gets only: what becomes of a put is read from the log.
void CourseReplica::on_reply(Time now, Bytes packet) {
  const auto decoded = wire::decode(kCluster, packet);
  const auto* reply = std::get_if<wire::ClientReply>(&std::get_if<wire::Packet>(&decoded)->body);
  ASSERT(reply != nullptr);
  auto asked = asked_.extract(reply->session == SessionId{} ? reply->sequence.value : 0);
  if (asked.empty()) return;
  if (reply->status != wire::ReplyStatus::done) {
    held_.push_back({std::move(asked.mapped()), now + kHoldMax});
    return;
  }
  Read read{std::move(asked.mapped()), replica_.applied(), {}};
  const auto result = kv::ResultView::parse(reply->result);
  ASSERT(result.has_value());
  result->each([&](const kv::ResultView::Item& item) {
    const auto kept = item.value ? Envelope::parse(*item.value) : std::nullopt;
    if (kept) read.value = kept->value;
  });
  reads_.push_back(std::move(read));
}

// All that is applied and all that is read, in the order in which it was.
void CourseReplica::answer(Time now, std::vector<std::string>& out) {
  if (!leads()) {  // another leader's answers may overtake what has not left by now
    for (Read& read : std::exchange(reads_, {})) held_.push_back({std::move(read.request), now + kHoldMax});
    answers_from_ = kNever;
    return;
  }
  if (answers_from_ != kNever && answered_ < inherited_ && now < answers_from_) return;
  answers_from_ = kNever;
  for (const Read& read : std::exchange(reads_, {})) {
    answer_puts(read.seen, out);
    out.push_back(ok(head(read.request.client), read.request.mid, read.value));
  }
  answer_puts(replica_.applied(), out);
}

void CourseReplica::answer_puts(Index upto, std::vector<std::string>& out) {
  while (answered_ < upto) answer_entry(answered_ = answered_.next(), out);
}

void CourseReplica::answer_entry(Index index, std::vector<std::string>& out) {
  const raft::Entry entry = replica_.raft().log().entry(index);
  const auto request = kv::Request::parse(entry.payload);
  if (!request) return;  // a no-op
  if (request->session == session_) acked_ = request->sequence;
  const auto command = kv::CommandView::parse(request->command);
  ASSERT(command.has_value());
  if (command->kind() != kv::CommandKind::put) return;
  const auto kept = Envelope::parse(command->value());
  if (!kept) return;
  if (index <= inherited_) ++counters_.inherited;
  out.push_back(ok(head(kept->client), kept->mid));
}

void CourseReplica::tell_peers(Time now, const Outbox& outbox, std::vector<std::string>& out) {
  for (const Outbox::Sent& sent : outbox.messages) {
    const Id to = roster_.id({static_cast<std::uint8_t>(sent.to.value)});
    out.push_back(to_peer(head(to), answered_, sent.packet));
  }
  if (!outbox.messages.empty()) told_ = answered_;
  if (now >= tell_at_ && told_ < answered_ && leads() && heard_last_) {
    out.push_back(to_peer(head(roster_.id(heard_last_)), answered_, {}));
    told_ = answered_;
  }
  if (told_ == answered_ || !leads() || !heard_last_) {
    tell_at_ = kNever;
  } else if (tell_at_ == kNever) {
    tell_at_ = now + kTellAfter;
  }
}

}  // namespace norn::course
