// Datagrams through the relay, between sockets that stand in for replicas.
#include "sim/live/relay.h"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <vector>

#include "replica/base/bytes.h"
#include "replica/host/real_time.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

struct Received {
  Address from;
  std::string text;
  friend bool operator==(const Received&, const Received&) = default;
};

// Two replicas and a client.
class Bench {
 public:
  explicit Bench(LinkModel model = {}) {
    std::vector<Address> homes(1);
    for (int i = 0; i < 2; ++i) {
      replicas.push_back(std::make_unique<host::UdpSocket>(io, host::make_address(INADDR_LOOPBACK, 0)));
      homes.push_back(replicas.back()->local());
    }
    RelayHooks hooks;
    hooks.now = [this] { return clock.now(); };
    hooks.up = [this](NodeId id) { return id != down; };
    hooks.sent = [this](NodeId from, std::uint16_t to, Bytes bytes) {
      sniffed.push_back(std::to_string(from.value) + ">" + std::to_string(to) + " " +
                        std::string(as_text(bytes)));
    };
    hooks.take = [this](std::uint32_t client, NodeId from, Bytes bytes) {
      CHECK(client == 0);
      taken.push_back({address(from), std::string(as_text(bytes))});
    };
    relay.emplace(io, std::move(homes), 1, Network(2, 1, model, model, Rng(1)), hooks);
  }

  void send(std::uint8_t replica, Address to, const std::string& text) {
    replicas[replica - 1u]->send(to, as_bytes(text));
    replicas[replica - 1u]->flush();
  }
  Address seen_by(std::uint8_t of, std::uint8_t peer) const { return relay->address_for({of}, {peer}); }

  // What arrives at this replica until nothing is under way any more.
  std::vector<Received> received_by(std::uint8_t replica, std::uint64_t sent) {
    run(sent);
    std::vector<Received> received;
    replicas[replica - 1u]->receive(100, [&](Address from, Bytes bytes) {
      received.push_back({from, std::string(as_text(bytes))});
    });
    return received;
  }
  // Until so many datagrams have come to the relay, and gone.
  void run(std::uint64_t sent) {
    while (relay->between_replicas().sent + relay->with_clients().sent < sent) io.run_one();
    while (relay->under_way() != 0) relay->deliver_due(clock.now());
  }

  boost::asio::io_context io{1};
  host::RealTime clock;
  std::vector<std::unique_ptr<host::UdpSocket>> replicas;
  std::optional<Relay> relay;
  NodeId down;
  std::vector<std::string> sniffed;
  std::vector<Received> taken;
};

LinkModel always(Ratio LinkModel::*what) {
  LinkModel model;
  model.*what = {kPpm};
  return model;
}

}  // namespace

TEST_CASE("each replica sees its peer at the address it was told") {
  Bench bench;
  CHECK(bench.seen_by(1, 1) == bench.relay->home({1}));
  bench.send(1, bench.seen_by(1, 2), "hello");
  CHECK(bench.received_by(2, 1) == std::vector<Received>{{bench.seen_by(2, 1), "hello"}});
  bench.send(2, bench.seen_by(2, 1), "back");
  CHECK(bench.received_by(1, 2) == std::vector<Received>{{bench.seen_by(1, 2), "back"}});
  CHECK(bench.sniffed == std::vector<std::string>{"1>2 hello", "2>1 back"});
  CHECK(bench.relay->between_replicas().delivered == 2);
  CHECK(bench.relay->with_clients().sent == 0);
}

TEST_CASE("a client and a replica talk through the relay, too") {
  Bench bench;
  bench.relay->send_from_client(0, {2}, as_bytes(std::string_view("ask")));
  const std::vector<Received> asked = bench.received_by(2, 1);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].text == "ask");
  bench.send(2, asked[0].from, "answer");
  bench.run(2);
  CHECK(bench.taken == std::vector<Received>{{address(NodeId{2}), "answer"}});
  CHECK(bench.relay->with_clients().delivered == 2);
}

TEST_CASE("a cut link loses what is sent one way, and heals") {
  Bench bench;
  bench.relay->network().cut(1, 2, true);
  bench.send(1, bench.seen_by(1, 2), "lost");
  CHECK(bench.received_by(2, 1).empty());
  bench.send(2, bench.seen_by(2, 1), "other way");
  CHECK(bench.received_by(1, 2).size() == 1);
  bench.relay->network().cut(1, 2, false);
  bench.send(1, bench.seen_by(1, 2), "whole");
  CHECK(bench.received_by(2, 3).size() == 1);
  CHECK(bench.relay->between_replicas().lost == 1);
  CHECK(bench.sniffed.size() == 3);  // before anything happens to them
}

TEST_CASE("the network's model is applied") {
  SUBCASE("loss") {
    Bench bench(always(&LinkModel::drop));
    bench.send(1, bench.seen_by(1, 2), "x");
    CHECK(bench.received_by(2, 1).empty());
    CHECK(bench.relay->between_replicas().lost == 1);
  }
  SUBCASE("duplication") {
    Bench bench(always(&LinkModel::duplicate));
    bench.send(1, bench.seen_by(1, 2), "x");
    CHECK(bench.received_by(2, 1).size() == 2);
    CHECK(bench.relay->between_replicas().duplicated == 1);
  }
  SUBCASE("damage") {
    Bench bench(always(&LinkModel::corrupt));
    bench.send(1, bench.seen_by(1, 2), "intact");
    const std::vector<Received> received = bench.received_by(2, 1);
    REQUIRE(received.size() == 1);
    CHECK(received[0].text.size() == 6);
    CHECK(received[0].text != "intact");
  }
  SUBCASE("delay: nothing is passed on before it is due") {
    LinkModel slow;
    slow.delay = {Delay::Shape::constant, 1h, {}, {}, {}};
    Bench bench(slow);
    bench.send(1, bench.seen_by(1, 2), "x");
    while (bench.relay->under_way() == 0) bench.io.run_one();
    const Time due = bench.relay->next_due();
    CHECK(due >= Time(1h));
    bench.relay->deliver_due(due - 1ns);
    CHECK(bench.relay->under_way() == 1);
    bench.relay->deliver_due(due);
    CHECK(bench.relay->under_way() == 0);
  }
}

TEST_CASE("nobody receives what is sent to a replica that is down") {
  Bench bench;
  bench.down = {2};
  bench.send(1, bench.seen_by(1, 2), "x");
  CHECK(bench.received_by(2, 1).empty());
  CHECK(bench.relay->between_replicas().lost == 1);
}

TEST_CASE("what comes from no replica, or from another one than the socket is for, is ignored") {
  Bench bench;
  host::UdpSocket stranger(bench.io, host::make_address(INADDR_LOOPBACK, 0));
  stranger.send(bench.seen_by(1, 2), as_bytes(std::string_view("forged")));
  stranger.flush();
  bench.send(2, bench.seen_by(1, 2), "misled");
  bench.send(1, bench.seen_by(1, 2), "honest");
  const std::vector<Received> received = bench.received_by(2, 1);
  REQUIRE(received.size() == 1);
  CHECK(received[0].text == "honest");
}

}  // namespace norn::sim
