// What the benchmark measures: each item is set up once and then measured once a round.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/scenario/scenario.h"

#include "tools/bench/figures.h"

namespace norn::sim::bench {

using Item = std::function<std::vector<Reading>(std::uint64_t round)>;

Item event_loop(std::size_t under_way, std::uint64_t deliveries);
Item busy_world();
Item world_copy();
Item long_history(std::size_t operations);
Item short_histories(std::size_t count);
Item stream(std::size_t operations);

// `seeds` runs of the scenario, others in each round, with all checks. Each that does not pass is reported on
// standard error, once, and counted.
struct Campaign {
  std::shared_ptr<const Scenario> scenario;
  std::uint64_t seeds = 1;
  std::uint64_t failed = 0;
};
Item campaign(Campaign& campaign);

// What of a seed's time the oracles cost: one seed of each scenario, another in each round.
struct OracleCosts {
  static constexpr std::size_t kVariants = 8;  // none, one family, two, ... all
  using Times = std::array<double, kVariants>;

  std::vector<std::shared_ptr<const Scenario>> scenarios;
  std::vector<Times> totals{};  // by scenario, in seconds
  std::uint64_t rounds = 0;     // that they are of
};
Item oracle_costs(OracleCosts& costs);
void print(const OracleCosts& costs);  // a line a scenario
Item run_copy(const std::shared_ptr<const Scenario>& scenario);

}  // namespace norn::sim::bench
