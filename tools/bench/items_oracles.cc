// What the oracles cost of a seed's time. Each seed is played with none of them, then with one family more at
// a time, until all are on: so what the families cost adds up to what all cost. All these runs of a seed
// follow one another, beginning with another of them each time, so that whatever slows the machine, or is in
// its caches, falls on all alike; twice, of which the faster counts. Each has the digest of the run with all.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <string>

#include "replica/base/assert.h"

#include "sim/scenario/run.h"

#include "tools/bench/items.h"

namespace norn::sim::bench {
namespace {

struct Family {
  const char* name;
  bool Oracles::*flag;
};
constexpr std::array kFamilies = {Family{"expectations", &Oracles::expectations},
                                  Family{"safety", &Oracles::safety},
                                  Family{"durability", &Oracles::durability},
                                  Family{"liveness", &Oracles::liveness},
                                  Family{"bounds", &Oracles::bounds},
                                  Family{"exactly-once", &Oracles::exactly_once},
                                  Family{"linearizability", &Oracles::linearizability}};
constexpr std::size_t kVariants = kFamilies.size() + 1;
static_assert(kVariants == OracleCosts::kVariants);
using Times = OracleCosts::Times;
constexpr std::size_t kRepeats = 2;

Oracles first_ones(std::size_t count) {
  Oracles oracles;
  for (std::size_t i = 0; i < kFamilies.size(); ++i) oracles.*kFamilies[i].flag = i < count;
  return oracles;
}

// A seed's run with all oracles: how many steps it has, which ends those runs that would not end by
// themselves.
struct Reference {
  std::uint64_t steps = 0;
  std::uint64_t digest = 0;
};

Reference play(const std::shared_ptr<const Scenario>& scenario, std::uint64_t seed) {
  Run run(scenario, seed);
  Reference reference;
  while (run.step()) ++reference.steps;
  reference.digest = run.finish().digest;
  return reference;
}

double seconds(const std::shared_ptr<const Scenario>& scenario, std::uint64_t seed, const Oracles& oracles,
               const Reference& reference) {
  const Stopwatch watch;
  {
    Run run(scenario, seed, {.oracles = oracles});
    for (std::uint64_t i = 0; i < reference.steps; ++i) run.step();
    run.cut_short();
    ASSERT(run.finish().digest == reference.digest);
  }
  return watch.seconds();
}

void add(Times& sum, const Times& times) { std::ranges::transform(sum, times, sum.begin(), std::plus<>()); }

double share(double part, const Times& times) { return 100 * part / times.back(); }
double share_of_all(const Times& times) { return share(times.back() - times.front(), times); }

}  // namespace

Item oracle_costs(OracleCosts& costs) {
  costs.totals.assign(costs.scenarios.size(), Times{});
  return [&costs](std::uint64_t round) -> std::vector<Reading> {
    Times sum{};
    for (std::size_t i = 0; i < costs.scenarios.size(); ++i) {
      const std::shared_ptr<const Scenario>& scenario = costs.scenarios[i];
      const std::uint64_t seed = round + 1;
      const Reference reference = play(scenario, seed);
      Times times{};
      for (std::size_t j = 0; j < kRepeats * kVariants; ++j) {
        const std::size_t variant = (round + i + j) % kVariants;
        const double taken = seconds(scenario, seed, first_ones(variant), reference);
        times[variant] = j < kVariants ? taken : std::min(times[variant], taken);
      }
      add(sum, times);
      if (round != 0) add(costs.totals[i], times);
    }
    costs.rounds = round;
    std::vector<Reading> readings{{"checks: all of them", "%", share_of_all(sum)}};
    for (std::size_t i = 0; i < kFamilies.size(); ++i)
      readings.push_back({std::string("checks: ") + kFamilies[i].name, "%", share(sum[i + 1] - sum[i], sum)});
    return readings;
  };
}

void print(const OracleCosts& costs) {
  std::printf("\n%-46s %9s %9s", "scenario", "ms a seed", "checks, %");
  for (const Family& family : kFamilies) std::printf(" %16s", family.name);
  std::printf("\n");
  for (std::size_t i = 0; i < costs.scenarios.size(); ++i) {
    const Times& times = costs.totals[i];
    std::printf("%-46s %9.1f %9.1f", costs.scenarios[i]->name.c_str(),
                1e3 * times.back() / static_cast<double>(costs.rounds), share_of_all(times));
    for (std::size_t j = 0; j < kFamilies.size(); ++j)
      std::printf(" %16.1f", share(times[j + 1] - times[j], times));
    std::printf("\n");
  }
}

}  // namespace norn::sim::bench
