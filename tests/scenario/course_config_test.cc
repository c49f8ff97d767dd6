// Course configurations are taken as they are, and become scenarios.
#include "sim/scenario/course_config.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "sim/scenario/parse.h"

#include "tests/source_folder.h"

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

const std::string kTests =
    R"("tests": {"benchmarks": {"total_msgs": [1, 2, 3], "failures": [0, 1, 2], "duplicates": [0, 0, 0],
       "median_latency": [0.00015, 0.005, 0.05]}})";

std::string error_of(const std::string& text) {
  const auto result = parse_scenario(text, "c.json");
  const auto* error = std::get_if<ParseError>(&result);
  return error ? error->line() : "accepted";
}

Scenario read_course(const std::string& name) {
  const auto result = read_scenario(source_folder() + "/scenarios/course/" + name + ".json");
  const auto* error = std::get_if<ParseError>(&result);
  REQUIRE_MESSAGE(!error, error->line());
  return std::get<Scenario>(result);
}

TEST_CASE("all seventeen configurations of the course parse, and come back from being written") {
  const std::vector<std::string> names = {
      "simple-1",    "simple-2",   "unreliable-1", "unreliable-2", "unreliable-3", "crash-1",
      "crash-2",     "crash-3",    "crash-4",      "partition-1",  "partition-2",  "partition-3",
      "partition-4", "advanced-1", "advanced-2",   "advanced-3",   "advanced-4"};
  for (const std::string& name : names) {
    const Scenario scenario = read_course(name);
    CHECK(scenario.name == name);
    REQUIRE(scenario.course);
    CHECK(scenario.course->lifetime == 30s);
    const auto again = parse_scenario(to_json(scenario), "again.json");
    REQUIRE(std::holds_alternative<Scenario>(again));
    CHECK(std::get<Scenario>(again) == scenario);
  }
}

TEST_CASE("a configuration becomes a scenario with the same times, load and faults") {
  const Scenario s = read_course("advanced-2");
  CHECK(s.duration == 40s);  // 5 + 30 + 5
  CHECK(s.clients.count == 8);
  CHECK(s.clients.start == 5s);
  CHECK(s.clients.stop == 35s);
  CHECK(s.clients.per / s.clients.rate == 100ms);
  CHECK(s.clients.mix.get == 200'000);
  CHECK(s.clients.mix.put == 800'000);
  CHECK(s.network.drop.ppm == 150'000);
  CHECK(s.client_network.drop.ppm == 0);
  REQUIRE(s.events.size() == 2);
  CHECK(s.events[1].at == 21s);
  CHECK(s.events[1].action.kind == ActionKind::kill);
  CHECK(s.events[1].action.target.kind == Target::Kind::leader);
  CHECK(s.course->median_latency == Tiers<Duration>{150us, 5ms, 50ms});
  CHECK(s.course->failures == Tiers<std::uint64_t>{1, 10, 100});
}

TEST_CASE("a partition takes the place of the one before it, and cuts off a minority") {
  const Scenario easy = read_course("partition-2");
  REQUIRE(easy.events.size() == 6);
  CHECK(easy.events[0].action.kind == ActionKind::heal);
  CHECK(easy.events[1].action.kind == ActionKind::partition);
  CHECK(easy.events[1].at == 10s);
  CHECK(easy.events[1].action.target.kind == Target::Kind::minority);
  CHECK_FALSE(easy.events[1].action.clients);
  CHECK(easy.events[2].action.kind == ActionKind::heal);
  CHECK(easy.events[2].at == 15s);
  CHECK(read_course("partition-3").events[1].action.target.kind == Target::Kind::any_minority);
}

TEST_CASE("what the course ignores is ignored, and what it asks by default holds") {
  const auto result = parse_scenario(R"({"lifetime": 10, "replicas": 3, "requests": 7, "wait": 2, "seed": 99,
      "maximum_get_generation_fail_fraction": 0.2, )" +
                                         kTests + "}",
                                     "c.json");
  REQUIRE(std::holds_alternative<Scenario>(result));
  const CourseConfig& course = *std::get<Scenario>(result).course;
  CHECK(course.get_generation_fail_max.ppm == 100'000);
  CHECK(course.mix.ppm == 800'000);
  CHECK(course.max_packets == 20'000);
  CHECK(course.start_wait == 5s);
  CHECK(course.end_wait == 2s);
}

TEST_CASE("a mistake in a configuration is one line, too") {
  const auto with = [](const std::string& more) {
    return error_of(R"({"lifetime": 10, )" + more + kTests + "}");
  };
  const std::string size = R"("replicas": 5, "requests": 9, )";
  CHECK(with(size) == "accepted");
  CHECK(with("") == "c.json: replicas: is missing");
  CHECK(error_of(R"({"lifetime": 4})") == "c.json: lifetime: 4 is not between 5 and 21600 seconds");
  CHECK(error_of(R"({"lifetime": "10s"})") == "c.json: lifetime: \"10s\" is not a number of seconds");
  CHECK(with(R"("replicas": 2, )") == "c.json: replicas: 2 is not a whole number in 3..21");
  CHECK(with(size + R"("drops": 1.5, )") == "c.json: drops: 1.5 is not a probability");
  CHECK(
      with(size + R"("drop": 0.5, )").starts_with("c.json: drop: is not a known key; known are lifetime, "));
  CHECK(with(size + R"("events": [{"type": "kill_leader"}], )") == "c.json: events[0].time: is missing");
  CHECK(with(size + R"("events": [{"type": "kill", "time": 1}], )") ==
        "c.json: events[0].type: \"kill\" is not one of kill_leader, kill_non_leader, part_easy, part_hard, "
        "part_end");
  CHECK(with(size + R"("events": [{"type": "part_end", "time": 11}], )") ==
        "c.json: events[0].time: 11s is after the lifetime (10s)");
  CHECK(error_of(R"({"lifetime": 10, "replicas": 5, "requests": 9})") == "c.json: tests: is missing");
  CHECK(
      error_of(
          R"({"lifetime": 10, "replicas": 5, "requests": 9, "tests": {"benchmarks": {"total_msgs": [1, 2]}}})") ==
      "c.json: tests.benchmarks.total_msgs: a list is not a list of 3");
  CHECK(
      error_of(
          R"({"lifetime": 10, "replicas": 5, "requests": 9, "tests": {"benchmarks": {"total_msgs": [3, 2, 1],
      "failures": [0, 1, 2], "duplicates": [0, 0, 0], "median_latency": [0.1, 0.2, 0.3]}}})") ==
      "c.json: tests.benchmarks.total_msgs: thresholds are not ascending");
}

}  // namespace
}  // namespace norn::sim
