#include "sim/explain/layout.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "sim/check/linearizable_component.h"
#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr std::size_t kExplainedMax = 40;
constexpr std::size_t kContextLanesMax = 6;  // besides those of the explained operations
constexpr std::size_t kContextRowsMax = 2;   // of a lane, besides
constexpr std::size_t kCaptionMax = 46;      // characters
constexpr double kBarMin = 6;
constexpr double kBarHeight = 18;
constexpr double kContextHeight = 9;
constexpr double kCaptionHeight = 18;
constexpr double kRowGap = 16;     // below a row with captions: room for arrows
constexpr double kContextGap = 7;  // below one without
constexpr double kLaneGap = 8;
constexpr double kFade = 60;  // of a context operation of unknown outcome

// Whole UTF-8 does not matter here: shown() leaves only ASCII.
std::string shortened(const std::string& text) {
  return text.size() <= kCaptionMax ? text : text.substr(0, kCaptionMax - 3) + "...";
}

double width_of(const std::string& text) { return static_cast<double>(text.size()) * kCharacter; }

struct Row {
  std::vector<std::pair<double, double>> taken;
  bool captions = false;

  bool has_room(double from, double to) const {
    return std::all_of(taken.begin(), taken.end(),
                       [&](const auto& one) { return to <= one.first || from >= one.second; });
  }
};

class Maker {
 public:
  Maker(const History& history, const Explanation& explanation, std::size_t context_max)
      : history_(history),
        explanation_(explanation),
        context_max_(context_max),
        explained_(chosen()),
        layout_{scale(), {}, {}, 0, {}, 0, 0} {}

  Layout make() {
    layout_.explained_left_out = explanation_.operations.size() - explained_.size();
    for (const std::size_t number : explained_) place_explained(number);
    for (const std::size_t place : context()) place_context(place);
    settle();
    return std::move(layout_);
  }

 private:
  const Operation& at(std::size_t place) const { return history_[place]; }

  // Of very many, those called last.
  std::vector<std::size_t> chosen() const {
    std::vector<std::size_t> numbers;
    const std::size_t count = explanation_.operations.size();
    for (std::size_t i = count > kExplainedMax ? count - kExplainedMax : 0; i < count; ++i)
      numbers.push_back(i);
    return numbers;
  }

  bool several_keys() const { return explanation_.keys.size() > 1; }

  std::string caption(std::size_t number) const {
    const ExplainedOperation& one = explanation_.operations[number];
    return one.letter + "  " + shortened(bar_text(at(one.place), several_keys()));
  }

  Timescale scale() const {
    std::vector<std::int64_t> ends;
    std::vector<Caption> captions;
    for (const std::size_t number : explained_) {
      const Operation& operation = at(explanation_.operations[number].place);
      ends.push_back(nanoseconds(operation.call));
      if (returned(operation)) ends.push_back(nanoseconds(operation.back));
      captions.push_back({ends[ends.size() - (returned(operation) ? 2 : 1)],
                          static_cast<int>(width_of(caption(number)) + 14), operation.client});
    }
    if (ends.empty()) ends.push_back(0);
    return {ends, captions};
  }

  std::vector<Row>& rows(std::uint32_t client) { return rows_[client]; }

  void place_explained(std::size_t number) {
    const std::size_t place = explanation_.operations[number].place;
    const Operation& operation = at(place);
    Bar bar;
    bar.place = place;
    bar.operation = number;
    bar.open = !returned(operation);
    bar.caption = caption(number);
    bar.box.x = layout_.scale.x(nanoseconds(operation.call));
    const double right = bar.open ? layout_.scale.width() : layout_.scale.x(nanoseconds(operation.back));
    bar.box.width = std::max(kBarMin, right - bar.box.x);
    bar.box.height = kBarHeight;
    bar.caption_box = {bar.box.x, 0, width_of(bar.caption), kCaptionHeight};
    const double from = bar.box.x - 4;
    const double to = std::max(bar.box.right(), bar.caption_box.right()) + 6;
    std::vector<Row>& all = rows(operation.client);
    std::size_t row = 0;
    while (row < all.size() && !all[row].has_room(from, to)) ++row;
    if (row == all.size()) all.emplace_back();
    all[row].taken.emplace_back(from, to);
    all[row].captions = true;
    row_of_.push_back(row);
    layout_.bars.push_back(std::move(bar));
  }

