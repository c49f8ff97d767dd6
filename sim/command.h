// What the commands of the simulator's command line share: exit statuses, bad input, options.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace norn::sim {

inline constexpr int kExitFinding = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitUndecided = 3;

// Thrown for what the user has to mend; printed as one line, exit status 2.
struct BadInput {
  std::string line;
};

boost::program_options::variables_map parse_options(
    const std::vector<std::string>& arguments, const boost::program_options::options_description& visible,
    bool files_needed);
std::vector<std::string> files_of(const boost::program_options::variables_map& options);
std::uint64_t parse_number(const std::string& text, const std::string& option);
bool on_terminal(int descriptor);

int command_check(const std::vector<std::string>& arguments);  // command_check.cc

}  // namespace norn::sim
