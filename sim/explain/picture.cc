#include "sim/explain/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/check/linearizable_component.h"
#include "sim/explain/arrows.h"
#include "sim/explain/layout.h"
#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr double kLeft = 104;  // where the plot begins: names of clients stand before it
constexpr double kRight = 26;
constexpr double kTop = 10;
constexpr double kAxis = 44;  // below the lanes
constexpr double kShrunkMin =
    0.75;  // in a narrow window the picture shrinks to so much; beyond that one scrolls
constexpr double kLegendRow = 24;
constexpr double kFaultRow = 20;
constexpr std::size_t kFaultRowsMax = 6;
constexpr std::size_t kFaultsMax = 80;
constexpr std::size_t kFaultCharacters = 40;

// A number of pixels, with one decimal at most: the same text on every machine.
std::string px(double value) {
  const auto tenths = static_cast<std::int64_t>(std::llround(value * 10));
  const std::int64_t size = tenths < 0 ? -tenths : tenths;
  std::string text = (tenths < 0 ? "-" : "") + std::to_string(size / 10);
  if (size % 10 != 0) text += "." + std::to_string(size % 10);
  return text;
}

std::string rect(const Box& box, const std::string& attributes) {
  return "<rect x='" + px(box.x) + "' y='" + px(box.y) + "' width='" + px(box.width) + "' height='" +
         px(box.height) + "' " + attributes;
}

std::string text_at(double x, double y, const std::string& attributes, std::string_view text) {
  return "<text x='" + px(x) + "' y='" + px(y) + "' " + attributes + ">" + escaped(text) + "</text>\n";
}

const char* colour_of(const Operation& operation) {
  if (!changes_something(operation)) return "read";
  return operation.kind == OperationKind::remove ? "gone" : "write";
}

struct FaultBand {
  double from = 0;
  double to = 0;
  std::string text;
  std::string title;
  double text_x = 0;
  std::size_t row = 0;
  bool cut_off = false;  // it goes on to the right
};

class Painter {
 public:
  Painter(const History& history, const Explanation& explanation, const std::vector<FaultSpan>& faults,
          std::size_t context_max)
      : history_(history), explanation_(explanation), layout_(lay_out(history, explanation, context_max)) {
    arrows_ = route(layout_, explanation);
    place_faults(faults);
    plot_top_ = kTop + (fault_rows_ == 0 ? 0 : static_cast<double>(fault_rows_) * kFaultRow + 6);
    width_ = kLeft + layout_.scale.width() + kRight;
  }

  std::string paint() {
    lay_legend();
    height_ = plot_top_ + layout_.height + kAxis + legend_height_;
    out_ = "<svg xmlns='http://www.w3.org/2000/svg' width='" + px(width_) + "' height='" + px(height_) +
           "' viewBox='0 0 " + px(width_) + " " + px(height_) +
           "' style='min-width:" + px(width_ * kShrunkMin) + "px' role='img' aria-label='" +
           escaped(explanation_.headline) + "'>\n";
    definitions();
    out_ += "<g transform='translate(" + px(kLeft) + "," + px(plot_top_) + ")'>\n";
    paint_lanes();
    paint_faults();
    paint_axis();
    for (const Bar& bar : layout_.bars) {
      if (bar.is_context()) paint_context(bar);
    }
    for (const Arrow& arrow : arrows_) paint_arrow(arrow);
    for (const Bar& bar : layout_.bars) {
      if (!bar.is_context()) paint_bar(bar);
    }
    for (const Arrow& arrow : arrows_) paint_label(arrow);
    out_ += "</g>\n" + legend_ + "</svg>\n";
    return std::move(out_);
  }

 private:
  void definitions() {
    out_ += "<defs>\n";
    for (const char* const kind : {"time", "value", "conflict"}) {
      out_ += "<marker id='head-" + std::string(kind) +
              "' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='9' markerHeight='9' "
              "markerUnits='userSpaceOnUse' orient='auto'><path class='head " +
              kind + "' d='M0,1 L10,5 L0,9 z'/></marker>\n";
    }
    for (const char* const kind : {"read", "write", "gone", "grey"}) {
      out_ += "<linearGradient id='fade-" + std::string(kind) +
              "'><stop offset='0.1' stop-opacity='0.75' class='stop " + kind +
              "'/><stop offset='1' class='stop " + kind + "' stop-opacity='0'/></linearGradient>\n";
    }
    out_ += "</defs>\n";
  }

