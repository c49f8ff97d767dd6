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

using Judges = std::span<const Judge>;

// The first judge that disagrees with the truth, gives an order that does not hold, or claims of witnesses
// what they do not show.
std::optional<Mismatch> compare(Judges judges, const sim::History& history, bool linearizable);
std::optional<Mismatch> compare(Judges judges, const sim::History& history);  // asks the definition first

// The same of one judge. `abstained`: it had no opinion, so no mismatch.
std::optional<Mismatch> compare(const Judge& judge, const sim::History& history, bool linearizable,
                                bool& abstained);

// Drops operations, and keys of operations, as long as the same judge is mistaken in the same way.
sim::History shrink(Judges judges, sim::History history, const Mismatch& mismatch);

}  // namespace norn::differential
