// The packet format, little-endian. Each body's fields are listed once, in fields(), and three passes go over
// that list: one measures, one writes, one reads; so encoding and decoding cannot drift apart.
//
//   packet := checksum:u32 magic:u8 version:u8 kind:u8 from:u8 cluster:u64 size:u32 body:u8[size]
//
//   body (kind 0) request_vote     := term last:entry pre_vote:bool transfer:bool
//        (kind 1) vote_reply       := term granted:bool pre_vote:bool
//        (kind 2) append_entries   := term prev:entry commit:index round:u64 entries:run
//        (kind 3) append_reply     := term round:u64 accepted:bool lost_log:bool match:index hint:entry
//        (kind 4) install_snapshot := term last:entry size:u64 offset:u64 round:u64 chunk:rest
//        (kind 5) snapshot_reply   := term last:entry received:u64 round:u64
//        (kind 6) timeout_now      := term
//        (kind 7) client_request   := session:u64 sequence:u64 acked:u64 command:rest
//        (kind 8) client_reply     := session:u64 sequence:u64 status:u8 leader:u8 result:rest
//        (kind 9) fragment         := identity:u64 size:u32 offset:u32 piece:rest
//        (kind 10) state_digest    := index digest:u64
//   term, index := u64 up to 2^62    entry := term index    bool := 0 | 1    run := replica/raft/log.h
//   rest := what is left of the body; it is always the last field, so it needs no length of its own
//
// checksum is CRC32C over all that follows it. magic is 'N'. The first six bytes keep their place in every
// version.
#include "replica/wire/packet.h"

#include <concepts>
#include <cstring>
#include <type_traits>

#include "replica/base/assert.h"
#include "replica/base/checksum.h"
#include "replica/kv/command.h"
#include "replica/raft/log.h"

namespace norn::wire {
namespace {

constexpr std::uint8_t kMagic = 'N';
constexpr std::size_t kChecksumSize = 4;

// Term, Index, NodeId, SessionId, Sequence, ClusterId.
template <class T>
concept Strong = requires(T strong) {
  strong.value;
};

// A body, const for the passes that only look at it.
template <class T, class Wanted>
concept Is = std::same_as<std::remove_const_t<T>, Wanted>;

void fields(auto& pass, Is<raft::RequestVote> auto& body) {
  pass(body.term, body.last, body.pre_vote, body.transfer);
}
void fields(auto& pass, Is<raft::VoteReply> auto& body) { pass(body.term, body.granted, body.pre_vote); }
void fields(auto& pass, Is<raft::AppendEntries> auto& body) {
  pass(body.term, body.prev, body.commit, body.round, body.entries);
}
void fields(auto& pass, Is<raft::AppendReply> auto& body) {
  pass(body.term, body.round, body.accepted, body.lost_log, body.match, body.hint);
}
void fields(auto& pass, Is<raft::InstallSnapshot> auto& body) {
  pass(body.term, body.last, body.size, body.offset, body.round, body.chunk);
}
void fields(auto& pass, Is<raft::SnapshotReply> auto& body) {
  pass(body.term, body.last, body.received, body.round);
}
void fields(auto& pass, Is<raft::TimeoutNow> auto& body) { pass(body.term); }
void fields(auto& pass, Is<ClientRequest> auto& body) {
  pass(body.session, body.sequence, body.acked, body.command);
}
void fields(auto& pass, Is<ClientReply> auto& body) {
  pass(body.session, body.sequence, body.status, body.leader, body.result);
}
void fields(auto& pass, Is<Fragment> auto& body) { pass(body.identity, body.size, body.offset, body.piece); }

void fields(auto& pass, Is<StateDigest> auto& body) { pass(body.index, body.digest); }

// How many bytes the fields take: a constant but for the last one.
struct Measure {
  std::size_t size = 0;
  void operator()(const auto&... field) { (add(field), ...); }
  void add(const auto& field) { size += sizeof field; }
  void add(const EntryId&) { size += 16; }
  void add(const Bytes& run) { size += run.size(); }
};

// Writes into space that was measured before. A whole header and body are one resize and a few moves.
struct Put {
  std::byte* at;
  void operator()(const auto&... field) { (add(field), ...); }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void add(T value) {
    std::memcpy(at, &value, sizeof value);
    at += sizeof value;
  }
  void add(bool value) { add(static_cast<std::uint8_t>(value)); }
  void add(const EntryId& id) {
    add(id.term.value);
    add(id.index.value);
  }
  void add(Bytes run) {
    if (!run.empty()) std::memcpy(at, run.data(), run.size());
    at += run.size();
  }
  template <Strong T>
  void add(const T& strong) {
    add(strong.value);
  }
};

struct Take {
  const std::byte* at;
  const std::byte* end;
  bool ok = true;

