// One history before all judges, and a mismatch made small.
#pragma once

#include <optional>
#include <string>

#include "sim/check/history.h"

#include "tests/differential/judges.h"

namespace norn::differential {

struct Mismatch {
  std::string_view judge;
  enum class What { verdict, order, witnesses } what = What::verdict;
  std::string text;  // one line
};

// The first judge that disagrees with the truth, gives an order that does not hold, or witnesses that prove
// nothing.
std::optional<Mismatch> compare(const sim::History& history, bool linearizable);
std::optional<Mismatch> compare(const sim::History& history);

// Drops operations, and keys of operations, as long as the same judge is mistaken in the same way.
sim::History shrink(sim::History history, const Mismatch& mismatch);

}  // namespace norn::differential
