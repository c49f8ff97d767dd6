// Snapshots: taken, durable before the log is cut, installed; and a crash at any point of it.
#include <doctest/doctest.h>

#include "replica/storage/snapshot.h"

#include "tests/replica/alone.h"
#include "tests/replica/cluster.h"

namespace norn {
namespace {

using raft::InstallSnapshot;

constexpr Term kTerm{3};
constexpr std::uint64_t kCovered = 10;
constexpr std::uint64_t kLast = 12;

// A history of kLast entries: a session, and puts.
Buffer history(std::uint64_t from, std::uint64_t to) {
  Buffer run;
  for (std::uint64_t i = from; i <= to; ++i) {
    if (i == 1) {
      add_command(run, kTerm, {}, {1}, open_session());
    } else {
      add_command(run, kTerm, {1}, {i}, put("key " + std::to_string(i % 3), std::to_string(i)));
    }
  }
  return run;
}

kv::Store store_at(std::uint64_t index) {
  kv::Store store;
  const Buffer run = history(1, index);
  raft::EntryRun entries(run, {1});
  Buffer result;
  while (const auto entry = entries.next()) store.apply(entry->id.index, entry->payload, result);
  return store;
}

Buffer image() {
  Buffer state;
  store_at(kCovered).encode(state);
  Buffer out;
  storage::encode_snapshot(kCluster, {kTerm, {kCovered}}, {kSelf, kSecond, kThird}, state, out);
  return out;
}

// Feeds the snapshot to a follower, completing its disk's operations as they come; until the power fails.
void install(Alone& alone, Term term, std::uint64_t round) {
  const Buffer whole = image();
  const auto complete = [&] {
    while (!alone.node.disk.crashed()) {
      const bool any = alone.node.sync(alone.now, File::snapshot) || alone.node.sync(alone.now, File::wal);
      if (!any) return;
      alone.node.settle(alone.now);
    }
  };
  alone.hear(kSecond,
             raft::AppendEntries{term, {}, {}, round, {}});  // nothing is taken before the term is durable
  alone.node.settle(alone.now);
  complete();
  constexpr std::size_t kChunk = 100;
  for (std::size_t at = 0; at < whole.size() && !alone.node.disk.crashed(); at += kChunk) {
    const Bytes chunk = Bytes(whole).subspan(at, std::min(kChunk, whole.size() - at));
    alone.hear(kSecond, InstallSnapshot{term, {kTerm, {kCovered}}, whole.size(), at, round, chunk});
    alone.node.settle(alone.now);
    complete();
  }
}

enum class Before { nothing, matching, conflicting };

// What the follower has when the snapshot comes: nothing, its entries and two more, or others in their place.
void prepare(Alone& alone, Before before) {
  alone.append(before == Before::conflicting ? Term{2} : kTerm, {}, {}, {});
  alone.sync();
  if (before == Before::nothing) return;
  const Buffer run = before == Before::matching ? history(1, kLast) : run_of({2}, 11);
  alone.append(before == Before::conflicting ? Term{2} : kTerm, {}, {}, run, 2);
  alone.sync();
}

bool acknowledged(const std::vector<Datagram>& sent) {
  for (const auto& reply : seen<raft::AppendReply>(sent)) {
    if (reply.body.accepted && reply.body.match.value >= kCovered) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a snapshot is durable before the log is cut, and the WAL is cut last") {
  ReplicaOptions options = options_of(kSelf);
  options.compact_after_bytes = 300;
  options.keep_bytes = 0;
  Alone alone(options);
  alone.append(kTerm, {}, {}, {});
  alone.sync();
  alone.append(kTerm, {}, {kLast}, history(1, kLast), 2);
  alone.sync();
  REQUIRE(alone.node.disk.pending(File::snapshot));
  CHECK(alone.replica().counters().snapshots_taken == 1);
  CHECK(alone.raft().log().base() == EntryId{});
  CHECK_FALSE(alone.node.disk.pending(File::wal));
  alone.sync(File::snapshot);
  CHECK(alone.raft().log().base() == EntryId{kTerm, {kLast}});
  CHECK(alone.node.disk.pending(File::wal));

  // In between, the two files overlap, and a restart finds everything.
  Alone restarted(alone);
  restarted.restart();
  CHECK(restarted.replica().store() == store_at(kLast));
  const std::size_t long_wal = alone.node.disk.content(File::wal).size();
  alone.sync();
  CHECK(alone.node.disk.content(File::wal).size() < long_wal);
  alone.restart();
  CHECK(alone.replica().recovery_note() == "");
  CHECK(alone.replica().store() == store_at(kLast));
}

TEST_CASE("a snapshot being written does not hold up the WAL") {
  ReplicaOptions options = options_of(kSelf);
  options.compact_after_bytes = 300;
  Alone alone(options);
  alone.append(kTerm, {}, {}, {});
  alone.sync();
  alone.append(kTerm, {}, {kCovered}, history(1, kCovered), 2);
  alone.sync();
  REQUIRE(alone.node.disk.pending(File::snapshot));
  alone.append(kTerm, {kTerm, {kCovered}}, {}, history(kCovered + 1, kLast), 3);
  CHECK(last_acknowledgement(alone.sync())->match == Index{kLast});
  CHECK(alone.node.disk.pending(File::snapshot));
}

TEST_CASE("a full disk takes the snapshot later") {
  ReplicaOptions options = options_of(kSelf);
  options.compact_after_bytes = 300;
  options.keep_bytes = 0;
  Alone alone(options);
  alone.append(kTerm, {}, {}, {});
  alone.sync();
  alone.node.disk.fail_at(alone.node.disk.operations() + 3, Fault::full);  // after an append and its sync
  alone.append(kTerm, {}, {kLast}, history(1, kLast), 2);
  alone.sync();
  alone.sync(File::snapshot);
  CHECK_FALSE(alone.replica().stopped());
  CHECK_FALSE(alone.node.disk.pending(File::snapshot));
  CHECK(alone.raft().log().base() == EntryId{});
  alone.pass(milliseconds(100));
  alone.sync(File::snapshot);
  CHECK(alone.raft().log().base().index == Index{kLast});
  CHECK(alone.replica().deadline() > alone.now);
}

TEST_CASE("sessions survive a snapshot and a restart: a retry is still answered with the kept result") {
  Cluster cluster(1, 1);
  cluster.perform(open_session());
  kv::Result last;
  std::uint64_t sequence = 0;
  for (; sequence < 20; ++sequence) last = cluster.perform(increment("number"));
  Node& node = cluster.node(kSelf);
  REQUIRE(node.replica->counters().snapshots_taken > 0);
  cluster.kill(kSelf);
  cluster.run(milliseconds(50));
  REQUIRE(node.runs());
  CHECK(node.replica->applied().value > 0);  // from the snapshot, before anything is committed again
  cluster.elect();
  cluster.record();
  cluster.post({sequence}, increment("number"));
  cluster.run(milliseconds(50));
  const auto replies = answers(cluster.recorded());
  REQUIRE(replies.size() == 1);
  CHECK(*replies[0].result == last);
  CHECK(cluster.perform(get("number")).items.at(0).value == "20");
}

TEST_CASE("a snapshot is installed, whatever the log was, and at whichever disk operation the power fails") {
  for (const Before before : {Before::nothing, Before::matching, Before::conflicting}) {
    for (const Fault fault : {Fault::crash, Fault::completed_then}) {
      for (const Kept kept : {Kept{}, Kept{1000, true}}) {
        std::uint64_t crashes = 0;
        for (std::uint64_t n = 1;; ++n) {
          CAPTURE(n);
          Alone alone;
          prepare(alone, before);
          alone.node.take();
          alone.node.disk.fail_at(alone.node.disk.operations() + n, fault);
          install(alone, {4}, 1);
          const bool crashed = alone.node.disk.crashed();
          alone.node.disk.fail_at(0, fault);
          const bool promised = acknowledged(alone.node.take());
          alone.restart(kept);
          REQUIRE_FALSE(alone.replica().stopped());
          CHECK(alone.raft().fence() == Index{});
          if (promised) CHECK(alone.replica().applied().value >= kCovered);
          if (alone.replica().applied() != Index{}) CHECK(alone.replica().store() == store_at(kCovered));

          // The leader goes on: the snapshot, as if nothing were known of it, and what follows.
          install(alone, {4}, 2);
          alone.append({4}, {kTerm, {kCovered}}, {kLast}, history(kCovered + 1, kLast), 3);
          while (alone.node.disk.pending(File::wal)) alone.sync();
          CHECK(alone.replica().store() == store_at(kLast));
          CHECK(acknowledged(alone.append({4}, {kTerm, {kLast}}, {kLast}, {}, 4)));
          if (!crashed) break;
          ++crashes;
        }
        CHECK(crashes >= 3);
      }
    }
  }
}

TEST_CASE(
    "a snapshot older than what is applied changes nothing, be it late or overtaken while it is written") {
  const Buffer whole = image();
  const InstallSnapshot chunk{kTerm, {kTerm, {kCovered}}, whole.size(), 0, 2, whole};
  Alone alone;
  prepare(alone, Before::matching);
  SUBCASE("late") {
    alone.append(kTerm, {kTerm, {kLast}}, {kLast}, {}, 3);
    alone.told(kSecond, chunk);
    CHECK_FALSE(alone.node.disk.pending(File::snapshot));
  }
  SUBCASE("overtaken") {
    alone.told(kSecond, chunk);
    REQUIRE(alone.node.disk.pending(File::snapshot));
    alone.append(kTerm, {kTerm, {kLast}}, {kLast}, {}, 3);
    alone.sync(File::snapshot);
  }
  CHECK(alone.last() == kLast);
  CHECK(alone.replica().store() == store_at(kLast));
  CHECK(alone.replica().counters().snapshots_installed == 0);
}

TEST_CASE(
    "an installed snapshot is acknowledged when the WAL begins behind it, so that its damage is noticed") {
  const Buffer whole = image();
  Alone alone;
  prepare(alone, Before::nothing);
  alone.told(kSecond, InstallSnapshot{kTerm, {kTerm, {kCovered}}, whole.size(), 0, 2, whole});
  CHECK_FALSE(acknowledged(alone.sync(File::snapshot)));
  REQUIRE(alone.replica().applied() == Index{kCovered});
  CHECK_FALSE(acknowledged(alone.append(kTerm, {kTerm, {kCovered}}, {kCovered}, {}, 3)));
  CHECK(acknowledged(alone.sync()));
  alone.node.disk.content(File::snapshot).back() ^= std::byte{1};
  alone.restart();
  CHECK(alone.raft().fence() == Index{kCovered});
}

TEST_CASE("a snapshot that is none is refused, and asked for again from its beginning") {
  Alone alone;
  prepare(alone, Before::nothing);
  Buffer bad = image();
  bad.back() ^= std::byte{1};
  alone.told(kSecond, InstallSnapshot{kTerm, {kTerm, {kCovered}}, bad.size(), 0, 1, bad});
  CHECK_FALSE(alone.node.disk.pending(File::snapshot));
  install(alone, {4}, 2);
  CHECK(alone.replica().store() == store_at(kCovered));
}

}  // namespace norn
