// Plays every transcript in testdata/.
#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/raft/interaction.h"
#include "tests/source_folder.h"

namespace norn::raft {
namespace {

TEST_CASE("every golden transcript plays as it is written") {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() + "/tests/raft/testdata")) {
    paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE(paths.size() >= 34u);
  for (const std::string& path : paths) {
    Interaction interaction;
    run_datadriven(path, [&](const Directive& directive) { return interaction.run(directive); });
  }
}

}  // namespace
}  // namespace norn::raft
