// Many runs: scenarios times seeds, on several threads, each run on one. Outcomes are handed over in order
// (scenario by scenario, seed by seed) however the threads finish, so what a campaign prints depends on
// nothing but its arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/scenario/run.h"

namespace norn::sim {

struct CampaignScenario {
  std::string file;  // as given, for the command that repeats a run
  std::shared_ptr<const Scenario> scenario;
};

struct CampaignOptions {
  std::vector<CampaignScenario> scenarios;
  std::uint64_t seed_first = 1;
  std::uint64_t seed_last = 1;
  unsigned jobs = 1;
  bool until_finding = false;  // the first finding, in the order of outcomes, is the last outcome
};

struct CampaignOutcome {
  const CampaignScenario* scenario = nullptr;
  std::uint64_t seed = 0;
  RunResult result;
};

struct CampaignProgress {
  std::uint64_t finished = 0;
  std::uint64_t runs = 0;  // in all
  std::uint64_t findings = 0;
  double seconds = 0;
};

struct CampaignHooks {
  std::function<void(const CampaignOutcome&)> outcome;    // in order
  std::function<void(const CampaignProgress&)> progress;  // now and then, on the caller's thread
  std::chrono::milliseconds progress_every{200};
  std::function<bool()> interrupted;  // asked often; true: what is running is finished, and no more begun
};

// How many runs were finished and handed over, and how they ended.
struct CampaignSummary {
  CampaignProgress progress;
  std::uint64_t passed = 0;
  std::uint64_t undecided = 0;
  bool interrupted = false;
};

// A run takes a few megabytes and gives them back; handing them back to the system between runs, and asking
// for them again, costs a twentieth of the run. Once, at the start of a program.
void keep_freed_memory();

CampaignSummary run_campaign(const CampaignOptions& options, const CampaignHooks& hooks);

}  // namespace norn::sim
