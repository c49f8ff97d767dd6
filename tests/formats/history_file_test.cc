// Histories as JSON Lines: what is written is read back, and what is malformed is named.
#include "sim/formats/history_file.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "tests/check/histories.h"

namespace norn::sim {

namespace {

bool same(const KeyAccess& a, const KeyAccess& b) {
  return a.key == b.key && a.argument == b.argument && a.expected == b.expected && a.value == b.value &&
         a.version == b.version;
}

bool same(const Operation& a, const Operation& b) {
  if (a.accesses.size() != b.accesses.size()) return false;
  for (std::size_t i = 0; i < a.accesses.size(); ++i) {
    if (!same(a.accesses[i], b.accesses[i])) return false;
  }
  return a.client == b.client && a.kind == b.kind && a.outcome == b.outcome && a.matched == b.matched &&
         a.value_known == b.value_known && a.delta == b.delta && a.call == b.call && a.back == b.back;
}

bool same(const History& a, const History& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

std::string error_of(std::string_view text) { return parse_history(text, "h.jsonl").error; }

}  // namespace

TEST_CASE("a history of every kind and outcome is read back as it was written") {
  Recipe recipe;
  recipe.kinds = {OperationKind::get,       OperationKind::put,       OperationKind::remove,
                  OperationKind::append,    OperationKind::increment, OperationKind::compare_and_set,
                  OperationKind::multi_get, OperationKind::multi_put};
  recipe.keys = 3;
  recipe.operations = 60;
  Rng rng(21);
  for (int i = 0; i < 50; ++i) {
    recipe.distinct = i % 2 == 0;
    const History history = make_history(recipe, rng);
    const ParsedHistory parsed = parse_history(format_history(history), "h.jsonl");
    CHECK(parsed.error.empty());
    CHECK(same(parsed.history, history));
  }
}

TEST_CASE("strings of any bytes survive") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const History history = {by_hand::put(1, 0, 5, bytes, bytes), by_hand::get(1, 6, 7, bytes, bytes)};
  const ParsedHistory parsed = parse_history(format_history(history), "h.jsonl");
  CHECK(parsed.error.empty());
  CHECK(same(parsed.history, history));
}

TEST_CASE("the lines are Jepsen's words in time order") {
  const History history = {by_hand::put(1, 10, 30, "a"), by_hand::unknown(by_hand::swap(2, 10, 0, "a", "b")),
                           by_hand::get(3, 30, 31, std::nullopt)};
  CHECK(format_history(history) ==
        R"({"index":0,"time":10,"process":1,"type":"invoke","f":"put","key":"k","value":"a"}
{"index":1,"time":10,"process":2,"type":"invoke","f":"cas","key":"k","value":["a","b"]}
{"index":2,"time":30,"process":3,"type":"invoke","f":"get","key":"k"}
{"index":3,"time":30,"process":1,"type":"ok","f":"put","invoke":0,"key":"k"}
{"index":4,"time":31,"process":3,"type":"ok","f":"get","invoke":2,"key":"k","value":null}
{"index":5,"time":31,"process":2,"type":"info","f":"cas","invoke":1,"key":"k","matched":true}
)");
}

TEST_CASE("what is no file cannot be read") {
  CHECK(read_history("/nowhere/h.jsonl").error == "/nowhere/h.jsonl: cannot be read");
  CHECK(read_history("/").error == "/: cannot be read");
}

TEST_CASE("a second line without an index of the first completes its process's latest open operation") {
  const ParsedHistory parsed = parse_history(
      R"({"index":0,"time":1,"process":7,"type":"invoke","f":"get","key":"k"}
{"index":1,"time":2,"process":7,"type":"ok","f":"get","value":"x"})",
      "h.jsonl");
  CHECK(parsed.error.empty());
  REQUIRE(parsed.history.size() == 1);
  CHECK(same(parsed.history[0], by_hand::get(7, 1, 2, "x")));
}

TEST_CASE("a malformed line is named with the file and its number") {
  const std::string good =
      "{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k\"}\n";
  CHECK(error_of("nonsense") == "h.jsonl:1: not a JSON object");
  CHECK(error_of(good + "[1]") == "h.jsonl:2: not a JSON object");
  CHECK(error_of(good + "{}") == "h.jsonl:2: no \"type\"");
  CHECK(error_of(good + "{\"index\":1,\"time\":0,\"process\":0,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: \"time\" goes backwards, or is never");
  CHECK(error_of(good +
                 R"({"index":1,"time":2,"process":0,"type":"ok","f":"get","key":"other","value":null})") ==
        "h.jsonl:2: its keys are not those of the operation that it completes");
  CHECK(error_of(good + "{\"index\":1,\"time\":2,\"process\":1,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: it completes no open operation of its process");
  CHECK(error_of(good + "{\"index\":1,\"time\":2,\"process\":0,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: a read without \"value\"");
  CHECK(
      error_of("{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"dance\",\"key\":\"k\"}") ==
      "h.jsonl:1: \"f\" is no kind of operation");
  CHECK(error_of("{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"put\",\"key\":\"k\"}") ==
        "h.jsonl:1: no \"value\"");
  CHECK(error_of("{\"index\":0,\"time\":1,\"process\":-1,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k\"}") ==
        "h.jsonl:1: \"process\" is out of range");
}

TEST_CASE("every line cut short or spoiled in one byte is an error or a history, never a crash") {
  Recipe recipe;
  recipe.kinds = {OperationKind::get, OperationKind::compare_and_set, OperationKind::multi_put};
  recipe.keys = 2;
  Rng rng(22);
  const std::string text = format_history(make_history(recipe, rng));
  for (std::size_t i = 0; i < text.size(); ++i) {
    (void)parse_history(std::string_view(text).substr(0, i), "h.jsonl");
    std::string spoiled = text;
    spoiled[i] = static_cast<char>(rng.between(0, 255));
    const ParsedHistory parsed = parse_history(spoiled, "h.jsonl");
    if (!parsed.error.empty()) CHECK(parsed.history.empty());
  }
}

TEST_CASE("a file is written and read; one that is not there is named") {
  const std::string path = (std::filesystem::temp_directory_path() / "norn_history_file_test.jsonl").string();
  const History history = {by_hand::put(1, 10, 30, "a")};
  REQUIRE(write_history(path, history));
  CHECK(same(read_history(path).history, history));
  std::filesystem::remove(path);
  CHECK(read_history(path).error == path + ": cannot be read");
}

}  // namespace norn::sim
