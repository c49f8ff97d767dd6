// How records and packets read.
#include "sim/engine/trace.h"

#include <doctest/doctest.h>

#include "replica/wire/packet.h"

namespace norn::sim {
namespace {

constexpr ClusterId kCluster{7};

std::string described(const wire::Body& body) {
  Buffer packet;
  wire::encode(kCluster, {1}, body, packet);
  return describe(kCluster, packet);
}

TEST_CASE("a record is a line of fixed columns") {
  TraceRecord record;
  record.at = Time(Duration(12'345'678'901));
  record.kind = TraceKind::deliver;
  record.from = {1};
  record.to = {1002};
  record.bytes = 84;
  record.what = "client_reply";
  CHECK(format(record) == "    12.345678901  deliver  r1>c2          84      0  client_reply");
  record = {};
  record.at = Time(Duration(5));
  record.kind = TraceKind::synced;
  record.process = {3};
  record.ticket = 17;
  record.what = "ok";
  CHECK(format(record) == "     0.000000005  synced   r3              0     17  ok");
  record = {};
  record.kind = TraceKind::lose;
  record.loss = Loss::cut;
  record.from = {2};
  record.to = {1};
  record.what = "timeout_now term 3";
  CHECK(format(record) == "     0.000000000  lose     r2>r1           0      0  cut: timeout_now term 3");
}

TEST_CASE("packets are described by their kind and what matters in them") {
  CHECK(described(raft::RequestVote{.term = {3}, .last = {{2}, {9}}, .pre_vote = true}) ==
        "request_pre_vote term 3 last 2:9");
  CHECK(described(raft::VoteReply{.term = {3}, .granted = true}) == "vote_reply term 3 granted yes");
  CHECK(described(raft::AppendReply{.term = {3}, .round = 4, .match = {8}, .hint = {{2}, {7}}}) ==
        "append_reply term 3 round 4 accepted no match 8 hint 2:7");
  CHECK(described(raft::TimeoutNow{.term = {3}}) == "timeout_now term 3");
  CHECK(described(wire::ClientReply{.session = {1},
                                    .sequence = {2},
                                    .status = wire::ReplyStatus::not_leader,
                                    .leader = {3},
                                    .result = {}}) ==
        "client_reply session 1 sequence 2 not_leader leader 3");
}

TEST_CASE("what cannot be decoded is described by the reason") {
  Buffer packet;
  wire::encode(kCluster, {1}, wire::Body(raft::TimeoutNow{.term = {3}}), packet);
  CHECK(describe({8}, packet) == "unreadable: cluster");
  packet.back() ^= std::byte{1};
  CHECK(describe(kCluster, packet) == "unreadable: checksum");
  CHECK(describe(kCluster, {}) == "unreadable: truncated");
}

TEST_CASE("every kind and every loss has a name of its own") {
  CHECK(name(TraceKind::send) == "send");
  CHECK(name(TraceKind::alarm) == "alarm");
  CHECK(name(TraceKind::resume) == "resume");
  CHECK(name(Loss::none) == "none");
  CHECK(name(Loss::buffer) == "buffer");
}

}  // namespace
}  // namespace norn::sim
