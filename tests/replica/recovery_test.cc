// What a replica makes of the disk it starts on: torn tails, damage, files that are not its own.
#include <doctest/doctest.h>

#include "tests/replica/alone.h"
#include "tests/replica/cluster.h"

namespace norn {
namespace {

using raft::AppendEntries;
using raft::VoteReply;

// A follower of replica 2 in term 3 with two records of two entries each, all synced.
void follow(Alone& alone) {
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.append({3}, {}, {}, run_of({3}, 2), 2);
  alone.sync();
  alone.append({3}, {{3}, {2}}, {}, run_of({3}, 2), 3);
  alone.sync();
}

bool grants_vote(Alone& alone, Term term) {
  alone.now += milliseconds(200);
  auto sent = alone.told(kThird, raft::RequestVote{term, {term, {100}}, false, false});
  while (alone.node.disk.pending(File::wal)) {
    const auto more = alone.sync();
    sent.insert(sent.end(), more.begin(), more.end());
  }
  const auto votes = seen<VoteReply>(sent);
  REQUIRE(votes.size() == 1);
  return votes[0].body.granted;
}

// A cluster with snapshots and with entries behind them.
Cluster written(std::uint64_t seed) {
  Cluster cluster(seed);
  cluster.elect();
  cluster.perform(open_session());
  for (int i = 0; i < 15; ++i) cluster.perform(put("key " + std::to_string(i % 4), std::string(60, 'v')));
  cluster.run(milliseconds(200));
  return cluster;
}

}  // namespace

TEST_CASE("a torn tail is cut, wherever it is torn, and the note says so") {
  std::size_t torn = 0;
  for (std::size_t kept = 0;; ++kept) {
    CAPTURE(kept);
    Alone alone;
    follow(alone);
    alone.append({3}, {{3}, {4}}, {}, run_of({3}, 1), 4);  // not synced
    const std::size_t size = alone.node.disk.unsynced(File::wal);
    REQUIRE(size > 0);
    alone.restart({.appended = kept});
    REQUIRE_FALSE(alone.replica().stopped());
    const bool cut = kept > 0 && kept < size;
    const std::string note = alone.replica().recovery_note();
    CHECK(note.ends_with(" bytes of a torn WAL tail were cut") == cut);
    if (cut) {  // zeros at its end are not told from what was allocated ahead
      const std::size_t counted = std::stoul(note);
      CHECK(counted > 0);
      CHECK(counted <= kept);
    }
    CHECK(alone.last() == (kept < size ? 4 : 5));
    CHECK(alone.raft().fence() == Index{});
    CHECK(grants_vote(alone, {4}));
    if (cut) ++torn;
    if (kept == size) break;
  }
  CHECK(torn > 50);
}

TEST_CASE(
    "after a damaged WAL record there is no vote and no candidacy until the log is back from a leader") {
  Alone alone;
  follow(alone);
  Buffer& file = alone.node.disk.content(File::wal);
  const std::size_t record = 80 + 32;  // the size of one with two no-ops: the last two are such
  const std::size_t offset = file.size() - 2 * record;
  file[offset + record - 8] ^= std::byte{1};
  alone.restart();
  alone.sync();
  const std::string note = alone.replica().recovery_note();
  CHECK(note == "WAL record 3 at offset " + std::to_string(offset) +
                    " is damaged: entries up to 4 may be lost; no votes until they are back from a leader");
  CHECK(alone.last() == 0);
  CHECK_FALSE(grants_vote(alone, {4}));
  CHECK(seen<raft::RequestVote>(alone.until_deadline()).empty());
  CHECK(seen<raft::RequestVote>(alone.until_deadline()).empty());

  // A second restart has forgotten nothing of it.
  alone.restart();
  CHECK_FALSE(grants_vote(alone, {5}));

  const auto refusal = last_acknowledgement(alone.append({5}, {{3}, {4}}, {4}, {}));
  REQUIRE(refusal);
  CHECK_FALSE(refusal->accepted);
  CHECK(refusal->lost_log);
  alone.append({5}, {}, {4}, run_of({3}, 4), 2);
  while (alone.node.disk.pending(File::wal)) alone.sync();
  alone.append({5}, {{3}, {4}}, {4}, {}, 3);
  while (alone.node.disk.pending(File::wal)) alone.sync();
  CHECK(alone.raft().fence() == Index{});
  CHECK(grants_vote(alone, {6}));
}

TEST_CASE(
    "whichever byte of a WAL or of a snapshot is damaged, the replica refuses to start, or recovers with "
    "the others' help") {
  const Cluster before = written(1);
  std::size_t fenced = 0;
  std::size_t stopped = 0;
  for (const File file : {File::wal, File::snapshot}) {
    const std::size_t size = Cluster(before).node(kSelf).disk.content(file).size();
    REQUIRE(size > 300);
    for (std::size_t at = 0; at < size; at += 3) {
      CAPTURE(at);
      Cluster cluster = before;
      cluster.kill(kSelf);
      Node& node = cluster.node(kSelf);
      node.disk.content(file)[at] ^= std::byte{0x10};
      ScriptedDisk copy = node.disk;
      const Replica recovered(node.options, copy, Rng(1), {});
      if (recovered.stopped()) {
        ++stopped;
        CHECK(file == File::wal);
        CHECK(recovered.stopped()->find("the WAL") != std::string::npos);
        continue;
      }
      CHECK(recovered.recovery_note() != "");
      if (recovered.raft().fence() != Index{}) ++fenced;
      cluster.run(milliseconds(800));
      cluster.perform(put("last", "1"));
      cluster.run(milliseconds(300));
      REQUIRE(cluster.trouble() == "");
    }
  }
  CHECK(fenced > 100);
  CHECK(stopped > 0);
}

TEST_CASE("a damaged snapshot whose log begins behind it means no vote, and the note names the entry") {
  Cluster cluster = written(2);
  cluster.kill(kSelf);
  Node& node = cluster.node(kSelf);
  node.disk.content(File::snapshot).back() ^= std::byte{1};
  ScriptedDisk disk = node.disk;
  const Replica replica(node.options, disk, Rng(1), {});
  CHECK(replica.recovery_note().find("the snapshot up to entry ") == 0);
  CHECK(replica.raft().fence() != Index{});
  CHECK(replica.applied() == Index{});
}

TEST_CASE("a damaged snapshot beside the whole log costs nothing, and is noted") {
  ReplicaOptions options = options_of(kSelf);
  options.compact_after_bytes = 100;  // a snapshot soon, and all of the log kept
  Alone alone(options);
  alone.append({3}, {}, {}, {});
  alone.sync();
  alone.append({3}, {}, {20}, run_of({3}, 20), 2);
  alone.sync();
  alone.sync(File::snapshot);
  alone.sync();
  alone.node.disk.content(File::snapshot).back() ^= std::byte{1};
  alone.restart();
  CHECK(alone.replica().recovery_note() == "the snapshot is damaged; the whole log is here");
  CHECK(alone.last() == 20);
  CHECK(grants_vote(alone, {4}));
}

TEST_CASE("a replica does not start on a snapshot whose WAL is gone") {
  Cluster cluster = written(2);
  cluster.kill(kSelf);
  Node& node = cluster.node(kSelf);
  ScriptedDisk disk = node.disk;
  REQUIRE_FALSE(disk.content(File::snapshot).empty());
  disk.content(File::wal).clear();
  const Replica replica(node.options, disk, Rng(1), {});
  REQUIRE(replica.stopped());
  CHECK(*replica.stopped() == "there is a snapshot but no WAL: what this replica promised is unknown");
}

TEST_CASE("a snapshot brings its term with it, should the WAL have lost the record that knew it") {
  ReplicaOptions options = options_of(kSelf);
  options.compact_after_bytes = 100;
  options.keep_bytes = 0;
  Alone alone(options);
  const std::size_t image = alone.node.disk.content(File::wal).size();
  alone.append({3}, {}, {20}, run_of({3}, 20));
  alone.sync();
  alone.append({3}, {{3}, {20}}, {20}, {}, 2);  // committed
  alone.turn();
  alone.sync(File::snapshot);
  alone.node.disk.cut(File::wal, image);  // damage that looks like a torn tail
  alone.restart();
  REQUIRE(alone.replica().applied() == Index{20});
  CHECK(alone.raft().term() == Term{3});
  // The leader of an earlier term, cut off since, must find no one to follow it.
  const auto reply = last_acknowledgement(alone.append({2}, {{1}, {15}}, {15}, run_of({2}, 10)));
  REQUIRE(reply);
  CHECK_FALSE(reply->accepted);
  CHECK(reply->term == Term{3});
  CHECK(alone.last() == 20);
}

TEST_CASE(
    "a replica does not start on another cluster's or another replica's WAL, nor on one it cannot read") {
  Alone alone;
  follow(alone);
  ReplicaOptions options = alone.node.options;
  std::string said;
  SUBCASE("another cluster") {
    options.cluster = {78};
    said = "the WAL belongs to cluster 77, not to 78";
  }
  SUBCASE("another replica") {
    options.raft.id = kSecond;
    said = "the WAL belongs to replica 1, not to 2";
  }
  SUBCASE("a read error of the WAL") {
    alone.node.disk.fail_next(Fault::failed);
    said = "the data directory cannot be read";
  }
  SUBCASE("a read error of the snapshot") {
    alone.node.disk.fail_at(alone.node.disk.operations() + 2, Fault::failed);
    said = "the data directory cannot be read";
  }
  const Buffer before = alone.node.disk.content(File::wal);
  Node node(options);
  node.disk = alone.node.disk;
  node.start({});
  REQUIRE(node.replica->stopped());
  CHECK(*node.replica->stopped() == said);
  CHECK(node.sent.empty());
  CHECK(node.replica->deadline() == kNever);
  node.hear({}, kSecond, AppendEntries{{9}, {}, {}, 1, {}});
  node.settle({});
  CHECK(node.sent.empty());
  CHECK(node.disk.content(File::wal) == before);
  CHECK_FALSE(node.disk.pending(File::wal));
}

}  // namespace norn
