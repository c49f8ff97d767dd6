// Scenario files: what is accepted, what comes back from being written, and that nothing crashes the reader.
// The table of mistakes is parse_mistakes_test.cc.
#include "sim/scenario/parse.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "replica/base/rng.h"
#include "replica/raft/raft.h"

#include "sim/scenario/json.h"
#include "sim/scenario/validate.h"

#include "tests/source_folder.h"

namespace norn::sim {
namespace {

const std::string kFolder = source_folder() + "/scenarios";

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The README's example: its only block of JSON.
std::string example() {
  const std::string readme = text_of(kFolder + "/README.md");
  const std::size_t start = readme.find("```json\n");
  REQUIRE(start != readme.npos);
  return readme.substr(start + 8, readme.find("```\n", start + 8) - start - 8);
}

std::vector<std::string> shipped(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

std::string error_of(std::string_view text) {
  const auto result = parse_scenario(text, "x.json");
  const auto* error = std::get_if<ParseError>(&result);
  return error ? error->line() : "accepted";
}

Scenario parsed(std::string_view text) {
  const auto result = parse_scenario(text, "x.json");
  const auto* error = std::get_if<ParseError>(&result);
  REQUIRE_MESSAGE(!error, error->line());
  return std::get<Scenario>(result);
}

// Every key, as a path without the places in lists.
void collect_keys(const JsonValue& value, const std::string& path, std::vector<std::string>& keys) {
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const bool object = value.type == JsonValue::Type::object;
    const std::string inner = object ? member_path(path, value.keys[i]) : path;
    if (object) keys.push_back(inner);
    collect_keys(value.items[i], inner, keys);
  }
}

std::vector<std::string> keys_of(std::string_view text) {
  std::vector<std::string> keys;
  const auto tree = parse_json(text);
  REQUIRE(std::holds_alternative<JsonValue>(tree));
  collect_keys(std::get<JsonValue>(tree), "", keys);
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

TEST_CASE("the complete example of the README parses, and every key of it says something") {
  const std::string text = example();
  const Scenario scenario = parsed(text);
  // Nearly nothing in it is as by default, so whatever was read is written again. The exceptions stand there
  // to be seen.
  const std::vector<std::string> defaults = {"cluster.replicas", "clients.mix.put", "events.target",
                                             "events.to"};
  const auto without_defaults = [&](std::vector<std::string> keys) {
    std::erase_if(keys, [&](const std::string& key) { return std::ranges::count(defaults, key) != 0; });
    return keys;
  };
  const std::vector<std::string> expected = without_defaults(keys_of(text));
  const std::vector<std::string> written = without_defaults(keys_of(to_json(scenario)));
  std::vector<std::string> lost;
  std::ranges::set_difference(expected, written, std::back_inserter(lost));
  for (const std::string& key : lost) CHECK_MESSAGE(false, key);
  CHECK(written == expected);
}

TEST_CASE("a scenario that is written out parses to an equal one") {
  const std::vector<std::string> texts = {
      example(),
      R"({"duration": "1s"})",
      R"({"duration": "1.5min", "clients": {"think": {"exponential": {"mean": "3ms"}}}})",
      R"({"duration": "1s", "phases": [{"at": "1ms", "name": "\"\u00e9\u0001", "rate": 0}]})",
      R"({"duration": "1s", "about": "1e-6 is one in a million", "network": {"drop": 1e-6, "delay": "1ns"}})",
      R"({"duration": "1s", "expect": {"counts": {"unknown": {"min": 0}, "leaders": {"max": 0}}}})",
  };
  for (const std::string& text : texts) {
    const Scenario scenario = parsed(text);
    CHECK(parsed(to_json(scenario)) == scenario);
    CHECK(to_json(parsed(to_json(scenario))) == to_json(scenario));
  }
}

TEST_CASE("what a file leaves out is as the replica itself would have it") {
  const Cluster cluster = parsed(R"({"duration": "1s"})").cluster;
  const raft::Config config;
  CHECK(cluster.election_timeout_min == config.election_timeout_min);
  CHECK(cluster.election_timeout_max == config.election_timeout_max);
  CHECK(cluster.heartbeat_interval == config.heartbeat_interval);
  CHECK(cluster.pre_vote == config.pre_vote);
  CHECK(cluster.check_quorum == config.check_quorum);
  CHECK(cluster.reads == config.read_mode);
  CHECK(cluster.clock_drift_max == config.clock_drift_max);
  CHECK(cluster.append_size_max == config.append_size_max);
  CHECK(cluster.inflight_size_max == config.inflight_size_max);
  CHECK(cluster.snapshot_chunk_size == config.snapshot_chunk_size);
  CHECK(cluster.snapshot_window == config.snapshot_window);
}

