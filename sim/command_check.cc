// sim check: reads histories, judges them, says what it found.
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <unistd.h>

#include "sim/check/linearizable.h"
#include "sim/check/linearizable_words.h"
#include "sim/command.h"
#include "sim/formats/formats.h"
#include "sim/formats/history_collector.h"
#include "sim/formats/history_file.h"
#include "sim/report/report.h"

namespace po = boost::program_options;

namespace norn::sim {

namespace {

constexpr std::string_view kFormatsHelp = R"(
Formats, told apart by how they begin:
  jsonl  {"index":0,"time":11,"process":3,"type":"invoke","f":"get","key":"k"}
  edn    {:process 0, :type :invoke, :f :write, :value 3}
  log    INFO  jepsen.util - 4 :invoke :cas [1 2]
  table  # LIN1, then an operation a line: id client key kind first second result call return

- is standard input. Exit status: 0 linearizable, 1 not, 2 bad input, 3 undecided within the budget.
)";

struct Wanted {
  std::optional<Format> format;
  CheckOptions check;
  bool json = false;
};

// A line on a terminal that says how far the reading is, while it is long.
class Progress {
 public:
  explicit Progress(Source& source) {
    if (!on_terminal(STDERR_FILENO)) return;
    source.on_progress([this, &source](std::uint64_t bytes) {
      constexpr auto kPause = std::chrono::milliseconds(200);
      const auto now = std::chrono::steady_clock::now();
      if (now - shown_ < kPause) return;
      shown_ = now;
      std::cerr << "\r\x1b[K" << source.name() << ": " << bytes / 1'000'000 << " MB read";
      if (source.size() != 0) std::cerr << " of " << source.size() / 1'000'000;
      std::cerr << std::flush;
      moved_ = true;
    });
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void clear() {
    if (moved_) std::cerr << "\r\x1b[K" << std::flush;
    moved_ = false;
  }

  void say(const std::string& what) {
    if (!moved_) return;  // the reading was short, and so will be what follows
    std::cerr << "\r\x1b[K" << what << std::flush;
  }

 private:
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
  bool moved_ = false;
};

struct Judged {
  History history;
  CheckResult result;
};

// The one place where a source meets a judge: what judges events as they come, or keeps less than a History,
// goes here, and so does what is done with a history and its result afterwards.
Judged judge(Source& source, const Wanted& wanted) {
  Progress progress(source);
  HistoryCollector collector;
  const std::string error = read_events(source, wanted.format, collector);
  if (!error.empty()) {
    progress.clear();
    throw BadInput{error};
  }
  progress.say(source.name() + ": " + std::to_string(collector.history.size()) + " operations to judge");
  Judged judged;
  judged.history = std::move(collector.history);
  judged.result = check_linearizable(judged.history, wanted.check);
  return judged;
}

std::string json_of(const std::string& file, const Judged& judged) {
  const CheckResult& result = judged.result;
  nlohmann::ordered_json json;
  json["file"] = file;
  json["verdict"] = result.verdict == Verdict::linearizable ? "linearizable"
                    : result.verdict == Verdict::violation  ? "violation"
                                                            : "undecided";
  json["operations"] = judged.history.size();
  json["components"] = result.components;
  json["searched"] = result.searched;
  json["steps"] = result.steps;
  json["reason"] = result.reason;
  json["witnesses"] = nlohmann::ordered_json::array();
  for (const std::size_t place : result.witnesses) {
    auto witness = nlohmann::ordered_json::parse(format_operation(judged.history[place], place));
    witness["words"] = words_of(judged.history, place);
    json["witnesses"].push_back(std::move(witness));
  }
  return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

int command_check(const std::vector<std::string>& arguments) {
  po::options_description visible("sim check HISTORY...");
  visible.add_options()("help", "this text")                                                        //
      ("format", po::value<std::string>(), "jsonl, edn, log or table (default: by how it begins)")  //
      ("json", "print an object for each history, a line each")                                     //
      ("steps", po::value<std::string>(),
       "the search's budget in steps (default 20000000); beyond it: undecided");
  const po::variables_map options = parse_options(arguments, visible, true);
  if (options.count("help") != 0) {
    std::cout << visible << kFormatsHelp;
    return EXIT_SUCCESS;
  }
  Wanted wanted;
  if (options.count("format") != 0) {
    const std::string name = options["format"].as<std::string>();
    wanted.format = format_named(name);
    if (!wanted.format) throw BadInput{"--format: " + name + " is none of jsonl, edn, log, table"};
  }
  if (options.count("steps") != 0)
    wanted.check.steps_max = parse_number(options["steps"].as<std::string>(), "--steps");
  wanted.json = options.count("json") != 0;

  int status = EXIT_SUCCESS;
  for (const std::string& file : files_of(options)) {
    Source source = Source::file(file);
    const Judged judged = judge(source, wanted);
    if (wanted.json) {
      std::cout << json_of(file, judged) << '\n';
    } else {
      std::cout << source.name() << ": " << check_text(judged.history, judged.result);
    }
    if (judged.result.verdict == Verdict::violation) status = kExitFinding;
    if (judged.result.verdict == Verdict::undecided && status == EXIT_SUCCESS) status = kExitUndecided;
  }
  return status;
}

}  // namespace norn::sim
