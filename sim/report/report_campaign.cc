// What many runs add up to.
#include <algorithm>
#include <cmath>

#include "sim/report/report.h"
#include "sim/report/words.h"

namespace norn::sim {

std::string progress_line(const CampaignProgress& progress) {
  const double rate = static_cast<double>(progress.finished) / std::max(progress.seconds, 1e-9);
  const double left = static_cast<double>(progress.runs - progress.finished) / std::max(rate, 1e-9);
  return thousands(progress.finished) + " of " + thousands(progress.runs) + " seeds, " + fixed(rate, 1) +
         " seeds/s, " + fixed(left, 0) + " s left, " + thousands(progress.findings) + " findings";
}

void CampaignTotals::add(const RunReport& report) {
  const RunResult& result = report.result;
  const Outcomes total = result.total();
  operations_ += total.begun;
  unknown_ += total.unknown;
  events_ += result.stage.events;
  datagrams_ += result.stage.replicas.delivered + result.stage.clients.delivered;
  virtual_seconds_ += static_cast<double>(result.ended.time_since_epoch().count()) / 1e9;
  if (result.verdict == RunVerdict::finding) {
    findings_.push_back(column(std::string(result.findings.front().oracle), 22) + repeat_command(report));
  }
}

std::string CampaignTotals::text(const CampaignSummary& summary) const {
  const double real = std::max(summary.progress.seconds, 1e-9);
  std::string text = thousands(summary.progress.finished) + " of " + thousands(summary.progress.runs) +
                     " seeds" + (summary.interrupted ? " (interrupted)" : "") + " in " + fixed(real, 1) +
                     " s: " + thousands(summary.passed) + " passed, " + thousands(summary.progress.findings) +
                     " findings, " + thousands(summary.undecided) + " undecided\n";
  const auto per_second = [&](double what) {
    return thousands(static_cast<std::uint64_t>(std::llround(what / real)));
  };
  text += thousands(operations_) + " operations (" + share(unknown_, operations_) + " of unknown outcome), " +
          thousands(events_) + " events, " + thousands(datagrams_) + " datagrams; " +
          per_second(static_cast<double>(events_)) + " events/s, " + per_second(virtual_seconds_) +
          " times real time\n";
  const std::size_t shown = std::min(findings_.size(), kFindingsShown);
  for (std::size_t i = 0; i < shown; ++i) text += "  " + findings_[i] + "\n";
  if (findings_.size() > shown) text += "  ... and " + thousands(findings_.size() - shown) + " more\n";
  return text;
}

}  // namespace norn::sim
