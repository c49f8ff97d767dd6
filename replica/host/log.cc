// Setting up the logger.
#include "replica/host/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include "replica/host/failure.h"

namespace norn::host {

void start_log(NodeId replica, const std::string& level) {
  const spdlog::level::level_enum known = spdlog::level::from_str(level);
  if (known == spdlog::level::off || known == spdlog::level::trace || known == spdlog::level::critical)
    throw Failure("--log-level: '" + level + "' is none of error, warning, info, debug");
  auto logger = spdlog::stderr_logger_st("norn");
  logger->set_level(known);
  logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l replica=" + std::to_string(replica.value) + " %v",
                      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace norn::host
