// Drawing from the distributions of models.h. The exponential one needs a logarithm, and the standard
// library's may differ in its last bits from machine to machine; so here is one of integers.
#include "sim/engine/models.h"

#include <array>
#include <bit>

namespace norn::sim {
namespace {

__extension__ using Wide = unsigned __int128;

// Fixed point: units of 2^-32.
constexpr int kFraction = 32;
constexpr std::uint64_t kOne = std::uint64_t{1} << kFraction;
constexpr std::uint64_t kLn2 = 2'977'044'472;  // ln 2

// log2 of 1 <= mantissa < 2, digit by digit: squaring doubles the logarithm, and its integer part is the next
// digit.
constexpr std::uint64_t log2_slowly(std::uint64_t mantissa) {
  std::uint64_t logarithm = 0;
  for (int digit = kFraction - 1; digit >= 0; --digit) {
    mantissa = static_cast<std::uint64_t>((Wide{mantissa} * mantissa) >> kFraction);
    if (mantissa < 2 * kOne) continue;
    logarithm |= std::uint64_t{1} << digit;
    mantissa >>= 1;
  }
  return logarithm;
}

constexpr int kTableBits = 7;
constexpr auto kTable = [] {
  std::array<std::uint64_t, (1u << kTableBits) + 1> table{};
  for (std::size_t i = 0; i + 1 < table.size(); ++i)
    table[i] = log2_slowly(kOne + (i << (kFraction - kTableBits)));
  table.back() = kOne;
  return table;
}();

// log2 of x >= 1, off by less than 2^-16: the table, and a straight line between its places.
std::uint64_t log2_of(std::uint64_t x) {
  const auto power = static_cast<int>(std::bit_width(x)) - 1;
  const std::uint64_t fraction = (x << (63 - power)) << 1;  // what follows the first digit, in units of 2^-64
  const std::uint64_t place = fraction >> (64 - kTableBits);
  const std::uint64_t within =
      (fraction << kTableBits) >> kFraction;  // of the way to the next place, in 2^-32
  const std::uint64_t rise = kTable[place + 1] - kTable[place];
  return (static_cast<std::uint64_t>(power) << kFraction) + kTable[place] + ((rise * within) >> kFraction);
}

// -ln(u) for u uniform in (0, 1], times the mean.
Duration exponential(Duration mean, Rng& rng) {
  const std::uint64_t u = rng.next() | 1;  // in units of 2^-64
  const std::uint64_t minus_log2 = (std::uint64_t{64} << kFraction) - log2_of(u);
  const auto minus_ln = static_cast<std::uint64_t>((Wide{minus_log2} * kLn2) >> kFraction);
  return Duration(
      static_cast<std::int64_t>((Wide{static_cast<std::uint64_t>(mean.count())} * minus_ln) >> kFraction));
}

}  // namespace

Duration draw(const Delay& delay, Rng& rng) {
  switch (delay.shape) {
    case Delay::Shape::constant:
      return delay.low;
    case Delay::Shape::uniform:
      return rng.between(delay.low, delay.high);
    case Delay::Shape::exponential: {
      const Duration drawn = delay.low + exponential(delay.mean, rng);
      return delay.high > Duration{} && drawn > delay.high ? delay.high : drawn;
    }
    case Delay::Shape::bimodal: {
      const bool slow = rng.chance(delay.slow);
      return (slow ? delay.high : delay.low) + rng.between(Duration{}, delay.mean / 8);
    }
  }
  ASSERT(false);
  return {};
}

}  // namespace norn::sim
