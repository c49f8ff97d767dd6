// Messages larger than a datagram travel as fragments, each a packet of its own with its own checksum. A
// packet's identity is a hash of its bytes: when a lost packet is sent again, unchanged, its fragments fill
// the holes that the first try left, so large messages get through networks that lose many datagrams.
// Reassembly is bounded in bytes and in packets; over a bound, the oldest unfinished packet of the sender
// that holds the most gives way. So with n senders, who holds no more than an n-th of a bound loses nothing
// to another, however hostile.
//
// Memory is taken for what has arrived, not for what was announced: one small datagram cannot claim
// megabytes. Nor can it cost much time: a packet in too many stretches is given up.
#pragma once

#include <map>
#include <vector>

#include "replica/net/transport.h"
#include "replica/wire/packet.h"

namespace norn::wire {

// What a fragment's packet has besides its piece: the header, identity, size and offset.
inline constexpr std::size_t kFragmentOverhead = kHeaderSize + 16;

// Sends an encoded packet: as one datagram if it fits in datagram_max bytes, else as fragments that do.
// scratch is reused from call to call.
void send(net::Transport& transport, Address to, ClusterId cluster, NodeId from, Bytes packet,
          std::size_t datagram_max, Buffer& scratch);

class Reassembly {
 public:
  struct Limits {
    std::size_t bytes_max = 32u << 20;  // of all unfinished packets together
    std::size_t packets_max = 256;      // unfinished at once
  };
  explicit Reassembly(Limits limits) : limits_(limits) {}

  // Takes one fragment from a sender. The whole packet's bytes once it is complete and its hash is right (the
  // view lives until the next call); nothing before. The bytes are as outside as the datagrams were: decode
  // them. A fragment among them is nobody's honest doing and must not be handed in again.
  Bytes add(Address from, const Fragment& fragment);

  std::size_t bytes() const { return bytes_; }  // held by unfinished packets now, bookkeeping included
  std::size_t packets() const { return partials_.size(); }

 private:
  // Of one packet. The largest has a quarter as many in the worst case, if its sender cuts it into datagrams
  // of 576 bytes and every second one is lost.
  static constexpr std::size_t kStretchesMax = 4096;
  // A stretch [begin, end) of the whole that has arrived, and where it stands among the pieces kept.
  struct Stretch {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::size_t at = 0;
  };
  struct Partial {
    Address from;
    std::uint64_t identity = 0;
    std::uint32_t size = 0;
    Buffer pieces;                   // in the order of arrival
    std::vector<Stretch> stretches;  // in the order of the whole, apart from each other
    std::size_t bytes() const { return sizeof(Partial) + pieces.size() + stretches.size() * sizeof(Stretch); }
  };
  struct Share {  // of a sender
    std::size_t bytes = 0;
    std::size_t packets = 0;
  };
  using Partials = std::vector<Partial>;

  static void fill(Partial& partial, std::uint32_t offset, Bytes piece);
  void assemble(Partial& partial);  // into complete_; takes the pieces
  Partials::iterator oldest_of_heaviest(std::size_t Share::*weight);
  void grow(Share& share, std::size_t bytes);
  void erase(Partials::iterator partial, std::size_t bytes);

  Limits limits_;
  Partials partials_;                // oldest first
  std::map<Address, Share> shares_;  // of those who have any
  std::size_t bytes_ = 0;
  Buffer complete_;
};

}  // namespace norn::wire
