// Where times are on the picture's horizontal axis: straight between the ends of the explained operations,
// each such stretch as wide as it takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace norn::sim {

// Text that begins at a time and must not run into the next one of its lane.
struct Caption {
  std::int64_t at = 0;
  int width = 0;  // pixels
  std::uint32_t lane = 0;
};

struct Tick {
  double x = 0;
  std::string text;
};

class Timescale {
 public:
  // `ends`: nanoseconds, at least one. Captions begin at one of them each.
  Timescale(std::vector<std::int64_t> ends, const std::vector<Caption>& captions);

  double x(std::int64_t time) const;  // times outside of [from, to] are at the edges
  double width() const { return width_; }
  std::int64_t from() const { return at_.front().time; }
  std::int64_t to() const { return at_.back().time; }

  // Round times, as many as there is room for.
  std::vector<Tick> ticks() const;
  // The middles of stretches that are much narrower than their time would have it.
  const std::vector<double>& squeezed() const { return squeezed_; }

 private:
  struct Point {
    std::int64_t time = 0;
    double x = 0;
  };

  void build(const std::vector<std::int64_t>& ends, const std::vector<Caption>& captions, double wider);

  std::vector<Point> at_;
  double width_ = 0;
  std::vector<double> squeezed_;
};

}  // namespace norn::sim
