// The client and the store's sessions together, over a network that loses, repeats and delays: whatever is
// reported done was applied exactly once with that result, and whatever is reported failed never was.
#include <doctest/doctest.h>
#include <map>
#include <tuple>

#include "replica/kv/store.h"

#include "tests/client/harness.h"

namespace norn::client {
namespace {

using std::chrono::microseconds;

// One store shared by three replicas of which at most one leads: what agreement would give, without the
// agreement.
class Service : public net::Transport {
 public:
  explicit Service(std::uint64_t seed) : rng_(seed), loss_{0}, store_(kv::Options{.sessions_max = 3}) {
    loss_.ppm = static_cast<std::uint32_t>(rng_.between(0, 300'000));
  }

  struct Applied {
    std::uint64_t times = 0;
    std::uint64_t version = 0;
  };
  std::map<std::string, Applied> applied;  // by token
  std::uint64_t last_index() const { return store_.applied().value; }

  std::uint64_t version(const std::string& key) const {
    const Buffer bytes = get(key);
    Buffer result;
    store_.read(*kv::CommandView::parse(bytes), 0, result);
    return kv::Result::parse(result)->items.at(0).version;
  }

  // The network, both ways: the client sends through this object, the replicas through Answers.
  void send(Address to, Bytes datagram) override { carry(to, kClient, datagram); }

  // Delivers what is due up to a time; the earliest time of what remains.
  void deliver(Time now, Client& client) {
    now_ = now;
    while (!flying_.empty() && std::get<0>(flying_.begin()->first) <= now) {
      const auto datagram = flying_.begin()->second;
      flying_.erase(flying_.begin());
      if (datagram.to == kClient) {
        client.on_datagram(now, datagram.from, datagram.bytes);
      } else {
        serve(datagram.to, datagram.bytes);
      }
    }
  }
  Time next() const { return flying_.empty() ? kNever : std::get<0>(flying_.begin()->first); }

  void change_leader() { leader_ = NodeId{static_cast<std::uint8_t>(rng_.between(0, 3))}; }
  void heal() {
    loss_ = {};
    leader_ = NodeId{2};
  }
  // Other clients open sessions until the oldest give way.
  void crowd() {
    for (int i = 0; i < 3; ++i) {
      Buffer ignored;
      const auto open = kv::encode(kv::Command{.kind = kv::CommandKind::open_session});
      store_.apply(store_.applied().next(), kv::encode(kv::Request{{}, {}, {}, open}), ignored);
    }
  }

 private:
  static constexpr Address kClient{1};
  struct Datagram {
    Address to;
    Address from;
    Buffer bytes;
  };
  struct Answers : net::Transport {
    Service& service;
    Address from;
    Answers(Service& owner, Address sender) : service(owner), from(sender) {}
    void send(Address to, Bytes datagram) override { service.carry(to, from, datagram); }
  };

  void carry(Address to, Address from, Bytes datagram) {
    if (rng_.chance(loss_)) return;
    const std::uint64_t copies = rng_.chance({100'000}) ? 2 : 1;
    for (std::uint64_t i = 0; i < copies; ++i) {
      const Duration most = rng_.chance({20'000}) ? Duration(milliseconds(3000)) : Duration(milliseconds(20));
      const Time at = now_ + rng_.between(Duration(microseconds(50)), most);
      flying_[{at, ++sent_}] = {to, from, Buffer(datagram.begin(), datagram.end())};
    }
  }

  void serve(Address at, Bytes datagram) {
    auto decoded = wire::decode(kCluster, datagram);
    if (const auto* fragment = std::get_if<wire::Fragment>(&std::get<wire::Packet>(decoded).body)) {
      const Bytes whole = reassembly_[at.value - 100].add(kClient, *fragment);
      if (whole.empty()) return;
      decoded = wire::decode(kCluster, whole);
    }
    const NodeId self{static_cast<std::uint8_t>(at.value - 100)};
    const auto request = std::get<wire::ClientRequest>(std::get<wire::Packet>(decoded).body);
    wire::ClientReply reply{request.session, request.sequence, wire::ReplyStatus::done, self, {}};
    Buffer result;
    if (leader_ != self) {
      reply.status = wire::ReplyStatus::not_leader;
      const NodeId stale{static_cast<std::uint8_t>(rng_.between(0, 3))};
      reply.leader = rng_.chance({200'000}) ? stale : leader_;
    } else if (rng_.chance({50'000})) {
      reply.status = wire::ReplyStatus::busy;
    } else {
      execute(request, result);
      reply.result = result;
    }
    Buffer packet;
    Buffer scratch;
    wire::encode(kCluster, self, reply, packet);
    Answers answers(*this, at);
    wire::send(answers, kClient, kCluster, self, packet, 1400, scratch);
  }

  void execute(const wire::ClientRequest& request, Buffer& result) {
    const auto command = kv::CommandView::parse(request.command);
    REQUIRE(command.has_value());
    if (command->is_read()) {
      store_.read(*command, 0, result);
      return;
    }
    const auto key = command->kind() == kv::CommandKind::append ? std::string(command->key()) : std::string();
    const std::uint64_t before = key.empty() ? 0 : version(key);
    store_.apply(store_.applied().next(),
                 kv::encode(kv::Request{request.session, request.sequence, request.acked, request.command}),
                 result);
    const auto answered = kv::ResultView::parse(result);
    REQUIRE(answered.has_value());
    REQUIRE(answered->status() != kv::Status::window_exceeded);
    if (key.empty() || version(key) == before) return;
    Applied& token = applied[std::string(command->value())];
    ++token.times;
    token.version = version(key);
  }

  Rng rng_;
  Ratio loss_;
  kv::Store store_;
  NodeId leader_{1};
  Time now_{};
  std::uint64_t sent_ = 0;
  std::map<std::tuple<Time, std::uint64_t>, Datagram> flying_;
  std::vector<wire::Reassembly> reassembly_{4, wire::Reassembly({})};
};

struct Submitted {
  bool read = false;
  std::string token;
  std::uint64_t before = 0;  // at submit: the key's version for a read, the last index applied for a write
};

struct Tally {
  std::size_t done = 0;
  std::size_t unknown = 0;
  std::size_t failed = 0;
};

void judge(const Completion& completion, const Submitted& operation, Service& service, Tally& tally) {
  switch (completion.verdict) {
    case Verdict::failed:
      ++tally.failed;
      CHECK(service.applied.count(operation.token) == 0);
      return;
    case Verdict::unknown:
      ++tally.unknown;
      return;
    case Verdict::done:
      ++tally.done;
  }
  const auto result = kv::Result::parse(completion.result);
  REQUIRE(result.has_value());
  REQUIRE(result->status == kv::Status::ok);
  REQUIRE(result->items.size() == 1);
  if (operation.read) {
    CHECK(result->items[0].version >= operation.before);
    CHECK(result->items[0].version <= service.last_index());
  } else {
    CHECK(service.applied[operation.token].times == 1);
    CHECK(service.applied[operation.token].version == result->items[0].version);
    CHECK(result->items[0].version > operation.before);
  }
}

Tally run(std::uint64_t seed) {
  Rng rng(seed);
  Service service(rng.next());
  Client client(three_replicas(), Rng(rng.next()), Time{});
  std::map<Ticket, Submitted> submitted;
  std::map<Ticket, Completion> completed;
  Tally tally;
  Time now{};
  const Time quiet{milliseconds(20'000)};
  const Time end{milliseconds(60'000)};
  Time next_event{};
  Ticket ticket = 0;
  bool healed = false;
  while (now < end) {
    service.deliver(now, client);
    if (now >= next_event && now < quiet) {
      next_event = now + rng.between(Duration(milliseconds(1)), Duration(milliseconds(100)));
      if (rng.chance({20'000})) service.crowd();
      if (rng.chance({50'000})) service.change_leader();
      const std::uint64_t burst = rng.between(0, 5);
      for (std::uint64_t i = 0; i < burst; ++i) {
        const bool read = rng.chance({300'000});
        const std::size_t padding = rng.chance({50'000}) ? rng.between(1000, 6000) : 0;
        const std::string token = "(" + std::to_string(++ticket) + ")" + std::string(padding, 'x');
        const std::string key = "key" + std::to_string(rng.between(0, 30));
        const auto append = kv::Command{.kind = kv::CommandKind::append, .pairs = {{key, token}}};
        if (!client.submit(now, ticket, read ? get(key) : kv::encode(append))) continue;
        submitted[ticket] = {read, token, read ? service.version(key) : service.last_index()};
      }
    }
    if (now >= quiet && !std::exchange(healed, true)) service.heal();
    if (client.deadline() <= now) client.on_deadline(now);
    client.settle(now, service);
    for (Completion& completion : client.completions()) {
      REQUIRE(completed.count(completion.ticket) == 0);
      judge(completion, submitted.at(completion.ticket), service, tally);
      completed[completion.ticket] = std::move(completion);
    }
    client.completions().clear();
    const Time event = now < quiet ? next_event : end;
    now = std::max(now + Duration(1), std::min({event, service.next(), client.deadline(), end}));
  }
  CHECK(client.outstanding() == 0);
  CHECK(completed.size() == submitted.size());
  // Once more with the whole run known: late duplicates have done nothing either.
  for (const auto& [number, completion] : completed) {
    const auto found = service.applied.find(submitted.at(number).token);
    const std::uint64_t times = found == service.applied.end() ? 0 : found->second.times;
    CHECK(times <= 1);
    if (completion.verdict == Verdict::failed) CHECK(times == 0);
    if (completion.verdict == Verdict::done && !submitted.at(number).read) CHECK(times == 1);
  }
  return tally;
}

TEST_CASE("done means applied exactly once with that result, failed means never, whatever the network does") {
  Tally all;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    const Tally tally = run(seed);
    CHECK(tally.done > 100);
    all.done += tally.done;
    all.unknown += tally.unknown;
    all.failed += tally.failed;
  }
  CHECK(all.unknown > 0);  // else evictions and deadlines were not exercised
  CHECK(all.done > 3 * all.unknown);
}

}  // namespace
}  // namespace norn::client
