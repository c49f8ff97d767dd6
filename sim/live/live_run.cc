#include "sim/live/live_run.h"

#include <algorithm>
#include <utility>

#include "sim/report/words.h"
#include "sim/scenario/run_judge.h"

namespace norn::sim {

LiveRun::LiveRun(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, const std::string& program,
                 const std::string& folder, CheckOptions check)
    : scenario_(std::move(scenario)),
      check_(check),
      play_(scenario_, Rng(seed).fork("run"), kLiveSlack),
      stage_(*scenario_, seed, program, folder) {
  play_.start(stage_);
}

bool LiveRun::step() {
  if (part_ == Part::over) return false;
  stage_.wait();
  while (const std::optional<Due> due = stage_.next_due()) {
    if (due->kind == Due::Kind::client) {
      play_.collect(stage_, static_cast<std::uint32_t>(due->number));
    } else {
      play_.on_alarm(stage_, stage_.sniffer(), alarm_of(due->number));
    }
    on_occasions();
  }
  take_timeline();
  on_occasions();
  go_on();
  return true;
}

void LiveRun::take_timeline() {
  for (std::vector<TimelineEntry>* from : {&stage_.timeline(), &stage_.sniffer().timeline()}) {
    for (TimelineEntry& entry : *from) play_.timeline().push_back(std::move(entry));
    from->clear();
  }
}

void LiveRun::on_occasions() {
  std::vector<Occasion>& occasions = stage_.sniffer().occasions();
  if (occasions.empty()) return;
  take_timeline();
  for (const Occasion& occasion : std::exchange(occasions, {})) play_.on_occasion(stage_, occasion);
}

// From one part to the next.
void LiveRun::go_on() {
  if (stage_.cannot_start()) part_ = Part::over;
  if (part_ == Part::playing && play_.over()) {
    liveness_findings_ = play_.check_liveness(stage_, stage_.sniffer());
    part_ = play_.liveness_reached() ? Part::reading_back : Part::over;
    if (part_ == Part::reading_back) play_.workload().read_back(stage_, stage_.reader());
  }
  if (part_ == Part::reading_back && !play_.workload().reads_back()) part_ = Part::over;
}

void LiveRun::cut_short() {
  play_.cut_short();
  part_ = Part::over;
}

RunResult LiveRun::finish() const {
  RunResult result;
  result.ended = stage_.now();
  result.counters = stage_.sniffer().counters();
  count_of(result.counters, Counter::stops) = stage_.stops().size();
  count_of(result.counters, Counter::torn_tails) = stage_.torn_tails();
  play_.count(stage_, result);
  const auto add = [&](const std::vector<Finding>& findings) {
    result.findings.insert(result.findings.end(), findings.begin(), findings.end());
  };
  add(stage_.crashes());
  add(stage_.sniffer().findings());
  add(liveness_findings_);
  add(check_expectations(*scenario_, result, kLiveSlack, playable(*scenario_).unseen));

  const Workload& workload = play_.workload();
  const auto values = workload.values_read_back();
  FinalValue final_value;
  if (values.size() == workload.keys_to_read_back())
    final_value = [&](const std::string& key) { return values.at(key); };
  else
    add({{oracle::kLiveness,
          result.ended,
          {},
          std::to_string(workload.keys_to_read_back() - values.size()) + " keys could not be read back"}});
  add(check_exactly_once(workload.history(), values.empty() ? FinalValue() : final_value, result.ended));
  judge_linearizability(*scenario_, workload.history(), check_, nullptr, result);
  if (scenario_->course) result.course = grade(*scenario_->course, course_statistics(stage_, workload));
  conclude(result);
  return result;
}

std::string LiveRun::progress_line() const {
  const History& history = play_.workload().history();
  const auto answered = std::ranges::count(history, Outcome::ok, &Operation::outcome);
  const NodeId leader = stage_.leader();
  return seconds(stage_.now().time_since_epoch()) + " of " + seconds(scenario_->duration) + ": " +
         thousands(history.size()) + " operations, " + thousands(static_cast<std::uint64_t>(answered)) +
         " answered; " + (leader ? names({leader}) + " leads" : "nobody leads");
}

}  // namespace norn::sim
