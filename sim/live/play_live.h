// `sim live`: plays a scenario on real processes in a folder of its own, shows how it goes, and reports.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sim/report/report.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

struct LiveOptions {
  std::string program;  // the path of `replica`
  std::string data;     // data and logs go to a new folder in here; empty: among temporary files
  std::uint64_t seed = 1;
  std::string history;  // the clients' history goes to this file; empty: nowhere
  bool keep = false;    // data and logs stay, whatever the verdict
  bool json = false;    // the report, on standard output
  bool quiet = false;   // only what is not a pass
  bool moving = false;  // a line on standard error shows how it goes
  std::function<bool()> interrupted;
};

enum class LiveOutcome : std::uint8_t { pass, finding, undecided, interrupted };

// The scenario is playable (playable.h). Throws host::Failure: it cannot be played here.
LiveOutcome play_live(const std::string& file, const std::shared_ptr<const Scenario>& scenario,
                      const LiveOptions& options);

}  // namespace norn::sim
