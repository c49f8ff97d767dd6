#include "sim/explain/timescale.h"

#include <algorithm>
#include <map>

#include "sim/check/linearizable_words.h"

namespace norn::sim {

namespace {

constexpr double kStretchMin = 34;   // pixels between two ends
constexpr double kStretchMax = 240;  // unless captions need more
constexpr double kWidth = 940;       // of all, if it were to scale
constexpr double kWidthMin = 960;
constexpr double kEdge = 34;       // before the first and after the last end
constexpr int kTickCharacter = 8;  // pixels
constexpr int kTickGap = 18;
constexpr std::size_t kTicksEnough = 7;
constexpr int kTriesMax = 400;  // multiples of one step in one stretch

}  // namespace

Timescale::Timescale(std::vector<std::int64_t> ends, const std::vector<Caption>& captions) {
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  build(ends, captions, 1);
  if (width_ < kWidthMin) build(ends, captions, kWidthMin / width_);
}

void Timescale::build(const std::vector<std::int64_t>& ends, const std::vector<Caption>& captions,
                      double wider) {
  at_.clear();
  squeezed_.clear();
  const double whole = static_cast<double>(std::max<std::int64_t>(1, ends.back() - ends.front()));
  const auto edge = std::max<std::int64_t>(1, static_cast<std::int64_t>(whole * kEdge / kWidth));
  at_.push_back({ends.front() - edge, 0});
  std::map<std::uint32_t, double> taken;  // by lane: how far its last caption reaches
  for (std::size_t i = 0; i < ends.size(); ++i) {
    double wanted = kEdge;
    bool squeezed = false;
    if (i != 0) {
      const double true_width = kWidth * static_cast<double>(ends[i] - ends[i - 1]) / whole;
      wanted = std::clamp(true_width, kStretchMin, kStretchMax) * wider;
      squeezed = true_width > 2 * wanted;
    }
    const double before = at_.back().x;
    double x = before + wanted;
    for (const Caption& caption : captions) {
      if (caption.at == ends[i]) x = std::max(x, taken[caption.lane]);
    }
    for (const Caption& caption : captions) {
      if (caption.at == ends[i]) taken[caption.lane] = std::max(taken[caption.lane], x + caption.width);
    }
    at_.push_back({ends[i], x});
    if (squeezed) squeezed_.push_back((before + x) / 2);
  }
  at_.push_back({ends.back() + edge, at_.back().x + kEdge});
  width_ = at_.back().x;
  for (const auto& [lane, reach] : taken) width_ = std::max(width_, reach);
}

double Timescale::x(std::int64_t time) const {
  if (time <= from()) return 0;
  if (time >= to()) return width();
  const auto after =
      std::upper_bound(at_.begin(), at_.end(), time,
                       [](std::int64_t value, const Point& point) { return value < point.time; });
  const Point& a = *std::prev(after);
  return a.x +
         (after->x - a.x) * static_cast<double>(time - a.time) / static_cast<double>(after->time - a.time);
}

std::vector<Tick> Timescale::ticks() const {
  struct Placed {
    double left = 0;
    double right = 0;
  };
  std::vector<Placed> placed;
  std::vector<Tick> ticks;
  // Rounder times first. Steps of 1, 2 and 5 times a power of ten, from the longest that fits.
  std::vector<std::int64_t> steps;
  for (std::int64_t power = 1; power <= to() - from() && power <= 1'000'000'000'000'000'000 / 10;
       power *= 10) {
    steps.insert(steps.end(), {power, power * 2, power * 5});
  }
  for (auto step = steps.rbegin(); step != steps.rend() && ticks.size() < kTicksEnough; ++step) {
    for (std::size_t i = 1; i < at_.size(); ++i) {
      const double scale = (at_[i].x - at_[i - 1].x) / static_cast<double>(at_[i].time - at_[i - 1].time);
      if (scale * static_cast<double>(*step) < 8) continue;  // they would be closer than anything legible
      std::int64_t first = at_[i - 1].time / *step * *step;
      if (first < at_[i - 1].time) first += *step;
      int tries = 0;
      for (std::int64_t time = first; time <= at_[i].time && ++tries < kTriesMax; time += *step) {
        if (time < 0 && at_[1].time >= 0) continue;
        const std::string text = seconds(time);
        const double half = static_cast<double>(text.size()) * kTickCharacter / 2 + kTickGap / 2.0;
        const double where = x(time);
        if (where - half < -40 || where + half > width() + 40) continue;
        const bool free = std::all_of(placed.begin(), placed.end(), [&](const Placed& other) {
          return where + half <= other.left || where - half >= other.right;
        });
        if (!free) continue;
        placed.push_back({where - half, where + half});
        ticks.push_back({where, text});
      }
    }
  }
  std::sort(ticks.begin(), ticks.end(), [](const Tick& a, const Tick& b) { return a.x < b.x; });
  return ticks;
}

}  // namespace norn::sim
