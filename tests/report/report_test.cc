// What a run came to, in words and as JSON; and many runs on several threads, handed over in order.
#include "sim/report/report.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "sim/report/words.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<Scenario> quick() {
  auto scenario = std::make_shared<Scenario>();
  scenario->name = "quick";
  scenario->duration = 1s;
  scenario->clients.rate = 40;
  scenario->cluster.replicas = 3;
  return scenario;
}

std::shared_ptr<Scenario> never_met() {
  auto scenario = quick();
  scenario->name = "never_met";
  scenario->expect.bounds = {{Counter::kills, 1, std::nullopt}};
  return scenario;
}

struct Played {
  explicit Played(std::shared_ptr<const Scenario> scenario, std::uint64_t seed = 1) : run(scenario, seed) {
    run.finish();
  }
  RunReport report(const std::string& file = "quick.json") {
    return {file, run.scenario(), run.seed(), run.finish(), run.history(), 0.5};
  }
  Run run;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

using Ended = std::vector<std::pair<std::string, std::uint64_t>>;  // file and seed, as they were handed over

CampaignSummary play(const CampaignOptions& options, Ended& ended, std::size_t interrupted_after = SIZE_MAX) {
  CampaignHooks hooks;
  hooks.outcome = [&](const CampaignOutcome& outcome) {
    ended.emplace_back(outcome.scenario->file, outcome.seed);
  };
  hooks.interrupted = [&ended, interrupted_after] { return ended.size() >= interrupted_after; };
  return run_campaign(options, hooks);
}

}  // namespace

TEST_CASE("figures in words") {
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1000) == "1,000");
  CHECK(thousands(1234567) == "1,234,567");
  CHECK(seconds(12345678us) == "12.346 s");
  CHECK(milliseconds(810us) == "0.81 ms");
  CHECK(share(1, 8) == "12.5 %");
  CHECK(share(0, 0) == "-");
  CHECK(names({{1}, {3}}) == "r1, r3");
  CHECK(names({}) == "");
  CHECK(hex(0xabc) == "0000000000000abc");
}

TEST_CASE("an operation as a line") {
  Operation cas;
  cas.client = 4;
  cas.kind = OperationKind::compare_and_set;
  cas.outcome = Outcome::ok;
  cas.call = Time(1s);
  cas.back = Time(1500ms);
  cas.accesses = {{"k", "new", std::nullopt, "other", 7}};
  CHECK(describe(cas) ==
        "client 4: cas k absent -> 'new' = 'other' (not matched), called 1.000 s, ok 1.500 s");
  Operation get;
  get.accesses = {{"k", {}, {}, {}, 0}};
  CHECK(describe(get) == "client 0: get k, called 0.000 s, unanswered");
  get.outcome = Outcome::ok;
  get.back = Time(1s);
  CHECK(describe(get) == "client 0: get k = absent, called 0.000 s, ok 1.000 s");
}

TEST_CASE("the command that repeats a run is one that a shell takes") {
  Played played(quick(), 7);
  CHECK(repeat_command(played.report("scenarios/ring.json")) == "tools/sim run scenarios/ring.json --seed 7");
  CHECK(repeat_command(played.report("my $file's.json")) == "tools/sim run 'my $file'\\''s.json' --seed 7");
}

TEST_CASE("the digest line and the report agree on the digest") {
  Played played(quick(), 3);
  const std::string digest = hex(played.run.digest());
  CHECK(digest_line(played.report()) == "quick 3 " + digest);
  CHECK(has(report_text(played.report()), "\ndigest    " + digest + "\n"));
}

TEST_CASE("a run that passes says so at its end, and what was asked of it") {
  Played played(quick());
  const std::string text = report_text(played.report());
  CHECK(text.starts_with("quick.json, seed 1: 3 replicas, 8 clients\n"));
  CHECK(has(text, " leads term 1\n"));
  CHECK(has(text, ": linearizable\n"));
  CHECK(has(text, "storms: nothing found\n"));
  CHECK(has(text, "liveness: all answered by 1."));
  CHECK(text.ends_with("\nPASS\n"));
  CHECK(!has(text, "repeat with"));
}

TEST_CASE("a finding names the oracle, the time and the command, and is not laid at another oracle's door") {
  Played played(never_met());
  const std::string finding = "FINDING expectation, at " +
                              seconds(played.run.finish().ended.time_since_epoch()) +
                              ": kills: 0, at least 1 expected\n";
  const std::string text = report_text(played.report());
  CHECK(has(text, "storms: nothing found\n"));
  CHECK(text.ends_with(finding + "FINDING\nrepeat with: tools/sim run quick.json --seed 1\n"));
  CHECK(report_briefly(played.report()) ==
        "quick.json, seed 1: FINDING\n" + finding + "repeat with: tools/sim run quick.json --seed 1\n");
}

TEST_CASE("a report does not claim what was not asked or not seen") {
  auto scenario = quick();
  scenario->network.drop = {kPpm};
  scenario->expect.survivable = false;
  const std::string text = report_text(Played(scenario).report());
  CHECK(has(text, "latency     -: none was answered\n"));
  CHECK(has(text, "liveness: not asked for\n"));

  auto crowded = quick();
  crowded->clients.rate = 4000;
  crowded->clients.outstanding_max = 1;
  Played played(crowded);
  REQUIRE(played.run.finish().operations_refused != 0);
  CHECK(has(report_text(played.report()),
            "not begun   " + thousands(played.run.finish().operations_refused) + ": "));
}

