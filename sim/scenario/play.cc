#include "sim/scenario/play.h"

#include <algorithm>
#include <utility>

#include "sim/scenario/targets.h"

namespace norn::sim {
namespace {

constexpr Duration kLivenessCheckEvery = std::chrono::milliseconds(10);
constexpr std::int64_t kRestTimeouts = 4;  // of the longest election timeout: that long it must stay at rest

}  // namespace

Play::Play(std::shared_ptr<const Scenario> scenario, const Rng& rng, Slack slack)
    : scenario_(std::move(scenario)),
      core_rng_(rng.fork("core")),
      slack_(slack),
      nemesis_(scenario_, rng.fork("nemesis")),
      workload_(scenario_, rng.fork("workload")) {}

void Play::start(Stage& stage) {
  set_alarm(stage, Time(scenario_->duration), {AlarmKind::end, 0});
  for (std::size_t i = 0; i < scenario_->phases.size(); ++i)
    set_alarm(stage, Time(scenario_->phases[i].at), {AlarmKind::phase, i});
  nemesis_.start(stage);
  workload_.start(stage);
}

bool Play::on_alarm(Stage& stage, const Watch& watch, Alarm alarm) {
  switch (alarm.kind) {
    case AlarmKind::arrival:
    case AlarmKind::think:
      workload_.on_alarm(stage, alarm);
      return false;
    case AlarmKind::event:
    case AlarmKind::nemesis_timer:
    case AlarmKind::nemesis_action:
    case AlarmKind::undo: {
      const bool acted = nemesis_.on_alarm(stage, alarm);
      take_timeline();
      return acted;
    }
    case AlarmKind::phase:
      enter(stage, scenario_->phases[alarm.number]);
      return false;
    case AlarmKind::end:
      return on_end(stage, watch);
    case AlarmKind::liveness_check:
      watch_liveness(stage, watch);
      return false;
  }
  return false;
}

bool Play::on_occasion(Stage& stage, const Occasion& occasion) {
  const bool acted = nemesis_.on_occasion(stage, occasion);
  take_timeline();
  return acted;
}

void Play::take_timeline() {
  for (TimelineEntry& entry : nemesis_.timeline()) timeline_.push_back(std::move(entry));
  nemesis_.timeline().clear();
}

void Play::enter(Stage& stage, const Phase& phase) {
  if (liveness_ || over_) return;
  timeline_.push_back({stage.now(), TimelineKind::phase, {}, {}, phase.name});
  nemesis_.faults().change_network(stage, phase.network, phase.client_network);
  workload_.enter(stage, phase);
}

void Play::cut_short() {
  over_ = true;
  liveness_.reset();
}

std::optional<Time> Play::liveness_reached() const { return liveness_ ? liveness_->reached : std::nullopt; }

// The end.

bool Play::on_end(Stage& stage, const Watch& watch) {
  workload_.stop();
  nemesis_.stop();
  over_ = scenario_->liveness.within == Duration{} || !scenario_->expect.survivable;
  if (!over_) begin_liveness(stage, watch);
  return !over_;
}

void Play::begin_liveness(Stage& stage, const Watch& watch) {
  LivenessPhase phase;
  const std::vector<NodeId> all = all_replicas(stage.replicas());
  const bool majority = scenario_->liveness.core == Liveness::Core::majority;
  phase.core = pick(all, majority ? all.size() / 2 + 1 : all.size(), core_rng_);
  phase.began = stage.now();
  phase.committed = watch.committed();
  phase.leaders = watch.leaders();
  timeline_.push_back({stage.now(), TimelineKind::liveness, phase.core, {}, {}});
  liveness_ = std::move(phase);
  nemesis_.faults().heal_core(stage, liveness_->core);
  workload_.probe(stage);
  set_alarm(stage, stage.now() + kLivenessCheckEvery, {AlarmKind::liveness_check, 0});
}

LivenessFacts Play::liveness_facts(const Stage& stage, const Watch& watch) const {
  LivenessFacts facts;
  facts.began = liveness_->began;
  facts.now = stage.now();
  facts.out_of_time = facts.now >= liveness_->began + scenario_->liveness.within + slack_.time;
  if (workload_.under_way() != 0) {
    for (std::size_t i = 0; i < workload_.probes_from(); ++i) {
      if (workload_.history()[i].outcome == Outcome::pending) facts.pending.push_back(i);
    }
  }
  facts.probes_unanswered = workload_.probes_unanswered();
  facts.behind = behind(stage, watch);
  facts.leaders = watch.leaders() - liveness_->leaders;
  if (asks_for_rest())
    facts.leaders_max =
        leaders_allowed(facts.now - facts.began, scenario_->cluster.election_timeout_max) + slack_.elections;
  return facts;
}

// Of the core, who has not applied what was committed when it was healed. A leader from outside may rightly
// lead, and be cut off from a member for good; then it is enough that clients are answered.
std::vector<NodeId> Play::behind(const Stage& stage, const Watch& watch) const {
  const std::vector<NodeId>& core = liveness_->core;
  std::vector<NodeId> found;
  const NodeId leader = stage.leader();
  if (leader && std::ranges::find(core, leader) == core.end()) return found;
  for (const NodeId id : core) {
    const std::optional<Index> applied = watch.applied(id);
    if (!applied || *applied < liveness_->committed) found.push_back(id);
  }
  return found;
}

void Play::watch_liveness(Stage& stage, const Watch& watch) {
  workload_.probe(stage);
  if (asks_liveness_) {
    const LivenessFacts facts = liveness_facts(stage, watch);
    if (reached(facts) && !liveness_->reached) liveness_->reached = stage.now();
    const Duration rest = scenario_->cluster.election_timeout_max * kRestTimeouts;
    const bool at_rest = liveness_->reached && stage.now() >= liveness_->began + rest;
    over_ = facts.out_of_time || at_rest;
  }
  if (!over_) set_alarm(stage, stage.now() + kLivenessCheckEvery, {AlarmKind::liveness_check, 0});
}

void Play::count(const Stage& stage, RunResult& result) const {
  count_of(result.counters, Counter::partitions) = nemesis_.partitions();
  result.timeline = timeline_;
  result.liveness_reached = liveness_reached();
  count_operations(*scenario_, workload_, result.ended, result);
  complete_counters(stage, workload_, result);
}

std::vector<Finding> Play::check_liveness(const Stage& stage, const Watch& watch) const {
  return liveness_ ? sim::check_liveness(liveness_facts(stage, watch)) : std::vector<Finding>{};
}

}  // namespace norn::sim
