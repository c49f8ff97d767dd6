#include "sim/scenario/run_judge.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
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

void complete_counters(const Stage& stage, const Workload& workload, RunResult& result) {
  const Outcomes total = result.total();
  const StageCounters& counted = stage.counters();
  const auto both = [&](std::uint64_t Traffic::*what) {
    return counted.replicas.*what + counted.clients.*what;
  };
  const auto set = [&](Counter counter, std::uint64_t value) { count_of(result.counters, counter) = value; };
  result.stage = counted;
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

namespace {

std::string counted(const Bound& bound, std::uint64_t got, const std::string& expected) {
  return std::string(name_of(bound.counter)) + ": " + std::to_string(got) + ", " + expected + " expected";
}

// What the slack adds to the most that is allowed.
std::uint64_t more(Counter counter, const Slack& slack) {
  return counter == Counter::leaders || counter == Counter::step_downs ? slack.elections : 0;
}

// Why the first replica that stopped by itself did.
std::string first_stop(const RunResult& result) {
  const auto stop = std::ranges::find(result.timeline, TimelineKind::stop, &TimelineEntry::kind);
  if (stop == result.timeline.end() || stop->replicas.empty()) return {};
  return "; r" + std::to_string(stop->replicas.front().value) + ": " + stop->text;
}

}  // namespace

std::vector<Finding> check_expectations(const Scenario& scenario, const RunResult& result, const Slack& slack,
                                        const std::vector<Counter>& unseen) {
  std::vector<Finding> findings;
  const Expect& expect = scenario.expect;
  const auto fail = [&](std::string text) {
    findings.push_back({oracle::kExpectation, result.ended, {}, std::move(text)});
  };
  bool stops_bounded = !expect.survivable;
  for (const Bound& bound : expect.bounds) {
    if (std::ranges::find(unseen, bound.counter) != unseen.end()) continue;
    const std::uint64_t got = count_of(result.counters, bound.counter);
    if (bound.counter == Counter::stops) stops_bounded = true;
    if (got < bound.min) fail(counted(bound, got, "at least " + std::to_string(bound.min)));
    if (!bound.max) continue;
    const std::uint64_t most = *bound.max + more(bound.counter, slack);
    if (got > most) fail(counted(bound, got, "at most " + std::to_string(most)));
  }
  const std::uint64_t stops = count_of(result.counters, Counter::stops);
  if (!stops_bounded && stops != 0)
    fail("stops: " + std::to_string(stops) + " replicas stopped by themselves, none expected" +
         first_stop(result));
  const std::uint64_t operations = count_of(result.counters, Counter::operations);
  const std::uint64_t answered = count_of(result.counters, Counter::answered);
  if (expect.answered_share_min && answered * kPpm < operations * expect.answered_share_min->ppm)
    fail("answered: " + std::to_string(answered) + " of " + std::to_string(operations) +
         " operations, a share of " + unscaled(expect.answered_share_min->ppm, 6) + " expected");
  if (expect.silence_max && result.silence > *expect.silence_max + slack.time)
    fail("silence: " + write_duration(result.silence) + " without an answer, at most " +
         write_duration(*expect.silence_max + slack.time) + " expected");
  return findings;
}

namespace {

// The part of a history that the keys named are in, and where its operations stood.
struct Part {
  History history;
  std::vector<std::size_t> places;
};

Part part_of(const History& history, const std::vector<std::string_view>& keys) {
  const std::set<std::string_view> wanted(keys.begin(), keys.end());
  Part part;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    if (operation.accesses.empty() || !wanted.contains(operation.accesses.front().key)) continue;
    part.history.push_back(operation);
    part.places.push_back(place);
  }
  return part;
}

// The same when it was seen that this operation returned.
Part part_until(const History& history, const StreamViolation& violation) {
  Part part;
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (history[place].call > violation.at) continue;
    Operation& operation = part.history.emplace_back(history[place]);
    part.places.push_back(place);
    if (operation.back <= violation.at) continue;
    operation.outcome = Outcome::pending;
    operation.matched = false;
    operation.back = kNever;
    for (KeyAccess& access : operation.accesses) access.value.reset();
  }
  return part;
}

CheckResult check_part(const Part& part, const CheckOptions& options) {
  CheckResult result = check_linearizable(part.history, options);
  for (std::size_t& witness : result.witnesses) witness = part.places[witness];
  return result;
}

CheckResult result_of(const StreamChecker& stream, const History& history, const CheckOptions& options) {
  CheckResult result;
  if (stream.verdict() == Verdict::undecided)
    result = check_part(part_of(history, stream.undecided_keys()), options);
  result.components = stream.components();
  return result;
}

}  // namespace

Finding finding_of(const StreamViolation& violation, const History& history, const CheckOptions& options) {
  const CheckResult result = check_part(part_until(history, violation), options);
  const bool known = result.verdict == Verdict::violation;
  return {oracle::kLinearizability,
          violation.at,
          {},
          known ? result.reason : violation.reason,
          known ? result.witnesses : violation.witnesses};
}

void judge_linearizability(const Scenario& scenario, const History& history, const CheckOptions& options,
                           const StreamChecker* stream, RunResult& result) {
  Finding finding{oracle::kLinearizability, result.ended, {}, {}, {}};
  if (stream != nullptr && stream->violation()) {
    finding = finding_of(*stream->violation(), history, options);
    result.linearizable.verdict = Verdict::violation;
    result.linearizable.reason = finding.text;
    result.linearizable.witnesses = finding.operations;
    result.linearizable.components = stream->components();
  } else {
    result.linearizable =
        stream != nullptr ? result_of(*stream, history, options) : check_linearizable(history, options);
    finding.text = result.linearizable.reason;
    finding.operations = result.linearizable.witnesses;
  }
  if (result.linearizable.verdict == Verdict::violation && scenario.expect.linearizable)
    result.findings.push_back(std::move(finding));
}

void conclude(RunResult& result) {
  std::ranges::stable_sort(result.findings, {}, &Finding::at);
  result.verdict = !result.findings.empty()                            ? RunVerdict::finding
                   : result.linearizable.verdict == Verdict::undecided ? RunVerdict::undecided
                                                                       : RunVerdict::pass;
}

CourseStatistics course_statistics(const Stage& stage, const Workload& workload) {
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
  s.total_msgs = stage.counters().replicas.sent;
  s.gets_not_generated = workload.course()->gets_not_generated();
  s.incorrect = workload.course()->incorrect();
  s.died = stage.stops().size();
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
