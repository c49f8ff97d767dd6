// Every way of a few simple shapes is tried, and the cheapest is taken: pictures are small.
#include "sim/explain/arrows.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace norn::sim {

namespace {

constexpr double kStub = 9;           // straight before and after the ends
constexpr double kColumnStep = 9;     // between vertical ways that are tried
constexpr double kCaptionCost = 600;  // each that is crossed
constexpr double kBarCost = 100;
constexpr double kContextCost = 14;
constexpr double kAlongCost = 260;  // along another arrow
constexpr double kCrossCost = 18;
constexpr double kBendCost = 12;
constexpr double kLengthCost = 0.2;
constexpr double kAgainstCost = 120;  // an arrow of time that does not lead from an end to a beginning
constexpr std::size_t kArrowsMax = 60;

// A segment of a way, as thick as it is drawn.
Box thick(const Spot& a, const Spot& b, double half) {
  return {std::min(a.x, b.x) - half, std::min(a.y, b.y) - half, std::abs(a.x - b.x) + 2 * half,
          std::abs(a.y - b.y) + 2 * half};
}

struct Port {
  Spot at;
  Spot stem;
  bool is_side = false;  // left or right end
  bool is_right = false;
};

class Router {
 public:
  Router(const Layout& layout, const Explanation& explanation) : layout_(layout), explanation_(explanation) {
    for (double x = 4; x < layout.scale.width(); x += kColumnStep) columns_.push_back(x);
  }

  std::vector<Arrow> run() {
    for (const EdgeKind kind : {EdgeKind::conflict, EdgeKind::value, EdgeKind::time}) {
      for (const ExplanationEdge& edge : explanation_.edges) {
        if (edge.kind == kind && arrows_.size() < kArrowsMax) add(edge);
      }
    }
    for (Arrow& arrow : arrows_) place_label(arrow);
    return std::move(arrows_);
  }

 private:
  const Bar* bar_of(std::size_t operation) const {
    for (const Bar& bar : layout_.bars) {
      if (bar.operation == operation) return &bar;
    }
    return nullptr;
  }

  std::vector<Port> ports(const Bar& bar) const {
    const double middle = bar.box.y + bar.box.height / 2;
    std::vector<Port> all;
    for (const double off : {0.0, -6.0, 6.0}) {
      const double y = middle + off;
      if (!bar.open) all.push_back({{bar.box.right(), y}, {bar.box.right() + kStub, y}, true, true});
      all.push_back({{bar.box.x, y}, {bar.box.x - kStub, y}, true, false});
    }
    for (const double share : {0.25, 0.5, 0.75}) {
      const double x = bar.box.x + share * std::min(bar.box.width, 400.0);
      all.push_back({{x, bar.box.bottom()}, {x, bar.box.bottom() + 4}, false, false});
      if (x > bar.caption_box.right() + 4) all.push_back({{x, bar.box.y}, {x, bar.box.y - 4}, false, false});
    }
    return all;
  }

  void add(const ExplanationEdge& edge) {
    const Bar* const from = bar_of(edge.from);
    const Bar* const to = bar_of(edge.to);
    if (from == nullptr || to == nullptr || from == to) return;
    best_cost_ = std::numeric_limits<double>::max();
    for (const Port& a : ports(*from)) {
      for (const Port& b : ports(*to)) {
        double extra = 0;
        if (edge.kind == EdgeKind::time && !(a.is_side && a.is_right && b.is_side && !b.is_right))
          extra = kAgainstCost;
        try_ways(a, b, extra);
      }
    }
    arrows_.push_back({edge.kind, best_, edge.label, std::nullopt});
  }

  void try_ways(const Port& a, const Port& b, double extra) {
    if (a.is_side && b.is_side && a.at.y == b.at.y) consider({a.at, b.at}, extra);
    consider({a.at, a.stem, {b.stem.x, a.stem.y}, b.stem, b.at}, extra);
    consider({a.at, a.stem, {a.stem.x, b.stem.y}, b.stem, b.at}, extra);
    for (const double x : columns_)
      consider({a.at, a.stem, {x, a.stem.y}, {x, b.stem.y}, b.stem, b.at}, extra);
    for (const double y : layout_.channels)
      consider({a.at, a.stem, {a.stem.x, y}, {b.stem.x, y}, b.stem, b.at}, extra);
  }

  void consider(std::vector<Spot> way, double cost) {
    way = straightened(way);
    if (turns_back(way)) return;
    for (std::size_t i = 1; i < way.size() && cost < best_cost_; ++i) cost += cost_of(way[i - 1], way[i]);
    cost += kBendCost * static_cast<double>(way.size() - 2);
    if (cost >= best_cost_) return;
    best_cost_ = cost;
    best_ = std::move(way);
  }

  static bool on_line(const Spot& a, const Spot& b, const Spot& c) {
    return (a.x == b.x && b.x == c.x) || (a.y == b.y && b.y == c.y);
  }

