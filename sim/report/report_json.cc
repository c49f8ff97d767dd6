// The report of one run as JSON, for programs. Times are in nanoseconds, virtual but for live runs.
#include <nlohmann/json.hpp>

#include "sim/report/report.h"
#include "sim/report/words.h"

namespace norn::sim {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t nanoseconds(Time time) { return time.time_since_epoch().count(); }

Json ids(const std::vector<NodeId>& replicas) {
  Json list = Json::array();
  for (const NodeId id : replicas) list.push_back(id.value);
  return list;
}

Json outcomes_json(const Outcomes& outcomes) {
  return {
      {"begun", outcomes.begun}, {"ok", outcomes.ok}, {"fail", outcomes.fail}, {"unknown", outcomes.unknown}};
}

Json traffic_json(const Traffic& traffic) {
  return {{"sent", traffic.sent},
          {"delivered", traffic.delivered},
          {"lost", traffic.lost},
          {"duplicated", traffic.duplicated},
          {"corrupted", traffic.corrupted}};
}

Json timeline_json(const RunResult& result) {
  static constexpr std::array<std::string_view, 8> kKinds = {"leader",  "step_down", "fault", "undone",
                                                             "restart", "stop",      "phase", "liveness"};
  Json list = Json::array();
  for (const TimelineEntry& entry : result.timeline) {
    Json line = {{"at", nanoseconds(entry.at)},
                 {"kind", kKinds[static_cast<std::size_t>(entry.kind)]},
                 {"replicas", ids(entry.replicas)}};
    if (entry.term != Term{}) line["term"] = entry.term.value;
    if (!entry.text.empty()) line["text"] = entry.text;
    list.push_back(std::move(line));
  }
  return list;
}

Json findings_json(const RunResult& result) {
  Json list = Json::array();
  for (const Finding& finding : result.findings) {
    list.push_back({{"oracle", finding.oracle},
                    {"at", nanoseconds(finding.at)},
                    {"replicas", ids(finding.replicas)},
                    {"text", finding.text},
                    {"operations", finding.operations}});
  }
  return list;
}

Json course_json(const CourseResult& course) {
  static constexpr std::array<std::string_view, 4> kTiers = {"bonus", "full", "partial", "none"};
  const CourseStatistics& s = course.statistics;
  Json checks = Json::array();
  for (const CourseCheck& check : course.checks) {
    checks.push_back({{"name", check.name}, {"passed", check.passed}, {"text", check.text}});
  }
  Json tiers = Json::array();
  for (const CourseTier tier : course.tiers) tiers.push_back(kTiers[static_cast<std::size_t>(tier)]);
  return {{"total_msgs", s.total_msgs}, {"failures", s.failures},
          {"duplicates", s.duplicates}, {"median_latency", s.median_latency.count()},
          {"incorrect", s.incorrect},   {"passed", course.passed},
          {"checks", checks},           {"tiers", tiers}};
}

}  // namespace

std::string report_json(const RunReport& report) {
  static constexpr std::array<std::string_view, 3> kVerdicts = {"pass", "finding", "undecided"};
  static constexpr std::array<std::string_view, 3> kCheckVerdicts = {"linearizable", "violation",
                                                                     "undecided"};
  const RunResult& result = report.result;
  Json operations = {{"all", outcomes_json(result.total())}};
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
    if (result.outcomes[kind].begun == 0) continue;
    operations[std::string(name(static_cast<OperationKind>(kind)))] = outcomes_json(result.outcomes[kind]);
  }
  Json counters = Json::object();
  for (std::size_t i = 0; i < kCounterNames.size(); ++i)
    counters[std::string(kCounterNames[i])] = result.counters[i];
  Json json = {
      {"scenario", report.scenario.name},
      {"file", report.file},
      {"seed", report.seed},
      {"verdict", kVerdicts[static_cast<std::size_t>(result.verdict)]},
      {"findings", findings_json(result)},
      {"operations", operations},
      {"operations_refused", result.operations_refused},
      {"latency",
       {{"p50", result.latencies.p50().count()},
        {"p99", result.latencies.p99().count()},
        {"max", result.latencies.max().count()}}},
      {"counters", counters},
      {"events", result.stage.events},
      {"messages",
       {{"replicas", traffic_json(result.stage.replicas)}, {"clients", traffic_json(result.stage.clients)}}},
      {"linearizability",
       {{"verdict", kCheckVerdicts[static_cast<std::size_t>(result.linearizable.verdict)]},
        {"reason", result.linearizable.reason},
        {"steps", result.linearizable.steps}}},
      {"timeline", timeline_json(result)},
      {"ended", nanoseconds(result.ended)}};
  if (report.live == nullptr) {
    json["digest"] = hex(result.digest);
  } else {
    json["live"] = {{"notes", report.live->notes},
                    {"keys_read_back", report.live->keys_read_back},
                    {"latest", report.live->latest.count()},
                    {"folder", report.live->folder}};
  }
  if (result.course) json["course"] = course_json(*result.course);
  if (report.real_seconds > 0) json["real_seconds"] = report.real_seconds;
  json["repeat"] = repeat_command(report);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace norn::sim
