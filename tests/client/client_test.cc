// The client against scripted replicas.
#include "replica/client/client.h"

#include <doctest/doctest.h>
#include <set>

#include "replica/kv/sessions.h"

#include "tests/client/harness.h"

namespace norn::client {
namespace {

TEST_CASE("an idle client is silent, and operations wait for the session that the first one opens") {
  Harness world;
  CHECK(world.turn().empty());
  CHECK(world.client.deadline() == kNever);
  CHECK(world.submit(1, put("a")));
  CHECK(world.submit(2, put("b")));
  const auto opening = world.turn();
  REQUIRE(opening.size() == 1);
  CHECK(opening[0].opens());
  CHECK(opening[0].session == SessionId{});
  CHECK(world.turn().empty());

  world.done(opening[0], answer(kSession.value));
  CHECK(world.client.session() == kSession);
  const auto sent = world.turn();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].session == kSession);
  CHECK(sent[0].sequence == Sequence{1});
  CHECK(sent[1].sequence == Sequence{2});
  CHECK(sent[0].command == put("a"));
  world.done(sent[1], answer(601));
  world.done(sent[0], answer(600));
  const auto completions = world.completions();
  REQUIRE(completions.size() == 2);
  CHECK(completions[0].ticket == 2);
  CHECK(completions[0].verdict == Verdict::done);
  CHECK(completions[0].result == answer(601));
  CHECK(completions[1].ticket == 1);
  CHECK(world.client.deadline() == kNever);
  CHECK(world.client.outstanding() == 0);
}

TEST_CASE("a redirect is followed at once, and by the operations after it") {
  Harness world;
  world.submit(1, put("a"));
  const NodeId first = world.open();
  auto sent = world.turn();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].at == first);
  const NodeId leader = other_than(first);
  world.not_leader(sent[0], leader);
  CHECK(world.client.leader() == leader);
  sent = world.turn();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].at == leader);
  CHECK(sent[0].sequence == Sequence{1});
  world.submit(2, put("b"));
  sent = world.turn();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].at == leader);
}

TEST_CASE("a silent replica is left for the next, with the same packet, until one answers") {
  Harness world;
  world.submit(1, put("a"));
  const NodeId first = world.open();
  const auto sent = world.turn();
  REQUIRE(sent.size() == 1);
  CHECK(world.pass(milliseconds(99)).empty());
  const auto retries = world.pass(milliseconds(800));
  REQUIRE(retries.size() >= 2);
  CHECK(retries.size() <= 4);  // attempts take 100, 200, 400 ms and pauses
  CHECK(retries[0].at == other_than(first));
  CHECK(retries[1].at == other_than(other_than(first)));
  for (const Arrived& retry : retries) CHECK(retry.packet == sent[0].packet);
  world.done(retries.back(), answer(600));
  CHECK(world.client.leader() == retries.back().at);
  REQUIRE(world.completions().size() == 1);
}

TEST_CASE("a timeout while the leader answers others is a lost datagram, and the leader is kept") {
  Harness world;
  world.submit(1, put("a"));
  const NodeId leader = world.open();
  world.submit(2, put("b"));
  const auto sent = world.turn();
  REQUIRE(sent.size() == 2);
  world.now += milliseconds(10);
  world.done(sent[0], answer(600));
  const auto retry = world.pass(milliseconds(150));
  REQUIRE(retry.size() == 1);
  CHECK(retry[0].at == leader);
  CHECK(retry[0].packet ==
        sent[1].packet);  // though acked has moved on: fragments fill the first try's holes
  CHECK(world.client.leader() == leader);
}

TEST_CASE("when one operation finds the new leader, those that wait elsewhere turn to it") {
  Harness world;
  for (Ticket ticket = 1; ticket <= 20; ++ticket) world.submit(ticket, put("a"));
  world.open();
  const auto sent = world.turn();
  REQUIRE(sent.size() == 20);
  world.now += milliseconds(1);
  const NodeId leader = other_than(sent[0].at);
  world.not_leader(sent[0], leader);
  auto retry = world.turn();
  REQUIRE(retry.size() == 1);
  world.done(retry[0], answer(600));
  retry = world.turn();
  CHECK(retry.size() == 19);
  for (const Arrived& request : retry) CHECK(request.at == leader);
}

