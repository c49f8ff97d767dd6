// How a record of the trace reads.
#include "sim/engine/trace.h"

#include <array>
#include <cstdio>
#include <utility>
#include <variant>

#include "replica/kv/command.h"
#include "replica/kv/result.h"
#include "replica/wire/packet.h"

namespace norn::sim {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string entry(EntryId id) { return number(id.term.value) + ":" + number(id.index.value); }
std::string_view yes_no(bool yes) { return yes ? "yes" : "no"; }

// A sentence made of words with spaces between.
class Words {
 public:
  explicit Words(std::string_view first) : text_(first) {}
  Words& operator<<(std::string_view word) {
    text_ += ' ';
    text_ += word;
    return *this;
  }
  Words& operator<<(std::uint64_t value) { return *this << number(value); }
  Words& operator<<(Term term) { return *this << term.value; }
  Words& operator<<(EntryId id) { return *this << entry(id); }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string words(const raft::RequestVote& body) {
  Words words(body.pre_vote ? "request_pre_vote" : "request_vote");
  words << "term" << body.term << "last" << body.last;
  if (body.transfer) words << "transfer";
  return std::move(words).text();
}

std::string words(const raft::VoteReply& body) {
  Words words(body.pre_vote ? "pre_vote_reply" : "vote_reply");
  words << "term" << body.term << "granted" << yes_no(body.granted);
  return std::move(words).text();
}

std::string words(const raft::AppendEntries& body) {
  Words words("append_entries");
  words << "term" << body.term << "prev" << body.prev << "commit" << body.commit.value << "round"
        << body.round << "entries" << (number(body.entries.size()) + "B");
  return std::move(words).text();
}

std::string words(const raft::AppendReply& body) {
  Words words("append_reply");
  words << "term" << body.term << "round" << body.round << "accepted" << yes_no(body.accepted) << "match"
        << body.match.value;
  if (!body.accepted) words << "hint" << body.hint;
  if (body.lost_log) words << "lost_log";
  return std::move(words).text();
}

std::string words(const raft::InstallSnapshot& body) {
  Words words("install_snapshot");
  words << "term" << body.term << "last" << body.last << "chunk" << body.offset << "+" << body.chunk.size()
        << "of" << body.size;
  return std::move(words).text();
}

std::string words(const raft::SnapshotReply& body) {
  Words words("snapshot_reply");
  words << "term" << body.term << "last" << body.last << "received" << body.received;
  return std::move(words).text();
}

std::string words(const raft::TimeoutNow& body) {
  return std::move(Words("timeout_now") << "term" << body.term).text();
}

std::string words(const wire::ClientRequest& body) {
  static constexpr std::array kKinds = std::to_array<std::string_view>(
      {"get", "put", "remove", "compare_and_set", "append", "increment", "multi_get", "multi_put",
       "open_session", "set", "take", "multi_remove", "expire", "ttl", "count", "clear", "scan", "tick"});
  Words words("client_request");
  words << "session" << body.session.value << "sequence" << body.sequence.value << "acked"
        << body.acked.value;
  if (const auto command = kv::CommandView::parse(body.command))
    words << kKinds.at(static_cast<std::size_t>(command->kind()));
  return std::move(words).text();
}

std::string words(const wire::ClientReply& body) {
  static constexpr std::array<std::string_view, 3> kStatuses = {"done", "not_leader", "busy"};
  Words words("client_reply");
  words << "session" << body.session.value << "sequence" << body.sequence.value
        << kStatuses[static_cast<std::size_t>(body.status)];
  if (body.leader) words << "leader" << body.leader.value;
  return std::move(words).text();
}

std::string words(const wire::Fragment& body) {
  return std::move(Words("fragment") << body.offset << "+" << body.piece.size() << "of" << body.size).text();
}

std::string words(const wire::StateDigest& body) {
  return std::move(Words("state_digest") << "applied" << body.index.value << "digest" << body.digest).text();
}

}  // namespace

std::string describe(ClusterId cluster, Bytes datagram) {
  const auto decoded = wire::decode(cluster, datagram);
  if (const auto* packet = std::get_if<wire::Packet>(&decoded)) {
    return std::visit([](const auto& body) { return words(body); }, packet->body);
  }
  static constexpr std::array<std::string_view, wire::kRefusals> kRefusals = {
      "truncated", "version", "cluster", "checksum", "malformed"};
  return "unreadable: " + std::string(kRefusals[static_cast<std::size_t>(std::get<wire::Refusal>(decoded))]);
}

std::string_view name(TraceKind kind) {
  static constexpr std::array<std::string_view, 19> kNames = {
      "send", "copy", "corrupt", "lose",   "deliver", "timer", "sync", "replace", "synced", "start",
      "kill", "stop", "pause",   "resume", "drift",   "cut",   "heal", "submit",  "alarm"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name(Loss loss) {
  static constexpr std::array<std::string_view, 7> kNames = {"none",  "cut",  "dropped", "blocked",
                                                             "queue", "down", "buffer"};
  return kNames[static_cast<std::size_t>(loss)];
}

std::string_view name(storage::DiskStatus status) {
  static constexpr std::array<std::string_view, 3> kNames = {"ok", "full", "failed"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view name(storage::File file) { return file == storage::File::wal ? "wal" : "snapshot"; }

std::string process_name(Address address) {
  if (address.value == 0) return "-";
  return address.value < kFirstClientAddress ? "r" + number(address.value)
                                             : "c" + number(address.value - kFirstClientAddress);
}

//   seconds         event    who         bytes  ticket  what
std::string format(const TraceRecord& record) {
  const bool is_link = record.from.value != 0 || record.to.value != 0;
  const std::string who =
      is_link ? process_name(record.from) + ">" + process_name(record.to) : process_name(record.process);
  const std::int64_t nanoseconds = record.at.time_since_epoch().count();
  std::string what = record.what;
  if (record.kind == TraceKind::lose) what = std::string(name(record.loss)) + ": " + what;
  std::array<char, 96> columns{};
  std::snprintf(columns.data(), columns.size(), "%6lld.%09lld  %-8s %-9s %7zu %6llu  ",
                static_cast<long long>(nanoseconds / 1'000'000'000),
                static_cast<long long>(nanoseconds % 1'000'000'000), std::string(name(record.kind)).c_str(),
                who.c_str(), record.bytes, static_cast<unsigned long long>(record.ticket));
  std::string line = columns.data() + what;
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace norn::sim
