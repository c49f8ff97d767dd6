// The course's JSON: a datagram of a peer that passes the gate is written again to the same effect, and a
// replica that serves alone takes any text, line by line, from hostile clients.
#include <string>
#include <variant>

#include "replica/course/course_replica.h"
#include "replica/course/message.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

using namespace course;

constexpr Id kSelf{0x0001};
constexpr Id kPeer{0x0002};

void check_gate(std::string_view text) {
  static const Roster roster = *Roster::make({kSelf, kPeer});
  const auto parsed = parse(roster, roster.node(kSelf), text);
  const auto* message = std::get_if<PeerMessage>(&parsed);
  if (message == nullptr) return;
  const std::string written =
      to_peer({roster.id(message->from), kSelf, kNobody}, message->answered, message->packet);
  const auto again = parse(roster, roster.node(kSelf), written);
  const auto* same = std::get_if<PeerMessage>(&again);
  ASSERT(same != nullptr);
  ASSERT(same->from == message->from);
  ASSERT(same->answered == message->answered);
  ASSERT(same->packet == message->packet);
}

void serve(std::string_view text) {
  Time now{};
  std::vector<std::string> out;
  CourseReplica replica(*Roster::make({kSelf}), kSelf, Rng(1), now);
  const auto turn = [&] {
    now = std::max(now, replica.deadline());
    replica.on_deadline(now);
    replica.settle(now, out);
  };
  while (replica.replica().raft().role() != raft::Role::leader) turn();
  std::size_t lines = 0;
  while (!text.empty() && ++lines < 100) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    replica.on_datagram(now, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (lines % 3 == 0) turn();
  }
  turn();
  for (const std::string& datagram : out) ASSERT(datagram.front() == '{');
}

}  // namespace

void fuzz(Bytes input) {
  check_gate(as_text(input));
  serve(as_text(input));
}

std::vector<Buffer> seeds() {
  const std::string texts[] = {
      R"({"src": "00A0", "dst": "0001", "leader": "FFFF", "type": "put", "MID": "1", "key": "k", "value": "v"}
{"src": "00A0", "dst": "0001", "leader": "0001", "type": "get", "MID": "2", "key": "k"}
)",
      to_peer({kPeer, kSelf, kPeer}, {7}, as_bytes("a packet")), to_peer({kPeer, kSelf, kPeer}, {7}, {}),
      ok({kSelf, kPeer, kSelf}, "MID", "value"), hello(kSelf)};
  std::vector<Buffer> all;
  for (const std::string& text : texts) all.push_back(copy(as_bytes(text)));
  return all;
}

}  // namespace norn::fuzz
