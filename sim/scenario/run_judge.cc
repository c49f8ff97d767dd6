#include "sim/scenario/run_judge.h"

#include <algorithm>
#include <string>
#include <utility>

#include "replica/base/bytes.h"
#include "replica/base/digest.h"

#include "sim/scenario/json_values.h"

namespace norn::sim {
namespace {

void count(const Operation& operation, std::array<Outcomes, kOperationKinds>& outcomes,
           Latencies& latencies) {
  Outcomes& of_kind = outcomes[static_cast<std::size_t>(operation.kind)];
  ++of_kind.begun;
  switch (operation.outcome) {
    case Outcome::ok:
      ++of_kind.ok;
      latencies.sorted.push_back(operation.back - operation.call);
      return;
    case Outcome::fail:
      ++of_kind.fail;
      return;
    default:
      ++of_kind.unknown;
      return;
  }
}

Outcomes sum(const std::array<Outcomes, kOperationKinds>& outcomes) {
  Outcomes total;
  for (const Outcomes& one : outcomes) {
    total.begun += one.begun;
    total.ok += one.ok;
    total.fail += one.fail;
    total.unknown += one.unknown;
  }
  return total;
}

std::vector<PhaseResult> phases_of(const Scenario& scenario, Time ended) {
  std::vector<PhaseResult> phases;
  if (scenario.phases.empty() || scenario.phases.front().at > Duration{}) phases.push_back({});
  for (const Phase& phase : scenario.phases) {
    PhaseResult result;
    result.name = phase.name;
    result.from = Time(phase.at);
    phases.push_back(std::move(result));
  }
  for (std::size_t i = 0; i < phases.size(); ++i)
    phases[i].until = i + 1 < phases.size() ? phases[i + 1].from : ended;
  return phases;
}

std::uint64_t word(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

}  // namespace

Duration Latencies::quantile(Ratio share) const {
  if (sorted.empty()) return {};
  const std::uint64_t rank = (sorted.size() * std::uint64_t{share.ppm} + kPpm - 1) / kPpm;
  return sorted[std::clamp<std::uint64_t>(rank, 1, sorted.size()) - 1];
}

Outcomes PhaseResult::total() const { return sum(outcomes); }
Outcomes RunResult::total() const { return sum(outcomes); }

void count_operations(const Scenario& scenario, const Workload& workload, Time ended, RunResult& result) {
  result.phases = phases_of(scenario, ended);
  std::size_t phase = 0;
  for (std::size_t i = 0; i < workload.probes_from(); ++i) {
    const Operation& operation = workload.history()[i];
    while (phase + 1 < result.phases.size() && operation.call >= result.phases[phase + 1].from) ++phase;
    count(operation, result.outcomes, result.latencies);
    count(operation, result.phases[phase].outcomes, result.phases[phase].latencies);
  }
  std::ranges::sort(result.latencies.sorted);
  for (PhaseResult& one : result.phases) std::ranges::sort(one.latencies.sorted);
  result.silence = workload.silence(ended);
  result.operations_refused = workload.refused();
}

void complete_counters(const World& world, const Workload& workload, RunResult& result) {
  const Outcomes total = result.total();
  const WorldCounters& counted = world.counters();
  const auto both = [&](std::uint64_t Traffic::*what) {
    return counted.replicas.*what + counted.clients.*what;
  };
  const auto set = [&](Counter counter, std::uint64_t value) { count_of(result.counters, counter) = value; };
  result.world = counted;
  set(Counter::operations, workload.probes_from());
  set(Counter::answered, total.ok);
  set(Counter::unknown, total.unknown);
  set(Counter::kills, counted.kills);
  set(Counter::restarts, counted.restarts);
  set(Counter::pauses, counted.pauses);
  set(Counter::lost, both(&Traffic::lost));
  set(Counter::duplicated, both(&Traffic::duplicated));
  set(Counter::corrupted, both(&Traffic::corrupted));
}

std::vector<Finding> check_expectations(const Scenario& scenario, const RunResult& result) {
  std::vector<Finding> findings;
  const Expect& expect = scenario.expect;
  const auto fail = [&](std::string text) {
    findings.push_back({oracle::kExpectation, result.ended, {}, std::move(text)});
  };
  bool stops_bounded = !expect.survivable;
  for (const Bound& bound : expect.bounds) {
    const std::uint64_t got = count_of(result.counters, bound.counter);
    const std::string name(name_of(bound.counter));
    if (bound.counter == Counter::stops) stops_bounded = true;
    if (got < bound.min)
      fail(name + ": " + std::to_string(got) + ", at least " + std::to_string(bound.min) + " expected");
    if (bound.max && got > *bound.max)
      fail(name + ": " + std::to_string(got) + ", at most " + std::to_string(*bound.max) + " expected");
  }
  const std::uint64_t stops = count_of(result.counters, Counter::stops);
  if (!stops_bounded && stops != 0)
    fail("stops: " + std::to_string(stops) + " replicas stopped by themselves, none expected");
  const std::uint64_t operations = count_of(result.counters, Counter::operations);
  const std::uint64_t answered = count_of(result.counters, Counter::answered);
  if (expect.answered_share_min && answered * kPpm < operations * expect.answered_share_min->ppm)
    fail("answered: " + std::to_string(answered) + " of " + std::to_string(operations) +
         " operations, a share of " + unscaled(expect.answered_share_min->ppm, 6) + " expected");
  if (expect.silence_max && result.silence > *expect.silence_max)
    fail("silence: " + write_duration(result.silence) + " without an answer, at most " +
         write_duration(*expect.silence_max) + " expected");
  return findings;
}

CourseStatistics course_statistics(const World& world, const Workload& workload) {
  CourseStatistics s;
  std::vector<Duration> latencies;
  for (const Operation& operation : workload.history()) {
    const bool is_get = operation.kind == OperationKind::get;
    const bool ok = operation.outcome == Outcome::ok;
    ++(is_get ? s.gets : s.puts);
    if (ok) ++(is_get ? s.gets_answered : s.puts_answered);
    if (!ok) ++s.failures;
    if (ok) latencies.push_back(operation.back - operation.call);
  }
  std::ranges::sort(latencies);
  if (!latencies.empty()) s.median_latency = latencies[latencies.size() / 2];
  s.total_msgs = world.counters().replicas.sent;
  s.gets_not_generated = workload.course()->gets_not_generated();
  s.incorrect = workload.course()->incorrect();
  s.died = world.stops().size();
  return s;
}

std::uint64_t digest_of(const History& history) {
  Digest digest;
  for (const Operation& operation : history) {
    digest.add(std::uint64_t{operation.client} << 32 | static_cast<std::uint64_t>(operation.kind) << 16 |
               static_cast<std::uint64_t>(operation.outcome) << 8 | std::uint64_t{operation.matched});
    digest.add(word(operation.call));
    digest.add(word(operation.back));
    for (const KeyAccess& access : operation.accesses) {
      digest.add(as_bytes(access.key));
      digest.add(as_bytes(access.argument));
      digest.add(access.value ? Digest::hash(as_bytes(*access.value)) : std::uint64_t{1});
      digest.add(access.version);
    }
  }
  return digest.value();
}

}  // namespace norn::sim