TEST_CASE("replicas that point at each other are not asked in a tight loop") {
  Harness world;
  world.submit(1, put("a"));
  world.open();
  const std::size_t before = world.datagrams;
  auto sent = world.turn();
  std::set<std::uint8_t> asked;
  while (world.client.outstanding() > 0) {
    const bool quiet = sent.empty();
    for (const Arrived& request : sent) {
      asked.insert(request.at.value);
      // Replicas 1 and 2 name each other; 3 knows of no leader.
      world.not_leader(request, request.at.value == 3
                                    ? NodeId{}
                                    : NodeId{request.at.value == 1 ? std::uint8_t{2} : std::uint8_t{1}});
    }
    if (quiet) {
      REQUIRE(world.client.deadline() > world.now);
      world.now = world.client.deadline();
    }
    sent = world.turn();
  }
  CHECK(asked.size() == 3);
  // Five seconds of pauses of 50 ms or more, but for the first few, with at most four datagrams between two.
  CHECK(world.datagrams - before < 500);
  const auto completions = world.completions();
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].verdict == Verdict::unknown);
}

TEST_CASE("many operations without any leader stay within a bounded number of datagrams") {
  Harness world;
  for (Ticket ticket = 1; ticket <= 256; ++ticket) CHECK(world.submit(ticket, put("a")));
  world.open();
  const std::size_t before = world.datagrams;
  std::size_t at_once = before;
  auto sent = world.turn();
  while (world.client.outstanding() > 0) {
    for (const Arrived& request : sent) {
      if (request.sequence.value % 3 == 0) {
        world.busy(request);
      } else {
        world.not_leader(request, {});
      }
    }
    if (sent.empty()) {
      CHECK(world.datagrams - at_once <= 256u * 4);  // what is sent without a pause
      at_once = world.datagrams;
      world.now = world.client.deadline();
    }
    sent = world.turn();
  }
  CHECK(world.datagrams - before < 256u * 300);
  CHECK(world.completions().size() == 256);
}