TEST_CASE("values arrive as they are written, exactly") {
  const Scenario s = parsed(R"({
    "duration": "2.5s",
    "network": {"drop": 0.1, "duplicate": 1, "corrupt": 0.000001, "reorder": 2.5e-1,
                "delay": {"bimodal": {"fast": "1ms", "slow": "20ms", "slow_share": 0.25, "spread": "2ms"}}},
    "client_network": {"delay": {"uniform": ["1us", "0.5ms"]}},
    "disk": {"sync": {"exponential": {"mean": "1ms", "min": "2us"}}},
    "clocks": [{"replica": 1, "drift": -0.05}],
    "events": [{"at": "1s", "type": "kill", "target": [3, 1]}, {"at": "2s", "type": "restart"},
               {"at": "2s", "type": "cut", "from": "leader"}]})");
  using namespace std::chrono_literals;
  CHECK(s.name == "x");
  CHECK(s.duration == 2500ms);
  CHECK(s.network.drop.ppm == 100'000);
  CHECK(s.network.duplicate.ppm == kPpm);
  CHECK(s.network.corrupt.ppm == 1);
  CHECK(s.network.reorder.ppm == 250'000);
  CHECK(s.network.delay == Delay{Delay::Shape::bimodal, 1ms, 20ms, 16ms, Ratio{250'000}});
  CHECK(s.client_network.delay == Delay{Delay::Shape::uniform, 1us, 500us, {}, {}});
  CHECK(s.disk.sync == Delay{Delay::Shape::exponential, 2us, {}, 1ms, {}});
  CHECK(s.clocks.at(0).drift_ppm == -50'000);
  CHECK(s.events.at(0).action.target == Target{Target::Kind::ids, {NodeId{1}, NodeId{3}}});
  CHECK(s.events.at(1).action.target.kind == Target::Kind::down);
  CHECK(s.events.at(2).action.to.kind == Target::Kind::all);
}

TEST_CASE("text that is not JSON is one line with its line and column") {
  CHECK(error_of("").starts_with("x.json: line 1, column 1: syntax error"));
  CHECK(error_of("{\n  \"duration\": \"1s\",\n}").starts_with("x.json: line 3, column 1: syntax error"));
  CHECK(error_of("{\"duration\": 1s}").starts_with("x.json: line 1, column 15: syntax error"));
  CHECK(error_of("{\"duration\": \"1\ns\"}").starts_with("x.json: line 1, column 16: syntax error"));
  CHECK(error_of("{} {}").starts_with("x.json: line 1, column 4: syntax error"));
  CHECK(error_of("{\"steps_max\": 1e999}").starts_with("x.json: line 1, column 19: number overflow"));
  CHECK(error_of("7") == "x.json: 7 is not an object");
  CHECK(error_of("[]") == "x.json: a list is not an object");
  CHECK(error_of(std::string(100'000, '[')) == "x.json: is nested deeper than 32");
}

TEST_CASE("a file that cannot be read is one line, too") {
  const auto missing = read_scenario("no/such.json");
  REQUIRE(std::holds_alternative<ParseError>(missing));
  CHECK(std::get<ParseError>(missing).line() == "no/such.json: cannot be read");
  CHECK(std::holds_alternative<ParseError>(read_scenario(kFolder)));
}

TEST_CASE("every shipped scenario parses, comes back from being written, and says what it shows") {
  const std::vector<std::string> files = shipped(kFolder);
  CHECK(files.size() >= 28);
  for (const std::string& file : files) {
    const auto result = read_scenario(file);
    const auto* error = std::get_if<ParseError>(&result);
    REQUIRE_MESSAGE(!error, error->line());
    const auto& scenario = std::get<Scenario>(result);
    CHECK(scenario.name + ".json" == std::filesystem::path(file).filename());
    CHECK_MESSAGE(scenario.about.ends_with("."), file);
    CHECK_MESSAGE(!scenario.expect.bounds.empty() + scenario.expect.answered_share_min.has_value() > 0, file);
    CHECK_MESSAGE(parsed(to_json(scenario)) == scenario, file);
  }
}

TEST_CASE("the README names every key that the reader knows") {
  const std::string readme = text_of(kFolder + "/README.md");
  std::vector<std::string> keys = keys_of(example());
  for (const std::string key : {"clients.think", "phases.think", "course"}) keys.push_back(key);
  for (const std::string& key : keys) {
    const std::string name = key.substr(key.rfind('.') + 1);
    const bool named = readme.find("`" + name + "`") != readme.npos ||
                       readme.find("." + name + "`") != readme.npos ||
                       readme.find("`" + name + ".") != readme.npos;
    const bool shape = key.find("delay.") != key.npos;  // shown within the example of a delay
    CHECK_MESSAGE((named || shape), key);
  }
  for (const std::string_view counter : kCounterNames)
    CHECK_MESSAGE(readme.find("`" + std::string(counter) + "`") != readme.npos, counter);
}

// One random change of a text: a byte, a run removed, a run repeated, a piece of another text put in.
void mutate(std::string& text, const std::string& other, Rng& rng) {
  static constexpr std::string_view kBytes = "{}[]\",:.-0123456789esmu \\ltrfan\x01\xff";
  const std::size_t at = rng.between(0, text.size() - 1);
  const std::size_t size = std::min<std::size_t>(rng.between(1, 20), text.size() - at);
  switch (rng.between(0, 3)) {
    case 0:
      text[at] = kBytes[rng.between(0, kBytes.size() - 1)];
      break;
    case 1:
      text.erase(at, size);
      break;
    case 2:
      text.insert(at, text.substr(at, size));
      break;
    default:
      text.insert(at, other.substr(rng.between(0, other.size() - 1), size));
      break;
  }
}

// One random change of a tree: a value takes the place of another one.
void mutate(JsonValue& tree, Rng& rng) {
  JsonValue* place = &tree;
  while (!place->items.empty() && rng.between(0, 4) != 0)
    place = &place->items[rng.between(0, place->items.size() - 1)];
  const std::vector<JsonValue> values = {
      JsonValue::number("0"),       JsonValue::number("-1"),
      JsonValue::number("1e18"),    JsonValue::number("0.5"),
      JsonValue::string("1s"),      JsonValue::string("100h"),
      JsonValue::string("subject"), JsonValue::string("leader"),
      JsonValue::of(true),          JsonValue::list(),
      JsonValue::object(),          JsonValue{},
      JsonValue::number("255"),     JsonValue::string("0s"),
      JsonValue::string("cut"),     JsonValue::list({JsonValue::number("1"), JsonValue::number("2")})};
  *place = values[rng.between(0, values.size() - 1)];
}

void check_verdict(const std::string& text) {
  const auto result = parse_scenario(text, "x.json");
  if (const auto* error = std::get_if<ParseError>(&result)) {
    const std::string line = error->line();
    const bool printable = std::ranges::none_of(line, [](char c) { return c >= 0 && c < ' '; });
    CHECK_MESSAGE(printable, line);
    CHECK(line.starts_with("x.json: "));
    CHECK_MESSAGE(line.size() < 800, line);
    return;
  }
  const auto& scenario = std::get<Scenario>(result);
  CHECK(!validate(scenario));
  CHECK(parsed(to_json(scenario)) == scenario);
}

TEST_CASE("damaged scenarios give one line or parse, and never crash") {
  Rng rng(1);
  std::vector<std::string> texts = {example()};
  for (const std::string& folder : {kFolder, kFolder + "/course"})
    for (const std::string& file : shipped(folder)) texts.push_back(text_of(file));
  for (int round = 0; round < 40; ++round) {
    for (const std::string& original : texts) {
      std::string text = original;
      const std::string& other = texts[rng.between(0, texts.size() - 1)];
      for (std::uint64_t changes = rng.between(1, 3); changes > 0; --changes) mutate(text, other, rng);
      check_verdict(text);
      JsonValue tree = std::get<JsonValue>(parse_json(original));
      mutate(tree, rng);
      check_verdict(write_json(tree));
    }
  }
}

}  // namespace
}  // namespace norn::sim
