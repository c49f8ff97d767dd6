#include "sim/check/safety_log_book.h"

#include <algorithm>

#include "replica/base/assert.h"

namespace norn::sim {

LogBook::Place& LogBook::place(Index index) {
  ASSERT(index >= first_);
  const std::size_t at = from_ + (index.value - first_.value);
  if (at >= places_.size()) places_.resize(at + 1);
  return places_[at];
}

const LogBook::Place* LogBook::find(Index index) const {
  if (index < first_ || index.value - first_.value >= size()) return nullptr;
  return &places_[from_ + (index.value - first_.value)];
}

std::optional<LogBook::Entry> LogBook::add(Index index, const Entry& entry) {
  if (index < first_) return std::nullopt;
  Place& there = place(index);
  Entry* known = &there.entry;
  if (known->term == Term{}) {
    *known = entry;
    return std::nullopt;
  }
  if (known->term != entry.term) {
    const auto [other, added] = others_.try_emplace({index, entry.term}, entry);
    there.conflicts = true;
    if (added) return std::nullopt;
    known = &other->second;
  }
  if (known->hash == entry.hash && known->previous == entry.previous) return std::nullopt;
  return *known;
}

const LogBook::Entry* LogBook::find(EntryId id) const {
  const Place* there = find(id.index);
  if (there == nullptr) return nullptr;
  if (there->entry.term == id.term) return &there->entry;
  const auto other = others_.find({id.index, id.term});
  return other == others_.end() ? nullptr : &other->second;
}

bool LogBook::leads_to(EntryId last, EntryId id) const {
  if (last.index < id.index) return false;
  if (const Place* there = find(id.index); there != nullptr && !there->conflicts)
    return there->entry.term == id.term;
  while (last.index > id.index) {
    const Entry* entry = find(last);
    if (entry == nullptr) return false;
    last = {entry->previous, last.index.prev()};
  }
  return last == id;
}

void LogBook::forget_before(Index index) {
  index = std::min(index, last().next());
  if (index <= first_) return;
  from_ += index.value - first_.value;
  if (from_ > places_.size() / 2) {
    places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(from_));
    from_ = 0;
  }
  others_.erase(others_.begin(), others_.lower_bound({index, Term{}}));
  first_ = index;
}

}  // namespace norn::sim