TEST_CASE("silence for the whole deadline: unknown if the request left, failed if it never did") {
  Harness world;
  SUBCASE("no session, so nothing left") {
    world.submit(1, put("a"));
    world.submit(2, get("a"));
    const auto sent = world.pass(milliseconds(5'001));
    for (const Arrived& request : sent) CHECK(request.opens());
    CHECK(sent.size() >= 5);
    CHECK(sent.size() < 15);
    const auto completions = world.completions();
    REQUIRE(completions.size() == 2);
    CHECK(completions[0].verdict == Verdict::failed);
    CHECK(completions[1].verdict == Verdict::failed);
  }
  SUBCASE("requests left, writes and reads") {
    world.submit(1, put("a"));
    world.submit(2, get("a"));
    world.open();
    CHECK(world.pass(milliseconds(4'999)).size() < 30);
    CHECK(world.completions().empty());
    world.pass(milliseconds(2));
    const auto completions = world.completions();
    REQUIRE(completions.size() == 2);
    CHECK(completions[0].verdict == Verdict::unknown);
    CHECK(completions[1].verdict == Verdict::unknown);
  }
  CHECK(world.client.deadline() == kNever);
  CHECK(world.pass(milliseconds(10'000)).empty());
}

TEST_CASE("acked is the highest sequence up to which all are settled, given up ones included") {
  Harness world;
  for (Ticket ticket = 1; ticket <= 4; ++ticket) world.submit(ticket, put("a"));
  world.open();
  const auto sent = world.turn();
  REQUIRE(sent.size() == 4);
  const auto acked_now = [&] {
    world.submit(99, put("b"));
    const auto next = world.turn();
    REQUIRE(next.size() == 1);
    world.done(next[0], answer(900));
    return next[0].acked.value;
  };
  CHECK(acked_now() == 0);
  world.done(sent[1], answer(600));
  CHECK(acked_now() == 0);
  world.done(sent[0], answer(601));
  CHECK(acked_now() == 2);
  world.done(sent[3], answer(602));
  CHECK(acked_now() == 2);
  world.completions();
  world.pass(milliseconds(5'001));
  REQUIRE(world.completions().size() == 1);  // the third, unknown
  CHECK(acked_now() == 8);
}

TEST_CASE("no request is further ahead of acked than the window, and the rest follow when it moves") {
  Options options = three_replicas();
  options.outstanding_max = 2 * kv::kWindow;
  Harness world(options);
  for (Ticket ticket = 1; ticket <= 2 * kv::kWindow; ++ticket) CHECK(world.submit(ticket, put("a")));
  CHECK_FALSE(world.submit(9999, put("a")));
  world.open();
  const auto sent = world.turn();
  CHECK(sent.size() == kv::kWindow);
  for (std::size_t i = 1; i < sent.size(); ++i) world.done(sent[i], answer(600));
  CHECK(world.turn().empty());  // the first holds the window
  world.done(sent[0], answer(600));
  const auto rest = world.turn();
  CHECK(rest.size() == kv::kWindow);
  for (const Arrived& request : rest) CHECK(request.acked == Sequence{kv::kWindow});
  for (const Arrived& request : rest) world.done(request, answer(600));
  CHECK(world.completions().size() == 2 * kv::kWindow);
}

TEST_CASE("an evicted session leaves its writes unknown; reads and what never left move to a new one") {
  Harness world;
  world.submit(1, put("a"));
  world.submit(2, get("a"));
  world.submit(3, put("b"));
  world.open();
  const auto old = world.turn();
  REQUIRE(old.size() == 3);
  world.submit(4, put("c"));
  world.done(old[0], refusal(kv::Status::session_evicted));
  auto completions = world.completions();
  REQUIRE(completions.size() == 2);
  CHECK(completions[0].ticket == 1);
  CHECK(completions[0].verdict == Verdict::unknown);
  CHECK(completions[1].ticket == 3);
  CHECK(world.client.session() == SessionId{});

  world.done(old[2], answer(600));  // too late: it has been reported
  world.open(SessionId{700});
  const auto sent = world.turn();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].command == get("a"));
  CHECK(sent[1].command == put("c"));
  CHECK(sent[0].session == SessionId{700});
  CHECK(sent[0].sequence == Sequence{1});
  CHECK(sent[1].sequence == Sequence{2});
  world.done(old[1], answer(600));  // of the old session: a sequence means nothing without its session
  CHECK(world.completions().empty());
  world.done(sent[1], answer(601));
  completions = world.completions();
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].ticket == 4);
}

TEST_CASE("a stale sequence is an unknown outcome") {
  Harness world;
  world.submit(1, put("a"));
  world.open();
  world.done(world.turn().at(0), refusal(kv::Status::stale_sequence));
  const auto completions = world.completions();
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].verdict == Verdict::unknown);
  CHECK(completions[0].result.empty());
}

TEST_CASE("replies to what is finished, to nobody, from strangers and in disguise are ignored and counted") {
  Harness world;
  world.submit(1, put("a"));
  world.open();
  const auto sent = world.turn();
  REQUIRE(sent.size() == 1);
  const auto ok = wire::ReplyStatus::done;
  world.reply(sent[0].at, kSession, {2}, ok, {}, answer(1));
  world.reply(sent[0].at, kSession, {0}, ok, {}, answer(1));
  world.reply(sent[0].at, SessionId{501}, {1}, ok, {}, answer(1));
  world.reply(sent[0].at, SessionId{}, {1}, ok, {}, answer(1));
  CHECK(world.completions().empty());

  Buffer packet;
  wire::encode(kCluster, sent[0].at, wire::ClientReply{kSession, {1}, ok, {}, answer(1)}, packet);
  world.client.on_datagram(world.now, Address{9}, packet);
  CHECK(world.client.counters().strangers == 1);
  world.client.on_datagram(world.now, address_of(other_than(sent[0].at)), packet);
  world.client.on_datagram(world.now, address_of(sent[0].at), sent[0].packet);  // a request
  world.reply(sent[0].at, kSession, {1}, ok, {}, as_bytes("no result"));
  CHECK(world.client.counters().refused[static_cast<std::size_t>(wire::Refusal::malformed)] == 3);
  packet.back() ^= std::byte{1};
  world.client.on_datagram(world.now, address_of(sent[0].at), packet);
  CHECK(world.client.counters().refused[static_cast<std::size_t>(wire::Refusal::checksum)] == 1);
  CHECK(world.completions().empty());

  world.done(sent[0], answer(600));
  world.done(sent[0], answer(600));
  CHECK(world.completions().size() == 1);
}

TEST_CASE("a late refusal of an earlier attempt does not disturb the present one") {
  Harness world;
  world.submit(1, put("a"));
  world.open();
  const auto first = world.turn();
  REQUIRE(first.size() == 1);
  const auto second = world.pass(milliseconds(120));
  REQUIRE(second.size() == 1);
  world.not_leader(first[0], {});
  world.busy(first[0]);
  CHECK(world.turn().empty());
  world.done(second[0], answer(600));
  CHECK(world.completions().size() == 1);
}

TEST_CASE("a copy of a client goes its own way, and the same way") {
  Harness world;
  for (Ticket ticket = 1; ticket <= 5; ++ticket) world.submit(ticket, put("a"));
  world.open();
  world.turn();
  Harness twin = world;
  const auto one = world.pass(milliseconds(2'000));
  CHECK(twin.client.outstanding() == 5);
  const auto other = twin.pass(milliseconds(2'000));
  REQUIRE(one.size() == other.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i].packet == other[i].packet);
}

}  // namespace
}  // namespace norn::client
