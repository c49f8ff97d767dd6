// What clients are told, and when.
#include <doctest/doctest.h>

#include "tests/replica/alone.h"

namespace norn {

using wire::ReplyStatus;

TEST_CASE("a put is answered when it is committed and applied, not before") {
  Alone alone;
  alone.lead_with_session();
  CHECK(answers(alone.asked(1, put("a", "1"))).empty());
  CHECK(answers(alone.sync()).empty());  // durable here alone is no quorum
  CHECK(alone.read("a").items.at(0).value == std::nullopt);
  const auto replies = answers(alone.acknowledged(alone.last()));
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].status == ReplyStatus::done);
  CHECK(replies[0].sequence == Sequence{1});
  CHECK(replies[0].leader == kSelf);
  CHECK(replies[0].result->items.at(0).version == alone.last());
  CHECK(alone.read("a").items.at(0).value == "1");
}

TEST_CASE("two followers are a quorum without the leader's disk") {
  Alone alone;
  alone.lead_with_session();
  alone.asked(1, put("a", "1"));
  CHECK(answers(alone.acknowledged(alone.last())).empty());
  const raft::AppendReply third{alone.raft().term(), 0, true, false, {alone.last()}, {}};
  CHECK(answers(alone.told(kThird, third)).size() == 1);
  CHECK(alone.raft().durable().value < alone.last());
}

TEST_CASE("a retry is answered with the kept result, and applied once") {
  Alone alone;
  alone.lead_with_session();
  alone.asked(1, increment("n"));
  alone.asked(1, increment("n"));  // while the first is under way
  alone.sync();
  alone.sync();
  const auto both = answers(alone.acknowledged(alone.last()));
  REQUIRE(both.size() == 2);
  CHECK(*both[0].result == *both[1].result);
  alone.asked(1, increment("n"));
  alone.sync();
  const auto again = answers(alone.acknowledged(alone.last()));
  REQUIRE(again.size() == 1);
  CHECK(*again[0].result == *both[0].result);
  CHECK(alone.read("n").items.at(0).value == "1");
}

TEST_CASE("a read waits for its round") {
  Alone alone;
  alone.lead_with_session();
  const auto sent = alone.asked(1, get("a"));
  CHECK(answers(sent).empty());
  const auto round = seen<raft::AppendEntries>(sent);
  REQUIRE(round.size() == 2);
  CHECK(answers(alone.acknowledged(alone.last(), round[0].body.round - 1)).empty());
  const auto replies = answers(alone.acknowledged(alone.last(), round[0].body.round));
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].status == ReplyStatus::done);
}

TEST_CASE("a read of a new leader waits until its first entry is applied") {
  Alone alone;
  alone.lead();
  alone.session = {1};
  const auto sent = alone.asked(1, get("a"));
  const auto round = seen<raft::AppendEntries>(sent).at(0).body.round;
  CHECK(answers(alone.acknowledged(0, round)).empty());
  CHECK(answers(alone.acknowledged(alone.last(), round)).size() == 1);
}

TEST_CASE("a follower says not_leader, and who leads") {
  Alone alone;
  alone.session = {1};
  alone.append({3}, {}, {}, {});
  for (const kv::Command& command : {put("a", "1"), get("a")}) {
    const auto replies = answers(alone.asked(1, command));
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == ReplyStatus::not_leader);
    CHECK(replies[0].leader == kSecond);
  }
}

TEST_CASE("a deposed leader tells all its clients not_leader") {
  Alone alone;
  alone.lead_with_session();
  alone.asked(1, put("a", "1"));
  alone.asked(2, get("a"));
  const Term next = alone.raft().term().next();
  const auto replies = answers(alone.append(next, {}, {}, {}));
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].status == ReplyStatus::not_leader);
  CHECK(replies[0].leader == kSecond);
  CHECK(replies[1].status == ReplyStatus::not_leader);
}

TEST_CASE(
    "who begins to lead, takes requests and is deposed in one turn answers them not_leader, never with "
    "the result of another's entry") {
  Alone alone;
  alone.until_deadline();
  alone.told(kSecond, raft::VoteReply{{1}, true, true});
  alone.sync();
  alone.session = {1};
  alone.hear(kSecond, raft::VoteReply{{1}, true, false});
  REQUIRE(alone.raft().role() == raft::Role::leader);
  alone.ask(1, put("a", "1"));
  alone.ask(2, get("a"));
  REQUIRE(alone.last() == 2);
  Buffer run = run_of({2}, 1);
  add_command(run, {2}, {}, {1}, open_session());
  const auto replies = answers(alone.append({2}, {}, {2}, run));
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].status == ReplyStatus::not_leader);
  CHECK(replies[1].status == ReplyStatus::not_leader);
  alone.sync();
  CHECK(answers(alone.append({2}, {{2}, {2}}, {2}, {}, 2)).empty());
  CHECK(alone.replica().applied() == Index{2});
}

TEST_CASE("a leader that no quorum follows any more steps down, and says so") {
  Alone alone;
  alone.lead_with_session();
  alone.asked(1, put("a", "1"));
  std::vector<Answer> replies;
  for (int i = 0; i < 20 && replies.empty(); ++i) replies = answers(alone.pass(milliseconds(50)));
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].status == ReplyStatus::not_leader);
  CHECK(replies[0].leader == NodeId{});
}

TEST_CASE("too much uncommitted, or too many reads waiting, is answered busy") {
  ReplicaOptions options = options_of(kSelf);
  options.proposals_bytes_max = 1000;
  options.reads_max = 2;
  Alone alone(options);
  alone.lead_with_session();
  CHECK(answers(alone.asked(1, put("a", std::string(1000, 'x')))).empty());
  const std::uint64_t last = alone.last();
  const auto refused = answers(alone.asked(2, put("b", "1")));
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].status == ReplyStatus::busy);
  CHECK(alone.last() == last);
  CHECK(answers(alone.asked(3, get("a"))).empty());
  CHECK(answers(alone.asked(4, get("a"))).empty());
  CHECK(answers(alone.asked(5, get("a"))).at(0).status == ReplyStatus::busy);

  alone.sync();
  alone.acknowledged(last);
  CHECK(answers(alone.asked(2, put("b", "1"))).empty());
  CHECK(alone.last() == last + 1);
}

TEST_CASE("a large value travels as fragments, in and out") {
  Alone alone;
  alone.lead_with_session();
  const std::string large(20'000, 'x');
  const Buffer command = kv::encode(put("a", large));
  const Buffer request = encoded({alone.session, {1}, {}, command});

  class Pieces final : public net::Transport {
   public:
    void send(Address, Bytes bytes) override { all.emplace_back(bytes.begin(), bytes.end()); }
    std::vector<Buffer> all;
  } pieces;
  Buffer scratch;
  wire::send(pieces, address_of(kSelf), kCluster, {}, request, 1400, scratch);
  REQUIRE(pieces.all.size() > 10);
  for (const Buffer& piece : pieces.all) alone.node.hear(alone.now, kClient, piece);
  CHECK(alone.replica().client_pieces().packets() == 0);

  const auto sent = alone.turn();
  for (const Datagram& datagram : sent) CHECK(datagram.bytes.size() <= alone.node.options.datagram_max);
  const auto appends = seen<raft::AppendEntries>(sent);
  REQUIRE_FALSE(appends.empty());
  CHECK(appends[0].body.entries.size() > large.size());
  alone.sync();
  CHECK(answers(alone.acknowledged(alone.last())).size() == 1);
  CHECK(alone.read("a").items.at(0).value == large);
}

}  // namespace norn
