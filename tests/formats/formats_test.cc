// All formats: told apart, written and read back, damaged, in pieces; and what is beneath the readers.
#include "sim/formats/formats.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

#include "sim/check/linearizable.h"
#include "sim/check/number_table.h"

#include "tests/check/histories.h"
#include "tests/formats/reading.h"
#include "tests/formats/writers.h"

namespace norn::sim {

namespace {

constexpr Format kFormats[] = {Format::json_lines, Format::edn, Format::log, Format::table};

std::optional<Format> recognized(std::string_view text, std::size_t at_once = SIZE_MAX) {
  Source source = Source::text(text, "h", at_once);
  return recognize(source);
}

// What a format cannot say, the history does not.
History fit(History history, Format format) {
  std::uint32_t client = 0;
  for (Operation& operation : history) {
    KeyAccess& access = operation.accesses[0];
    access.version = 0;
    operation.client = client++;  // Jepsen's have one operation open at most
    if (format == Format::log) access.key = "register";
    const bool failed = operation.kind == OperationKind::compare_and_set &&
                        operation.outcome == Outcome::ok && !operation.matched;
    if (failed && format == Format::log) operation.value_known = false;
    if (failed && format == Format::edn) operation.outcome = Outcome::fail;
    if (failed && format != Format::table) access.value.reset();
    if (operation.outcome == Outcome::fail) access.value.reset();
  }
  return history;
}

Verdict verdict(const History& history) { return check_linearizable(history).verdict; }

}  // namespace

TEST_CASE("formats are told apart by how they begin, however little comes at once") {
  const std::pair<std::string_view, std::optional<Format>> cases[] = {
      {"", Format::json_lines},
      {" \n\n", Format::json_lines},
      {"{\"index\":0}", Format::json_lines},
      {" { \"index\" : 0}", Format::json_lines},
      {"{:process 0}", Format::edn},
      {"\n[{:process 0}]", Format::edn},
      {"({:process 0})", Format::edn},
      {"; a comment\n{:process 0}", Format::edn},
      {"{ #_ 3 :process 0}", Format::edn},
      {"#_ 3 {:process 0}", Format::edn},
      {"#jepsen.history.Op{:process 0}", Format::edn},
      {"# LIN1\n", Format::table},
      {"# LIN1 and more", Format::table},
      {"INFO  jepsen.util - 0\t:invoke\t:read\tnil\n", Format::log},
      {"WARN  jepsen.core - hello\n\tat java\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\n", Format::log},
      {"a,b,c\n1,2,3\n", std::nullopt},
      {"nonsense", std::nullopt}};
  for (const auto& one : cases) {
    const std::string_view text = one.first;
    const std::optional<Format> expected = one.second;
    CAPTURE(text);
    CHECK(recognized(text) == expected);
    CHECK(recognized(text, 1) == expected);
  }
  CHECK(
      error_of("nonsense") ==
      "h:1: the beginning of a history was expected: {\"index\" (jsonl), {:process (edn), INFO  jepsen.util "
      "(log) or # LIN1 (table)");
  CHECK(format_named("edn") == Format::edn);
  CHECK_FALSE(format_named("json").has_value());
  for (const Format format : kFormats) CHECK(format_named(name_of(format)) == format);
}

TEST_CASE("a history written in each format is read back with the same verdict") {
  Rng rng(61);
  int violations = 0;
  for (int i = 0; i < 2'000; ++i) {
    const Format format = kFormats[i % 4];
    Recipe recipe;
    recipe.kinds = {OperationKind::get, OperationKind::put, OperationKind::compare_and_set};
    if (format != Format::log) recipe.kinds.push_back(OperationKind::remove);
    if (format != Format::log && i % 8 < 4) recipe.kinds.push_back(OperationKind::append);
    recipe.keys = format == Format::log ? 1 : 2;
    recipe.operations = rng.between(2, 12);
    recipe.distinct = i % 3 != 0 || recipe.kinds.back() == OperationKind::append;
    History history = make_history(recipe, rng);
    for (std::uint64_t j = rng.between(0, 2); j > 0; --j) corrupt(history, rng);
    for (Operation& operation :
         history)  // no format but JSON Lines tells "" from nothing, or knows unanswered finds
      if (operation.kind != OperationKind::get && operation.kind != OperationKind::compare_and_set)
        operation.accesses[0].value.reset();
    bool clean = true;
    for (const Operation& operation : history)
      clean = clean && (operation.back == kNever || operation.back >= operation.call) &&
              operation.accesses[0].value != "" &&
              (operation.kind == OperationKind::get || operation.kind == OperationKind::remove ||
               !operation.accesses[0].argument.empty());
    if (!clean) continue;
    history = fit(std::move(history), format);
    const std::string text = written(history, format);
    const ParsedHistory parsed = read_text(text);
    CAPTURE(text);
    REQUIRE(parsed.error == "");
    REQUIRE(parsed.history.size() == history.size());
    CHECK(verdict(parsed.history) == verdict(history));
    CHECK(same(parsed.history, read_text(text, format, rng.between(1, 100)).history));
    violations += verdict(history) == Verdict::violation;
  }
  CHECK(violations > 100);
}

TEST_CASE("what is cut off or spoiled is an error that names the line, or a history, in every format") {
  for (const Format format : kFormats) {
    LongHistory recipe;
    recipe.operations = 12;
    recipe.clients = 4;
    recipe.keys = 2;
    recipe.log = format == Format::log;
    std::string text;
    EventWriter writer(format, text);
    invent(recipe, writer);
    damage(text, format, 71);
    damage(text, std::nullopt, 72);
  }
}

TEST_CASE("a long history passes in blocks, and every operation comes back") {
  for (const Format format : kFormats) {
    LongHistory recipe;
    recipe.operations = 20'000;
    recipe.log = format == Format::log;
    HistoryCollector invented;
    invent(recipe, invented);
    const std::string text = written(invented.history, format);
    const ParsedHistory parsed = read_text(text);
    REQUIRE(parsed.error == "");
    REQUIRE(parsed.history.size() == recipe.operations);
    CHECK(verdict(parsed.history) == Verdict::linearizable);
    if (format == Format::json_lines) CHECK(same(parsed.history, invented.history));
  }
}

TEST_CASE("a source that is stopped ends there, and what it had begun is no error") {
  LongHistory recipe;
  recipe.operations = 20'000;
  std::string text;
  EventWriter writer(Format::edn, text);
  invent(recipe, writer);
  class Stopping final : public HistorySink {
   public:
    explicit Stopping(Source& source) : source_(source) {}
    void on_call(std::size_t place, const Operation&) override {
      if (place == 100) source_.stop();
      calls = place + 1;
    }
    void on_return(std::size_t, const Operation&) override {}
    void on_end() override {}
    std::size_t calls = 0;

   private:
    Source& source_;
  };
  Source source = Source::text(text, "h");
  Stopping sink(source);
  CHECK(read_events(source, std::nullopt, sink) == "");
  CHECK(sink.calls > 100);
  CHECK(sink.calls < 10'000);
}

TEST_CASE("lines come whole, in blocks of any size, the last with a newline or without") {
  const std::string text = "a\n\nbcd\n" + std::string(700'000, 'x') + "\nlast";
  for (const std::size_t at_once : {std::size_t{1'000}, std::size_t{300'000}, SIZE_MAX}) {
    for (const std::string& whole : {text, text + "\n"}) {
      Source source = Source::text(whole, "h", at_once);
      std::string joined;
      for (std::string_view lines = source.next_lines(); !lines.empty(); lines = source.next_lines()) {
        CHECK(lines.back() == '\n');
        joined += lines;
      }
      CHECK(joined == text + "\n");
    }
  }
}

TEST_CASE("a file is read, and one that cannot be read is named") {
  const std::string path = (std::filesystem::temp_directory_path() / "norn_formats_test.edn").string();
  std::ofstream(path) << "{:process 0, :type :invoke, :f :read, :value nil}";
  HistoryCollector collector;
  Source source = Source::file(path);
  std::uint64_t seen = 0;
  source.on_progress([&](std::uint64_t bytes) { seen = bytes; });
  CHECK(read_events(source, std::nullopt, collector) == "");
  CHECK(collector.history.size() == 1);
  CHECK(seen == source.size());
  std::filesystem::remove(path);
  for (const std::string& other : {path, std::string("/")}) {
    Source missing = Source::file(other);
    CHECK(read_events(missing, std::nullopt, collector) == other + ": cannot be read");
    Source again = Source::file(other);
    CHECK(read_events(again, Format::table, collector) == other + ": cannot be read");
  }
}

TEST_CASE("the table of numbers agrees with a map, whatever comes and goes") {
  Rng rng(62);
  NumberTable table;
  std::map<std::uint64_t, std::uint32_t> map;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t number = rng.between(0, 1) == 0 ? rng.between(0, 300) : rng.between(0, 300) << 32;
    if (rng.between(0, 2) == 0) {
      table.erase(number);
      map.erase(number);
    } else if (rng.between(0, 1) == 0) {
      table.set(number, static_cast<std::uint32_t>(i));
      map[number] = static_cast<std::uint32_t>(i);
    }
    const auto found = map.find(number);
    REQUIRE(table.find(number) == (found == map.end() ? NumberTable::kNone : found->second));
    REQUIRE(table.size() == map.size());
  }
}

}  // namespace norn::sim
