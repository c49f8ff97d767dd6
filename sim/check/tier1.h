// Tier 1: one key whose rows name their own order, so that deciding takes one pass over them, a sort of what
// is nearly sorted, and a sweep, instead of a search. Each shape is decided in a file of its own, with the
// argument beside the code:
//   puts, gets and compare-and-sets of distinct values    tier1_zones.cc
//   puts, gets and removes, values distinct               tier1_remove.cc
//   appends of distinct tokens, and gets                  tier1_append.cc
//   increments of one sign, and gets                      tier1_increment.cc
// A compare-and-set that found something else is a read, if what it found is known. Everything else falls
// through: no verdict.
//
// A write of unknown outcome comes back at the end of time, and is dropped when no operation that happened
// needs it: without it an order stays an order.
//
// Of a key that is linearizable each shape can also give an order, which it then makes in passes of its own.
//
// A violation's witnesses are at most six operations that have no order either when they are all there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/compact.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"

namespace norn::sim {

using Places = std::vector<std::uint32_t>;  // in the history

// If an `order` is wanted, it is left there on success.
Judgement judge_tier1(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                      Places* order = nullptr);

// The shapes. Each checks its own conditions on values and gives no verdict when they do not hold.
Judgement judge_zones(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                      Places* order = nullptr);
Judgement judge_removes(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                        Places* order = nullptr);
Judgement judge_appends(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                        Places* order = nullptr);
Judgement judge_increments(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                           Places* order = nullptr);

inline Judgement linearizable() { return {Verdict::linearizable, "", {}}; }

// Rows in groups, those of one group by call: what an order is made of.
class RowGroups {
 public:
  // `group_of` gives each row its group, or `groups` to one that is in none.
  template <class GroupOf>
  RowGroups(std::size_t groups, const Column<Row>& rows, GroupOf group_of)
      : ends_(groups + 1, 0), rows_(rows.size()) {
    for (const Row& row : rows) ++ends_[group_of(row)];
    std::uint32_t begin = 0;
    for (std::uint32_t& end : ends_) begin += std::exchange(end, begin);
    for (std::uint32_t i = 0; i < rows.size(); ++i) rows_[ends_[group_of(rows[i])]++] = i;
  }

  std::span<const std::uint32_t> operator[](std::size_t group) const {
    const std::uint32_t begin = group == 0 ? 0 : ends_[group - 1];
    return {rows_.data() + begin, ends_[group] - begin};
  }

 private:
  std::vector<std::uint32_t> ends_;
  std::vector<std::uint32_t> rows_;
};

// What the shapes share: a key, and words for what is wrong with it. Rows are found by rank in a pass of
// their own, which only a violation pays for.
class KeyJudge {
 public:
  KeyJudge(const CompactHistory& history, const KeyRows& key, const Narrator& narrator)
      : history_(history), key_(key), rows_(key.rows), narrator_(narrator) {}

 protected:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::uint32_t row_called(Rank call) const;     // kNone: none
  std::uint32_t row_returned(Rank back) const;   // kNone: none
  std::uint32_t writer_of(ValueId value) const;  // the first put or compare-and-set of it; kNone: none

  static bool reads(const Row& row) { return row.kind() == RowKind::get || row.kind() == RowKind::miss; }
  // What an operation left or found: of a get or a miss b, of a put or a swap a.
  static ValueId value_at(const Row& row) { return reads(row) ? row.b : row.a; }
  // The same; kUnseen, a value that nobody has, of a row that neither left nor found one. Without a branch on
  // the kind, since kinds follow one another by chance.
  static ValueId value_or_unseen(const Row& row) {
    const auto kind = static_cast<unsigned>(row.kind());
    const ValueId leaves = ValueId{0} - (kLeaving >> kind & 1);
    const ValueId finds = ValueId{0} - (kFinding >> kind & 1);
    return (row.a & leaves) | (row.b & finds) | (kUnseen & ~(leaves | finds));
  }
  static constexpr std::uint32_t kLeaving = bit(RowKind::put) | bit(RowKind::swap);
  static constexpr std::uint32_t kFinding = bit(RowKind::get) | bit(RowKind::miss);
  // A failed compare-and-set whose find was what it expected contradicts itself, and sees nothing.
  static bool contradicts_itself(const Row& row) { return row.kind() == RowKind::miss && row.a == row.b; }

  std::size_t place(std::uint32_t row) const { return history_.place_of(rows_[row].call()); }
  std::string words(std::uint32_t row) const { return narrator_.words(place(row)); }
  std::string value_words(ValueId value) const;
  std::string text(ValueId value) const;

  // The rows are the witnesses, kNone left out; more than six are cut off.
  Judgement violation(std::string reason, const std::vector<std::uint32_t>& rows) const;
  Judgement contradiction(std::uint32_t row) const {
    return violation(words(row) + ", which is what it expected", {row});
  }

  void add_to(Places& order, std::uint32_t row) const {
    order.push_back(static_cast<std::uint32_t>(place(row)));
  }
  void add_to(Places& order, std::span<const std::uint32_t> rows) const {
    for (const std::uint32_t row : rows) add_to(order, row);
  }

  const CompactHistory& history_;
  const KeyRows& key_;
  const Column<Row>& rows_;
  const Narrator& narrator_;
};

}  // namespace norn::sim
