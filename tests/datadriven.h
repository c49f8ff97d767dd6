// Tests as transcripts. A file is a list of directives, each with what it must print:
//
//   # a comment
//   command argument key=value ...
//   more input, any number of lines, handed over as it is
//   ----
//   the exact output
//
// A blank line ends the output. With NORN_REWRITE=1 in the environment the file's outputs are replaced by the
// actual ones: read the difference before committing it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace norn {

struct Directive {
  std::string command;
  std::vector<std::string> arguments;        // words without '='
  std::map<std::string, std::string> named;  // key=value
  std::string input;                         // the lines between the command and ----, each with its newline
  int line = 0;                              // of the command, from 1

  bool has(const std::string& argument) const;
  // The value of a key, or `otherwise`.
  std::string get(const std::string& key, const std::string& otherwise = {}) const;
  std::int64_t number(const std::string& key, std::int64_t otherwise) const;
};

// Runs a file's directives in order inside the current doctest case, and fails it with the differences and
// the command that accepts them. `run` returns a directive's output: lines, none of them blank.
void run_datadriven(const std::string& path, const std::function<std::string(const Directive&)>& run);

}  // namespace norn
