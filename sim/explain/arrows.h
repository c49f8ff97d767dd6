// The way of each arrow from bar to bar: straight lines and right angles, around captions, bars and the
// arrows drawn before, as far as that is possible; and a place for its label where it covers nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/explain/explanation.h"
#include "sim/explain/layout.h"

namespace norn::sim {

struct Spot {
  double x = 0;
  double y = 0;
};

struct Arrow {
  EdgeKind kind = EdgeKind::time;
  std::vector<Spot> way;  // from tail to head
  std::string label;
  std::optional<Box> label_box;  // nothing: there is no room for it
};

inline constexpr double kLabelCharacter = 7.3;  // width of one, at 12 pixels
inline constexpr double kLabelHeight = 15;

std::vector<Arrow> route(const Layout& layout, const Explanation& explanation);

}  // namespace norn::sim