  // ---- faults

  void place_faults(const std::vector<FaultSpan>& faults) {
    std::vector<double> taken;  // by row: how far it is taken
    std::vector<const FaultSpan*> sorted;
    for (const FaultSpan& fault : faults) sorted.push_back(&fault);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->from < b->from; });
    for (const FaultSpan* const fault : sorted) {
      const std::int64_t from = nanoseconds(fault->from);
      const std::int64_t to =
          fault->to == kNever ? std::numeric_limits<std::int64_t>::max() : nanoseconds(fault->to);
      if (to < layout_.scale.from() || from > layout_.scale.to()) continue;
      if (bands_.size() == kFaultsMax) {
        ++faults_left_out_;
        continue;
      }
      FaultBand band;
      band.from = layout_.scale.x(from);
      band.to = layout_.scale.x(to);
      band.cut_off = to > layout_.scale.to();
      band.text = fault->label + (fault->who.empty() ? "" : " " + fault->who);
      for (char& c : band.text) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
      }
      if (band.text.size() > kFaultCharacters) band.text = band.text.substr(0, kFaultCharacters - 3) + "...";
      band.title = band.text + "\nfrom " + clock(fault->from) +
                   (fault->to == kNever ? ", to the end" : " to " + clock(fault->to));
      const double text_width = static_cast<double>(band.text.size()) * kLabelCharacter;
      band.text_x = std::max(0.0, std::min(band.from + 3, layout_.scale.width() - text_width));
      const double left = std::min(band.from, band.text_x) - 4;
      const double right = std::max(band.to, band.text_x + text_width) + 8;
      while (band.row < taken.size() && taken[band.row] > left) ++band.row;
      if (band.row == kFaultRowsMax) {
        ++faults_left_out_;
        continue;
      }
      if (band.row == taken.size()) taken.push_back(0);
      taken[band.row] = right;
      fault_rows_ = std::max(fault_rows_, band.row + 1);
      bands_.push_back(std::move(band));
    }
  }

  void paint_faults() {
    // Many at once must not hide what stands in front of them.
    const std::string opacity =
        px(100 * (0.03 + 0.13 / static_cast<double>(std::max<std::size_t>(1, fault_rows_))));
    for (const FaultBand& band : bands_) {
      const double top = static_cast<double>(band.row) * kFaultRow + kTop - plot_top_;
      const double width = std::max(2.0, band.to - band.from);
      out_ += "<g><title>" + escaped(band.title) + "</title>";
      out_ += rect({band.from, 0, width, layout_.height}, "class='fault' fill-opacity='" + opacity + "%'/>");
      out_ +=
          "<path class='fault-edge' d='M" + px(band.from) + "," + px(top) + " V" + px(layout_.height) + "'/>";
      out_ += rect({band.from, top, width, kFaultRow - 4}, "class='fault-head'/>");
      out_ += text_at(band.text_x, top + 12, "class='fault-text'", band.text) + "</g>\n";
    }
  }

  // ---- lanes and time

  void paint_lanes() {
    for (std::size_t i = 0; i < layout_.lanes.size(); ++i) {
      const Lane& lane = layout_.lanes[i];
      if (i % 2 == 0)
        out_ +=
            rect({-kLeft + 6, lane.y, layout_.scale.width() + kLeft - 6, lane.height}, "class='lane'/>\n");
      out_ += text_at(-12, lane.y + lane.height / 2 + 4, "class='client' text-anchor='end'",
                      "client " + std::to_string(lane.client));
    }
  }

  void paint_axis() {
    const double y = layout_.height;
    out_ += "<path class='axis' d='M0," + px(y) + " H" + px(layout_.scale.width()) + "'/>\n";
    for (const Tick& tick : layout_.scale.ticks()) {
      out_ += "<path class='grid' d='M" + px(tick.x) + ",0 V" + px(y) + "'/>";
      out_ += "<path class='axis' d='M" + px(tick.x) + "," + px(y) + " v5'/>";
      out_ += text_at(tick.x, y + 19, "class='tick' text-anchor='middle'", tick.text);
    }
    for (const double x : layout_.scale.squeezed()) {
      out_ += "<path class='break' d='M" + px(x - 5) + "," + px(y + 6) + " l4,-12 M" + px(x + 1) + "," +
              px(y + 6) + " l4,-12'/>\n";
    }
  }

  // ---- operations

  std::string title_of(const Bar& bar) const {
    std::string text = details(history_[bar.place]);
    if (!bar.is_context()) text = explanation_.operations[bar.operation].letter + ": " + text;
    return "<title>" + escaped(text) + "</title>";
  }

  void paint_context(const Bar& bar) {
    out_ += "<g>" + title_of(bar) +
            rect(bar.box, bar.open ? "rx='2' fill='url(#fade-grey)'/>" : "rx='2' class='context'/>") +
            "</g>\n";
  }

  void paint_bar(const Bar& bar) {
    const Operation& operation = history_[bar.place];
    const std::string colour = colour_of(operation);
    const bool certain = explanation_.operations[bar.operation].certain;
    out_ += "<g>" + title_of(bar);
    if (bar.open) {
      out_ += rect(bar.box, "fill='url(#fade-" + colour + ")'/>");
      out_ += "<path class='edge " + colour + "' d='M" + px(bar.box.x) + "," + px(bar.box.y) + " v" +
              px(bar.box.height) + "'/>";
    } else {
      out_ += rect(bar.box, "rx='3' class='bar " + colour + (certain ? "" : " cited") + "'/>");
    }
    out_ += text_at(bar.caption_box.x, bar.caption_box.y + 13, "class='caption'", bar.caption) + "</g>\n";
  }

  static const char* name_of(EdgeKind kind) {
    return kind == EdgeKind::time ? "time" : kind == EdgeKind::value ? "value" : "conflict";
  }

  void paint_arrow(const Arrow& arrow) {
    std::string path;
    for (std::size_t i = 0; i < arrow.way.size(); ++i) {
      const Spot& spot = arrow.way[i];
      if (i == 0 || i + 1 == arrow.way.size()) {
        path += (i == 0 ? "M" : " L") + px(spot.x) + "," + px(spot.y);
        continue;
      }
      path += corner(arrow.way[i - 1], spot, arrow.way[i + 1]);
    }
    const std::string kind = name_of(arrow.kind);
    out_ += "<path class='arrow " + kind + "' marker-end='url(#head-" + kind + ")' d='" + path + "'><title>" +
            escaped(arrow.label) + "</title></path>\n";
  }

  // Rounded.
  static std::string corner(const Spot& before, const Spot& at, const Spot& after) {
    const auto towards = [&](const Spot& other) {
      const double length = std::abs(other.x - at.x) + std::abs(other.y - at.y);
      const double share = length == 0 ? 0 : std::min(6.0, length / 2) / length;
      return Spot{at.x + (other.x - at.x) * share, at.y + (other.y - at.y) * share};
    };
    const Spot from = towards(before);
    const Spot to = towards(after);
    return " L" + px(from.x) + "," + px(from.y) + " Q" + px(at.x) + "," + px(at.y) + " " + px(to.x) + "," +
           px(to.y);
  }

  void paint_label(const Arrow& arrow) {
    if (!arrow.label_box) return;
    out_ += text_at(arrow.label_box->x + 2, arrow.label_box->y + 12,
                    std::string("class='label ") + name_of(arrow.kind) + "'", arrow.label);
  }

  // ---- the legend

  void entry(double drawn, const std::string& drawing, const std::string& text) {
    const double width = drawn + 8 + static_cast<double>(text.size()) * kLabelCharacter + 26;
    if (legend_x_ + width > width_ && legend_x_ > kLeft) {
      legend_x_ = kLeft;
      legend_height_ += kLegendRow;
    }
    const double y = plot_top_ + layout_.height + kAxis + legend_height_ - kLegendRow;
    legend_ += "<g transform='translate(" + px(legend_x_) + "," + px(y) + ")'>" + drawing +
               text_at(drawn + 8, 14, "class='key'", text) + "</g>\n";
    legend_x_ += width;
  }

  bool any_edge(EdgeKind kind) const {
    return std::any_of(arrows_.begin(), arrows_.end(),
                       [&](const Arrow& arrow) { return arrow.kind == kind; });
  }
  bool any_bar(std::string_view colour) const {
    return std::any_of(layout_.bars.begin(), layout_.bars.end(), [&](const Bar& bar) {
      return !bar.is_context() && colour_of(history_[bar.place]) == colour;
    });
  }

  void lay_legend() {
    legend_x_ = kLeft;
    legend_height_ = kLegendRow;
    static constexpr std::array<std::array<const char*, 2>, 3> kBars = {
        {{"read", "read"}, {"write", "changes the value"}, {"gone", "removes it"}}};
    for (const auto& [colour, text] : kBars) {
      if (any_bar(colour))
        entry(26, "<rect x='0' y='2' width='26' height='14' rx='3' class='bar " + std::string(colour) + "'/>",
              text);
    }
    if (std::any_of(explanation_.operations.begin(), explanation_.operations.end(),
                    [&](const auto& one) { return !one.certain && returned(history_[one.place]); }))
      entry(26, "<rect x='0' y='2' width='26' height='14' rx='3' class='bar write cited'/>",
            "named for what it wrote");
    if (std::any_of(layout_.bars.begin(), layout_.bars.end(), [](const Bar& bar) { return bar.open; }))
      entry(34, "<rect x='0' y='2' width='34' height='14' fill='url(#fade-grey)'/>", "outcome unknown");
    if (std::any_of(layout_.bars.begin(), layout_.bars.end(),
                    [](const Bar& bar) { return bar.is_context(); }))
      entry(26, "<rect x='0' y='4' width='26' height='9' rx='2' class='context'/>", "others of the same key");
    static constexpr std::array<const char*, 3> kEdges = {"ended before the other began",
                                                          "saw what the other wrote", "the contradiction"};
    for (const EdgeKind kind : {EdgeKind::time, EdgeKind::value, EdgeKind::conflict}) {
      const std::string name = name_of(kind);
      if (any_edge(kind))
        entry(34, "<path class='arrow " + name + "' marker-end='url(#head-" + name + ")' d='M0,9 H33'/>",
              kEdges[static_cast<std::size_t>(kind)]);
    }
    if (!bands_.empty())
      entry(26,
            "<rect x='0' y='2' width='26' height='14' class='fault' fill-opacity='16%'/><rect x='0' y='2' "
            "width='26' height='4' "
            "class='fault-head'/>",
            "a fault");
    if (!layout_.scale.squeezed().empty())
      entry(12, "<path class='break' d='M0,15 l4,-12 M6,15 l4,-12'/>", "time is squeezed");
  }

 public:
  std::string remarks() const {
    std::string text = "Time is not to scale: the ticks tell.";
    const auto more = [&](std::size_t count, const char* what) {
      if (count != 0) text += " " + std::to_string(count) + what;
    };
    more(layout_.explained_left_out, " operations of the explanation, called earlier, are not drawn.");
    more(layout_.context_left_out, " other operations of the same keys and times are not drawn.");
    more(faults_left_out_, " faults are not drawn.");
    return text;
  }

 private:
  const History& history_;
  const Explanation& explanation_;
  Layout layout_;
  std::vector<Arrow> arrows_;
  std::vector<FaultBand> bands_;
  std::size_t fault_rows_ = 0;
  std::size_t faults_left_out_ = 0;
  double plot_top_ = 0;
  double width_ = 0;
  double height_ = 0;
  double legend_x_ = 0;
  double legend_height_ = 0;
  std::string legend_;
  std::string out_;
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Picture picture(const History& history, const Explanation& explanation, const std::vector<FaultSpan>& faults,
                std::size_t context_max) {
  Painter painter(history, explanation, faults, context_max);
  std::string remarks = painter.remarks();
  return {painter.paint(), std::move(remarks)};
}

}  // namespace norn::sim
