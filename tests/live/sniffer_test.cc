// What the sniffer makes of packets.
#include "sim/live/sniffer.h"

#include <doctest/doctest.h>
#include <string>

#include "replica/raft/log.h"
#include "replica/wire/fragment.h"

namespace norn::sim {
namespace {

constexpr ClusterId kCluster{7};
constexpr NodeId kA{1};
constexpr NodeId kB{2};
constexpr NodeId kC{3};

struct Bench {
  explicit Bench(std::uint8_t replicas = 3) : sniffer(kCluster, replicas) {
    for (std::uint8_t i = 1; i <= replicas; ++i) sniffer.on_up({i});
  }
  void send(NodeId from, NodeId to, const raft::Message& message) {
    Buffer packet;
    wire::encode(kCluster, from, message, packet);
    now += Duration(1);
    sniffer.on_datagram(now, from, to, packet);
  }
  void append(NodeId from, std::uint64_t term, std::uint64_t prev = 0, int entries = 0,
              std::uint64_t commit = 0) {
    Buffer run;
    for (int i = 0; i < entries; ++i) raft::encode_entry({term}, raft::EntryKind::noop, {}, run);
    send(from, kC, raft::AppendEntries{{term}, {{term}, {prev}}, {commit}, 1, run});
  }
  std::uint64_t count(Counter counter) const { return count_of(sniffer.counters(), counter); }
  std::vector<Trigger> triggers(NodeId subject) {
    std::vector<Trigger> triggers;
    for (const Occasion& occasion : sniffer.occasions()) {
      CHECK(occasion.subject == subject);
      triggers.push_back(occasion.trigger);
    }
    sniffer.occasions().clear();
    return triggers;
  }

