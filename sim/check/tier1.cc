// Which shape a key has, and what the shapes share: see tier1.h.
#include "sim/check/tier1.h"

#include <algorithm>

namespace norn::sim {

namespace {

constexpr std::size_t kWitnessesMax = 6;

}  // namespace

Judgement judge_tier1(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                      Places* order) {
  using enum RowKind;
  if (key.twice) return {};
  if (key.has(append)) return judge_appends(history, key, narrator, order);
  if (key.has(increment)) return judge_increments(history, key, narrator, order);
  if (key.values.is_chained()) return {};  // equal texts may be different numbers
  if (key.has(remove)) return judge_removes(history, key, narrator, order);
  return judge_zones(history, key, narrator, order);
}

std::uint32_t KeyJudge::row_called(Rank call) const {
  const auto* const found = std::lower_bound(rows_.begin(), rows_.end(), call,
                                             [](const Row& row, Rank rank) { return row.call() < rank; });
  return found != rows_.end() && found->call() == call ? static_cast<std::uint32_t>(found - rows_.begin())
                                                       : kNone;
}

std::uint32_t KeyJudge::row_returned(Rank back) const {
  if (back == kRankNever) return kNone;
  const auto* const found =
      std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.back() == back; });
  return found != rows_.end() ? static_cast<std::uint32_t>(found - rows_.begin()) : kNone;
}

std::uint32_t KeyJudge::writer_of(ValueId value) const {
  const auto* const found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
    return (row.kind() == RowKind::put || row.kind() == RowKind::swap) && row.a == value;
  });
  return found != rows_.end() && value != kAbsent ? static_cast<std::uint32_t>(found - rows_.begin()) : kNone;
}

std::string KeyJudge::text(ValueId value) const {
  std::string made;
  return std::string(history_.text(key_, value, made));
}

std::string KeyJudge::value_words(ValueId value) const {
  return value == kAbsent ? "nothing" : quoted(text(value));
}

Judgement KeyJudge::violation(std::string reason, const std::vector<std::uint32_t>& rows) const {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows) {
    if (row == kNone || std::find(kept.begin(), kept.end(), row) != kept.end()) continue;
    if (kept.size() < kWitnessesMax) kept.push_back(row);
  }
  std::sort(kept.begin(), kept.end());
  Judgement judgement{Verdict::violation, std::move(reason), {}};
  for (const std::uint32_t row : kept) judgement.witnesses.push_back(place(row));
  return judgement;
}

}  // namespace norn::sim
