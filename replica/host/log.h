// The log of a process: one line an event on standard error, `time=... level=... replica=N what key=value
// ...`, through spdlog's default logger. Quiet by default: warnings and errors only.
#pragma once

#include <spdlog/spdlog.h>
#include <string>

#include "replica/base/types.h"

namespace norn::host {

// The level is one of error, warning, info, debug. Throws Failure.
void start_log(NodeId replica, const std::string& level);

}  // namespace norn::host
