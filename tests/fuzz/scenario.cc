// Scenario files: a text is a scenario, which is written and read back the same, or has a mistake, told in
// one line.
#include <filesystem>
#include <fstream>

#include "sim/scenario/parse.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {

void fuzz(Bytes input) {
  const auto parsed = sim::parse_scenario(as_text(input), "fuzz.json");
  if (const auto* error = std::get_if<sim::ParseError>(&parsed)) {
    ASSERT(error->line().find('\n') == std::string::npos);
    return;
  }
  const auto& scenario = std::get<sim::Scenario>(parsed);
  const auto again = sim::parse_scenario(sim::to_json(scenario), "fuzz.json");
  ASSERT(std::holds_alternative<sim::Scenario>(again));
  ASSERT(std::get<sim::Scenario>(again) == scenario);
}

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(NORN_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    all.push_back(copy(as_bytes(text)));
  }
  return all;
}

}  // namespace norn::fuzz
