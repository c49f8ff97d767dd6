// Options and their mistakes: see command.h.
#include "sim/command.h"

#include <charconv>
#include <unistd.h>

namespace po = boost::program_options;

namespace norn::sim {

po::variables_map parse_options(const std::vector<std::string>& arguments,
                                const po::options_description& visible, bool files_needed) {
  po::options_description all;
  all.add(visible).add_options()("files", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("files", -1);
  po::variables_map options;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), options);
    po::notify(options);
  } catch (const po::error& error) {
    throw BadInput{error.what()};
  }
  if (files_needed && options.count("files") == 0 && options.count("help") == 0)
    throw BadInput{"no file is named"};
  return options;
}

std::vector<std::string> files_of(const po::variables_map& options) {
  return options.count("files") != 0 ? options["files"].as<std::vector<std::string>>()
                                     : std::vector<std::string>{};
}

std::uint64_t parse_number(const std::string& text, const std::string& option) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw BadInput{option + ": " + text + " is not a number"};
  return value;
}

bool on_terminal(int descriptor) { return isatty(descriptor) == 1; }

}  // namespace norn::sim
