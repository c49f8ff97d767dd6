// Why a program cannot start or go on, as the one line that it prints: what was wrong, where, and what to do.
#pragma once

#include <stdexcept>

namespace norn::host {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace norn::host
