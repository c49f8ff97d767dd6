#include "sim/report/report.h"

#include <algorithm>
#include <cmath>

#include "sim/report/words.h"

namespace norn::sim {
namespace {

constexpr std::size_t kTimelineShown = 60;

std::string right(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string timeline_line(const TimelineEntry& entry) {
  const std::string who = names(entry.replicas);
  std::string text;
  switch (entry.kind) {
    case TimelineKind::leader:
      text = who + " leads term " + std::to_string(entry.term.value);
      break;
    case TimelineKind::step_down:
      text = who + " no longer leads term " + std::to_string(entry.term.value);
      break;
    case TimelineKind::fault:
      text = entry.text;
      break;
    case TimelineKind::undone:
      text = "over: " + entry.text;
      break;
    case TimelineKind::restart:
      text = who + " starts again" + (entry.text.empty() ? "" : ": " + entry.text);
      break;
    case TimelineKind::stop:
      text = who + " stops: " + entry.text;
      break;
    case TimelineKind::phase:
      text = "phase " + entry.text;
      break;
    case TimelineKind::liveness:
      text = "faults end; " + who + " must make progress";
      break;
  }
  return "  " + right(seconds(entry.at.time_since_epoch()), 10) + "  " + text + "\n";
}

std::string timeline_text(const RunResult& result) {
  std::string text = "timeline\n";
  const std::size_t entries = result.timeline.size();
  for (std::size_t i = 0; i < entries; ++i) {
    if (entries > kTimelineShown && i == kTimelineShown / 2) {
      const std::size_t skipped = entries - kTimelineShown;
      text += "              ... " + std::to_string(skipped) + " more; --json shows all\n";
      i += skipped;
    }
    text += timeline_line(result.timeline[i]);
  }
  return text;
}

std::string operations_text(const RunResult& result) {
  std::string text = "operations        begun        ok      fail   unknown\n";
  const auto line = [&](std::string_view what, const Outcomes& outcomes) {
    text += "  " + column(std::string(what), 12) + right(thousands(outcomes.begun), 9) +
            right(thousands(outcomes.ok), 10) + right(thousands(outcomes.fail), 10) +
            right(thousands(outcomes.unknown), 10) + "\n";
  };
  for (std::size_t kind = 0; kind < kOperationKinds; ++kind) {
    if (result.outcomes[kind].begun != 0) line(name(static_cast<OperationKind>(kind)), result.outcomes[kind]);
  }
  line("all", result.total());
  if (result.operations_refused != 0)
    text += "  not begun   " + thousands(result.operations_refused) +
            ": the client had as many under way as it may\n";
  if (result.latencies.empty()) return text + "  latency     -: none was answered\n";
  text += "  latency     p50 " + milliseconds(result.latencies.p50()) + ", p99 " +
          milliseconds(result.latencies.p99()) + ", max " + milliseconds(result.latencies.max()) +
          "; longest silence " + milliseconds(result.silence) + "\n";
  for (const PhaseResult& phase : result.phases) {
    if (phase.name.empty()) continue;
    text += "  phase " + phase.name + ": " + thousands(phase.total().ok) + " of " +
            thousands(phase.total().begun) + " ok, p50 " + milliseconds(phase.latencies.p50()) + ", p99 " +
            milliseconds(phase.latencies.p99()) + "\n";
  }
  return text;
}

std::string messages_text(const RunResult& result) {
  const auto traffic = [](const Traffic& t) {
    return thousands(t.sent) + " sent, " + thousands(t.delivered) + " delivered, " + thousands(t.lost) +
           " lost, " + thousands(t.duplicated) + " doubled, " + thousands(t.corrupted) + " damaged\n";
  };
  return "messages\n  between replicas  " + traffic(result.stage.replicas) + "  with clients      " +
         traffic(result.stage.clients);
}

std::string counters_text(const RunResult& result) {
  std::string text = "counted\n ";
  for (std::size_t i = 0; i < kCounterNames.size(); ++i) {
    if (result.counters[i] == 0) continue;
    text += " " + std::string(kCounterNames[i]) + " " + thousands(result.counters[i]) + ";";
  }
  if (text.back() == ';') text.back() = '\n';
  return text;
}

std::string_view tier_name(CourseTier tier) {
  static constexpr std::array<std::string_view, 4> kNames = {"bonus", "full", "partial", "none"};
  return kNames[static_cast<std::size_t>(tier)];
}

std::string course_text(const CourseResult& course) {
  const CourseStatistics& s = course.statistics;
  std::string text = "course\n";
  text += "  messages " + thousands(s.total_msgs) + "; gets " + thousands(s.gets_answered) + " of " +
          thousands(s.gets) + " answered; puts " + thousands(s.puts_answered) + " of " + thousands(s.puts) +
          "; incorrect " + thousands(s.incorrect) + "; failures " + thousands(s.failures) + "; duplicates " +
          thousands(s.duplicates) + " (second answers go unseen); median latency " +
          milliseconds(s.median_latency) + "\n";
  for (const CourseCheck& check : course.checks) {
    text += "  " + column(check.passed ? "pass" : "FAIL", 6) + check.name + ": " + check.text + "\n";
  }
  if (!course.passed) return text;
  static constexpr std::array<std::string_view, 4> kMetrics = {"messages", "failures", "duplicates",
                                                               "latency"};
  text += "  grades:";
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    text += " " + std::string(kMetrics[i]) + " " + std::string(tier_name(course.tiers[i])) +
            (i + 1 < kMetrics.size() ? "," : "\n");
  }
  return text;
}

std::string findings_text(const RunReport& report) {
  std::string text;
  for (const Finding& finding : report.result.findings) {
    text += "FINDING " + std::string(finding.oracle) + ", at " + seconds(finding.at.time_since_epoch());
    if (!finding.replicas.empty()) text += ", " + names(finding.replicas);
    text += ": " + finding.text + "\n";
    for (const std::size_t place : finding.operations) {
      if (place < report.history.size()) text += "    " + describe(report.history[place]) + "\n";
    }
  }
  return text;
}

bool liveness_asked(const RunResult& result) {
  return std::ranges::any_of(result.timeline,
                             [](const TimelineEntry& entry) { return entry.kind == TimelineKind::liveness; });
}

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string_view verdict_name(RunVerdict verdict) {
  static constexpr std::array<std::string_view, 3> kNames = {"PASS", "FINDING", "UNDECIDED"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string time_text(const RunReport& report) {
  if (report.live != nullptr)
    return "time      " + seconds(report.result.ended.time_since_epoch()) +
           ", real; at the worst something happened " + milliseconds(report.live->latest) +
           " after its time\n";
  const double virtual_seconds = static_cast<double>(report.result.ended.time_since_epoch().count()) / 1e9;
  std::string text = "time      " + fixed(virtual_seconds, 1) + " s virtual";
  if (report.real_seconds <= 0) return text + "\n";
  const double rate = static_cast<double>(report.result.total().begun) / std::max(virtual_seconds, 1e-9);
  return text + " in " + fixed(report.real_seconds * 1e3, 1) + " ms: " +
         thousands(static_cast<std::uint64_t>(std::llround(virtual_seconds / report.real_seconds))) +
         " times real time at " + fixed(rate, 0) + " operations/s\n";
}

// What was looked for on the way, and where.
std::string oracles_text(const RunReport& report) {
  if (report.live == nullptr)
    return "safety on each step, exactly-once, durability, bounds, assertions, storms: ";
  const std::size_t keys = report.live->keys_read_back;
  return "exactly-once, " +
         (keys == 0 ? "" : "durability (" + thousands(keys) + " keys read back at the end), ") +
         "election safety by packets, crashes: ";
}

std::string checks_text(const RunReport& report) {
  const RunResult& result = report.result;
  const auto others = std::ranges::count_if(result.findings, [](const Finding& finding) {
    return finding.oracle != oracle::kLinearizability && finding.oracle != oracle::kLiveness &&
           finding.oracle != oracle::kExpectation;
  });
  std::string text = "checks    " + check_text(report.history, result.linearizable);
  text += "          " + oracles_text(report) +
          (others == 0 ? std::string("nothing found\n") : std::to_string(others) + " found\n");
  text += "          liveness: " +
          (result.liveness_reached ? "all answered by " + seconds(result.liveness_reached->time_since_epoch())
           : liveness_asked(result) ? std::string("NOT reached")
                                    : std::string("not asked for")) +
          "\n";
  if (report.live == nullptr) return text;
  for (const std::string& note : report.live->notes) text += "          " + note + "\n";
  if (!report.live->folder.empty())
    text += "          data and logs are kept in " + report.live->folder + "\n";
  return text;
}

}  // namespace

std::string repeat_command(const RunReport& report) {
  return (report.live != nullptr ? "tools/sim live " : "tools/sim run ") + shell_word(report.file) +
         " --seed " + std::to_string(report.seed);
}

std::string verdict_text(std::size_t operations, const CheckResult& result) {
  const std::string text = thousands(operations) + " operations, " + thousands(result.components) +
                           " independent groups of keys, " + thousands(result.searched) + " searched in " +
                           thousands(result.steps) + " steps: ";
  switch (result.verdict) {
    case Verdict::linearizable:
      return text + "linearizable\n";
    case Verdict::undecided:
      return text + "UNDECIDED: " + result.reason + "\n";
    case Verdict::violation:
      break;
  }
  return text + "NOT linearizable: " + result.reason + "\n";
}

std::string check_text(const History& history, const CheckResult& result) {
  std::string text = verdict_text(history.size(), result);
  if (result.verdict != Verdict::violation) return text;
  for (const std::size_t place : result.witnesses) {
    if (place < history.size()) text += "    " + describe(history[place]) + "\n";
  }
  return text;
}

std::string report_text(const RunReport& report) {
  const RunResult& result = report.result;
  std::string text = report.file + (report.live != nullptr ? ", on real processes" : "") + ", seed " +
                     std::to_string(report.seed) + ": " + std::to_string(report.scenario.cluster.replicas) +
                     " replicas, " + std::to_string(report.scenario.clients.count) + " clients\n";
  if (!report.scenario.about.empty()) text += report.scenario.about + "\n";
  text += "\n" + timeline_text(result) + "\n" + operations_text(result) + "\n" + messages_text(result) +
          "\n" + counters_text(result) + "\n";
  if (result.course) text += course_text(*result.course) + "\n";
  text += checks_text(report);
  if (report.live == nullptr) text += "digest    " + hex(result.digest) + "\n";
  text += time_text(report) + "\n";
  text += findings_text(report) + std::string(verdict_name(result.verdict)) + "\n";
  if (result.verdict != RunVerdict::pass) text += "repeat with: " + repeat_command(report) + "\n";
  return text;
}

std::string report_briefly(const RunReport& report) {
  std::string text = report.file + ", seed " + std::to_string(report.seed) + ": " +
                     std::string(verdict_name(report.result.verdict)) + "\n" + findings_text(report);
  if (report.result.verdict == RunVerdict::undecided) {
    text += "undecided: " + report.result.linearizable.reason + "\n";
  }
  if (report.live != nullptr && !report.live->folder.empty())
    text += "data and logs are kept in " + report.live->folder + "\n";
  return text + "repeat with: " + repeat_command(report) + "\n";
}

std::string digest_line(const RunReport& report) {
  return report.scenario.name + " " + std::to_string(report.seed) + " " + hex(report.result.digest);
}

}  // namespace norn::sim
