// A client that goes on in a session opened before.
#include <doctest/doctest.h>

#include "replica/kv/sessions.h"

#include "tests/client/harness.h"

namespace norn::client {
namespace {

TEST_CASE("a resumed client opens no session, counts on, and acknowledges only what leaves the window") {
  Harness world;
  world.client = Client(three_replicas(), Rng(1), world.now, {.session = kSession, .next = Sequence{5}});
  world.submit(1, put("a"));
  auto sent = world.turn();
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(sent[0].opens());
  CHECK(sent[0].session == kSession);
  CHECK(sent[0].sequence == Sequence{5});
  CHECK(sent[0].acked == Sequence{0});
  world.done(sent[0], answer(600));
  CHECK(world.completions().at(0).verdict == Verdict::done);
  world.submit(2, put("a"));
  sent = world.turn();
  CHECK(sent.at(0).sequence == Sequence{6});
  CHECK(sent.at(0).acked == Sequence{0});

  world.client = Client(three_replicas(), Rng(1), world.now, {.session = kSession, .next = Sequence{5000}});
  world.submit(3, put("a"));
  CHECK(world.turn().at(0).acked == Sequence{5000 - kv::kWindow});
}

TEST_CASE("what a resumed session refuses is a result, and the session is not given up") {
  for (const auto status :
       {kv::Status::session_evicted, kv::Status::stale_sequence, kv::Status::window_exceeded}) {
    Harness world;
    world.client = Client(three_replicas(), Rng(1), world.now, {.session = kSession, .next = Sequence{5}});
    world.submit(1, put("a"));
    world.done(world.turn().at(0), refusal(status));
    const auto completions = world.completions();
    REQUIRE(completions.size() == 1);
    CHECK(completions[0].verdict == Verdict::done);
    CHECK(completions[0].result == refusal(status));
    CHECK(world.client.session() == kSession);
    CHECK(world.turn().empty());
  }
}

TEST_CASE("the session that a reply answers can be told at a glance") {
  Buffer packet;
  wire::encode(kCluster, NodeId{1}, wire::ClientReply{kSession, Sequence{1}, {}, NodeId{1}, answer(1)},
               packet);
  CHECK(session_answered(packet) == kSession);
  CHECK_FALSE(session_answered(Bytes(packet).first(27)));
  wire::encode(kCluster, NodeId{}, wire::ClientRequest{kSession, Sequence{1}, Sequence{0}, get("k")}, packet);
  CHECK_FALSE(session_answered(packet));
}

}  // namespace
}  // namespace norn::client
