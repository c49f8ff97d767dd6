// The bounds of the replicated state. They decide what is evicted and forgotten, and with that what is
// answered: every replica of a cluster must be given the same.
#pragma once

#include <cstddef>

namespace norn::kv {

inline constexpr std::size_t kSessionsMax = 4096;
inline constexpr std::size_t kSessionBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kKeptBytesMax = std::size_t{64} << 20;  // a snapshot copies them in one go
inline constexpr std::size_t kTombstonesMax = std::size_t{1} << 16;

struct Options {
  std::size_t sessions_max = kSessionsMax;           // at least 1
  std::size_t session_bytes_max = kSessionBytesMax;  // kept results of one session
  std::size_t kept_bytes_max = kKeptBytesMax;        // kept results of all sessions; not below the one before
  std::size_t tombstones_max = kTombstonesMax;       // removed keys whose version is remembered

  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace norn::kv
