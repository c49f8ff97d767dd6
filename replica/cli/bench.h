// `kv bench`: so many requests under way at once for so long, and how many were answered how fast.
#pragma once

#include <ostream>

#include "replica/cli/session.h"

namespace norn::cli {

struct BenchOptions {
  std::size_t clients = 16;
  std::uint64_t seconds = 5;
  std::uint32_t reads = 0;  // per cent
  std::size_t value_size = 128;
  std::uint64_t keys = 10'000;
};

// Prints a line a second and a summary. False: nothing was answered.
bool bench(Session& session, const BenchOptions& options, std::ostream& out);

}  // namespace norn::cli