TEST_CASE("an undecided check is told as such") {
  RunResult result;
  result.verdict = RunVerdict::undecided;
  result.linearizable.verdict = Verdict::undecided;
  result.linearizable.reason = "more than 9 steps are needed: keys \"k\"";
  const auto scenario = quick();
  const RunReport report{"quick.json", *scenario, 2, result, {}, 0};
  CHECK(report_briefly(report) ==
        "quick.json, seed 2: UNDECIDED\nundecided: more than 9 steps are needed: keys \"k\"\n"
        "repeat with: tools/sim run quick.json --seed 2\n");
  CHECK(has(report_text(report), "steps: UNDECIDED: more than 9 steps are needed"));
  CHECK(!has(report_text(report), "PASS"));
}

TEST_CASE("the report as JSON is one line, well-formed, and says what the text says") {
  auto scenario = never_met();
  scenario->name = "\"quoted\"\nname";
  Played played(scenario);
  const std::string line = report_json(played.report());
  CHECK(std::ranges::count(line, '\n') == 0);
  const auto json = nlohmann::json::parse(line);
  const RunResult& result = played.run.finish();
  CHECK(json["scenario"] == scenario->name);
  CHECK(json["verdict"] == "finding");
  CHECK(json["digest"] == hex(result.digest));
  CHECK(json["findings"].size() == 1);
  CHECK(json["findings"][0]["oracle"] == "expectation");
  CHECK(json["operations"]["all"]["begun"] == result.total().begun);
  CHECK(json["timeline"].size() == result.timeline.size());
  CHECK(json["counters"].size() == kCounterNames.size());
  CHECK(json["linearizability"]["verdict"] == "linearizable");
  CHECK(json["repeat"] == "tools/sim run quick.json --seed 1");
}

TEST_CASE("a campaign hands its runs over in order, whatever the number of threads") {
  CampaignOptions options;
  options.scenarios = {{"a.json", quick()}, {"b.json", never_met()}};
  options.seed_first = 5;
  options.seed_last = 12;
  for (const unsigned jobs : {1u, 5u}) {
    options.jobs = jobs;
    Ended ended;
    const CampaignSummary summary = play(options, ended);
    REQUIRE(ended.size() == 16);
    for (std::size_t i = 0; i < ended.size(); ++i) {
      CHECK(ended[i].first == (i < 8 ? "a.json" : "b.json"));
      CHECK(ended[i].second == 5 + i % 8);
    }
    CHECK(summary.progress.runs == 16);
    CHECK(summary.progress.finished == 16);
    CHECK(summary.passed == 8);
    CHECK(summary.progress.findings == 8);
    CHECK(!summary.interrupted);
  }
}

TEST_CASE("until_finding ends with the first finding in order, and counts nothing after it") {
  CampaignOptions options;
  options.scenarios = {{"a.json", quick()}, {"b.json", never_met()}, {"c.json", never_met()}};
  options.seed_last = 4;
  options.until_finding = true;
  for (const unsigned jobs : {1u, 5u}) {
    options.jobs = jobs;
    Ended ended;
    const CampaignSummary summary = play(options, ended);
    CHECK(ended.size() == 5);
    CHECK(ended.back() == std::pair<std::string, std::uint64_t>{"b.json", 1});
    CHECK(summary.progress.finished == 5);
    CHECK(summary.passed == 4);
    CHECK(summary.progress.findings == 1);
  }
}

TEST_CASE("an interrupted campaign finishes what is running, and says so") {
  CampaignOptions options;
  options.scenarios = {{"a.json", quick()}};
  options.seed_last = 100'000;
  options.jobs = 3;
  Ended ended;
  CampaignTotals totals;
  const CampaignSummary summary = play(options, ended, 5);
  CHECK(summary.interrupted);
  CHECK(ended.size() >= 5);
  CHECK(ended.size() < 1000);
  CHECK(summary.progress.finished == ended.size());
  CHECK(summary.passed == ended.size());
  CHECK(has(totals.text(summary), " of 100,000 seeds (interrupted) in "));
}

TEST_CASE("totals add up, and give a command for each finding") {
  Played good(quick());
  Played bad(never_met(), 2);
  CampaignTotals totals;
  totals.add(good.report());
  totals.add(bad.report());
  CampaignSummary summary;
  summary.progress = {2, 2, 1, 1.0};
  summary.passed = 1;
  const std::string text = totals.text(summary);
  CHECK(text.starts_with("2 of 2 seeds in 1.0 s: 1 passed, 1 findings, 0 undecided\n"));
  CHECK(has(text, thousands(good.run.finish().total().begun + bad.run.finish().total().begun) +
                      " operations (0.0 % of unknown outcome)"));
  CHECK(text.ends_with("  expectation           tools/sim run quick.json --seed 2\n"));
  CHECK(progress_line({30, 90, 1, 2.0}) == "30 of 90 seeds, 15.0 seeds/s, 4 s left, 1 findings");
}

}  // namespace norn::sim
