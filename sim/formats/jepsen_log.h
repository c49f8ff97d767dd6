// Jepsen's log of a test of a single register that can be read, written and compared-and-set, as people kept
// it before there was history.edn; fields are separated by tabs:
//
//   INFO  jepsen.util - 4   :invoke   :cas   [1 2]
//   INFO  jepsen.util - 4   :fail     :cas   [1 2]
//
// The process, :invoke :ok :fail or :info, :read :write or :cas, and the value: nil, a number, [expected
// new]. A failed cas is a result: it found something else. Whatever else failed did not happen, and that goes
// for a cas that failed with a word (:timed-out). :info is an unknown outcome. Lines that are not
// jepsen.util's, or that do not name a process there, are some other part of the log. There are no times: an
// event is a millisecond behind the one before.
#pragma once

#include <string>

#include "sim/check/history_sink.h"
#include "sim/formats/source.h"

namespace norn::sim {

// An error in one line, "name:line: what is wrong"; empty: all is well.
std::string read_jepsen_log(Source& source, HistorySink& sink);

}  // namespace norn::sim
