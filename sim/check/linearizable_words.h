// A violation in words: operations, values and times as the reasons of linearizable.h spell them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable_component.h"

namespace norn::sim {

// "1.203 s"; as many decimals as it takes, at least three.
std::string seconds(std::int64_t time);

// Quoted, and shortened when long; bytes that do not print are escaped. kAbsent: "nothing".
std::string quoted(std::string_view text);
std::string words_of(const Values& values, ValueId value);

// 'get of "k" by client 3 (called 1.1 s, ok 1.203 s) returned "v2"'.
std::string words_of(const History& history, std::size_t place);

// The same for several, joined by "; ".
std::string words_of(const History& history, const std::vector<std::size_t>& places);

// Sorts by call time and drops repetitions.
std::vector<std::size_t> in_order(const History& history, std::vector<std::size_t> places);

}  // namespace norn::sim