  Sniffer sniffer;
  Time now{};
};

}  // namespace

TEST_CASE("who sends appends leads, until it says otherwise") {
  Bench bench;
  CHECK(!bench.sniffer.leader());
  bench.append(kA, 2);
  CHECK(bench.sniffer.leader() == kA);
  CHECK(bench.count(Counter::leaders) == 1);
  CHECK(bench.triggers(kA) == std::vector{Trigger::leader_elected});
  REQUIRE(bench.sniffer.timeline().size() == 1);
  CHECK(bench.sniffer.timeline()[0].kind == TimelineKind::leader);
  CHECK(bench.sniffer.timeline()[0].term == Term{2});

  SUBCASE("refusing an earlier term's appends is a leader's business") {
    bench.send(kA, kB, raft::AppendReply{{2}, 0, false, false, {}, {}});
    bench.send(kA, kB, raft::VoteReply{{2}, false, false});
    bench.send(kA, kB, raft::VoteReply{{3}, true, true});  // names the term that was asked about
    CHECK(bench.sniffer.leader() == kA);
  }
  SUBCASE("following another one is not") {
    bench.send(kA, kB, raft::AppendReply{{3}, 1, true, false, {}, {}});
  }
  SUBCASE("nor is campaigning") { bench.send(kA, kB, raft::RequestVote{{3}, {}, true, false}); }
  SUBCASE("nor is a vote") { bench.send(kA, kB, raft::VoteReply{{3}, true, false}); }
  const bool steps_down = !bench.sniffer.leader();
  CHECK(bench.count(Counter::step_downs) == (steps_down ? 1 : 0));
}

TEST_CASE("of two that believe to lead, the one of the higher term does") {
  Bench bench;
  bench.append(kA, 2);
  bench.append(kB, 3);
  CHECK(bench.sniffer.leader() == kB);
  bench.append(kA, 2);
  CHECK(bench.sniffer.leader() == kB);
  bench.sniffer.on_down(kB);
  CHECK(bench.sniffer.leader() == kA);
  CHECK(bench.sniffer.findings().empty());
  bench.append(kB, 4);  // from before its end: nobody's
  CHECK(bench.sniffer.leader() == kA);
}

TEST_CASE("two leaders of one term are a finding") {
  Bench bench;
  bench.append(kB, 2);
  bench.append(kA, 2);
  REQUIRE(bench.sniffer.findings().size() == 1);
  CHECK(bench.sniffer.findings()[0].oracle == oracle::kElectionSafety);
  CHECK(bench.sniffer.findings()[0].replicas == std::vector{kA, kB});
}

TEST_CASE("entries, commits and acknowledgements") {
  Bench bench;
  bench.append(kA, 2, 5, 1, 5);
  bench.triggers(kA);
  bench.append(kA, 2, 6, 2, 6);
  CHECK(bench.triggers(kA) == std::vector{Trigger::leader_append});
  bench.append(kA, 2, 6, 2, 6);  // the same again
  CHECK(bench.triggers(kA).empty());
  CHECK(bench.sniffer.committed() == Index{6});
  CHECK(bench.sniffer.applied(kA) == Index{6});
  bench.send(kB, kA, raft::AppendReply{{2}, 1, true, false, {8}, {}});
  bench.send(kC, kA, raft::AppendReply{{2}, 1, false, false, {8}, {}});
  CHECK(bench.sniffer.applied(kB) == Index{8});
  CHECK(bench.sniffer.applied(kC) == Index{0});
  bench.sniffer.on_down(kB);
  CHECK(!bench.sniffer.applied(kB));
}

TEST_CASE("a vote counts once a term, and a pre-vote is none") {
  Bench bench;
  bench.send(kB, kA, raft::VoteReply{{3}, true, true});
  bench.send(kB, kA, raft::VoteReply{{3}, false, false});
  CHECK(bench.triggers(kB).empty());
  bench.send(kB, kA, raft::VoteReply{{3}, true, false});
  bench.send(kB, kA, raft::VoteReply{{3}, true, false});
  CHECK(bench.triggers(kB) == std::vector{Trigger::vote_granted});
}

TEST_CASE("a snapshot is sent, and installed") {
  Bench bench;
  bench.append(kA, 2);
  bench.triggers(kA);
  const EntryId last{{2}, {9}};
  const std::string chunk(10, 'x');
  for (std::uint64_t offset : {0, 10})
    bench.send(kA, kB, raft::InstallSnapshot{{2}, last, 20, offset, 1, as_bytes(chunk)});
  CHECK(bench.triggers(kB) == std::vector{Trigger::snapshot_sent});
  bench.send(kB, kA, raft::SnapshotReply{{2}, last, 10, 1});
  CHECK(bench.count(Counter::snapshots_installed) == 0);
  bench.send(kB, kA, raft::SnapshotReply{{2}, last, 20, 1});
  bench.send(kB, kA, raft::SnapshotReply{{2}, last, 20, 1});
  CHECK(bench.count(Counter::snapshots_installed) == 1);
  bench.sniffer.on_down(kB);
  bench.sniffer.on_up(kB);
  bench.send(kA, kB, raft::InstallSnapshot{{2}, last, 20, 0, 1, as_bytes(chunk)});
  CHECK(bench.triggers(kB) == std::vector{Trigger::snapshot_sent});
}

TEST_CASE("large appends are put together from their fragments") {
  struct Port final : net::Transport {
    explicit Port(Bench& to) : bench(to) {}
    void send(Address, Bytes datagram) override {
      ++datagrams;
      bench.sniffer.on_datagram(Time{}, kA, kB, datagram);
    }
    Bench& bench;
    int datagrams = 0;
  };
  Bench bench;
  Buffer run;
  Buffer packet;
  Buffer scratch;
  raft::encode_entry({2}, raft::EntryKind::command, as_bytes(std::string(5000, 'v')), run);
  wire::encode(kCluster, kA, raft::Message(raft::AppendEntries{{2}, {{1}, {4}}, {3}, 1, run}), packet);
  Port port(bench);
  wire::send(port, address(kB), kCluster, kA, packet, 1400, scratch);
  CHECK(port.datagrams > 1);
  CHECK(bench.sniffer.leader() == kA);
  CHECK(bench.sniffer.committed() == Index{3});
}

TEST_CASE("garbage, foreign packets and what is sent to clients mean nothing") {
  Bench bench;
  Buffer packet;
  const raft::Message append = raft::AppendEntries{{2}, {}, {}, 1, {}};
  wire::encode({8}, kA, append, packet);
  bench.sniffer.on_datagram(Time{}, kA, kB, packet);
  wire::encode(kCluster, kB, append, packet);
  bench.sniffer.on_datagram(Time{}, kA, kB, packet);  // in another's name
  wire::encode(kCluster, kA, append, packet);
  bench.sniffer.on_datagram(Time{}, kA, {}, packet);
  packet[5] ^= std::byte{1};
  bench.sniffer.on_datagram(Time{}, kA, kB, packet);
  CHECK(!bench.sniffer.leader());
  CHECK(bench.sniffer.spoke(kA));
  CHECK(!bench.sniffer.spoke(kB));
}

TEST_CASE("in a cluster of one, whoever is up leads") {
  Bench bench(1);
  CHECK(bench.sniffer.leader() == kA);
  bench.sniffer.on_down(kA);
  CHECK(!bench.sniffer.leader());
}

}  // namespace norn::sim
