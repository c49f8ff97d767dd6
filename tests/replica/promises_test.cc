// The durability order: what leaves when, and which write it waits for.
#include <doctest/doctest.h>

#include "tests/replica/alone.h"

namespace norn {

using raft::AppendEntries;
using raft::RequestVote;
using raft::VoteReply;

TEST_CASE("a vote leaves only after its sync") {
  Alone alone;
  alone.now += milliseconds(200);  // since its start it protects a leader it may have followed
  const auto before = alone.told(kSecond, RequestVote{{4}, {}, false, false});
  CHECK(before.empty());
  CHECK(alone.node.disk.pending(File::wal));
  const auto after = alone.sync();
  const auto votes = seen<VoteReply>(after);
  REQUIRE(votes.size() == 1);
  CHECK(votes[0].to == address_of(kSecond));
  CHECK(votes[0].body == VoteReply{{4}, true, false});
}

TEST_CASE("a vote that was not synced is forgotten, and may be given again") {
  Alone alone;
  alone.now += milliseconds(200);
  alone.told(kSecond, RequestVote{{4}, {}, false, false});
  alone.restart();
  CHECK(alone.raft().term() == Term{0});
  alone.now += milliseconds(200);
  alone.told(kThird, RequestVote{{4}, {}, false, false});
  CHECK(seen<VoteReply>(alone.sync()).size() == 1);
}

TEST_CASE("a candidate asks for votes only after its own is synced") {
  Alone alone;
  CHECK(seen<RequestVote>(alone.until_deadline()).size() == 2);  // pre-votes promise nothing
  CHECK(alone.told(kThird, VoteReply{{1}, true, true}).empty());
  const auto after = alone.sync();
  const auto asked = seen<RequestVote>(after);
  REQUIRE(asked.size() == 2);
  CHECK_FALSE(asked[0].body.pre_vote);
  CHECK(asked[0].body.term == Term{1});
}

TEST_CASE("entries are acknowledged only after their sync") {
  Alone alone;
  alone.append({3}, {}, {}, {});
  CHECK(last_acknowledgement(alone.sync())->match == Index{0});
  const auto before = alone.append({3}, {}, {}, run_of({3}, 2), 2);
  CHECK_FALSE(last_acknowledgement(before).has_value());
  const auto heartbeat = alone.append({3}, {{3}, {2}}, {}, {}, 3);
  REQUIRE(last_acknowledgement(heartbeat));
  CHECK(last_acknowledgement(heartbeat)->match == Index{0});
  CHECK(last_acknowledgement(heartbeat)->round == 3);
  CHECK(last_acknowledgement(alone.sync())->match == Index{2});
}

TEST_CASE("a leader's replication does not wait for its own disk") {
  Alone alone;
  alone.lead_with_session();
  const auto sent = alone.asked(1, put("a", "1"));
  const auto appends = seen<AppendEntries>(sent);
  REQUIRE_FALSE(appends.empty());
  CHECK_FALSE(appends[0].body.entries.empty());
  CHECK(alone.node.disk.pending(File::wal));
}

TEST_CASE("one write of the WAL is in flight, and what gathers meanwhile is the next") {
  Alone alone;
  alone.lead_with_session();
  const std::uint64_t before = alone.node.disk.operations();
  alone.asked(1, put("a", "1"));
  for (std::uint64_t sequence = 2; sequence <= 20; ++sequence) alone.asked(sequence, put("a", "2"));
  CHECK(alone.node.disk.operations() == before + 2);  // an append and its sync
  alone.sync();
  CHECK(alone.node.disk.operations() == before + 4);
  alone.sync();
  CHECK(alone.node.disk.operations() == before + 4);
  CHECK(alone.raft().durable().value == alone.last());
}

TEST_CASE("a vote given while a write is in flight waits for the next one") {
  Alone alone;
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.append({3}, {}, {}, run_of({3}, 1), 2);
  REQUIRE(alone.node.disk.pending(File::wal));
  alone.now += milliseconds(200);
  alone.told(kThird, RequestVote{{4}, {{3}, {9}}, false, false});
  CHECK(seen<VoteReply>(alone.sync()).empty());
  CHECK(seen<VoteReply>(alone.sync()).size() == 1);
}

TEST_CASE("entries that were replaced while their write was in flight are not acknowledged by it") {
  Alone alone;
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.append({3}, {}, {}, run_of({3}, 3), 2);  // in flight
  alone.told(kThird, AppendEntries{{4}, {{3}, {1}}, {}, 1, run_of({4}, 2)});
  const auto first = alone.sync();
  const auto reply = last_acknowledgement(first);
  CHECK((!reply || reply->match <= Index{1}));
  CHECK(last_acknowledgement(alone.sync())->match == Index{3});
  alone.restart();
  CHECK(alone.raft().log().last() == EntryId{{4}, {3}});
}

TEST_CASE("after a failed sync, append or replacement a replica has stopped, and sends nothing more") {
  Alone alone;
  alone.lead_with_session();
  std::string said;
  SUBCASE("sync") {
    alone.node.disk.fail_at(alone.node.disk.operations() + 2, Fault::failed);
    alone.asked(1, put("a", "1"));
    CHECK(alone.sync().empty());
    said = "the disk failed to sync the WAL";
  }
  SUBCASE("append") {
    alone.node.disk.fail_next(Fault::failed);
    alone.asked(1, put("a", "1"));
    said = "the disk failed to take a WAL record";
  }
  REQUIRE(alone.replica().stopped());
  CHECK(*alone.replica().stopped() == said);
  CHECK(alone.replica().deadline() == kNever);
  CHECK(alone.acknowledged(alone.last()).empty());
  CHECK(alone.asked(2, get("a")).empty());
  CHECK(alone.pass(milliseconds(1000)).empty());
}

TEST_CASE("a replica whose disk fails in the middle of a turn answers nobody in that turn") {
  Alone alone;
  alone.lead_with_session();
  alone.asked(1, put("a", "1"));
  alone.sync();
  alone.hear(kSecond, raft::AppendReply{alone.raft().term(), 0, true, false, {alone.last()}, {}});
  alone.ask(2, put("b", "2"));
  alone.node.disk.fail_next(Fault::failed);
  CHECK(answers(alone.turn()).empty());
}

TEST_CASE("on a full disk nothing is acknowledged; the write is tried again, and everything goes on") {
  Alone alone;
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.node.disk.set_full(true);
  CHECK(alone.append({3}, {}, {}, run_of({3}, 2), 2).empty());
  alone.now += milliseconds(200);
  CHECK(alone.told(kThird, RequestVote{{4}, {{3}, {9}}, false, false}).empty());
  CHECK_FALSE(alone.node.disk.pending(File::wal));
  CHECK_FALSE(alone.replica().stopped());
  CHECK(seen<VoteReply>(alone.until_deadline()).empty());

  alone.node.disk.set_full(false);
  alone.pass(milliseconds(100));
  CHECK(seen<VoteReply>(alone.sync()).size() == 1);
  CHECK(alone.replica().deadline() > alone.now);
  alone.restart();
  CHECK(alone.raft().log().last().index == Index{2});
  CHECK(alone.raft().hard_state() == raft::HardState{{4}, kThird});
}

TEST_CASE("a new replica whose disk is full at first tries its image again, and votes only then") {
  Node node(options_of(kSelf));
  Time now{};
  node.disk.set_full(true);
  node.start(now);
  now += milliseconds(160);
  node.hear(now, kSecond, RequestVote{{1}, {}, false, false});
  node.settle(now);
  REQUIRE(node.sync(now, File::wal));
  node.settle(now);
  REQUIRE_FALSE(node.replica->stopped());
  CHECK(seen<VoteReply>(node.take()).empty());

  node.disk.set_full(false);
  now += milliseconds(100);
  node.tick(now);
  node.settle(now);
  CHECK(seen<VoteReply>(node.take()).empty());
  REQUIRE(node.sync(now, File::wal));
  node.settle(now);
  CHECK(seen<VoteReply>(node.take()).size() == 1);
  CHECK(node.replica->deadline() > now);
  CHECK(node.broken.empty());
}

TEST_CASE("a sync that finds the disk full is made good by an image, and what waited for it leaves then") {
  Alone alone;
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.node.disk.fail_at(alone.node.disk.operations() + 2, Fault::full);
  alone.append({3}, {}, {}, run_of({3}, 1), 2);
  alone.now += milliseconds(200);
  alone.told(kThird, RequestVote{{4}, {{3}, {9}}, false, false});
  CHECK(alone.sync().empty());  // full
  alone.pass(milliseconds(100));
  CHECK(seen<VoteReply>(alone.sync()).size() == 1);
  CHECK_FALSE(alone.node.disk.pending(File::wal));
  alone.restart();
  CHECK(alone.raft().log().last().index == Index{1});
}

TEST_CASE("messages that wait for a disk that stays full are bounded") {
  Alone alone;
  alone.node.disk.set_full(true);
  for (std::uint64_t i = 0; i < 6000; ++i) {
    // A follower that lacks prev refuses, and its refusal promises its new term.
    alone.told(kSecond, AppendEntries{{3}, {{2}, {5}}, {}, i, {}});
  }
  alone.node.disk.set_full(false);
  alone.pass(milliseconds(100));
  const std::size_t released = alone.sync().size();
  CHECK(released > 0);
  CHECK(released <= 4200);
}

}  // namespace norn
