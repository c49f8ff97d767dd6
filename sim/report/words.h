// Figures in words: the few ways in which reports write numbers, times and names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replica/base/types.h"

#include "sim/check/history.h"

namespace norn::sim {

std::string seconds(Duration duration);                      // "12.345 s"
std::string milliseconds(Duration duration);                 // "0.81 ms"
std::string thousands(std::uint64_t number);                 // "1,234,567"
std::string fixed(double number, int digits);                // "3.1"
std::string share(std::uint64_t part, std::uint64_t whole);  // "12.5 %"
std::string names(const std::vector<NodeId>& replicas);      // "r1, r3"
std::string hex(std::uint64_t word);                         // 16 digits
std::string column(std::string text, std::size_t width);     // filled up with spaces
std::string_view name(OperationKind kind);
std::string_view name(Outcome outcome);
// One operation as a line: who, when, what, with what result.
std::string describe(const Operation& operation);

}  // namespace norn::sim
