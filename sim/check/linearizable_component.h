// Tier 0: a history falls apart into components, groups of keys that no operation joins, each judged alone
// (locality: Herlihy & Wing 1990, section 3.4; P-compositionality: Horn & Kroening 2015). Multi-key
// operations join their keys. What the tiers share is here: the split, a component in interned form, and a
// tier's judgement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/kv_spec.h"
#include "sim/check/linearizable.h"

namespace norn::sim {

// The split of one history. Keys are numbered, and components ordered, by first appearance. Operations that
// failed, and reads of unknown outcome, are in no component: they say nothing.
struct Split {
  std::vector<std::string_view> keys;
  std::vector<std::uint32_t> local_of;      // of every key: its number within its component
  std::vector<std::uint32_t> key_of;        // of every access, in the history's order
  std::vector<std::uint32_t> first_access;  // of every operation: where its accesses start in key_of
  std::vector<std::uint32_t> places;        // the operations, grouped by component, by call time within one
  std::vector<std::uint32_t> starts;        // component i: places[starts[i]] up to places[starts[i + 1]]

  std::size_t components() const { return starts.size() - 1; }
};

Split split_by_key(const History& history);

inline bool is_unknown(const Operation& operation) {
  return operation.outcome == Outcome::info || operation.outcome == Outcome::pending;
}
inline std::int64_t nanoseconds(Time time) { return time.time_since_epoch().count(); }

// One component, interned: what the search works on. Its key strings are views into the history.
struct Component {
  Values values;
  std::vector<KvStep> steps;  // by call time
  std::vector<KeyStep> parts;
  std::vector<std::string_view> keys;  // by place in the state, in order of first appearance
  bool has_append = false;
  bool has_increment = false;
  bool has_remove = false;

  const KeyStep* parts_of(const KvStep& step) const { return parts.data() + step.first; }
};

// What a tier says of a component; no verdict: it is not for this tier to say.
struct Judgement {
  std::optional<Verdict> verdict;
  std::string reason;
  std::vector<std::size_t> witnesses;  // places in the history
};

}  // namespace norn::sim
