// Reads our JSON Lines (history_file.h) event by event.
#pragma once

#include <string>

#include "sim/check/history_sink.h"
#include "sim/formats/source.h"

namespace norn::sim {

// An error in one line, "name:line: what is wrong"; empty: all is well.
std::string read_json_lines(Source& source, HistorySink& sink);

}  // namespace norn::sim
