// Messages, entries and logs as one line of text each.
#include "replica/base/bytes.h"

#include "tests/raft/node.h"

namespace norn::raft {
namespace {

std::string text(std::uint64_t number) { return std::to_string(number); }
std::string term_of(Term term) { return ", term " + text(term.value); }

std::string line(const RequestVote& vote) {
  return std::string(vote.pre_vote ? "pre-vote?" : "vote?") + " term " + text(vote.term.value) +
         ", log ends " + describe(vote.last) + (vote.transfer ? ", a transfer" : "");
}

std::string line(const VoteReply& reply) {
  return std::string(reply.pre_vote ? "pre-vote " : "vote ") + (reply.granted ? "yes" : "no") +
         term_of(reply.term);
}

std::string line(const AppendEntries& append) {
  std::string out = append.entries.empty() ? "heartbeat" : "append";
  out += " term " + text(append.term.value) + ", after " + describe(append.prev);
  EntryRun run(append.entries, append.prev.index.next());
  const char* separator = ": ";
  while (const auto entry = run.next()) {
    out += separator + describe(*entry);
    separator = ", ";
  }
  return out + "; commit " + text(append.commit.value) + ", round " + text(append.round);
}

std::string line(const AppendReply& reply) {
  std::string out = reply.accepted ? "accepted up to " + text(reply.match.value)
                                   : "refused " + text(reply.match.value) + ", try " + describe(reply.hint);
  out += term_of(reply.term) + ", round " + text(reply.round);
  return out + (reply.lost_log ? ", lost log" : "");
}

std::string line(const InstallSnapshot& chunk) {
  return "snapshot to " + describe(chunk.last) + ", bytes " + text(chunk.offset) + "+" +
         text(chunk.chunk.size()) + " of " + text(chunk.size) + term_of(chunk.term) + ", round " +
         text(chunk.round);
}

std::string line(const SnapshotReply& reply) {
  return "snapshot to " + describe(reply.last) + ", " + text(reply.received) + " bytes received" +
         term_of(reply.term) + ", round " + text(reply.round);
}

std::string line(const TimeoutNow& timeout) { return "campaign now" + term_of(timeout.term); }

std::string kind(const RequestVote& vote) { return vote.pre_vote ? "pre_vote" : "vote"; }
std::string kind(const VoteReply&) { return "vote_reply"; }
std::string kind(const AppendEntries& append) { return append.entries.empty() ? "heartbeat" : "append"; }
std::string kind(const AppendReply&) { return "append_reply"; }
std::string kind(const InstallSnapshot&) { return "snapshot"; }
std::string kind(const SnapshotReply&) { return "snapshot_reply"; }
std::string kind(const TimeoutNow&) { return "timeout_now"; }

}  // namespace

std::string describe(const Message& message) {
  return std::visit([](const auto& body) { return line(body); }, message);
}

std::string kind_of(const Message& message) {
  return std::visit([](const auto& body) { return kind(body); }, message);
}

std::string describe(EntryId id) { return text(id.index.value) + "@" + text(id.term.value); }

std::string describe(const Entry& entry) {
  constexpr std::size_t kShown = 16;
  std::string out = describe(entry.id) + " ";
  if (entry.kind == EntryKind::noop) return out + "noop";
  if (entry.payload.size() <= kShown) return out + std::string(as_text(entry.payload));
  return out + "(" + text(entry.payload.size()) + " bytes)";
}

std::string describe(const Log& log) {
  std::string out = log.base().index == Index{} ? "" : "(.." + describe(log.base()) + ")";
  for (Index index = log.first(); index <= log.last().index; index = index.next()) {
    out += (out.empty() ? "" : ", ") + describe(log.entry(index));
  }
  return out.empty() ? "empty" : out;
}

std::string describe(Role role) {
  switch (role) {
    case Role::follower:
      return "follower";
    case Role::pre_candidate:
      return "pre-candidate";
    case Role::candidate:
      return "candidate";
    case Role::leader:
      return "leader";
  }
  return "nobody";
}

}  // namespace norn::raft
