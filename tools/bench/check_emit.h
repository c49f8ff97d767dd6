// A generated history (tests/check/generated.h) as JSON Lines on standard output, of any length: what feeds
// `sim check --stream -` through a pipe.
#pragma once

#include <string>
#include <vector>

namespace norn::sim::bench {

inline constexpr const char* kEmitUsage =
    "check_bench --emit KINDS [--operations N] [--keys K] [--clients C] [--unknown PPM] [--domain D] [--seed "
    "S]\n"
    "            [--untold]   KINDS: get, put, remove, cas, append, increment, with commas, drawn evenly\n";

// What follows --emit. The exit status: 0; 2: bad arguments.
int emit(const std::vector<std::string>& arguments);

}  // namespace norn::sim::bench
