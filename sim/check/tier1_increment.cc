// Sums: increments and gets on one key, all increments up, or all down. See tier1.h.
//
// Say they go up. The number never falls, and every increment that is known tells the number after it, hence
// the one before, so both say where it stands: no other operation may see a number in between, and no two may
// give one number. Reads stand behind whatever leads to their number; of absence, before everything. So the
// numbers put all known operations in an order, up to reads of one number, which stand by call time; it is
// sound iff, as in tier1_append.cc, everything comes back after the latest call of what is in front of it.
//
// Where the number before an operation is above the last one in front of it there is a gap, which increments
// of unknown outcome must fill. One of them may stand at a place iff everything behind that place returns
// after it is called: it has no return of its own. Let all of them add the same u. Then a gap of g needs g /
// u of them, whichever; and the earliest return among everything behind, m, does not fall from gap to gap. So
// the gaps can be filled iff the t-th place, from the front, has m above the call of the t-th of them by call
// time (Hall 1935: those that may fill the first t places are those called before the t-th m). Whatever is
// left over never happened. If they add different numbers, which of them fill a gap is a knapsack; then this
// tier decides only where there is no gap.
#include <algorithm>
#include <numeric>

#include "sim/check/tier1.h"

namespace norn::sim {

namespace {

constexpr std::int64_t kSparse = 4;  // numbers up to so many times the operations are looked up directly

// A number, and who gives it.
struct Level {
  Rank f = kRankNever;
  Rank s = 0;
  Rank call = 0;  // of the increment that leads here; 0: none that is known

  bool empty() const { return s == 0; }
};

class Sums : private KeyJudge {
 public:
  using KeyJudge::KeyJudge;

  Judgement judge() {
    using enum RowKind;
    if (!key_.has_only({increment, get, miss}) || !measure()) return {};
    Judgement found = place();
    if (found.verdict) return found;
    return walk();
  }

  // Of a key that is linearizable: by number, the increment that leads there in front of the reads, and what
  // fills a gap in front of that.
  Places order() const {
    const std::size_t none = levels_.size();
    const auto level = [&](const Row& row) {
      return row.kind() == RowKind::nothing || row.unknown() ? none : level_of(*units(row));
    };
    const RowGroups rows_at(none, rows_, level);
    Places order;
    auto gap = gaps_.begin();
    std::size_t used = 0;
    for (std::size_t at = 0; at < levels_.size(); ++at) {
      if (gap != gaps_.end() && gap->level == at) {
        const std::int64_t each = delta(rows_[unknown_[0]]) * sign_;
        for (std::int64_t left = gap->size; left > 0; left -= each) add_to(order, unknown_[used++]);
        ++gap;
      }
      if (levels_[at].call != 0) add_to(order, row_called(levels_[at].call));
      for (const std::uint32_t row : rows_at[at]) {
        if (rows_[row].kind() != RowKind::increment) add_to(order, row);
      }
    }
    return order;
  }

 private:
  static std::int64_t delta(const Row& row) { return static_cast<std::int32_t>(row.a); }

  // Which way it goes, the largest number, and the unknown ones. False: not for this tier.
  bool measure() {
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() != RowKind::increment) continue;
      if (delta_ == 0) delta_ = delta(row);
      if (delta(row) == 0 || (delta(row) < 0) != (delta_ < 0)) return false;
      same_ &= delta(row) == delta_;
      if (delta(row) != unit_) unit_ = std::gcd(unit_, delta(row));
      if (!row.unknown()) continue;
      if (!unknown_.empty() && delta(rows_[unknown_[0]]) != delta(row)) same_unknown_ = false;
      unknown_.push_back(i);
    }
    sign_ = delta_ < 0 ? -1 : 1;
    return true;
  }

  // How many units a row's number is, upwards; nothing: sums never come there.
  std::optional<std::int64_t> units(const Row& row) const {
    std::int64_t number = 0;
    if (row.kind() == RowKind::increment) {
      number = static_cast<std::int32_t>(row.b);
    } else if (row.b != kAbsent) {
      const std::optional<std::int64_t> parsed = key_.values.number(history_.arena(), row.b);
      if (!parsed || *parsed == 0 || *parsed == INT64_MIN || text_differs(row.b, *parsed))
        return std::nullopt;
      number = *parsed;
    }
    number *= sign_;
    if (number < 0) return std::nullopt;
    if (unit_ == 1) return number;
    if (number % unit_ != 0) return std::nullopt;
    return number / unit_;
  }

  bool text_differs(ValueId value, std::int64_t number) const {
    if (key_.values.is_number(value)) return false;
    return text(value) != std::to_string(number);
  }

