// Sealed datagrams: one end of a conversation in which everybody has the cluster's key. A value without I/O,
// one for each socket: seal() what leaves, open() what comes. What open() lets through
//
//   - was made by a holder of the key who goes by the name that belongs to the address it came from,
//   - for a process of this name, and for this very one: not for one that stood here before a restart,
//   - and was not let through before, here or anywhere.
//
// So a recorded datagram is of no use later, at another replica, or back at its sender. A replica's name is
// its NodeId, and its address is known; a client's is nobody, wherever it comes from. (One client's datagram
// may thus reach another one; sessions and sequences tell them apart.) The format, little-endian:
//
//   datagram := header:u8[32] sealed:u8[] tag:u8[16]
//   header   := magic:u8 version:u8 from:u8 to:u8 key:u32 boot:u8[16] counter:u64
//   sealed   := ticket:u64 grant:u64 packet:u8[]             encrypted; the tag covers it and the header
//
// It is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), with boot and counter as the nonce of 24 bytes. boot
// is 128 bits of chance for each start of a process and counter counts the datagrams it sends, so no nonce is
// used twice. (Two machines resumed from one image of a memory would: start the processes anew.) The nonce's
// first 16 bytes make a subkey, here one for each start of a sender; it is kept.
//
// Tickets make datagrams fresh without asking a clock. Each end picks, by a secret of its own, a ticket for
// each address, sends it there along as the grant, and lets through what comes from there with this ticket.
// Who has none yet, or one from before a restart, is answered with an empty datagram, which brings the grant:
// one round trip more at first contact, and then open() has the packet that was held up sent again. Only
// holders of the key are answered, with less than they sent, and all else goes only to addresses whose ticket
// came back, so nobody can have anybody flooded. Replays are refused by a window of counters for each sender.
// A sender is forgotten only after a generation without use (generations.h), and its ticket is worthless
// then.
//
// What is not promised: whoever sees the network sees who talks to whom, when, and how much. Who can change
// addresses on the way can stand between client and replica as a NAT does. All who have the key trust one
// another: any may pose as any other.
//
// Why not AES-256-GCM, which takes half the time: libsodium has it only where the processor has AES (not on
// ARM in this version), and all machines of a cluster must agree. Figures: tools/bench/README.md.
// Why not a handshake with keys of its own (Noise, DTLS), which would keep old recordings secret when the key
// leaks: state machines, timers and retries in front of every datagram of a protocol that needs none of them.
#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "replica/base/types.h"
#include "replica/seal/generations.h"
#include "replica/seal/key.h"
#include "replica/seal/replay_window.h"

namespace norn::seal {

inline constexpr std::size_t kHeaderSize = 32;
inline constexpr std::size_t kOverhead =
    kHeaderSize + 16 + 16;  // bytes that a datagram has besides its packet

// Why a datagram was not let through. In the order in which it is found out: what costs most comes last.
enum class Refusal : std::uint8_t {
  truncated,    // shorter than any
  foreign,      // no sealed datagram at all: perhaps of a process without a key
  version,      // of another version
  key,          // sealed with another key
  misdirected,  // not to us, or the address it came from is not its sender's: by the names it gives
  reflected,    // sent by this very process
  replayed,     // let through before, or older than anybody remembers
  forged,       // not made with the key, or damaged
  stale,        // in order but for its ticket: first contact, or a replay from before
};
inline constexpr std::size_t kRefusals = 9;

struct Counters {
  std::uint64_t sealed = 0;
  std::uint64_t opened = 0;   // let through, empty ones included
  std::uint64_t answers = 0;  // sent by open's wish
  std::array<std::uint64_t, kRefusals> refused{};
};

// What open() makes of a datagram. The views live until the endpoint is used again.
struct Opened {
  Bytes packet{};  // to be taken up; may be empty even if nothing was refused
  Bytes answer{};  // a sealed datagram to be sent back to where this one came from, if not empty
  std::optional<Refusal> refusal{};  // then there is no packet
};

// Who this end is, and where the replicas are; everybody else is a client.
struct Names {
  NodeId self;  // nobody: a client
  std::vector<std::pair<Address, NodeId>> replicas{};
};

class Endpoint {
 public:
  using Random = std::array<std::byte, 32>;  // from the system's randomness, new for each endpoint

  // Remembers senders_max senders, a process each (about 700 bytes), and as many addresses.
  Endpoint(const Key& key, const Random& random, Names names, std::size_t senders_max = 8192);
  // Two that go on from one counter would use each nonce twice.
  Endpoint(Endpoint&&) = default;
  Endpoint& operator=(Endpoint&&) = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint() = default;

  // The datagram that carries a packet, not empty, to an address. Lives until the endpoint is used again.
  Bytes seal(Address to, Bytes packet);
  Opened open(Address from, Bytes datagram);

  const Counters& counters() const { return counters_; }
  std::size_t senders() const { return senders_.size(); }

 private:
  struct BootId {
    std::array<std::byte, 16> bytes;
    friend bool operator==(const BootId&, const BootId&) = default;
  };
  struct Header {
    BootId boot;
    std::uint64_t counter = 0;
  };
  struct Hash {  // boot ids are chance, and addresses get into the tables only with the key
    std::size_t operator()(const BootId& boot) const {
      std::size_t hash;
      std::memcpy(&hash, boot.bytes.data(), sizeof hash);
      return hash;
    }
    std::size_t operator()(Address address) const { return address.value; }
  };
  using Subkey = std::array<std::byte, 32>;
  struct Sender {
    Subkey subkey;
    Address address;           // where its last ticket is good
    std::uint64_t ticket = 0;  // the last one it showed
    ReplayWindow window;
  };
  struct Route {
    std::uint64_t ticket = 0;  // to be shown there; 0: none yet
    Buffer pending;            // the last packet sent without
  };

  NodeId name(Address address) const;
  std::optional<Refusal> check(Address from, Bytes datagram, Header& header) const;
  Subkey subkey(const BootId& boot) const;
  std::uint64_t ticket(Address address, std::uint64_t generation) const;
  bool current(std::uint64_t shown, Address from, const Sender* sender) const;
  bool decrypt(const Subkey& key, std::uint64_t counter, Bytes datagram);
  Bytes encrypt(Address to, std::uint64_t shown, Bytes packet);
  Opened accept(Address from, const Header& header, const Subkey& key);

  Key key_;
  std::uint32_t key_id_;
  Names names_;
  BootId boot_;
  std::array<std::byte, 16> secret_;  // of the tickets
  Subkey own_subkey_;
  std::uint64_t counter_ = 0;  // of the last datagram sealed
  Generations<BootId, Sender, Hash> senders_;
  Generations<Address, Route, Hash> routes_;
  Counters counters_;
  Buffer sealed_;  // the datagram last sealed
  Buffer plain_;   // the content last opened: ticket, grant, packet
};

}  // namespace norn::seal
