// Keys that only increments change, each by something positive: their number grows, so what was seen tells
// the order, and two operations can contradict each other whatever all the others did.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/explain/ledger.h"

namespace norn::sim {

// What an ok get or increment of such a key says: the number just before it and just after it (of a get the
// same; absence counts as 0).
struct Reading {
  std::size_t place = 0;
  std::string_view key;
  std::int64_t before = 0;
  std::int64_t after = 0;
};
std::optional<Reading> reading_of(const Ledger& ledger, std::size_t place);

enum class CounterConflict : std::uint8_t {
  overlap,    // of [before, after] of an increment with another's, or with the number that a get saw: each
              // number is passed once
  went_back,  // the first had ended before the second began, which was at a smaller number
};
struct CounterPair {
  CounterConflict kind = CounterConflict::overlap;
  Reading first;
  Reading second;
};

// An operation that saw more than all increments called before it ended can add up to.
struct TooHigh {
  Reading reading;
  std::int64_t most = 0;  // what they add up to, its own part included
  std::size_t count = 0;  // how many they are
};
std::optional<TooHigh> too_high(const Ledger& ledger, const std::vector<std::size_t>& places);

// True: this operation alone is possible, if any of the other increments called before it ended may have come
// before it. False: it is not, or that is not known.
bool reachable(const Ledger& ledger, std::size_t place);

// Of these operations, two that contradict each other, if there are any.
std::optional<CounterPair> counter_conflict(const Ledger& ledger, const std::vector<std::size_t>& places);

}  // namespace norn::sim