  Judgement place() {
    std::int64_t highest = 0;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() == RowKind::nothing || row.unknown()) continue;
      if (contradicts_itself(row)) return contradiction(i);
      const std::optional<std::int64_t> at = units(row);
      const bool adds = row.kind() == RowKind::increment;
      if (!at || (adds && *at * unit_ < delta(row) * sign_)) {
        return violation(words(i) + ", which no increments lead to", {i});
      }
      highest = std::max(highest, *at);
    }
    if (highest > kSparse * static_cast<std::int64_t>(rows_.size())) collect_numbers();
    levels_.assign(numbers_.empty() ? static_cast<std::size_t>(highest) + 1 : numbers_.size(), Level{});
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() == RowKind::nothing || row.unknown()) continue;
      Level& level = levels_[level_of(*units(row))];
      if (row.kind() == RowKind::increment) {
        if (level.call != 0) {
          const std::uint32_t other = row_called(level.call);
          return violation("no order lets two increments give one number: " + words(other) + "; " + words(i),
                           {other, i});
        }
        level.call = row.call();
      }
      level.f = std::min(level.f, row.back());
      level.s = row.call();  // rows are in this order
    }
    return {};
  }

  void collect_numbers() {
    numbers_ = {0};
    for (const Row& row : rows_) {
      if (row.kind() != RowKind::nothing && !row.unknown()) numbers_.push_back(*units(row));
    }
    std::sort(numbers_.begin(), numbers_.end());
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  }

  std::size_t level_of(std::int64_t number) const {
    if (numbers_.empty()) return static_cast<std::size_t>(number);
    const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), number);
    return static_cast<std::size_t>(found - numbers_.begin());
  }
  std::int64_t number_of(std::size_t level) const {
    return (numbers_.empty() ? static_cast<std::int64_t>(level) : numbers_[level]) * unit_;
  }

  // A place in the order that increments of unknown outcome must fill.
  struct Gap {
    std::size_t level = 0;  // behind it
    std::size_t before = 0;
    std::int64_t size = 0;
  };

  Judgement walk() {
    Rank floor = levels_[0].s;  // the latest call in front
    std::size_t last = 0;
    for (std::size_t at = 1; at < levels_.size(); ++at) {
      const Level& level = levels_[at];
      if (level.empty()) continue;
      std::int64_t before = number_of(at);
      if (level.call != 0) {
        before -= (same_ ? delta_ : delta(rows_[row_called(level.call)])) * sign_;
        if (level.f < level.call) return too_early(level.f, level.call);
      }
      if (before < number_of(last)) return leapt(at, last);
      if (before > number_of(last)) gaps_.push_back({at, last, before - number_of(last)});
      if (level.f < floor) return too_early(level.f, floor);
      floor = std::max(floor, level.s);
      last = at;
    }
    return gaps_.empty() ? linearizable() : fill();
  }

  Judgement fill() const {
    if (!unknown_.empty() && !same_unknown_) return {};
    const std::int64_t each = unknown_.empty() ? 1 : delta(rows_[unknown_[0]]) * sign_;
    std::vector<Rank> earliest(gaps_.size());  // return, of all behind the gap
    Rank least = kRankNever;
    std::size_t at = levels_.size();
    for (std::size_t gap = gaps_.size(); gap-- > 0; earliest[gap] = least) {
      for (; at > gaps_[gap].level; --at) least = std::min(least, levels_[at - 1].f);
    }
    std::size_t used = 0;
    for (std::size_t gap = 0; gap < gaps_.size(); ++gap) {
      const std::int64_t needed = gaps_[gap].size / each;
      const auto left = static_cast<std::int64_t>(unknown_.size() - used);
      if (gaps_[gap].size % each != 0 || needed > left) return unfilled(gaps_[gap], earliest[gap], kNone);
      used += static_cast<std::size_t>(needed);
      if (rows_[unknown_[used - 1]].call() > earliest[gap])
        return unfilled(gaps_[gap], earliest[gap], unknown_[used - 1]);
    }
    return linearizable();
  }

  std::string number_words(std::int64_t number) const { return std::to_string(number * sign_); }

  Judgement too_early(Rank back, Rank call) const {
    const std::uint32_t early = row_returned(back);
    const std::uint32_t late = row_called(call);
    return violation("the numbers put " + words(early) + " behind " + words(late) +
                         ", but it had returned before that call",
                     {early, late});
  }

  Judgement leapt(std::size_t level, std::size_t over) const {
    const std::uint32_t row = row_called(levels_[level].call);
    const std::uint32_t other = row_returned(levels_[over].f);
    return violation("no order: " + words(row) + " leaves out the number of " + words(other), {row, other});
  }

  // Whoever returned first behind the gap has a number that all in front of it do not add up to.
  Judgement unfilled(const Gap& gap, Rank earliest, std::uint32_t late) const {
    const std::uint32_t row = row_returned(levels_[gap.level].f);
    const std::uint32_t early = late == kNone ? row : row_returned(earliest);
    const std::uint32_t before = gap.before == 0 ? kNone : row_returned(levels_[gap.before].f);
    std::string reason = words(row) + ": " + number_words(gap.size) +
                         " of this came from increments nobody knows of, " + "behind " +
                         (before == kNone ? "absence" : words(before)) + "; ";
    reason += late == kNone
                  ? "those of unknown outcome do not add up to that"
                  : "when " + words(early) +
                        " returned too few of unknown outcome had been called; the next is " + words(late);
    return violation(reason, {row, early, before, late});
  }

  std::int64_t delta_ = 0;  // what the first adds
  bool same_ = true;        // all add the same
  std::int64_t sign_ = 1;
  std::int64_t unit_ = 0;               // the greatest common divisor of all that is added
  std::vector<std::uint32_t> unknown_;  // rows, by call
  bool same_unknown_ = true;            // they all add the same
  std::vector<std::int64_t> numbers_;   // by level; empty: the same
  Column<Level> levels_;                // by number, or by place in numbers_
  std::vector<Gap> gaps_;
};

}  // namespace

Judgement judge_increments(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                           Places* order) {
  Sums shape(history, key, narrator);
  Judgement judgement = shape.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = shape.order();
  return judgement;
}

}  // namespace norn::sim
