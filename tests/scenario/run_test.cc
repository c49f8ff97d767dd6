// Runs from end to end: the same seed is the same run, a copy made at any instant goes on alike, and what a
// scenario asks for is judged.
#include "sim/scenario/run.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <memory>

#include "sim/scenario/parse.h"

#include "tests/source_folder.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

Delay between(Duration low, Duration high) { return {Delay::Shape::uniform, low, high, {}, {}}; }

std::shared_ptr<Scenario> calm() {
  auto scenario = std::make_shared<Scenario>();
  scenario->duration = 3s;
  scenario->clients.rate = 40;
  scenario->clients.keys.count = 5;
  return scenario;
}

Nemesis nemesis(ActionKind kind, Target::Kind target, Trigger on) {
  Nemesis made;
  made.action.kind = kind;
  made.action.target.kind = target;
  made.on = on;
  made.every = between(300ms, 900ms);
  made.lasts = between(50ms, 500ms);
  return made;
}

// Everything at once, different for each number.
std::shared_ptr<Scenario> stormy(std::uint32_t number) {
  auto scenario = calm();
  scenario->cluster.replicas = static_cast<std::uint8_t>(3 + number % 3);
  scenario->cluster.compact_after_bytes = 300;
  scenario->cluster.keep_bytes = 100;
  scenario->clients.mix = {20, 20, 5, 10, 10, 10, 5, 5};
  if (number % 2 == 1) scenario->clients.think = between(0ms, 100ms);
  scenario->network.drop = {20'000};
  scenario->network.duplicate = {20'000};
  scenario->network.reorder = {50'000};
  scenario->network.corrupt = {2'000};
  scenario->disk.torn_damage = {200'000};
  scenario->nemeses = {nemesis(ActionKind::partition, Target::Kind::minority_with_leader, Trigger::timer),
                       nemesis(ActionKind::kill, Target::Kind::random, Trigger::timer),
                       nemesis(ActionKind::pause, Target::Kind::random, Trigger::timer),
                       nemesis(ActionKind::kill, Target::Kind::subject, Trigger::vote_granted),
                       nemesis(ActionKind::pause, Target::Kind::subject, Trigger::leader_elected)};
  scenario->nemeses[3].chance = {100'000};
  scenario->nemeses[4].after = between(0ms, 20ms);
  scenario->phases = {{1s, "busier", 80, {}, {}, {}, {}}};
  if (number % 2 == 1) scenario->phases.front().rate.reset();
  scenario->phases.front().network.drop = Ratio{50'000};
  return scenario;
}

std::string text_of(const RunResult& result) {
  std::string text;
  for (const Finding& finding : result.findings)
    text += std::string(finding.oracle) + ": " + finding.text + "\n";
  return text;
}

}  // namespace

TEST_CASE("a calm cluster answers everything") {
  Run run(calm(), 1);
  const RunResult& result = run.finish();
  INFO(text_of(result));
  CHECK(result.verdict == RunVerdict::pass);
  CHECK(result.total().ok == 100);  // 40 a second, from 0.5 s to 3 s
  CHECK(result.total().begun == 100);
  CHECK(count_of(result.counters, Counter::leaders) == 1);
  CHECK(result.liveness_reached);
  CHECK(result.latencies.p50() > Duration{});
  CHECK(result.latencies.p50() <= result.latencies.p99());
  CHECK(result.phases.size() == 1);
  CHECK(result.timeline.front().kind == TimelineKind::leader);
}

TEST_CASE("the same seed is the same run, and another seed is another") {
  const auto scenario = stormy(1);
  Run one(scenario, 5);
  Run two(scenario, 5);
  Run other(scenario, 6);
  CHECK(one.finish().digest == two.finish().digest);
  CHECK(one.finish().digest != other.finish().digest);
  CHECK(one.finish().timeline == two.finish().timeline);
}

TEST_CASE("a stormy cluster makes no mistake") {
  for (std::uint32_t number = 0; number < 12; ++number) {
    Run run(stormy(number), number);
    const RunResult& result = run.finish();
    INFO("scenario ", number, ": ", text_of(result));
    CHECK(result.verdict == RunVerdict::pass);
    CHECK(count_of(result.counters, Counter::kills) > 0);
    CHECK(count_of(result.counters, Counter::pauses) > 0);
    CHECK(count_of(result.counters, Counter::partitions) > 0);
    CHECK(count_of(result.counters, Counter::snapshots_taken) > 0);
    CHECK(result.phases.size() == 2);
  }
}

TEST_CASE("a copy made at any instant runs on to the same digest") {
  for (const std::uint32_t number : {0u, 1u, 2u}) {
    const auto scenario = stormy(number);
    Run original(scenario, number);
    std::vector<Run> copies;
    Rng rng(number);
    std::uint64_t next = rng.between(0, 100);
    for (std::uint64_t steps = 0; original.step(); ++steps) {
      if (steps != next || copies.size() == 20) continue;
      copies.push_back(original);
      next += rng.between(1, 200);
    }
    CHECK(copies.size() >= 10);
    for (Run& copy : copies) {
      copy.run_to_end();
      CHECK(copy.digest() == original.digest());
      CHECK(copy.now() == original.now());
      CHECK(copy.timeline() == original.timeline());
    }
  }
}

TEST_CASE("whichever oracles look, the world goes the same way") {
  constexpr bool Oracles::*kAll[] = {&Oracles::expectations,   &Oracles::safety, &Oracles::durability,
                                     &Oracles::liveness,       &Oracles::bounds, &Oracles::exactly_once,
                                     &Oracles::linearizability};
  const auto play = [](std::uint32_t number, const Oracles& oracles, std::uint64_t steps_max) {
    Run run(stormy(number), number, {.oracles = oracles});
    std::uint64_t steps = 0;
    while (steps < steps_max && run.step()) ++steps;
    // With the liveness oracle it ends by itself, as early as with all.
    CHECK((!oracles.liveness || run.over()));
    run.cut_short();
    return std::pair(steps, run.finish().digest);
  };
  for (const std::uint32_t number : {0u, 1u, 2u}) {
    const auto with_all = play(number, {}, ~std::uint64_t{0});
    for (std::uint32_t set = 0; set < 1u << std::size(kAll); ++set) {
      Oracles oracles;
      for (std::size_t i = 0; i < std::size(kAll); ++i) oracles.*kAll[i] = (set >> i & 1) != 0;
      if (set % 16 != 0 && set % 7 != 0) continue;
      INFO("scenario ", number, ", oracles ", set);
      CHECK(play(number, oracles, with_all.first + (oracles.liveness ? 1 : 0)) == with_all);
    }
  }
}

TEST_CASE("an oracle that is off finds nothing, and takes nothing from the others") {
  auto scenario = calm();
  scenario->clients.deadline = 10s;
  scenario->liveness.within = 1s;
  scenario->disk.sync = between(2s, 2s);
  scenario->expect.silence_max = 1ns;
  const auto found = [&](const Oracles& oracles) {
    Run run(scenario, 1, {.oracles = oracles});
    while (run.now() < Time(5s) && run.step()) {
    }
    std::vector<std::string_view> names;
    if (!oracles.liveness) run.cut_short();
    for (const Finding& finding : run.finish().findings) names.push_back(finding.oracle);
    return std::pair(std::ranges::count(names, oracle::kLiveness),
                     std::ranges::count(names, oracle::kExpectation));
  };
  const auto all = found({});
  CHECK(all.first > 0);
  CHECK(all.second == 1);
  CHECK(found({.liveness = false}) == std::pair(decltype(all.first){0}, all.second));
  CHECK(found({.expectations = false}) == std::pair(all.first, decltype(all.second){0}));
}

TEST_CASE("a cluster that does not answer in time is not live") {
  auto scenario = calm();
  scenario->clients.deadline = 10s;
  scenario->liveness.within = 1s;
  scenario->disk.sync = between(2s, 2s);  // slower than anybody waits
  Run run(scenario, 1);
  const RunResult& result = run.finish();
  CHECK(result.verdict == RunVerdict::finding);
  CHECK(std::ranges::count(result.findings, oracle::kLiveness, &Finding::oracle) >= 1);
}

TEST_CASE("expectations that do not hold are findings, and those that do are none") {
  auto scenario = calm();
  scenario->expect.bounds = {{Counter::answered, 100, 100}, {Counter::kills, 1, {}}};
  scenario->expect.silence_max = 1ns;
  scenario->expect.answered_share_min = Ratio{kPpm};
  Run run(scenario, 1);
  const RunResult& result = run.finish();
  REQUIRE(result.findings.size() == 2);
  for (const Finding& finding : result.findings) CHECK(finding.oracle == oracle::kExpectation);
}

TEST_CASE("a storm of events is a finding and ends the run") {
  auto scenario = calm();
  scenario->steps_max = 500;
  Run run(scenario, 1);
  const RunResult& result = run.finish();
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings.front().oracle == oracle::kStorm);
}

TEST_CASE("a run that is cut short is judged as it stands") {
  Run run(calm(), 1);
  while (run.now() < Time(1s)) REQUIRE(run.step());
  run.cut_short();
  CHECK(!run.step());
  const RunResult& result = run.finish();
  CHECK(result.findings.empty());
  CHECK(result.ended < Time(2s));
}

TEST_CASE("a violation of linearizability is found at the response that makes it certain") {
  auto parsed = read_scenario(source_folder() + "/scenarios/clock_drift_beyond_the_bound.json");
  const auto scenario = std::make_shared<Scenario>(std::get<Scenario>(std::move(parsed)));
  scenario->expect.linearizable = true;
  std::size_t found = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Run run(scenario, seed);
    while (run.findings().empty() && run.step()) {
    }
    if (run.findings().empty()) continue;
    ++found;
    const Finding finding = run.findings().front();
    CHECK(finding.oracle == oracle::kLinearizability);
    CHECK(finding.at < run.now());
    CHECK(std::ranges::count(run.history(), finding.at, &Operation::back) == 1);
    CHECK(!finding.operations.empty());
    const RunResult& result = run.finish();
    CHECK(result.findings.front() == finding);
    CHECK(result.ended > finding.at + 1s);
    CHECK(check_linearizable(run.history()).verdict == Verdict::violation);
  }
  CHECK(found > 0);
}

TEST_CASE("leaving out one nemesis does not move the draws of another") {
  const auto faults_of_kills = [](bool with_pauses) {
    auto scenario = calm();
    scenario->clients.rate = 0;
    scenario->nemeses = {nemesis(ActionKind::kill, Target::Kind::ids, Trigger::timer)};
    scenario->nemeses.front().action.target.ids = {{1}};
    if (with_pauses) {
      Nemesis pause = nemesis(ActionKind::pause, Target::Kind::random, Trigger::timer);
      scenario->nemeses.insert(scenario->nemeses.begin(), pause);
    }
    Run run(scenario, 3);
    std::vector<Time> times;
    for (const TimelineEntry& entry : run.finish().timeline) {
      if (entry.kind == TimelineKind::fault && entry.text.starts_with("kill")) times.push_back(entry.at);
    }
    return times;
  };
  CHECK(!faults_of_kills(false).empty());
  CHECK(faults_of_kills(false) == faults_of_kills(true));
}

TEST_CASE("a course configuration is graded") {
  CourseConfig course;
  course.lifetime = 10s;
  course.requests = 400;
  course.mix = {200'000};
  course.events = {{CourseEventKind::kill_leader, 2s}};
  course.total_msgs = {1, 100'000, 200'000};
  course.failures = {1, 2, 3};
  course.duplicates = {0, 2, 5};
  course.median_latency = {1ns, 1s, 2s};
  Run run(std::make_shared<Scenario>(course_scenario(course)), 1);
  const RunResult& result = run.finish();
  INFO(text_of(result));
  REQUIRE(result.course);
  CHECK(result.course->statistics.gets + result.course->statistics.puts == 400);
  CHECK(result.course->statistics.incorrect == 0);
  for (const CourseCheck& check : result.course->checks) {
    INFO(check.name, ": ", check.text);
    CHECK(check.passed);
  }
  using enum CourseTier;
  CHECK(result.course->tiers == std::array{full, bonus, full, full});
  CHECK(count_of(result.counters, Counter::kills) == 1);
}

TEST_CASE("what the course's checks ask for is needed") {
  CourseConfig course;
  course.requests = 100;
  course.mix = {200'000};
  CourseStatistics good;
  good.gets = good.gets_answered = 20;
  good.puts = good.puts_answered = 80;
  good.total_msgs = 200;  // 100 requests x 5 replicas x 0.8 x 0.5
  CHECK(grade(course, good).passed);
  const auto fails = [&](auto change, std::size_t check) {
    CourseStatistics s = good;
    change(s);
    const CourseResult result = grade(course, s);
    return !result.passed && !result.checks[check].passed;
  };
  CHECK(fails([](CourseStatistics& s) { s.incorrect = 1; }, 0));
  CHECK(fails([](CourseStatistics& s) { s.died = 1; }, 1));
  CHECK(fails([](CourseStatistics& s) { s.puts_answered = 0; }, 2));
  CHECK(fails([](CourseStatistics& s) { s.gets_answered = 9; }, 3));
  CHECK(fails([](CourseStatistics& s) { s.puts_answered = 39; }, 4));
  CHECK(fails([](CourseStatistics& s) { s.gets_not_generated = 3; }, 5));
  CHECK(fails([](CourseStatistics& s) { s.total_msgs = 199; }, 6));
}

}  // namespace norn::sim
