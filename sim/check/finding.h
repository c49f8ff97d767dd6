// A finding: what an oracle saw that must not be. The oracles name themselves by the constants below, so that
// reports, shrinking and the bug bench can tell findings apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

namespace oracle {
inline constexpr std::string_view kAssertion = "assertion";
inline constexpr std::string_view kStorm = "storm";
inline constexpr std::string_view kElectionSafety = "election safety";
inline constexpr std::string_view kLeaderCompleteness = "leader completeness";
inline constexpr std::string_view kLogMatching = "log matching";
inline constexpr std::string_view kStateMachineSafety = "state machine safety";
inline constexpr std::string_view kMonotonic = "monotonic";
inline constexpr std::string_view kInvariant = "invariant";
inline constexpr std::string_view kDurability = "durability";
inline constexpr std::string_view kExactlyOnce = "exactly once";
inline constexpr std::string_view kLeak = "leak";
inline constexpr std::string_view kLiveness = "liveness";
inline constexpr std::string_view kExpectation = "expectation";
inline constexpr std::string_view kLinearizability = "linearizability";
}  // namespace oracle

struct Finding {
  std::string_view oracle;  // one of the above: lives for ever
  Time at{};
  std::vector<NodeId> replicas;           // involved, ascending; none if it is about clients
  std::string text;                       // one sentence
  std::vector<std::size_t> operations{};  // involved, as places in the history
  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace norn::sim
