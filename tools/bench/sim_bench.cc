// The simulator's benchmark: sim_bench SCENARIO FOLDER [--quick] [--checks]. Measures every item in several
// rounds, interleaved, on one thread, and prints a table; --checks: what the oracles cost only, for each of
// the folder's scenarios as well. tools/bench/README.md says what the figures mean. Exit status 1: a run of
// the campaign did not pass, so its speed means nothing; 2: bad input.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "replica/base/assert.h"

#include "sim/report/campaign.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

#include "tools/bench/items.h"

namespace norn::sim::bench {
namespace {

void play(const void* context) {
  const Campaign& campaign = *static_cast<const Campaign*>(context);
  for (std::uint64_t seed = 1; seed <= campaign.seeds; ++seed) Run(campaign.scenario, seed).finish();
}

void print_memory(const std::shared_ptr<const Scenario>& scenario) {
  const auto of = [&scenario](std::uint64_t seeds) {
    const Campaign campaign{scenario, seeds, 0};
    return peak_memory(play, &campaign);
  };
  const double nothing = of(0);
  const double one = of(1);
  const double hundred = of(100);
  std::printf(
      "peak memory: %.1f MiB for one run, %.1f MiB for 100 one after the other; the program alone has %.1f\n",
      one, hundred, nothing);
}

struct Options {
  std::string scenario;
  std::string folder;
  bool quick = false;
  bool checks = false;
};

std::shared_ptr<const Scenario> read(const std::string& file) {
  std::variant<Scenario, ParseError> parsed = read_scenario(file);
  if (const auto* error = std::get_if<ParseError>(&parsed)) {
    std::fprintf(stderr, "%s\n", error->line().c_str());
    std::exit(2);
  }
  return std::make_shared<const Scenario>(std::get<Scenario>(std::move(parsed)));
}

// The folder's scenarios, or one of every few.
std::vector<std::shared_ptr<const Scenario>> read_folder(const std::string& folder, std::size_t every) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::shared_ptr<const Scenario>> scenarios;
  for (std::size_t i = 0; i < files.size(); i += every) scenarios.push_back(read(files[i]));
  return scenarios;
}

int bench(const Options& options) {
  const bool quick = options.quick;
  const auto scenario = read(options.scenario);
  OracleCosts costs{read_folder(options.folder, quick ? 6 : 1)};
  set_assert_handler(throw_assertion_failure);
  std::printf("on %s\n", machine().c_str());

  Campaign runs{scenario, quick ? 20u : 50u, 0};
  std::vector<Item> items;
  if (!options.checks) {
    print_memory(scenario);
    items = {campaign(runs), busy_world(),       event_loop(32, 500'000), event_loop(1'000, 500'000),
             world_copy(),   run_copy(scenario), long_history(20'000),    short_histories(100),
             stream(50'000)};
  }
  items.push_back(oracle_costs(costs));
  Figures figures;
  const std::uint64_t rounds = quick ? 3 : 9;
  const Stopwatch watch;
  for (const Item& item : items) item(0);  // warms the caches and the allocator; not counted
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    for (const Item& item : items) {
      for (const Reading& reading : item(round)) figures.add(reading);
    }
  }
  figures.print();
  std::printf("%ju rounds; this thread had a core for %.0f %% of the time; repeat with: %s%s%s\n",
              static_cast<std::uintmax_t>(rounds), 100 * watch.seconds() / watch.wall_seconds(),
              "tools/bench/sim", quick ? " --quick" : "", options.checks ? " --checks" : "");
  if (options.checks) print(costs);
  return runs.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace norn::sim::bench

int main(int count, char** arguments) {
  norn::sim::keep_freed_memory();  // as sim does
  const std::vector<std::string> given(arguments + 1, arguments + count);
  norn::sim::bench::Options options;
  for (const std::string& argument : given) {
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--checks") {
      options.checks = true;
    } else if (options.scenario.empty()) {
      options.scenario = argument;
    } else {
      options.folder = argument;
    }
  }
  if (options.folder.empty()) {
    std::fprintf(stderr, "sim_bench SCENARIO FOLDER [--quick] [--checks]\n");
    return 2;
  }
  return norn::sim::bench::bench(options);
}
