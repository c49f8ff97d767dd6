#include "sim/scenario/nemesis.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace norn::sim {
namespace {

// Names streams by what they are for; what is the same twice is numbered.
class StreamNames {
 public:
  std::string name(const std::string& base) {
    std::string numbered = base;
    for (std::size_t n = 2; !taken_.insert(numbered).second; ++n) numbered = base + " #" + std::to_string(n);
    return numbered;
  }

 private:
  std::set<std::string> taken_;
};

std::string number(Duration duration) { return std::to_string(duration.count()); }
std::string number(auto kind) { return std::to_string(static_cast<unsigned>(kind)); }

}  // namespace

NemesisPlayer::NemesisPlayer(std::shared_ptr<const Scenario> scenario, Rng rng)
    : scenario_(std::move(scenario)), faults_(scenario_) {
  StreamNames names;
  for (const Event& event : scenario_->events) {
    const std::string name = "event " + number(event.at) + " " + number(event.action.kind) + " " +
                             number(event.action.target.kind);
    event_rngs_.push_back(rng.fork(names.name(name)));
  }
  for (const Nemesis& nemesis : scenario_->nemeses) {
    const std::string name =
        "nemesis " + number(nemesis.on) + " " + number(nemesis.action.kind) + " " + number(nemesis.start);
    nemeses_.push_back({rng.fork(names.name(name))});
  }
}

void NemesisPlayer::start(Stage& stage) {
  faults_.set_up(stage);
  for (std::size_t i = 0; i < scenario_->events.size(); ++i)
    set_alarm(stage, Time(scenario_->events[i].at), {AlarmKind::event, i});
  for (std::size_t i = 0; i < nemeses_.size(); ++i) {
    if (scenario_->nemeses[i].on == Trigger::timer) arm_timer(stage, i);
  }
}

void NemesisPlayer::arm_timer(Stage& stage, std::size_t nemesis) {
  const Nemesis& what = scenario_->nemeses[nemesis];
  const Time from = std::max(stage.now(), Time(what.start));
  // Validated scenarios pause for a while, typically; but a pause drawn as 0 must not hold up time.
  const Duration pause = std::max(draw(what.every, nemeses_[nemesis].rng), Duration(1));
  if (from + pause >= Time(what.stop.value_or(scenario_->duration))) return;
  set_alarm(stage, from + pause, {AlarmKind::nemesis_timer, nemesis});
}

bool NemesisPlayer::waits_for(Trigger trigger) const {
  return std::ranges::any_of(scenario_->nemeses,
                             [&](const Nemesis& nemesis) { return nemesis.on == trigger; });
}

bool NemesisPlayer::on_alarm(Stage& stage, Alarm alarm) {
  if (stopped_) return false;
  switch (alarm.kind) {
    case AlarmKind::event:
      return play_event(stage, alarm.number);
    case AlarmKind::nemesis_timer: {
      const bool acted = consider(stage, alarm.number, {});
      arm_timer(stage, alarm.number);
      return acted;
    }
    case AlarmKind::nemesis_action: {
      const auto due = due_.extract(alarm.number);
      return act(stage, due.mapped().nemesis, due.mapped().subject);
    }
    case AlarmKind::undo:
      return undo(stage, alarm.number);
    default:
      return false;
  }
}

bool NemesisPlayer::on_occasion(Stage& stage, const Occasion& occasion) {
  if (stopped_) return false;
  bool acted = false;
  for (std::size_t i = 0; i < nemeses_.size(); ++i) {
    if (scenario_->nemeses[i].on == occasion.trigger && consider(stage, i, occasion.subject)) acted = true;
  }
  return acted;
}

// Whether this occasion is taken, and if so, the action: now, or after a while.
bool NemesisPlayer::consider(Stage& stage, std::size_t nemesis, NodeId subject) {
  const Nemesis& what = scenario_->nemeses[nemesis];
  State& state = nemeses_[nemesis];
  const Time now = stage.now();
  if (now < Time(what.start) || now >= Time(what.stop.value_or(scenario_->duration))) return false;
  if (what.times != 0 && state.acted >= what.times) return false;
  if (!state.rng.chance(what.chance)) return false;
  const Duration after = draw(what.after, state.rng);
  ++state.acted;
  if (after == Duration{}) return act(stage, nemesis, subject);
  const std::uint64_t due = next_due_++;
  due_.emplace(due, Due{nemesis, subject});
  set_alarm(stage, now + after, {AlarmKind::nemesis_action, due});
  return false;
}

bool NemesisPlayer::act(Stage& stage, std::size_t nemesis, NodeId subject) {
  const Nemesis& what = scenario_->nemeses[nemesis];
  Rng& rng = nemeses_[nemesis].rng;
  const Duration lasts = draw(what.lasts, rng);
  return begin(stage, what.action, lasts, subject, rng);
}

bool NemesisPlayer::play_event(Stage& stage, std::size_t event) {
  const Event& what = scenario_->events[event];
  return begin(stage, what.action, what.lasts, {}, event_rngs_[event]);
}

bool NemesisPlayer::begin(Stage& stage, const Action& action, Duration lasts, NodeId subject, Rng& rng) {
  const Faults::Owner owner = lasts > Duration{} ? next_owner_++ : Faults::kForever;
  const TargetContext context{subject, scenario_->course.has_value()};
  auto effect = faults_.begin(stage, action, owner, context, rng);
  if (!effect) return false;
  if (effect->cut_links) ++partitions_;
  if (owner != Faults::kForever) set_alarm(stage, stage.now() + lasts, {AlarmKind::undo, owner});
  timeline_.push_back(
      {stage.now(), TimelineKind::fault, std::move(effect->replicas), {}, std::move(effect->text)});
  return true;
}

bool NemesisPlayer::undo(Stage& stage, Faults::Owner owner) {
  auto effect = faults_.undo(stage, owner);
  if (!effect) return false;
  timeline_.push_back(
      {stage.now(), TimelineKind::undone, std::move(effect->replicas), {}, std::move(effect->text)});
  return true;
}

}  // namespace norn::sim
