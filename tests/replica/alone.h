// One replica of three, replica 1, with the test in the place of the others and of the clients. It helps with
// the first steps that most tests need: following a leader, becoming one, opening a session.
#pragma once

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "tests/replica/node.h"

namespace norn {

inline constexpr NodeId kSelf{1};
inline constexpr NodeId kSecond{2};
inline constexpr NodeId kThird{3};

// Entries, as a leader sends them: no-ops, or commands.
inline Buffer run_of(Term term, std::size_t count) {
  Buffer run;
  for (std::size_t i = 0; i < count; ++i) raft::encode_entry(term, raft::EntryKind::noop, {}, run);
  return run;
}
inline void add_command(Buffer& run, Term term, SessionId session, Sequence sequence,
                        const kv::Command& command) {
  const Buffer bytes = kv::encode(command);
  raft::encode_entry(term, raft::EntryKind::command, kv::encode(kv::Request{session, sequence, {}, bytes}),
                     run);
}

class Alone {
 public:
  explicit Alone(ReplicaOptions options = options_of(kSelf)) : node(std::move(options)) {
    node.start(now);
    if (node.disk.pending(File::wal)) sync();  // the image of a new replica
  }
  ~Alone() { CHECK(node.broken == std::vector<std::string>{}); }

  Replica& replica() { return *node.replica; }
  const raft::Raft& raft() const { return node.replica->raft(); }

  // An input without the end of the turn; and the end.
  void hear(NodeId from, const raft::Message& message) { node.hear(now, from, message); }
  void ask(std::uint64_t sequence, const kv::Command& command, Address client = kClient) {
    node.ask(now, session, {sequence}, command, client);
  }
  std::vector<Datagram> turn() {
    node.settle(now);
    return node.take();
  }
  std::vector<Datagram> told(NodeId from, const raft::Message& message) {
    hear(from, message);
    return turn();
  }
  std::vector<Datagram> asked(std::uint64_t sequence, const kv::Command& command, Address client = kClient) {
    ask(sequence, command, client);
    return turn();
  }
  std::vector<Datagram> sync(File file = File::wal) {
    REQUIRE(node.sync(now, file));
    return turn();
  }
  std::vector<Datagram> pass(Duration duration) {
    now += duration;
    node.tick(now);
    return turn();
  }
  std::vector<Datagram> until_deadline() {
    now = std::max(now, replica().deadline());
    node.tick(now);
    return turn();
  }
  void restart(Kept kept = {}) { node.restart(now, kept); }

  // Entries from replica 2 as leader.
  std::vector<Datagram> append(Term term, EntryId prev, Index commit, const Buffer& run,
                               std::uint64_t round = 1) {
    return told(kSecond, raft::AppendEntries{term, prev, commit, round, run});
  }
  // Replica 2 acknowledges.
  std::vector<Datagram> acknowledged(std::uint64_t match, std::uint64_t round = 0) {
    return told(kSecond, raft::AppendReply{raft().term(), round, true, false, {match}, {}});
  }

  // It leads when this returns, and its no-op, the log's last entry, is durable here and nowhere committed.
  void lead() {
    until_deadline();
    told(kSecond, raft::VoteReply{raft().term().next(), true, true});
    sync();
    told(kSecond, raft::VoteReply{raft().term(), true, false});
    REQUIRE(raft().role() == raft::Role::leader);
    sync();
  }
  // It leads, everything is committed, and the client has a session.
  void lead_with_session() {
    lead();
    acknowledged(raft().log().last().index.value);
    node.ask(now, {}, {1}, open_session(), kClient);
    turn();
    sync();
    const std::uint64_t last = raft().log().last().index.value;
    acknowledged(last);
    session = {last};
    REQUIRE(replica().applied().value == last);
  }
  std::uint64_t last() const { return raft().log().last().index.value; }

  kv::Result read(const std::string& key) const {
    const Buffer command = kv::encode(get(key));
    Buffer out;
    node.replica->store().read(*kv::CommandView::parse(command), 0, out);
    return *kv::Result::parse(out);
  }

  Time now{};
  Node node;
  SessionId session;
};

inline std::optional<raft::AppendReply> last_acknowledgement(const std::vector<Datagram>& datagrams) {
  const auto all = seen<raft::AppendReply>(datagrams);
  if (all.empty()) return std::nullopt;
  return all.back().body;
}

}  // namespace norn
