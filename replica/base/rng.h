// Chance as a value: a seeded generator with an integer API (xoshiro256**, Blackman & Vigna 2018, seeded by
// splitmix64). The same seed draws the same numbers with every compiler and on every machine: no floating
// point, no distribution of the standard library (those differ between libraries).
//
// Never draw twice in one expression: the order in which arguments are evaluated differs between compilers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "replica/base/assert.h"
#include "replica/base/types.h"

namespace norn {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // Uniform in [low, high], both ends included. The bias of the multiply-shift (Lemire 2019, without the
  // rejection step) is below 2^-40 for the ranges used here.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    ASSERT(low <= high);
    const std::uint64_t width = high - low + 1;
    if (width == 0) return next();
    __extension__ using Wide = unsigned __int128;
    return low + static_cast<std::uint64_t>((Wide{next()} * width) >> 64);
  }

  Duration between(Duration low, Duration high) {
    ASSERT(low <= high);
    return low +
           Duration(static_cast<std::int64_t>(between(0, static_cast<std::uint64_t>((high - low).count()))));
  }

  bool chance(Ratio ratio) { return ratio.ppm != 0 && between(0, kPpm - 1) < ratio.ppm; }

  // An independent stream for one concern ("network", "replica 3", ...), so that a draw more or less in one
  // does not move the draws of the others. It depends on this generator's state, and does not change it.
  Rng fork(std::string_view stream) const;

  friend bool operator==(const Rng&, const Rng&) = default;
  const std::array<std::uint64_t, 4>& state() const { return state_; }  // for digests

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::array<std::uint64_t, 4> state_;
};

}  // namespace norn
