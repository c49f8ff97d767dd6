// A run on real processes: a scenario played on the stage of real_stage.h, and judged by what its clients and
// its packets showed. As sim/scenario/run.h, but it takes as long as the scenario says, and never goes the
// same way twice. At the end every key is read back through a client that has seen nothing before.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sim/live/playable.h"
#include "sim/live/real_stage.h"
#include "sim/scenario/play.h"
#include "sim/scenario/run.h"

namespace norn::sim {

// Real machines schedule late, and this one may be busy: so much more than its scenario allows a live run may
// be silent and take to reach liveness, and so many more elections it may see.
inline constexpr Slack kLiveSlack{std::chrono::seconds(2), 3};

class LiveRun {
 public:
  // The scenario is playable. Throws host::Failure.
  LiveRun(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, const std::string& program,
          const std::string& folder, CheckOptions check = RunOptions{}.check);

  // A few milliseconds of it. False, and nothing has happened: it is over.
  bool step();
  void cut_short();
  RunResult finish() const;

  const RealStage& stage() const { return stage_; }
  const History& history() const { return play_.workload().history(); }
  std::size_t keys_read_back() const { return play_.workload().values_read_back().size(); }
  std::string progress_line() const;

 private:
  enum class Part : std::uint8_t { playing, reading_back, over };

  void take_timeline();
  void on_occasions();
  void go_on();

  std::shared_ptr<const Scenario> scenario_;
  CheckOptions check_;
  Play play_;
  RealStage stage_;
  Part part_ = Part::playing;
  std::vector<Finding> liveness_findings_;
};

}  // namespace norn::sim
