// A small map from numbers to numbers, for what is looked up once or twice an event: open addressing with
// linear probing, and a removal that moves the later ones up instead of leaving marks (Knuth, volume 3, 6.4,
// algorithm R), so that neither time nor memory depends on how many have come and gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace norn::sim {

class NumberTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;  // no value

  // With room for half as many, a power of two, before it grows.
  explicit NumberTable(std::size_t entries = 64) : entries_(entries) {}

  // kNone: it is not there.
  std::uint32_t find(std::uint64_t number) const {
    for (std::size_t at = home(number);; at = next(at)) {
      if (entries_[at].value == kNone) return kNone;
      if (entries_[at].number == number) return entries_[at].value;
    }
  }

  void set(std::uint64_t number, std::uint32_t value) {
    std::size_t at = home(number);
    while (entries_[at].value != kNone && entries_[at].number != number) at = next(at);
    if (entries_[at].value == kNone && ++size_ * 2 > entries_.size()) {
      grow();
      at = home(number);
      while (entries_[at].value != kNone) at = next(at);
    }
    entries_[at] = {number, value};
  }

  void erase(std::uint64_t number) {
    std::size_t hole = home(number);
    while (entries_[hole].number != number || entries_[hole].value == kNone) {
      if (entries_[hole].value == kNone) return;
      hole = next(hole);
    }
    --size_;
    for (std::size_t at = next(hole); entries_[at].value != kNone; at = next(at)) {
      // One that has its home behind the hole, before where it stands, must stay.
      const std::size_t mask = entries_.size() - 1;
      if (((at - home(entries_[at].number)) & mask) < ((at - hole) & mask)) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole].value = kNone;
  }

  // In no order that means anything.
  template <class Visit>
  void each(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.value != kNone) visit(entry.number, entry.value);
    }
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return entries_.capacity() * sizeof(Entry); }

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::uint32_t value = kNone;
  };

  std::size_t next(std::size_t at) const { return (at + 1) & (entries_.size() - 1); }
  std::size_t home(std::uint64_t number) const {
    return static_cast<std::size_t>((number * 0x9e3779b97f4a7c15) >> 32) & (entries_.size() - 1);
  }

  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old) {
      if (entry.value == kNone) continue;
      std::size_t at = home(entry.number);
      while (entries_[at].value != kNone) at = next(at);
      entries_[at] = entry;
    }
  }

  std::vector<Entry> entries_;  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace norn::sim
