// The bug bench: real bugs of real Raft implementations, as one-line mutations, each switched on by name in a
// build made for it (cmake -DNORN_BUGS=ON) and compiled out of every other. The simulator must find them.
// The list, with where each happened, is in tests/README.md.
#pragma once

#include <array>
#include <string_view>

namespace norn {

enum class Bug {
  none,
  vote_not_persisted,
  term_not_persisted,
  ack_before_sync,
  commit_old_term,
  truncate_on_stale_append,
  commit_past_append,
  read_index_early,
  read_without_quorum,
  follower_read,
  lease_under_drift,
  stale_vote_reply,
  vote_without_log_check,
  quorum_off_by_one,
  prev_term_unchecked,
  match_regresses,
  heartbeat_ack_matches_last,
  commit_regresses,
  commit_scan_breaks,
  apply_before_commit,
  compacted_term_zero,
  old_snapshot_replaces_log,
  trim_before_snapshot_durable,
  sessions_missing_from_snapshot,
  no_dedup,
  torn_tail_accepted,
  no_pre_vote_check_quorum,
};

inline constexpr std::array<std::string_view, 27> kBugNames = {
    "none",
    "vote_not_persisted",
    "term_not_persisted",
    "ack_before_sync",
    "commit_old_term",
    "truncate_on_stale_append",
    "commit_past_append",
    "read_index_early",
    "read_without_quorum",
    "follower_read",
    "lease_under_drift",
    "stale_vote_reply",
    "vote_without_log_check",
    "quorum_off_by_one",
    "prev_term_unchecked",
    "match_regresses",
    "heartbeat_ack_matches_last",
    "commit_regresses",
    "commit_scan_breaks",
    "apply_before_commit",
    "compacted_term_zero",
    "old_snapshot_replaces_log",
    "trim_before_snapshot_durable",
    "sessions_missing_from_snapshot",
    "no_dedup",
    "torn_tail_accepted",
    "no_pre_vote_check_quorum",
};

#ifdef NORN_BUGS
inline Bug active_bug = Bug::none;  // set once by the bench's main, before any world is made
inline bool bug(Bug which) { return active_bug == which; }
#else
constexpr bool bug(Bug) { return false; }
#endif

}  // namespace norn
