// An explanation as one HTML file: the picture (picture.h), the argument, the operations in a table. Nothing
// outside of it is needed, nor scripts; it follows the reader's choice of light or dark. Its size is bounded,
// whatever the history's: at most kPageMax bytes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable.h"
#include "sim/explain/explanation.h"

namespace norn::sim {

inline constexpr std::size_t kPageMax = 300'000;

// Something that was wrong with the system for a while: drawn behind the operations.
struct FaultSpan {
  Time from{};
  Time to = kNever;   // kNever: it lasts; from: it is over at once
  std::string who;    // replicas or a link, "r1, r3"
  std::string label;  // "kill", "partition"

  friend bool operator==(const FaultSpan&, const FaultSpan&) = default;
};

std::string explanation_page(const History& history, const Explanation& explanation,
                             const std::vector<FaultSpan>& faults);

// Explains a violation and writes the page to a file. Empty: it is written; else one line that says why not.
std::string write_explanation(const std::string& path, const History& history, const CheckResult& result,
                              const std::vector<FaultSpan>& faults = {});

}  // namespace norn::sim
