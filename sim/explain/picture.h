// The picture of an explanation, as SVG: operations as bars, a lane for each client; other operations of the
// same keys around them in grey; the edges of the argument as arrows; faults as bands behind. Time runs to
// the right, not to scale: between any two ends of the explained operations there is room to see and to read,
// and long stretches in which none of them begins or ends are squeezed (timescale.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"
#include "sim/explain/explanation.h"
#include "sim/explain/page.h"

namespace norn::sim {

struct Picture {
  std::string svg;      // its classes are styled by the page (page.cc)
  std::string remarks;  // what it leaves out
};
Picture picture(const History& history, const Explanation& explanation, const std::vector<FaultSpan>& faults,
                std::size_t context_max);

// For text and attributes of HTML and SVG.
std::string escaped(std::string_view text);

}  // namespace norn::sim
