// Which of a sender's datagrams have been accepted: the newest counter, and a bit for each of the kWidth
// counters up to it. UDP reorders, so what is older than the newest is taken if it was not before; what is
// older than the window is not, since nobody remembers (RFC 6479, but exact in its width).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace norn::seal {

class ReplayWindow {
 public:
  static constexpr std::uint64_t kWidth = 4096;

  std::uint64_t newest() const { return newest_; }  // marked; 0: none yet

  // Counters begin at 1.
  bool fresh(std::uint64_t counter) const {
    if (counter > newest_) return true;
    return newest_ - counter < kWidth && (word(counter) & bit(counter)) == 0;
  }

  void mark(std::uint64_t counter) {
    if (counter > newest_) {
      // The words between the two, once around at most, held bits that have left the window.
      const std::uint64_t steps = std::min<std::uint64_t>(counter / 64 - newest_ / 64, kWords);
      for (std::uint64_t step = 0; step < steps; ++step) seen_[(counter / 64 - step) % kWords] = 0;
      newest_ = counter;
    }
    seen_[counter / 64 % kWords] |= bit(counter);
  }

 private:
  static constexpr std::uint64_t kWords = kWidth / 64 + 1;  // a window may begin and end within a word
  static constexpr std::uint64_t bit(std::uint64_t counter) { return std::uint64_t{1} << counter % 64; }
  std::uint64_t word(std::uint64_t counter) const { return seen_[counter / 64 % kWords]; }

  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, kWords> seen_{1};  // 0 is no counter, so it counts as seen
};

}  // namespace norn::seal