  // Operations of the same keys that share time with the picture, the nearest to its end first.
  std::vector<std::size_t> context() {
    std::set<std::string_view> keys(explanation_.keys.begin(), explanation_.keys.end());
    std::set<std::size_t> explained;
    std::int64_t latest = 0;
    for (const ExplainedOperation& one : explanation_.operations) {
      explained.insert(one.place);
      latest =
          std::max(latest, nanoseconds(returned(at(one.place)) ? at(one.place).back : at(one.place).call));
    }
    std::vector<std::size_t> found;
    for (std::size_t place = 0; place < history_.size(); ++place) {
      const Operation& operation = at(place);
      if (nanoseconds(operation.call) > layout_.scale.to()) break;
      const std::int64_t end = nanoseconds(returned(operation) ? operation.back : operation.call);
      if (end < layout_.scale.from() || explained.contains(place)) continue;
      if (std::any_of(operation.accesses.begin(), operation.accesses.end(),
                      [&](const KeyAccess& access) { return keys.contains(access.key); })) {
        found.push_back(place);
      }
    }
    const auto distance = [&](std::size_t place) {
      const std::int64_t from = nanoseconds(at(place).call);
      return from > latest ? from - latest : latest - from;
    };
    std::stable_sort(found.begin(), found.end(), [&](auto a, auto b) { return distance(a) < distance(b); });
    return found;
  }

  void place_context(std::size_t place) {
    const Operation& operation = at(place);
    const bool has_lane = rows_.contains(operation.client);
    if (context_count_ == context_max_ || (!has_lane && context_lanes_ == kContextLanesMax)) {
      ++layout_.context_left_out;
      return;
    }
    Bar bar;
    bar.place = place;
    bar.open = !returned(operation);
    bar.begins_before = nanoseconds(operation.call) < layout_.scale.from();
    bar.box.x = layout_.scale.x(nanoseconds(operation.call));
    const double right = bar.open ? bar.box.x + kFade : layout_.scale.x(nanoseconds(operation.back));
    bar.box.width = std::max(3.0, std::min(right, layout_.scale.width()) - bar.box.x);
    bar.box.height = kContextHeight;
    std::vector<Row>& all = rows(operation.client);
    std::size_t row = 0;
    std::size_t plain = 0;  // rows without captions so far
    while (row < all.size() && !all[row].has_room(bar.box.x - 2, bar.box.right() + 2))
      plain += all[row++].captions ? 0 : 1;
    if (row == all.size() && plain == kContextRowsMax) {
      ++layout_.context_left_out;
      return;
    }
    if (row == all.size()) all.emplace_back();
    all[row].taken.emplace_back(bar.box.x - 2, bar.box.right() + 2);
    if (!has_lane) ++context_lanes_;
    ++context_count_;
    row_of_.push_back(row);
    layout_.bars.push_back(std::move(bar));
  }

  // Gives lanes and rows their heights, and bars their place in them.
  void settle() {
    std::map<std::pair<std::uint32_t, std::size_t>, double> centres;
    double y = 0;
    for (const auto& [client, all] : rows_) {
      const double top = y;
      y += kLaneGap;
      for (std::size_t row = 0; row < all.size(); ++row) {
        const double caption = all[row].captions ? kCaptionHeight : 0;
        const double bar = all[row].captions ? kBarHeight : kContextHeight;
        const double gap = all[row].captions ? kRowGap : kContextGap;
        centres[{client, row}] = y + caption + bar / 2;
        y += caption + bar + gap;
        if (all[row].captions) {
          layout_.channels.push_back(y - gap / 2 - 4);
          layout_.channels.push_back(y - gap / 2 + 4);
        }
      }
      layout_.lanes.push_back({client, top, y - top});
    }
    layout_.height = y;
    for (std::size_t i = 0; i < layout_.bars.size(); ++i) {
      Bar& bar = layout_.bars[i];
      const double centre = centres[{at(bar.place).client, row_of_[i]}];
      bar.box.y = centre - bar.box.height / 2;
      if (!bar.caption.empty()) bar.caption_box.y = centre - kBarHeight / 2 - kCaptionHeight;
    }
  }

  const History& history_;
  const Explanation& explanation_;
  std::size_t context_max_;
  std::vector<std::size_t> explained_;  // numbers in the explanation
  Layout layout_;
  std::map<std::uint32_t, std::vector<Row>> rows_;  // by client
  std::vector<std::size_t> row_of_;                 // of each bar
  std::size_t context_count_ = 0;
  std::size_t context_lanes_ = 0;
};

}  // namespace

Layout lay_out(const History& history, const Explanation& explanation, std::size_t context_max) {
  return Maker(history, explanation, context_max).make();
}

}  // namespace norn::sim
