#include "tests/datadriven.h"

#include <algorithm>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <sstream>

namespace norn {
namespace {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream in(path);
  REQUIRE_MESSAGE(in.good(), path << " cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Directive parse(const std::string& line, int number) {
  Directive directive;
  directive.line = number;
  std::istringstream words(line);
  words >> directive.command;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      directive.arguments.push_back(word);
    } else {
      directive.named[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return directive;
}

// A difference by lines, - expected and + actual: what follows from the longest common subsequence.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  const std::size_t rows = expected.size();
  const std::size_t columns = actual.size();
  std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1, 0));
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      common[i][j] =
          expected[i] == actual[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && expected[i] == actual[j]) {
      out += "   " + expected[i++] + "\n";
      ++j;
    } else if (j == columns || (i < rows && common[i + 1][j] >= common[i][j + 1])) {
      out += " - " + expected[i++] + "\n";
    } else {
      out += " + " + actual[j++] + "\n";
    }
  }
  return out;
}

}  // namespace

bool Directive::has(const std::string& argument) const {
  return std::find(arguments.begin(), arguments.end(), argument) != arguments.end();
}

std::string Directive::get(const std::string& key, const std::string& otherwise) const {
  const auto found = named.find(key);
  return found == named.end() ? otherwise : found->second;
}

std::int64_t Directive::number(const std::string& key, std::int64_t otherwise) const {
  const auto found = named.find(key);
  return found == named.end() ? otherwise : std::stoll(found->second);
}

void run_datadriven(const std::string& path, const std::function<std::string(const Directive&)>& run) {
  const std::vector<std::string> lines = read_lines(path);
  std::string rewritten;
  std::string differences;
  for (std::size_t at = 0; at < lines.size();) {
    const std::string& line = lines[at];
    rewritten += line + "\n";
    ++at;
    if (line.empty() || line[0] == '#') continue;
    Directive directive = parse(line, static_cast<int>(at));
    while (at < lines.size() && lines[at] != "----" && !lines[at].empty()) {
      directive.input += lines[at] + "\n";
      rewritten += lines[at] + "\n";
      ++at;
    }
    if (at < lines.size() && lines[at] == "----") ++at;
    std::vector<std::string> expected;
    for (; at < lines.size() && !lines[at].empty(); ++at) expected.push_back(lines[at]);
    const std::string output = run(directive);
    const std::vector<std::string> actual = split_lines(output);
    rewritten += "----\n";
    for (const std::string& out : actual) rewritten += out + "\n";
    if (actual == expected) continue;
    differences +=
        path + ":" + std::to_string(directive.line) + ": " + line + "\n" + difference(expected, actual);
  }
  if (std::getenv("NORN_REWRITE") != nullptr) {
    std::ofstream(path) << rewritten;
    return;
  }
  if (differences.empty()) return;
  FAIL_CHECK(differences << "If this is right: NORN_REWRITE=1 tools/test --quick, and read git diff");
}

}  // namespace norn
