// Sessions make a retry harmless: each keeps the results its client may still ask for, so that a request that
// reaches the log twice is applied once and answered twice alike (Raft section 8; thesis 6.3). A client may
// have up to kWindow requests outstanding, and they may reach the log in any order.
//
// Part of the replicated state: what is admitted, kept and evicted depends on the log alone. Memory is
// bounded by evicting whole sessions, least recently used (by log index) first. Never single results: a
// session that had lost one could not tell a retry from a new request, while an unknown session is refused as
// a whole.
//
// In a snapshot:
//   sessions = count:u64 session{count}                               ids ascending
//   session  = id:u64 used:u64 acked:u64 count:u32 kept{count}        sequences ascending
//   kept     = sequence:u64 size:u32 byte{size}                       a result as in result.h
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "replica/base/bytes.h"
#include "replica/base/digest.h"
#include "replica/kv/options.h"
#include "replica/kv/request.h"
#include "replica/kv/result.h"

namespace norn::kv {

inline constexpr std::uint64_t kWindow = 1024;    // sequences ahead of acked
inline constexpr std::size_t kKeptOverhead = 64;  // bytes a kept result counts for besides its own

// What is to become of a request.
struct Admission {
  enum class Verdict : std::uint8_t { apply, repeat, refuse };
  Verdict verdict = Verdict::refuse;
  Status status = Status::ok;  // refuse: why
  std::string_view kept{};     // repeat: the result to give again; lives until the next call
};

class Sessions {
 public:
  explicit Sessions(const Options& options);

  // Opens the session named after the index of the entry that asks for it.
  void open(Index index);
  // Judges the request in the entry at index, which counts as a use of its session whatever the verdict.
  Admission admit(Index index, const Request& request);
  // Keeps the result of the request just admitted, then evicts what the bounds demand.
  void keep(const Request& request, Bytes result);

  std::size_t size() const { return sessions_.size(); }
  std::size_t kept_bytes() const { return kept_bytes_; }  // overheads included
  void add_to(Digest& digest) const;

  void encode(Writer& out) const;
  // Nothing unless these are sessions that entries up to applied, under these options, can have left behind.
  static std::optional<Sessions> parse(Reader& in, const Options& options, Index applied);

  friend bool operator==(const Sessions&, const Sessions&) = default;

 private:
  struct Session {
    std::uint64_t used = 0;                       // the last entry that named it
    std::uint64_t acked = 0;                      // only grows
    std::map<std::uint64_t, std::string> kept{};  // by sequence, all in (acked, acked + kWindow]
    std::size_t kept_bytes = 0;

    friend bool operator==(const Session&, const Session&) = default;
  };

  void acknowledge(Session& session, std::uint64_t acked);
  void touch(std::uint64_t id, Session& session, Index index);
  void evict(std::uint64_t id);
  bool parse_session(Reader& in, Index applied);
  static bool parse_kept(Reader& in, Session& session);

  Options options_;
  std::map<std::uint64_t, Session> sessions_;    // by id
  std::map<std::uint64_t, std::uint64_t> used_;  // id by last use; an entry names one session, so uses differ
  std::size_t kept_bytes_ = 0;
};

}  // namespace norn::kv
