#include "sim/live/play_live.h"

#include <iostream>
#include <utility>

#include "replica/host/failure.h"

#include "sim/formats/history_file.h"
#include "sim/live/folder.h"
#include "sim/live/live_run.h"
#include "sim/report/words.h"

namespace norn::sim {
namespace {

// A line that is written over, once a second.
class Progress {
 public:
  explicit Progress(bool moving) : moving_(moving) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const LiveRun& run) {
    if (!moving_ || run.stage().now() < due_) return;
    clear();
    std::cerr << run.progress_line() << std::flush;
    due_ += std::chrono::seconds(1);
  }
  void clear() const {
    if (moving_) std::cerr << "\r\x1b[K" << std::flush;
  }

 private:
  bool moving_;
  Time due_{};
};

std::vector<std::string> notes(const Scenario& scenario) {
  std::vector<std::string> notes = playable(scenario).notes;
  notes.push_back("allowed beyond the scenario: " + seconds(kLiveSlack.time) +
                  " of silence and to reach liveness, " + std::to_string(kLiveSlack.elections) +
                  " elections");
  notes.emplace_back("not checked on real processes: what only shows inside of a replica (logs, bounds)");
  return notes;
}

void print(const RunReport& report, const LiveOptions& options) {
  const bool pass = report.result.verdict == RunVerdict::pass;
  if (options.json) {
    std::cout << report_json(report) << std::endl;
  } else if (!pass || !options.quiet) {
    std::cout << (options.quiet ? report_briefly(report) : report_text(report)) << std::flush;
  }
}

}  // namespace

LiveOutcome play_live(const std::string& file, const std::shared_ptr<const Scenario>& scenario,
                      const LiveOptions& options) {
  Folder folder(options.data);
  LiveRun run(scenario, options.seed, options.program, folder.path());
  bool cut_short = false;
  Progress progress(options.moving);
  while (run.step()) {
    progress.show(run);
    if (!options.interrupted()) continue;
    cut_short = true;
    run.cut_short();
  }
  progress.clear();
  if (const auto& why = run.stage().cannot_start()) throw host::Failure(*why);
  if (!options.history.empty() && !write_history(options.history, run.history()))
    throw host::Failure("--history: " + options.history + " cannot be written");
  if (cut_short) {
    std::cerr << "sim: interrupted after " << seconds(run.stage().now().time_since_epoch()) << '\n';
    return LiveOutcome::interrupted;
  }
  const RunResult result = run.finish();
  if (options.keep || result.verdict != RunVerdict::pass) folder.keep();
  const LiveReport live{notes(*scenario), run.keys_read_back(), run.stage().latest(),
                        folder.kept() ? folder.path() : std::string()};
  print({file, *scenario, options.seed, result, run.history(), 0, &live}, options);
  return static_cast<LiveOutcome>(result.verdict);
}

}  // namespace norn::sim
