// A datagram's content and its one gate: decode checks everything (length, version, cluster, checksum, every
// field), and what it returns is trusted inside. The format stands as a grammar in packet.cc and in
// replica/README.md.
#pragma once

#include <optional>
#include <variant>

#include "replica/base/types.h"
#include "replica/raft/message.h"

namespace norn::wire {

inline constexpr std::uint8_t kWireVersion = 1;
inline constexpr std::size_t kHeaderSize = 20;           // of every packet
inline constexpr std::size_t kPacketSizeMax = 8u << 20;  // larger ones are neither sent nor put together

// A client's request. The command is kv's (command.h), checked at this gate too. Reads are answered by
// ReadIndex or lease and do not enter the log. An open_session command comes with session 0; its reply's
// version is the new session's id.
struct ClientRequest {
  SessionId session;
  Sequence sequence;  // of the request within the session; a retry has the same
  Sequence acked;     // every sequence up to here is settled for the client: results need not be kept
  Bytes command;
};

enum class ReplyStatus : std::uint8_t {
  done,        // result is kv's answer
  not_leader,  // this replica did not take the request; leader says who might
  busy,        // nor did this one: too much is in flight; try again later
};

struct ClientReply {
  SessionId session;
  Sequence sequence;
  ReplyStatus status = ReplyStatus::done;
  NodeId leader;  // nobody: unknown
  Bytes result;   // kv::Result, encoded
};

// The digest of the sender's state machine when it had applied the entry at index: all that have the same log
// must say the same (replica/divergence.h).
struct StateDigest {
  Index index;
  std::uint64_t digest = 0;
};

// A piece of a packet too large for a datagram (fragment.h).
struct Fragment {
  std::uint64_t identity =
      0;  // of the whole: a hash of its bytes, so that a retry fills the holes of the first try
  std::uint32_t size = 0;  // of the whole
  std::uint32_t offset = 0;
  Bytes piece;
};

using Body = std::variant<raft::RequestVote, raft::VoteReply, raft::AppendEntries, raft::AppendReply,
                          raft::InstallSnapshot, raft::SnapshotReply, raft::TimeoutNow, ClientRequest,
                          ClientReply, Fragment, StateDigest>;

struct Packet {
  NodeId from;  // nobody: a client
  Body body;    // its views live as long as the datagram
};

// Why a datagram was dropped, for the counters. truncated: it is not as long as it says, be it shorter or
// longer.
enum class Refusal : std::uint8_t { truncated, version, cluster, checksum, malformed };
inline constexpr std::size_t kRefusals = 5;

// Replaces out's content by the encoded packet, of at most kPacketSizeMax bytes.
void encode(ClusterId cluster, NodeId from, const Body& body, Buffer& out);
void encode(ClusterId cluster, NodeId from, const raft::Message& message, Buffer& out);

// The session in what looks like a ClientReply. Nothing is checked: it is for choosing who is to decode it.
std::optional<SessionId> glance_at_reply(Bytes datagram);

std::variant<Packet, Refusal> decode(ClusterId cluster, Bytes datagram);

}  // namespace norn::wire
