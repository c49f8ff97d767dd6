// Where the rows of open operations are, by place in the history: a small open-addressing table, for every
// operation passes through it once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace norn::sim {

struct RowAt {
  std::uint32_t key = 0;
  std::uint32_t row = 0;
};

class OpenRows {
 public:
  void add(std::size_t place, RowAt at) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    ++count_;
    put({place + 1, at});
  }

  // Takes it out; nothing: it is not there.
  std::optional<RowAt> take(std::size_t place) {
    if (slots_.empty()) return std::nullopt;
    std::size_t hole = home(place + 1);
    while (slots_[hole].place != place + 1) {
      if (slots_[hole].place == 0) return std::nullopt;
      hole = next(hole);
    }
    const RowAt at = slots_[hole].at;
    // What was put behind it moves up, unless its home is behind the hole.
    for (std::size_t i = next(hole); slots_[i].place != 0; i = next(i)) {
      if (((i - home(slots_[i].place)) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    --count_;
    return at;
  }

  // Takes out all.
  template <class Take>
  void drain(Take take) {
    for (const Slot& slot : slots_) {
      if (slot.place != 0) take(slot.at);
    }
    slots_.clear();
    count_ = 0;
  }

 private:
  struct Slot {
    std::size_t place = 0;  // one more; 0: empty
    RowAt at;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  // Places follow one another, and so may their homes.
  std::size_t home(std::size_t place) const { return place & mask(); }

  void put(Slot slot) {
    std::size_t i = home(slot.place);
    while (slots_[i].place != 0) i = next(i);
    slots_[i] = slot;
  }

  void grow() {
    std::vector<Slot> before(slots_.empty() ? 64 : slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.place != 0) put(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace norn::sim
