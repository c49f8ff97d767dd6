// Tier 3: the search for any sequential specification. The specification itself is a template (spec.h); here
// its states and operations are numbers, so that the search is compiled once.
//
// It is the search of Wing & Gong (1993) with the cache of Lowe (2017), depth first: of the operations that
// are open, one takes effect next, and what cannot go on is taken back. The first operation that returns
// without having taken effect, the *front*, bounds what may be tried: nothing called after its return can
// stand before it. So what has taken effect is all that had returned before the front, and some of the
// operations open at it. An open operation has a slot, which the next one called takes over once it has
// returned; a configuration is the front, a bit for each slot, and the state. Its size is the width of the
// history, not its length; an operation of unknown outcome never returns, and widens it for good. A
// configuration met again would fail as it did before: it is left at once (Lowe, section 3). spec_search.cc
// says what else is left out, and why nothing is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/check/linearizable.h"

namespace norn::sim {

// Honoured: what does not fit is undecided, which is never a pass.
struct SpecBudget {
  std::uint64_t steps_max = 20'000'000;  // operations tried
  std::size_t memory_max = std::size_t{1}
                           << 30;  // bytes, of the search and of the states as far as they tell
};

// When an operation was open, and what the search must know of it.
struct SpecCall {
  std::int64_t call = 0;
  std::int64_t back = 0;  // not of one of unknown outcome
  bool known = true;      // false: it may take effect at any time after the call, or never
  bool reads = false;     // it changes no state, whatever it finds
};

// States and steps by number: equal states have one number.
class SpecModel {
 public:
  SpecModel() = default;
  SpecModel(const SpecModel&) = delete;
  SpecModel& operator=(const SpecModel&) = delete;
  virtual ~SpecModel() = default;

  virtual std::uint32_t init() = 0;
  // The state after an operation; nothing: it would not have given the result that was seen.
  virtual std::optional<std::uint32_t> step(std::uint32_t state, std::uint32_t operation) = 0;
  virtual std::size_t memory() const = 0;  // bytes
};

struct SpecFinding {
  Verdict verdict = Verdict::linearizable;
  std::vector<std::uint32_t>
      order;                // on success: operations; those of unknown outcome that did not happen lack
  std::uint32_t stuck = 0;  // of a violation: the operation that no order of what was before got past
};

// `calls` in order of call time; `steps`, at most budget.steps_max before, goes up by those taken.
SpecFinding search_spec(const std::vector<SpecCall>& calls, SpecModel& model, const SpecBudget& budget,
                        std::uint64_t& steps);

}  // namespace norn::sim
