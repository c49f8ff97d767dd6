// A model of one's own, and its check: write a sequential specification, get a judge. For models that have no
// better tier; the search is in spec_search.h.
//
//   struct Counter {
//     using State = int;
//     struct Operation { int added, result; };
//     State init() const { return 0; }
//     bool step(State& state, const Operation& operation, bool known) const {
//       state += operation.added;
//       return !known || operation.result == state;
//     }
//     std::uint64_t hash(const State& state) const { return static_cast<std::uint64_t>(state); }
//     std::uint64_t partition(const Operation&) const { return 0; }
//   };
//   SpecResult result = check_spec(Counter{}, history);
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/check/spec_search.h"

namespace norn::sim {

// State      a value with ==
// Operation  what was asked and what came back
// init       the state of every partition at first
// step       runs an operation; false: it does not give the result that came back, and the state is
// worthless.
//            Not `known`: nothing came back, and only the state is wanted
// hash       of a state: equal ones have equal hashes
// partition  operations of different partitions have nothing to do with each other: each partition is judged
//            alone (Herlihy & Wing 1990, section 3.4)
// Besides, if they are there:
// reads      the operation changes no state, whatever it finds; the search is then much faster
// memory     of a state: its bytes, those it allocates too
template <typename Spec>
concept SequentialSpec = std::equality_comparable<typename Spec::State> &&
    std::copyable<typename Spec::State> &&
    requires(const Spec& spec, typename Spec::State& state, const typename Spec::Operation& operation) {
  { spec.init() } -> std::same_as<typename Spec::State>;
  { spec.step(state, operation, true) } -> std::same_as<bool>;
  { spec.hash(state) } -> std::same_as<std::uint64_t>;
  { spec.partition(operation) } -> std::same_as<std::uint64_t>;
};

// An operation with its time; a precedes b iff a.back < b.call.
template <typename Operation>
struct Timed {
  Operation operation;
  std::int64_t call = 0;
  std::int64_t back = 0;  // not of one of unknown outcome
  bool known = true;      // false: it may have taken effect at any time after the call, or never
};

template <SequentialSpec Spec>
using SpecHistory = std::vector<Timed<typename Spec::Operation>>;

struct SpecResult {
  Verdict verdict = Verdict::linearizable;
  std::vector<std::uint32_t> order;    // of a linearizable history: places in it; see verify_spec_order
  std::optional<std::uint32_t> stuck;  // of a violation: the place of the operation that no order got past
  std::size_t partitions = 0;
  std::uint64_t steps = 0;
};

// States by number, each kept once.
template <SequentialSpec Spec>
class NumberedSpec final : public SpecModel {
 public:
  // `places`: the operations, in the order of their numbers.
  NumberedSpec(const Spec& spec, const SpecHistory<Spec>& history, const std::uint32_t* places)
      : spec_(spec), history_(history), places_(places), table_(kTableMin, 0) {}

  std::uint32_t init() override { return number_of(spec_.init()); }

  std::optional<std::uint32_t> step(std::uint32_t state, std::uint32_t operation) override {
    const Timed<typename Spec::Operation>& timed = history_[places_[operation]];
    typename Spec::State after = states_[state];
    if (!spec_.step(after, timed.operation, timed.known)) return std::nullopt;
    return number_of(std::move(after));
  }

  std::size_t memory() const override {
    return bytes_ + 2 * states_.capacity() * sizeof(typename Spec::State) +
           3 * table_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t kTableMin = 64;  // a power of two

  std::uint32_t number_of(typename Spec::State state) {
    const std::uint64_t hash = spec_.hash(state) * 0x9e3779b97f4a7c15;  // a specification's own may be plain
    const std::size_t mask = table_.size() - 1;
    std::size_t at = hash >> 32 & mask;
    for (; table_[at] != 0; at = (at + 1) & mask) {
      if (states_[table_[at] - 1] == state) return table_[at] - 1;
    }
    if constexpr (requires { spec_.memory(state); }) bytes_ += spec_.memory(state);
    states_.push_back(std::move(state));
    table_[at] = static_cast<std::uint32_t>(states_.size());
    if (states_.size() * 2 > table_.size()) grow();
    return static_cast<std::uint32_t>(states_.size()) - 1;
  }

  void grow() {
    table_.assign(table_.size() * 2, 0);
    const std::size_t mask = table_.size() - 1;
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      std::size_t at = spec_.hash(states_[i]) * 0x9e3779b97f4a7c15 >> 32 & mask;
      while (table_[at] != 0) at = (at + 1) & mask;
      table_[at] = i + 1;
    }
  }

