// The course's messages: one JSON object a datagram. parse is the one gate for what comes from outside; what
// it returns is trusted inside. The writers make what leaves.
//
//   every message   src dst leader: id, type, and by type:
//   get             MID key                     a client's
//   put             MID key value               a client's
//   hello                                       tells the simulator our port
//   ok              MID [value]                 the answer; a value if it was a get
//   fail, redirect  MID                         ask again; ask `leader`
//   raft            answered packet             between replicas: one of our packets (wire/packet.h), in
//   base64 answered        answered                    between replicas: no more than that
//
// `answered`, an index, says that every put in the log up to there has had its answer (course_replica.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "replica/base/types.h"
#include "replica/course/roster.h"

namespace norn::course {

inline constexpr std::size_t kMidSizeMax = 64;      // bytes; the course's have 16
inline constexpr std::size_t kKeySizeMax = 1024;    // the course's have 32
inline constexpr std::size_t kValueSizeMax = 4096;  // likewise
// What a packet may have so that its datagram, in base64 and with the fields around it, is one of IPv4's.
inline constexpr std::size_t kPacketMax = 40'000;

struct Request {
  Id client;
  std::string mid;
  std::string key;
  std::optional<std::string> value;  // a put's; nothing: a get
};

struct PeerMessage {
  NodeId from;
  Index answered;
  Buffer packet;  // empty: none
};

// Why a datagram was dropped, for the counters.
enum class Refusal : std::uint8_t {
  not_json,   // or not an object
  malformed,  // a field is missing, not of its kind, or too large
  misplaced,  // not for this replica, or from somebody who does not say such things
};
inline constexpr std::size_t kRefusals = 3;

std::variant<Request, PeerMessage, Refusal> parse(const Roster& roster, NodeId self,
                                                  std::string_view datagram);

// What every message says.
struct Head {
  Id src;
  Id dst;
  Id leader;
};
std::string hello(Id self);
std::string ok(const Head& head, std::string_view mid, const std::optional<std::string>& value = {});
std::string fail(const Head& head, std::string_view mid);
std::string redirect(const Head& head, std::string_view mid);
std::string to_peer(const Head& head, Index answered, Bytes packet);  // no packet: `answered`

}  // namespace norn::course
