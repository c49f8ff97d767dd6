// Histories as JSON Lines: what is written is read back, and what is malformed is named.
#include "sim/formats/history_file.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/check/histories.h"
#include "tests/formats/reading.h"

namespace norn::sim {

namespace {

std::string jsonl_error(std::string_view text) { return parse_history(text, "h.jsonl").error; }

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
  CHECK(jsonl_error("nonsense") == "h.jsonl:1: not a JSON object");
  CHECK(jsonl_error(good + "[1]") == "h.jsonl:2: not a JSON object");
  CHECK(jsonl_error(good + "{}") == "h.jsonl:2: no \"type\"");
  CHECK(jsonl_error(good + "{\"index\":1,\"time\":0,\"process\":0,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: \"time\" goes backwards, or is never");
  CHECK(jsonl_error(good +
                    R"({"index":1,"time":2,"process":0,"type":"ok","f":"get","key":"other","value":null})") ==
        "h.jsonl:2: its keys are not those of the operation that it completes");
  CHECK(jsonl_error(good + "{\"index\":1,\"time\":2,\"process\":1,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: it completes no open operation of its process");
  CHECK(jsonl_error(good + "{\"index\":1,\"time\":2,\"process\":0,\"type\":\"ok\",\"f\":\"get\"}") ==
        "h.jsonl:2: a read without \"value\"");
  const std::string adds =
      R"({"index":0,"time":1,"process":0,"type":"invoke","f":"increment","key":"k","value":1}
{"index":1,"time":2,"process":0,"type":"ok","f":"increment")";
  for (const char* const end : {"}", ",\"value\":null}", ",\"key\":\"k\", \"value\": null}"})
    CHECK(jsonl_error(adds + end) ==
          "h.jsonl:2: an increment that is ok without \"value\", the number after it");
  CHECK(jsonl_error(adds + ",\"value\":\"1\"}") == "");
  CHECK(jsonl_error(
            "{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"dance\",\"key\":\"k\"}") ==
        "h.jsonl:1: \"f\" is no kind of operation");
  CHECK(
      jsonl_error("{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"put\",\"key\":\"k\"}") ==
      "h.jsonl:1: no \"value\"");
  CHECK(jsonl_error(
            "{\"index\":0,\"time\":1,\"process\":-1,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"k\"}") ==
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

TEST_CASE("lines in another shape say the same: spaces, another order of fields, other escapes") {
  Recipe recipe;
  recipe.kinds = {OperationKind::get,       OperationKind::put,       OperationKind::remove,
                  OperationKind::append,    OperationKind::increment, OperationKind::compare_and_set,
                  OperationKind::multi_get, OperationKind::multi_put};
  recipe.keys = 3;
  recipe.operations = 60;
  Rng rng(23);
  for (int i = 0; i < 20; ++i) {
    History history = make_history(recipe, rng);
    for (Operation& operation : history) operation.accesses[0].key += i % 2 == 0 ? "\"\\\n" : "\x80\xff";
    const std::string text = format_history(history);
    std::string other;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const auto line = nlohmann::json::parse(text.substr(at, end - at));  // sorts the fields
      other += line.dump(-1, ' ', i % 3 == 0) + (i % 4 == 0 ? " \r\n" : "\n");
      at = end + 1;
    }
    CHECK(other != text);
    const ParsedHistory parsed = parse_history(other, "h.jsonl");
    CHECK(parsed.error.empty());
    CHECK(same(parsed.history, history));
  }
}

TEST_CASE("numbers of every length are what they are") {
  for (const std::int64_t time :
       {std::int64_t{0}, std::int64_t{7}, std::int64_t{12'345'678}, std::int64_t{123'456'789},
        std::int64_t{1'234'567'890'123'456}, std::int64_t{12'345'678'901'234'567},
        std::int64_t{1'790'000'000'123'456'789}, INT64_MAX - 1, std::int64_t{-5},
        std::int64_t{-1'000'000'000'000}}) {
    History history = {by_hand::put(UINT32_MAX, time, 0, "a")};
    history[0].outcome = Outcome::pending;
    history[0].back = kNever;
    CHECK(same(parse_history(format_history(history), "h.jsonl").history, history));
  }
  const auto error = [](const std::string& time) {
    return jsonl_error("{\"index\":0,\"time\":" + time +
                       R"(,"process":0,"type":"invoke","f":"get","key":"k"})");
  };
  CHECK(error("9223372036854775806").empty());
  CHECK(error("9223372036854775807") == "h.jsonl:1: \"time\" goes backwards, or is never");
  CHECK(error("9223372036854775808") == "h.jsonl:1: \"time\" is out of range");
  CHECK(error("99999999999999999999999") == "h.jsonl:1: no integer \"time\"");
  CHECK(error("1.5") == "h.jsonl:1: no integer \"time\"");
  CHECK(error("01") == "h.jsonl:1: not a JSON object");
}

TEST_CASE("equal times are concurrent, whatever stands first") {
  const std::string text = R"({"index":0,"time":1,"process":0,"type":"invoke","f":"put","key":"k","value":"a"}
{"index":1,"time":2,"process":0,"type":"ok","f":"put","invoke":0,"key":"k"}
{"index":2,"time":2,"process":1,"type":"invoke","f":"get","key":"k"}
{"index":3,"time":3,"process":1,"type":"ok","f":"get","invoke":2,"key":"k","value":null}
)";
  class Order final : public HistorySink {
   public:
    void on_call(std::size_t place, const Operation& operation) override {
      seen += "call " + std::to_string(place) + (operation.outcome == Outcome::pending ? ", " : "?, ");
    }
    void on_return(std::size_t place, const Operation&) override {
      seen += "return " + std::to_string(place) + ", ";
    }
    void on_end() override { seen += "end"; }
    std::string seen;
  } order;
  Source source = Source::text(text, "h");
  CHECK(read_events(source, std::nullopt, order).empty());
  CHECK(order.seen == "call 0, call 1, return 0, return 1, end");
}

TEST_CASE("a failed cas without a value did not tell what it found") {
  Operation known = by_hand::swap(1, 1, 2, "a", "b");
  known.matched = false;
  Operation unknown = known;
  unknown.value_known = false;
  CHECK(format_history({known}).ends_with("\"matched\":false,\"value\":null}\n"));
  CHECK(format_history({unknown}).ends_with("\"matched\":false}\n"));
  for (const Operation& operation : {known, unknown})
    CHECK(same(parse_history(format_history({operation}), "h.jsonl").history, History{operation}));
}

TEST_CASE("a process may have several operations open; without an index the latest comes back") {
  const ParsedHistory parsed = parse_history(
      R"({"index":0,"time":1,"process":7,"type":"invoke","f":"get","key":"a"}
{"index":1,"time":2,"process":7,"type":"invoke","f":"get","key":"b"}
{"index":2,"time":3,"process":7,"type":"invoke","f":"get","key":"c"}
{"index":3,"time":4,"process":7,"type":"ok","f":"get","invoke":1,"key":"b","value":"2"}
{"index":4,"time":5,"process":7,"type":"ok","f":"get","value":"3"}
{"index":5,"time":6,"process":7,"type":"ok","f":"get","value":"1"})",
      "h.jsonl");
  REQUIRE(parsed.history.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(parsed.history[i].accesses[0].value == std::to_string(i + 1));
  CHECK(jsonl_error(R"({"index":0,"time":1,"process":7,"type":"invoke","f":"get","key":"a"}
{"index":1,"time":2,"process":7,"type":"ok","f":"get","invoke":-1,"key":"a","value":null})") ==
        "h.jsonl:2: it completes no open operation of its process");
}

TEST_CASE("one operation as an object, for reports") {
  CHECK(
      format_operation(by_hand::swap(3, 5, 9, std::nullopt, "b"), 17) ==
      R"({"operation":17,"process":3,"type":"ok","f":"cas","call":5,"return":9,"key":"k","value":[null,"b"],"matched":true})");
  CHECK(format_operation(by_hand::get(3, 5, 9, "x"), 2) ==
        R"({"operation":2,"process":3,"type":"ok","f":"get","call":5,"return":9,"key":"k","result":"x"})");
  CHECK(
      format_operation(by_hand::unknown(by_hand::put(3, 5, 9, "x")), 2) ==
      R"({"operation":2,"process":3,"type":"info","f":"put","call":5,"return":null,"key":"k","value":"x"})");
}

}  // namespace norn::sim
