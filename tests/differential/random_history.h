// Random small histories for comparing judges: every kind of operation and outcome, repeated and distinct
// values, ties in time, right and wrong results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "replica/base/rng.h"

#include "sim/check/history.h"

namespace norn::differential {

// What a history is made of; each aims at a tier or a rule.
inline constexpr std::size_t kShapes = 14;
std::string_view name_of_shape(std::size_t shape);

struct RandomHistory {
  sim::History history;
  std::size_t shape = 0;
};

// The same for the same seed and number, with every compiler.
RandomHistory random_history(std::uint64_t seed, std::uint64_t number);

}  // namespace norn::differential
