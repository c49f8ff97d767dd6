// Scenario files: a text is a scenario, which is written and read back the same, or has a mistake, told in one line.
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
  constexpr std::string_view texts[] = {
      R"({})",
      R"({"description": "A word.", "cluster": {"replicas": 3, "reads": "lease", "datagram_max": 600},
          "network": {"drop": 0.05, "delay": "1ms..2ms"}, "clients": {"count": 2, "rate": 10}})",
      R"({"lifetime": 30, "servers": 5, "requests": 500, "mix": 0.8, "drops": 0.1, "seed": 7})"};
  std::vector<Buffer> all;
  for (const std::string_view text : texts) all.push_back(copy(as_bytes(text)));
  return all;
}

}  // namespace norn::fuzz