  static std::vector<Spot> straightened(const std::vector<Spot>& way) {
    std::vector<Spot> out;
    for (const Spot& spot : way) {
      if (!out.empty() && out.back().x == spot.x && out.back().y == spot.y) continue;
      out.push_back(spot);
    }
    for (std::size_t i = 1; i + 1 < out.size();) {
      const bool between = std::min(out[i - 1].x, out[i + 1].x) <= out[i].x &&
                           out[i].x <= std::max(out[i - 1].x, out[i + 1].x) &&
                           std::min(out[i - 1].y, out[i + 1].y) <= out[i].y &&
                           out[i].y <= std::max(out[i - 1].y, out[i + 1].y);
      if (on_line(out[i - 1], out[i], out[i + 1]) && between) {
        out.erase(out.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    return out;
  }

  static bool turns_back(const std::vector<Spot>& way) {
    for (std::size_t i = 1; i + 1 < way.size(); ++i) {
      if (on_line(way[i - 1], way[i], way[i + 1])) return true;
    }
    return false;
  }

  double cost_of(const Spot& a, const Spot& b) const {
    const Box line = thick(a, b, 2.5);
    const Box thin = thick(a, b, 0);
    double cost = kLengthCost * (std::abs(a.x - b.x) + std::abs(a.y - b.y));
    if (line.x < -20 || line.right() > layout_.scale.width() + 20) cost += kCaptionCost;
    for (const Bar& bar : layout_.bars) {
      if (bar.caption_box.width > 0 && meet(line, bar.caption_box)) cost += kCaptionCost;
      Box inner = bar.box;
      inner.x += 0.5;
      inner.width -= 1;
      inner.y += 0.5;
      inner.height -= 1;
      if (meet({thin.x - 0.1, thin.y - 0.1, thin.width + 0.2, thin.height + 0.2}, inner))
        cost += bar.is_context() ? kContextCost : kBarCost;
    }
    for (const Arrow& other : arrows_) {
      for (std::size_t i = 1; i < other.way.size(); ++i) {
        const Spot& c = other.way[i - 1];
        const Spot& d = other.way[i];
        if (!meet(thick(a, b, 2.5), thick(c, d, 2.5))) continue;
        const bool same_direction = (a.x == b.x) == (c.x == d.x);
        cost += same_direction ? kAlongCost : kCrossCost;
      }
    }
    return cost;
  }

  void place_label(Arrow& arrow) {
    const double width = static_cast<double>(arrow.label.size()) * kLabelCharacter + 4;
    double best = arrow.kind == EdgeKind::conflict ? 900 : 1;  // a conflict's label is worth a crossed line
    for (std::size_t i = 1; i < arrow.way.size(); ++i) {
      const Spot& a = arrow.way[i - 1];
      const Spot& b = arrow.way[i];
      for (const double share : {0.5, 0.3, 0.7, 0.15, 0.85, 0.0, 1.0}) {
        const double x = a.x + (b.x - a.x) * share;
        const double y = a.y + (b.y - a.y) * share;
        const bool vertical = a.x == b.x;
        for (const double side : {-1.0, 1.0}) {
          Box box = vertical
                        ? Box{side > 0 ? x + 5 : x - 5 - width, y - kLabelHeight / 2, width, kLabelHeight}
                        : Box{x - width / 2, side < 0 ? y - 4 - kLabelHeight : y + 4, width, kLabelHeight};
          const double cost = cost_of_label(box, arrow) + std::abs(share - 0.5) * 0.2;
          if (cost >= best) continue;
          best = cost;
          arrow.label_box = box;
        }
      }
    }
  }

  double cost_of_label(const Box& box, const Arrow& own) const {
    double cost = 0;
    if (box.x < 0 || box.right() > layout_.scale.width() || box.y < 0 || box.bottom() > layout_.height + 26)
      return 10'000;
    for (const Bar& bar : layout_.bars) {
      if (bar.caption_box.width > 0 && meet(box, bar.caption_box)) cost += 2'000;
      if (meet(box, bar.box)) cost += bar.is_context() ? 60 : 2'000;
    }
    for (const Arrow& other : arrows_) {
      if (other.label_box && &other != &own && meet(box, *other.label_box)) cost += 2'000;
      for (std::size_t i = 1; i < other.way.size(); ++i) {
        if (meet(box, thick(other.way[i - 1], other.way[i], &other == &own ? 1 : 3))) cost += 150;
      }
    }
    return cost;
  }

  const Layout& layout_;
  const Explanation& explanation_;
  std::vector<double> columns_;
  std::vector<Arrow> arrows_;
  double best_cost_ = 0;
  std::vector<Spot> best_;
};

}  // namespace

std::vector<Arrow> route(const Layout& layout, const Explanation& explanation) {
  return Router(layout, explanation).run();
}

}  // namespace norn::sim
