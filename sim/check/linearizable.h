// The judge's interface: is there an order of the operations, each at one instant between its call and its
// return, in which a plain map gives every result that was seen (Herlihy & Wing 1990)? The large checker of a
// later time moves in behind this interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/check/history.h"

namespace norn::sim {

enum class Verdict : std::uint8_t { linearizable, violation, undecided };

struct CheckOptions {
  std::uint64_t steps_max = 20'000'000;  // the search's budget, over the whole history; honoured
  bool use_versions =
      true;  // first offer the system's own log order as a certificate; verified, never believed
};

struct CheckResult {
  Verdict verdict = Verdict::linearizable;
  std::string reason;  // of a violation: one sentence that names what is wrong; undecided: which keys
  std::vector<std::size_t>
      witnesses;  // of a violation: the operations that cannot all be right, as places in the history
  std::size_t components = 0;  // tier 0: independent groups of keys
  std::size_t searched = 0;    // of those, how many needed the general search
  std::uint64_t steps = 0;     // that the search took
};

CheckResult check_linearizable(const History& history, const CheckOptions& options = {});

}  // namespace norn::sim
