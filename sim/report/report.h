// What a run came to, for people and for programs: a report of one run, one line for each of many, and the
// totals of a campaign. Every finding comes with the command that repeats it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/report/campaign.h"
#include "sim/scenario/run_result.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

// What a run on real processes has besides.
struct LiveReport {
  std::vector<std::string> notes;  // what of the scenario was left out, and what was allowed beyond it
  std::size_t keys_read_back = 0;
  Duration latest{};   // the longest that anything happened after its time
  std::string folder;  // where data and logs are kept; empty: they are gone
};

struct RunReport {
  std::string file;
  const Scenario& scenario;
  std::uint64_t seed = 0;
  const RunResult& result;
  const History& history;            // empty: operations involved in a finding are not spelled out
  double real_seconds = 0;           // 0: not measured
  const LiveReport* live = nullptr;  // null: it was simulated
};

std::string repeat_command(const RunReport& report);
std::string report_text(const RunReport& report);     // the whole report, many lines
std::string report_briefly(const RunReport& report);  // a few lines: the verdict, the findings, the command
std::string report_json(const RunReport& report);     // one line
std::string digest_line(const RunReport& report);     // "scenario seed digest", the digest as 16 hex digits
std::string check_text(const History& history, const CheckResult& result);
std::string verdict_text(std::size_t operations, const CheckResult& result);  // the same, without witnesses
std::string progress_line(const CampaignProgress& progress);

// Adds up the runs of a campaign.
class CampaignTotals {
 public:
  void add(const RunReport& report);
  std::string text(const CampaignSummary& summary) const;

 private:
  std::uint64_t operations_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t datagrams_ = 0;
  double virtual_seconds_ = 0;
  std::vector<std::string> findings_;  // a command for each
  static constexpr std::size_t kFindingsShown = 20;
};

}  // namespace norn::sim
