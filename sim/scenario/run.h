// A run: a scenario, played in a world from one seed, watched by the oracles, and judged at its end. A value
// like the world in it: a copy, made at any instant, runs on to the same digest. It is made of parts that do
// not know each other: the world (mechanism), the workload (what the clients ask), the nemesis (what goes
// wrong), the observer and its oracles (what must hold on every step).
//
//   Run run(scenario, seed);
//   while (!interrupted && run.step()) {}
//   const RunResult& result = run.finish();
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sim/check/history.h"
#include "sim/engine/world.h"
#include "sim/scenario/oracles.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

struct RunOptions {
  Oracles oracles;
  CheckOptions check{.steps_max = 2'000'000};  // a few seconds, at the worst
};

class Run {
 public:
  // The scenario is a valid one.
  Run(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, RunOptions options = {});
  Run(const Run& other);
  Run(Run&& other) noexcept;
  Run& operator=(const Run& other);
  Run& operator=(Run&& other) noexcept;
  ~Run();

  // One event of the world and what follows from it. False, and nothing has happened: the run is over. A
  // failed ASSERT or a storm is a finding, and ends it.
  bool step();
  bool over() const;
  void run_to_end() {
    while (step()) {
    }
  }
  // Runs to the end if it is not there yet, and judges, once. A run that was stopped before its end can be
  // judged as it stands by cut_short() first: then no liveness is asked.
  const RunResult& finish();
  void cut_short();

  const Scenario& scenario() const;
  std::shared_ptr<const Scenario> shared_scenario() const;
  std::uint64_t seed() const;
  const World& world() const;
  Time now() const { return world().now(); }
  const History& history() const;                      // so far
  const std::vector<Finding>& findings() const;        // so far
  const std::vector<TimelineEntry>& timeline() const;  // so far
  const Counters& counters() const;                    // so far; those the world counts are added at the end
  // Of every event so far, and of all that the clients saw.
  std::uint64_t digest() const;

  // As World::set_trace: the caller keeps the sink alive, and a copy of the run has none.
  void set_trace(TraceSink* sink);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace norn::sim
