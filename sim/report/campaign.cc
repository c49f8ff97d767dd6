#include "sim/report/campaign.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <malloc.h>
#include <map>
#include <mutex>
#include <thread>

namespace norn::sim {
namespace {

// What the workers share: which run is next, and the outcomes that the caller has not taken yet. Workers stay
// within kAheadMax runs of the first outcome that is missing, so that a slow run does not pile up the results
// of the others.
class Board {
 public:
  Board(const CampaignOptions& options, std::uint64_t runs) : options_(options), runs_(runs) {}

  void work() {
    while (true) {
      std::uint64_t number = 0;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return stop_ || next_ < taken_ + kAheadMax; });
        if (stop_ || next_ == runs_) return;
        number = next_++;
      }
      CampaignOutcome outcome = run(number);
      const std::lock_guard lock(mutex_);
      ++finished_;
      findings_ += outcome.result.verdict == RunVerdict::finding ? 1 : 0;
      ready_.emplace(number, std::move(outcome));
      arrived_.notify_one();
    }
  }

  // The next outcome in order, if it is there within a tenth of a second.
  std::optional<CampaignOutcome> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::milliseconds(100), [&] { return ready_.contains(taken_); });
    const auto found = ready_.find(taken_);
    if (found == ready_.end()) return std::nullopt;
    CampaignOutcome outcome = std::move(found->second);
    ready_.erase(found);
    ++taken_;
    room_.notify_all();
    return outcome;
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    room_.notify_all();
  }

  // Whether every run that was begun has been taken, and no more will begin.
  bool drained() {
    const std::lock_guard lock(mutex_);
    return taken_ == next_ && (stop_ || next_ == runs_);
  }

  void fill(CampaignProgress& progress) {
    const std::lock_guard lock(mutex_);
    progress.finished = finished_;
    progress.findings = findings_;
  }

 private:
  static constexpr std::uint64_t kAheadMax = 256;

  CampaignOutcome run(std::uint64_t number) const {
    const std::uint64_t seeds = options_.seed_last - options_.seed_first + 1;
    const CampaignScenario& scenario = options_.scenarios[number / seeds];
    const std::uint64_t seed = options_.seed_first + number % seeds;
    Run run(scenario.scenario, seed);
    return {&scenario, seed, run.finish()};
  }

  const CampaignOptions& options_;
  const std::uint64_t runs_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable room_;
  std::map<std::uint64_t, CampaignOutcome> ready_;
  std::uint64_t next_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t findings_ = 0;
  bool stop_ = false;
};

}  // namespace

void keep_freed_memory() {
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 16 << 20);
}

CampaignSummary run_campaign(const CampaignOptions& options, const CampaignHooks& hooks) {
  using WallClock = std::chrono::steady_clock;
  const auto begin = WallClock::now();
  CampaignSummary summary;
  summary.progress.runs = (options.seed_last - options.seed_first + 1) * options.scenarios.size();
  Board board(options, summary.progress.runs);
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < options.jobs; ++i) workers.emplace_back([&board] { board.work(); });

  auto shown = begin;
  std::uint64_t handed_over = 0;
  std::uint64_t findings = 0;
  bool found = false;
  while (!board.drained()) {
    if (!summary.interrupted && hooks.interrupted && hooks.interrupted()) {
      summary.interrupted = true;
      board.stop();
    }
    if (const auto outcome = board.take(); outcome && !found) {
      if (hooks.outcome) hooks.outcome(*outcome);
      ++handed_over;
      findings += outcome->result.verdict == RunVerdict::finding ? 1 : 0;
      summary.passed += outcome->result.verdict == RunVerdict::pass ? 1 : 0;
      summary.undecided += outcome->result.verdict == RunVerdict::undecided ? 1 : 0;
      found = options.until_finding && outcome->result.verdict == RunVerdict::finding;
      if (found) board.stop();
    }
    const auto now = WallClock::now();
    board.fill(summary.progress);
    summary.progress.seconds = std::chrono::duration<double>(now - begin).count();
    if (hooks.progress && now - shown >= hooks.progress_every) {
      shown = now;
      hooks.progress(summary.progress);
    }
  }
  summary.progress.finished = handed_over;
  summary.progress.findings = findings;
  return summary;
}

}  // namespace norn::sim
