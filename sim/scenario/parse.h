// Scenario files: JSON to Scenario and back. Strict: a key nobody knows, a value of another type, a value
// that cannot be, is an error of one line that names the file and the place in it. A configuration of the
// course's simulator (it has a `lifetime`) is taken as it is.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "sim/scenario/scenario.h"

namespace norn::sim {

struct ParseError {
  std::string file;
  std::string where;  // such as network.drop, events[3].at, or line 2, column 5; empty: the file as a whole
  std::string what;   // such as: 1.7 is not a probability
  std::string line() const;  // partition.json: network.drop: 1.7 is not a probability
};

// `file` is for messages, and its last part without .json is the scenario's name unless it has one.
std::variant<Scenario, ParseError> parse_scenario(std::string_view text, std::string_view file);

// The same of a file to be read. A file above 16 MiB is refused.
std::variant<Scenario, ParseError> read_scenario(const std::string& file);

// A file of this scenario: parse_scenario gives an equal one back. What is as by default is left out.
std::string to_json(const Scenario& scenario);

}  // namespace norn::sim
