// From a violation to the fewest operations that show it: see explanation.h for what that means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/explain/ledger.h"

namespace norn::sim {

enum class Answer : std::uint8_t {
  contradictory,  // what was kept shows a violation
  possible,       // an order explains it
  not_known,      // the budget is too small to tell
};

// Asks whether a set of operations shows a violation.
class Inquiry {
 public:
  Inquiry(const Ledger& ledger, std::uint64_t work_max) : ledger_(ledger), work_left_(work_max) {}

  // `kept`: places of ok operations of the component, each once, in any order.
  Answer ask(const std::vector<std::size_t>& kept);

  bool spent() const { return work_left_ == 0; }

 private:
  const Ledger& ledger_;
  std::uint64_t work_left_;
  bool first_ = true;
};

struct Shrunk {
  std::vector<std::size_t> places;  // by call time; empty: not even the whole was seen to be contradictory
  bool proven = false;              // with any one of them uncertain there is an order
};

// Starts from the witnesses where they show a violation by themselves, else from all that had returned when
// the violation became certain.
Shrunk shrink(const Ledger& ledger, const std::vector<std::size_t>& witnesses, std::uint64_t work_max);

// The same of a set that is known to show it.
Shrunk shrink_further(const Ledger& ledger, std::vector<std::size_t> kept, std::uint64_t work_max);

}  // namespace norn::sim
