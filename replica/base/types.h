// The words every layer shares: who (NodeId, ClusterId, Address), when (Time, Duration), where in the
// replicated log (Term, Index, EntryId), and runs of bytes. Strong types, because a term handed over as an
// index is the kind of slip no test finds quickly.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace norn {

using Bytes = std::span<const std::byte>;  // a view: who hands it out says how long it lives
using Buffer = std::vector<std::byte>;

// A replica's name within its cluster, 1..255. 0 is nobody: no leader known, no vote cast.
struct NodeId {
  std::uint8_t value = 0;
  friend constexpr auto operator<=>(NodeId, NodeId) = default;
  constexpr explicit operator bool() const { return value != 0; }
};

// Which cluster a packet or a data directory belongs to; a foreign one is refused at the gate.
struct ClusterId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(ClusterId, ClusterId) = default;
};

// Where datagrams go. Opaque to everything but the Transport that interprets it: in the simulator the number
// of a process, on sockets an IPv4 address and port. A replica's peers are mapped to addresses by its
// options.
struct Address {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Address, Address) = default;
};

// Raft's logical clock (Raft 5.1). 0 is before the first election.
struct Term {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Term, Term) = default;
  constexpr Term next() const { return {value + 1}; }
};

// A place in the log, from 1; 0 is before the first entry. Also a key's version: the index that last changed
// it.
struct Index {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Index, Index) = default;
  constexpr Index next() const { return {value + 1}; }
  constexpr Index prev() const { return {value - 1}; }  // of an index >= 1
};

// No term or index ever gets beyond this by counting; a larger one, from outside, could wrap in somebody's
// arithmetic.
inline constexpr std::uint64_t kCountMax = std::uint64_t{1} << 62;

// An entry's identity. The order is Raft 5.4.1's "more up-to-date": by term first, then by index.
struct EntryId {
  Term term;
  Index index;
  friend constexpr auto operator<=>(const EntryId&, const EntryId&) = default;
};

// A client's session and the number of a request within it. A session's id is the index of the entry that
// opened it, so no two sessions ever share one; 0 is no session.
struct SessionId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(SessionId, SessionId) = default;
};
struct Sequence {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Sequence, Sequence) = default;
};

// A chrono clock without now(): whoever wants the time must be given it, so reading the wall clock inside a
// replica does not compile. Nanoseconds since the process's own, arbitrary, zero.
struct Clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
};
using Duration = Clock::duration;
using Time = Clock::time_point;
inline constexpr Time kNever = Time::max();

// A probability, or a share, in parts per million: integers only, so that chance is the same everywhere.
struct Ratio {
  std::uint32_t ppm = 0;
  friend constexpr auto operator<=>(Ratio, Ratio) = default;
};
inline constexpr std::uint32_t kPpm = 1'000'000;

}  // namespace norn
