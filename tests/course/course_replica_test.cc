// What the course's simulator would count as incorrect, dead or failed, and must not happen: case by case.
#include "replica/course/course_replica.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "tests/course/stage.h"

namespace norn::course {
namespace {

constexpr Duration kHeartbeats = milliseconds(1200);  // two, and a little
constexpr Duration kElection = milliseconds(6000);    // with a few tries

NodeId another(const Stage& stage, NodeId than, NodeId and_than = {}) {
  for (const NodeId node : stage.living()) {
    if (node != than && node != and_than) return node;
  }
  return {};
}

struct Fixture : Stage {
  explicit Fixture(std::uint8_t count = 5, std::uint64_t seed = 1) : Stage(count, seed) { first = elect(); }
  ~Fixture() { CHECK(wrong == std::vector<std::string>{}); }
  void settle() { pass(kHeartbeats); }
  // Messages pass only among these, or among the others.
  void part(std::set<NodeId> side) {
    loses = [side = std::move(side)](NodeId from, NodeId to) {
      return side.contains(from) != side.contains(to);
    };
  }
  void heal() {
    loses = [](NodeId, NodeId) { return false; };
  }
  NodeId first;  // leader
};

TEST_CASE("a replica says hello until it hears something, and nothing to others for a while") {
  Stage stage(3, 1, false);
  stage.start({1});
  CHECK(stage.hellos == 1);
  stage.pass(milliseconds(1000));
  CHECK(stage.hellos == 5);
  CHECK(stage.sent_to_peers() == 0);
  stage.start({2});  // a second late
  stage.start({3});
  stage.pass(milliseconds(1000));
  CHECK(stage.sent_to_peers() == 0);
  stage.elect();
  const std::size_t hellos = stage.hellos;
  stage.pass(milliseconds(5000));
  CHECK(stage.hellos == hellos);
  CHECK(stage.wrong == std::vector<std::string>{});
}

TEST_CASE("a cluster of one serves") {
  Fixture f(1);
  f.ask(f.first, "P", "k", "v");
  f.ask(f.first, "G", "k");
  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[1].value == "v");
}

TEST_CASE("the leader answers puts and gets, by the value last put, and an absent key's is empty") {
  Fixture f;
  f.ask(f.first, "G0", "k");
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  f.ask(f.first, "G1", "k");
  f.deliver();
  REQUIRE(f.answers.size() == 3);
  CHECK(f.answers[0].value == "");
  CHECK(f.answers[1].mid == "P");
  CHECK_FALSE(f.answers[1].value);
  CHECK(f.answers[2].value == "v");
  CHECK(f.answers[2].leader == f.id(f.first));
  CHECK(f.answers[2].client == kClient);
}

TEST_CASE("a get that comes with the acknowledgement of a put is answered after it, with the value it put") {
  Fixture f;
  f.ask(f.first, "P0", "k", "old");
  f.deliver();
  f.ask(f.first, "P1", "k", "new");
  f.ask(f.first, "G", "k");  // by lease, at once: the put is not acknowledged yet
  f.deliver();
  f.ask(f.first, "H", "k");
  f.deliver();
  REQUIRE(f.answers.size() == 4);
  CHECK(f.answers[1].mid == "G");
  CHECK(f.answers[1].value == "old");
  CHECK(f.answers[2].mid == "P1");
  CHECK(f.answers[3].value == "new");
}

TEST_CASE("who does not lead names the leader, once for each sign that it lives") {
  Fixture f;
  const NodeId follower = another(f, f.first);
  f.ask(follower, "A", "k", "v");
  CHECK(f.answers_to("A") == "redirect");
  CHECK(f.answers.back().leader == f.id(f.first));
  f.ask(follower, "B", "k", "v");
  CHECK(f.answers_to("B").empty());
  f.ask(follower, "C", "k", "v", {0x16});  // another client
  CHECK(f.answers_to("C") == "redirect");
  f.settle();  // it has heard from the leader again
  CHECK(f.answers_to("B") == "redirect");
}

TEST_CASE("when the leader dies its clients wait for the next one and are not sent in circles") {
  Fixture f;
  f.kill(f.first);
  const NodeId follower = another(f, f.first);
  int circles = 0;
  f.on_answer = [&](const Answer& answer) {
    circles += answer.type == "redirect" && answer.leader == f.id(f.first);
  };
  for (int i = 0; i < 50; ++i) f.ask(follower, "M" + std::to_string(i), "k", "v");
  CHECK(circles == 1);
  f.pass(kElection);
  CHECK(circles == 1);
  CHECK(f.held_anywhere() == 0);
}

TEST_CASE("requests that come before the first election wait for it") {
  Stage stage(5);
  stage.pass(milliseconds(1000));
  for (std::uint8_t i = 1; i <= 5; ++i) stage.ask({i}, "M" + std::to_string(i), "k", "v");
  CHECK(stage.answers.empty());
  stage.elect();
  stage.pass(kHeartbeats);
  for (std::uint8_t i = 1; i <= 5; ++i) {
    const bool leads = NodeId{i} == stage.leader();
    CHECK(stage.answers_to("M" + std::to_string(i)) == (leads ? "ok" : "redirect"));
  }
}

TEST_CASE("a client on a replica that is cut off is sent elsewhere after a while") {
  Fixture f;
  const NodeId lonely = another(f, f.first);
  f.part({lonely});
  f.pass(kElection);  // it knows of no leader any more
  f.ask(lonely, "M", "k", "v");
  f.pass(kHoldMax - milliseconds(1));
  CHECK(f.answers_to("M").empty());
  f.pass(milliseconds(2));
  CHECK(f.answers_to("M") == "redirect");
  CHECK(f.answers.back().leader == kNobody);
}

TEST_CASE("a put that is committed when its leader dies unanswered is answered by the next one, once") {
  Fixture f;
  f.loses = [&](NodeId, NodeId to) { return to == f.first; };  // acknowledgements do not arrive
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  CHECK(f.answers_to("P").empty());
  f.kill(f.first);
  f.heal();
  f.pass(kElection);
  CHECK(f.answers_to("P") == "ok");
  CHECK(f.at(f.leader()).counters().inherited == 1);
  f.kill(f.leader());
  f.pass(kElection);
  CHECK(f.answers_to("P") == "ok");
}

TEST_CASE("a put that is answered is not answered again by the next leader, once others were told") {
  Fixture f;
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  CHECK(f.answers_to("P") == "ok");
  SUBCASE("of it alone") { f.pass(kTellAfter + milliseconds(1)); }
  SUBCASE("with the next entries") {
    f.ask(f.first, "Q", "k", "w");
    f.loses = [&](NodeId, NodeId to) { return to == f.first; };
  }
  f.deliver();
  f.kill(f.first);
  f.heal();
  f.pass(kElection);
  CHECK(f.answers_to("P") == "ok");
  f.ask(f.leader(), "G", "k");
  f.deliver();
  CHECK(f.answers_to("G") == "ok");
}

TEST_CASE("what nobody was told of is answered twice, and only by the next leader") {
  Fixture f;
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  f.kill(f.first);
  f.pass(kElection);
  CHECK(f.answers_to("P") == "ok ok");
  f.settle();
  f.kill(f.leader());
  f.pass(kElection);
  CHECK(f.answers_to("P") == "ok ok");
}

TEST_CASE("a leader killed in the middle of a turn has not told of an answer it did not give") {
  for (std::size_t sent = 0; sent < 8; ++sent) {
    Fixture f;
    f.ask(f.first, "P", "k", "v");
    f.ask(f.first, "Q", "l", "v");
    f.kill_after(f.first, sent);  // its next turn answers P
    f.deliver();
    f.pass(kElection);
    CAPTURE(sent);
    CHECK(f.answers_to("P").substr(0, 2) == "ok");
    CHECK(f.answers_to("Q").substr(0, 2) == "ok");
  }
}

TEST_CASE("a get waits for the puts that a new leader has inherited, and does not overtake their answers") {
  Fixture f;
  f.loses = [&](NodeId, NodeId to) { return to == f.first; };
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  f.kill(f.first);
  f.heal();
  while (!f.leader()) f.pass(milliseconds(1));
  f.ask(f.leader(), "G", "k");
  f.pass(kInheritedWait + milliseconds(10));
  REQUIRE(f.answers.size() == 2);
  CHECK(f.answers[0].mid == "P");
  CHECK(f.answers[1].mid == "G");
  CHECK(f.answers[1].value == "v");
}

TEST_CASE("a leader in the minority neither refuses nor redirects what may be committed yet") {
  Fixture f;
  const NodeId companion = another(f, f.first);
  f.part({f.first, companion});
  f.ask(f.first, "P", "k", "v");
  f.pass(kElection);
  CHECK(f.at(f.first).replica().raft().role() != raft::Role::leader);
  CHECK(f.answers_to("P").empty());
  const NodeId second = f.leader();
  REQUIRE(second);
  SUBCASE("it cannot be any more: something else is committed in its place") {
    f.ask(second, "Q", "k", "w");
    f.deliver();
    f.heal();
    f.settle();
    CHECK(f.answers_to("P") == "redirect");
    CHECK(f.answers.back().leader == f.id(second));
  }
  SUBCASE("nothing is, but the next leader's first entry is of a later term") {
    f.heal();
    f.settle();
    CHECK(f.answers_to("P") == "redirect");
  }
  CHECK(f.at(f.first).held() == 0);
}

TEST_CASE(
    "a put that survives its leader's fall is answered by whoever leads then, and not by the fallen one") {
  Fixture f;
  // It reaches everybody, but no acknowledgement comes back until the leader has given up.
  f.loses = [&](NodeId, NodeId to) { return to == f.first; };
  f.ask(f.first, "P", "k", "v");
  f.pass(kElection);
  REQUIRE(f.leader() != f.first);
  CHECK(f.answers_to("P") == "ok");
  CHECK(f.answers.back().from == f.leader());
  f.heal();
  f.settle();
  CHECK(f.answers_to("P") == "ok");
}

TEST_CASE("gets are not answered by a leader that may have been followed by another") {
  Fixture f;
  f.ask(f.first, "P", "k", "old");
  f.settle();
  f.part({f.first});
  f.pass(milliseconds(1150));  // its lease is over, and it still leads
  REQUIRE(f.at(f.first).replica().raft().role() == raft::Role::leader);
  f.ask(f.first, "G", "k");
  f.pass(kElection);
  CHECK((f.answers_to("G").empty() || f.answers_to("G") == "redirect"));
  REQUIRE(f.leader());
  f.ask(f.leader(), "Q", "k", "new");
  f.deliver();
  f.heal();
  f.settle();
  CHECK(f.answers_to("Q") == "ok");
  CHECK(f.answers_to("G") == "redirect");
}

TEST_CASE("what is malformed is counted and changes nothing") {
  Fixture f;
  f.hear(f.first, {"", "{", "{}", R"({"src":"0001","dst":"0000","leader":"FFFF","type":"raft"})", "\xff"});
  const Counters& counters = f.at(f.first).counters();
  CHECK(counters.refused[0] + counters.refused[1] + counters.refused[2] == 5);
  f.ask(f.first, "P", "k", "v");
  f.deliver();
  CHECK(f.answers_to("P") == "ok");
}

TEST_CASE("a peer's packet that is none is dropped") {
  Fixture f;
  const NodeId peer = another(f, f.first);
  f.hear(f.first, {to_peer({f.id(peer), f.id(f.first), kNobody}, {}, as_bytes("no packet of ours")),
                   to_peer({f.id(peer), f.id(f.first), kNobody}, {}, {})});
  const auto& refused = f.at(f.first).replica().counters().refused;
  CHECK(std::count(std::begin(refused), std::end(refused), 0u) == wire::kRefusals - 1);
}

TEST_CASE("several requests in one turn are answered each once, a client's puts in their order") {
  Fixture f;
  std::vector<std::string> requests;
  for (int i = 0; i < 20; ++i)
    requests.push_back(f.request(f.first, "M" + std::to_string(i), "k", std::to_string(i)));
  f.hear(f.first, requests);
  f.deliver();
  REQUIRE(f.answers.size() == 20);
  for (int i = 0; i < 20; ++i) CHECK(f.answers[i].mid == "M" + std::to_string(i));
}

}  // namespace
}  // namespace norn::course