  void operator()(auto&... field) { (add(field), ...); }
  template <std::unsigned_integral T>
  void add(T& value) {
    ok = ok && sizeof value <= static_cast<std::size_t>(end - at);
    if (!ok) return;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
  }
  void add(bool& value) {
    std::uint8_t byte = 0;
    add(byte);
    ok = ok && byte <= 1;
    value = byte == 1;
  }
  void add(ReplyStatus& status) {
    std::uint8_t byte = 0;
    add(byte);
    ok = ok && byte <= static_cast<std::uint8_t>(ReplyStatus::busy);
    if (ok) status = static_cast<ReplyStatus>(byte);
  }
  void add(Term& term) {
    add(term.value);
    ok = ok && term.value <= kCountMax;
  }
  void add(Index& index) {
    add(index.value);
    ok = ok && index.value <= kCountMax;
  }
  void add(EntryId& id) {
    add(id.term);
    add(id.index);
  }
  void add(NodeId& id) { add(id.value); }
  void add(SessionId& session) { add(session.value); }
  void add(Sequence& sequence) { add(sequence.value); }
  void add(Bytes& rest) {
    rest = Bytes(at, end);
    at = end;
  }
};

// What the fields of a body must fulfil together.
bool sound(const auto&) { return true; }
bool sound(const raft::AppendEntries& append) {
  // Terms do not go down from prev to the first entry either, and no entry is of a later term than its
  // sender: the log and its next leader rely on it.
  return append.prev.term <= append.term &&
         raft::EntryRun::valid(append.entries, append.prev.term, append.term);
}
bool sound(const raft::InstallSnapshot& install) {
  return install.offset <= install.size && install.chunk.size() <= install.size - install.offset;
}
bool sound(const ClientRequest& request) {
  const auto command = kv::CommandView::parse(request.command);
  if (!command) return false;
  // A session is opened from outside of any, and only reads do without one.
  if (command->kind() == kv::CommandKind::tick) return false;  // only a leader lets time pass
  const bool opens = command->kind() == kv::CommandKind::open_session;
  return request.session.value == 0 ? opens || command->is_read() : !opens;
}
bool sound(const Fragment& fragment) {
  return !fragment.piece.empty() && fragment.size <= kPacketSizeMax && fragment.offset <= fragment.size &&
         fragment.piece.size() <= fragment.size - fragment.offset;
}

// Requests, and their fragments, come from clients, who have no NodeId; the rest only replicas say.
template <class T>
constexpr bool kClientsMaySay = std::is_same_v<T, ClientRequest> || std::is_same_v<T, Fragment>;

template <class T>
std::variant<Packet, Refusal> decode_body(NodeId from, Bytes encoded) {
  if (!kClientsMaySay<T> && !from) return Refusal::malformed;
  std::variant<Packet, Refusal> result = Packet{from, Body(T{})};
  T& body = *std::get_if<T>(&std::get_if<Packet>(&result)->body);
  Take take{encoded.data(), encoded.data() + encoded.size()};
  fields(take, body);
  if (!take.ok || take.at != take.end || !sound(body)) result = Refusal::malformed;
  return result;
}

template <class T>
void encode_body(ClusterId cluster, NodeId from, std::size_t kind, const T& body, Buffer& out) {
  Measure measure;
  fields(measure, body);
  const std::size_t size = kHeaderSize + measure.size;
  ASSERT(size <= kPacketSizeMax);
  out.resize(size);
  Put put{out.data() + kChecksumSize};
  put(kMagic, kWireVersion, static_cast<std::uint8_t>(kind), from, cluster,
      static_cast<std::uint32_t>(measure.size));
  fields(put, body);
  const std::uint32_t checksum = crc32c(Bytes(out).subspan(kChecksumSize));
  std::memcpy(out.data(), &checksum, sizeof checksum);
}

void encode_any(ClusterId cluster, NodeId from, const auto& bodies, Buffer& out) {
  std::visit([&](const auto& body) { encode_body(cluster, from, bodies.index(), body, out); }, bodies);
}

// A packet's kind is the place of its body in Body; raft's messages have the same places in both variants.
static_assert(
    std::is_same_v<std::variant_alternative_t<6, Body>, std::variant_alternative_t<6, raft::Message>>);
static_assert(std::variant_size_v<raft::Message> == 7);

}  // namespace

void encode(ClusterId cluster, NodeId from, const Body& body, Buffer& out) {
  encode_any(cluster, from, body, out);
}

void encode(ClusterId cluster, NodeId from, const raft::Message& message, Buffer& out) {
  encode_any(cluster, from, message, out);
}

std::optional<SessionId> glance_at_reply(Bytes datagram) {
  constexpr std::size_t kKindAt = kChecksumSize + 2;
  SessionId session;
  if (datagram.size() < kHeaderSize + sizeof session.value) return std::nullopt;
  if (datagram[kKindAt] != std::byte{8}) return std::nullopt;
  std::memcpy(&session.value, datagram.data() + kHeaderSize, sizeof session.value);
  return session;
}

std::variant<Packet, Refusal> decode(ClusterId cluster, Bytes datagram) {
  if (datagram.size() < kHeaderSize) return Refusal::truncated;
  std::uint32_t checksum = 0;
  std::uint8_t magic = 0;
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  NodeId from;
  ClusterId sender;
  std::uint32_t size = 0;
  Take take{datagram.data(), datagram.data() + kHeaderSize};
  take(checksum, magic, version, kind, from, sender.value, size);

  // The version first: another may have other rules for all the rest. The cluster after the checksum, so that
  // a damaged packet of our own is not counted as a foreign one.
  if (magic != kMagic || version != kWireVersion) return Refusal::version;
  if (size != datagram.size() - kHeaderSize) return Refusal::truncated;
  if (checksum != crc32c(datagram.subspan(kChecksumSize))) return Refusal::checksum;
  if (sender != cluster) return Refusal::cluster;

  const Bytes body = datagram.subspan(kHeaderSize);
  switch (kind) {
    case 0:
      return decode_body<raft::RequestVote>(from, body);
    case 1:
      return decode_body<raft::VoteReply>(from, body);
    case 2:
      return decode_body<raft::AppendEntries>(from, body);
    case 3:
      return decode_body<raft::AppendReply>(from, body);
    case 4:
      return decode_body<raft::InstallSnapshot>(from, body);
    case 5:
      return decode_body<raft::SnapshotReply>(from, body);
    case 6:
      return decode_body<raft::TimeoutNow>(from, body);
    case 7:
      return decode_body<ClientRequest>(from, body);
    case 8:
      return decode_body<ClientReply>(from, body);
    case 9:
      return decode_body<Fragment>(from, body);
    case 10:
      return decode_body<StateDigest>(from, body);
    default:
      return Refusal::malformed;
  }
}

}  // namespace norn::wire