  const Spec& spec_;
  const SpecHistory<Spec>& history_;
  const std::uint32_t* places_;
  std::vector<typename Spec::State> states_;
  std::vector<std::uint32_t> table_;  // numbers from 1, open addressing; 0: empty
  std::size_t bytes_ = 0;
};

template <SequentialSpec Spec>
SpecResult check_spec(const Spec& spec, const SpecHistory<Spec>& history, const SpecBudget& budget = {}) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> parts(history.size());
  for (std::uint32_t i = 0; i < history.size(); ++i) parts[i] = {spec.partition(history[i].operation), i};
  std::sort(parts.begin(), parts.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const std::int64_t call_a = history[a.second].call;
    const std::int64_t call_b = history[b.second].call;
    return call_a != call_b ? call_a < call_b : a.second < b.second;
  });
  std::vector<std::uint32_t> places;
  for (const auto& part : parts) places.push_back(part.second);

  SpecResult result;
  std::vector<std::pair<std::int64_t, std::uint32_t>> instants;  // see below
  std::vector<SpecCall> calls;
  for (std::size_t begin = 0; begin < parts.size();) {
    calls.clear();
    std::size_t end = begin;
    for (; end < parts.size() && parts[end].first == parts[begin].first; ++end) {
      const Timed<typename Spec::Operation>& timed = history[places[end]];
      bool reads = false;
      if constexpr (requires { spec.reads(timed.operation); }) reads = spec.reads(timed.operation);
      calls.push_back({timed.call, timed.back, timed.known, reads});
    }
    NumberedSpec<Spec> model(spec, history, places.data() + begin);
    const SpecFinding finding = search_spec(calls, model, budget, result.steps);
    ++result.partitions;
    if (finding.verdict == Verdict::violation) {
      result.verdict = Verdict::violation;
      result.stuck = places[begin + finding.stuck];
      return result;  // one is enough, also beside partitions that stayed undecided
    }
    if (finding.verdict == Verdict::undecided) result.verdict = Verdict::undecided;
    std::int64_t instant = INT64_MIN;
    for (const std::uint32_t number : finding.order) {
      instant = std::max(instant, calls[number].call);
      instants.emplace_back(instant, places[begin + number]);
    }
    begin = end;
  }
  if (result.verdict != Verdict::linearizable) return result;
  // The earliest instants that a partition's order allows never decrease along it; so sorted by instants,
  // partitions keep theirs.
  std::stable_sort(instants.begin(), instants.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& instant : instants) result.order.push_back(instant.second);
  return result;
}

// Whether an order is one: every operation of known outcome once and none twice, real time kept, and the
// specification gives every result. Shares nothing with the search.
template <SequentialSpec Spec>
bool verify_spec_order(const Spec& spec, const SpecHistory<Spec>& history,
                       const std::vector<std::uint32_t>& order) {
  std::vector<bool> seen(history.size(), false);
  std::unordered_map<std::uint64_t, typename Spec::State> states;  // by partition
  std::int64_t instant = INT64_MIN;
  for (const std::uint32_t place : order) {
    if (place >= history.size() || seen[place]) return false;
    seen[place] = true;
    const Timed<typename Spec::Operation>& timed = history[place];
    instant = std::max(instant, timed.call);
    if (timed.known && std::max(timed.call, timed.back) < instant) return false;
    const auto [found, added] = states.try_emplace(spec.partition(timed.operation), spec.init());
    if (!spec.step(found->second, timed.operation, timed.known)) return false;
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i].known && !seen[i]) return false;
  }
  return true;
}

}  // namespace norn::sim
