// Where everything of a picture stands: lanes, bars, their captions; in pixels, from the plot's top left
// corner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/check/history.h"
#include "sim/explain/explanation.h"
#include "sim/explain/timescale.h"

namespace norn::sim {

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

inline bool meet(const Box& a, const Box& b) {
  return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom();
}

inline constexpr double kCharacter = 7.9;  // width of one, at 13 pixels of a monospaced font

struct Bar {
  std::size_t place = 0;             // in the history
  std::size_t operation = SIZE_MAX;  // in the explanation; SIZE_MAX: it is context
  Box box;
  Box caption_box;             // none: width 0
  std::string caption;         // shortened
  bool open = false;           // outcome unknown: it fades to the right
  bool begins_before = false;  // its call is left of the picture
  bool is_context() const { return operation == SIZE_MAX; }
};

struct Lane {
  std::uint32_t client = 0;
  double y = 0;
  double height = 0;
};

struct Layout {
  Timescale scale;
  std::vector<Bar> bars;  // the explained ones first, in their order
  std::vector<Lane> lanes;
  double height = 0;
  std::vector<double> channels;  // horizontal lines that cross no caption and no explained bar
  std::size_t explained_left_out = 0;
  std::size_t context_left_out = 0;  // of the same keys and the same time
};

// With so many operations of context at most.
Layout lay_out(const History& history, const Explanation& explanation, std::size_t context_max);

}  // namespace norn::sim
