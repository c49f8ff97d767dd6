// sim check: reads histories, judges them, says what it found.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <unistd.h>

#include "sim/check/compact.h"
#include "sim/check/compact_component.h"
#include "sim/check/linearizable.h"
#include "sim/check/linearizable_words.h"
#include "sim/check/order.h"
#include "sim/check/stream.h"
#include "sim/command.h"
#include "sim/explain/explanation.h"
#include "sim/explain/page.h"
#include "sim/formats/formats.h"
#include "sim/formats/history_collector.h"
#include "sim/formats/history_file.h"
#include "sim/report/report.h"
#include "sim/report/words.h"

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

constexpr std::size_t kKeysNamed = 4;  // of those that stay undecided

struct Wanted {
  std::optional<Format> format;
  CheckOptions check;
  bool json = false;
  bool stream = false;
  std::string explain;     // where the page goes; empty: none
  std::string emit_order;  // likewise
  std::string order;       // an order to verify; empty: none

  bool for_one() const { return !explain.empty() || !emit_order.empty() || !order.empty(); }
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

int exit_status(Verdict verdict) {
  if (verdict == Verdict::violation) return kExitFinding;
  return verdict == Verdict::undecided ? kExitUndecided : EXIT_SUCCESS;
}

std::string_view word_of(Verdict verdict) {
  if (verdict == Verdict::violation) return "violation";
  return verdict == Verdict::undecided ? "undecided" : "linearizable";
}

std::string print(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

struct Judged {
  std::size_t operations = 0;
  History history;  // empty, where the compact form was enough
  CheckResult result;
  Order order;            // of a linearizable history, if it was to be emitted
  bool by_order = false;  // linearizable, since there is an order that was verified
};

void read(Source& source, const Wanted& wanted, HistorySink& sink) {
  Progress progress(source);
  const std::string error = read_events(source, wanted.format, sink);
  if (!error.empty()) {
    progress.clear();
    throw BadInput{error};
  }
  progress.say(source.name() + ": to be judged");
}

// Makes the compact form, and notes whether there are versions, which that leaves out.
class Compactor final : public HistorySink {
 public:
  void on_call(std::size_t place, const Operation& operation) override { builder_.on_call(place, operation); }
  void on_return(std::size_t place, const Operation& operation) override {
    for (const KeyAccess& access : operation.accesses) versions_ |= access.version != 0;
    builder_.on_return(place, operation);
  }
  void on_end() override { builder_.on_end(); }

  CompactHistory take() { return builder_.take(); }
  bool has_versions() const { return versions_; }

 private:
  CompactBuilder builder_;
  bool versions_ = false;
};

// Judges the compact form of a file, a small part of a history's size; the reason of a violation has marks
// for operations. Nothing: the whole is needed, for versions, which may spare a search, or for its size.
std::optional<Judged> judge_compact(Source& source, const Wanted& wanted) {
  Compactor compactor;
  read(source, wanted, compactor);
  const CompactHistory history = compactor.take();
  if (history.is_full()) return std::nullopt;
  CheckOptions options = wanted.check;
  const bool spares_search = options.use_versions && compactor.has_versions();
  if (spares_search) options.steps_max = 0;
  Judged judged;
  judged.operations = history.operations();
  judged.result.components = history.components().size();
  judge_components(history, MarkingNarrator(), options, judged.result);
  const bool is_certain = judged.result.verdict == Verdict::violation || judged.result.searched == 0;
  if (spares_search && !is_certain) return std::nullopt;
  return judged;
}

bool can_be_read_again(const std::string& file) {
  std::error_code error;
  return file != "-" && std::filesystem::is_regular_file(file, error);
}

// An order that is offered needs no judge if it holds. If it does not, that proves nothing.
bool holds(const History& history, const std::string& path) {
  const ParsedOrder parsed = read_order(path, history);
  if (!parsed.error.empty()) throw BadInput{parsed.error};
  const std::optional<std::string> broken = verify_order(history, parsed.order);
  if (broken) std::cerr << "sim: " << path << ": the order does not hold: " << *broken << '\n';
  return !broken;
}

// What telling of a violation needs beyond what judging did.
void read_whole(Source& source, const Wanted& wanted, Judged& judged) {
  HistoryCollector collector;
  read(source, wanted, collector);
  if (collector.history.size() != judged.operations)
    throw BadInput{source.name() + ": it has changed while it was judged"};
  judged.history = std::move(collector.history);
  judged.result.reason = in_words(judged.result.reason, judged.history);
}

Judged judge(Source& source, const Wanted& wanted) {
  HistoryCollector collector;
  read(source, wanted, collector);
  Judged judged{collector.history.size(), std::move(collector.history), {}, {}};
  judged.by_order = !wanted.order.empty() && holds(judged.history, wanted.order);
  if (judged.by_order) return judged;
  if (wanted.emit_order.empty()) {
    judged.result = check_linearizable(judged.history, wanted.check);
    return judged;
  }
  OrderResult ordered = order_of(judged.history, wanted.check);
  if (ordered.verdict == Verdict::linearizable) {
    judged.order = std::move(ordered.order);
    judged.by_order = true;
  } else {
    judged.result = check_linearizable(judged.history, wanted.check);
    if (judged.result.verdict == Verdict::linearizable) {  // an order takes more steps than a verdict
      judged.result.verdict = ordered.verdict;
      judged.result.reason = std::move(ordered.reason);
    }
  }
  return judged;
}

std::string json_of(const std::string& file, const Judged& judged) {
  const CheckResult& result = judged.result;
  nlohmann::ordered_json json;
  json["file"] = file;
  json["verdict"] = word_of(result.verdict);
  json["operations"] = judged.operations;
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
  if (result.verdict == Verdict::violation) {
    json["explanation"] =
        nlohmann::ordered_json::parse(explanation_json(judged.history, explain(judged.history, result)));
  }
  return print(json);
}

std::string text_of(const Judged& judged) {
  if (judged.by_order)
    return thousands(judged.operations) + " operations, in an order that was verified: linearizable\n";
  if (judged.result.verdict != Verdict::violation) return verdict_text(judged.operations, judged.result);
  const Explanation why = explain(judged.history, judged.result);
  CheckResult verdict = judged.result;
  if (!why.operations.empty()) verdict.witnesses.clear();  // the same, with letters, follow
  std::string text = check_text(judged.history, verdict);
  for (const ExplainedOperation& operation : why.operations)
    text += "  " + operation.letter + "  " + words_of(judged.history, operation.place) + "\n";
  for (const std::string& sentence : why.argument) text += "  " + sentence + "\n";
  if (!why.minimality.empty()) text += "  " + why.minimality + "\n";
  return text;
}

// What is written beside the verdict.
void write_results(const Judged& judged, const Wanted& wanted) {
  if (!wanted.explain.empty() && judged.result.verdict == Verdict::violation) {
    const std::string error = write_explanation(wanted.explain, judged.history, judged.result);
    if (!error.empty()) throw BadInput{"--explain: " + error};
  }
  if (!wanted.emit_order.empty() && judged.result.verdict == Verdict::linearizable &&
      !write_order(wanted.emit_order, judged.history, judged.order))
    throw BadInput{"--emit-order: " + wanted.emit_order + " cannot be written"};
}

Verdict check_whole(const std::string& file, const Wanted& wanted) {
  std::optional<Judged> judged;
  if (!wanted.for_one() && can_be_read_again(file)) {
    Source source = Source::file(file);
    judged = judge_compact(source, wanted);
  }
  Source source = Source::file(file);
  if (!judged) {
    judged = judge(source, wanted);
  } else if (judged->result.verdict == Verdict::violation) {
    read_whole(source, wanted, *judged);
  }
  if (wanted.json) {
    std::cout << json_of(file, *judged) << '\n';
  } else {
    std::cout << source.name() << ": " << text_of(*judged);
  }
  write_results(*judged, wanted);
  return judged->result.verdict;
}

// Judges events as they come, and reads no further than the response that makes a violation certain.
class Watch final : public HistorySink {
 public:
  struct Certain {};

  explicit Watch(const StreamOptions& options) : checker_(options) {}

  void on_call(std::size_t place, const Operation& operation) override {
    ++operations_;
    checker_.on_call(place, operation);
    look();
  }
  void on_return(std::size_t place, const Operation& operation) override {
    checker_.on_return(place, operation);
    look();
  }
  void on_end() override {
    checker_.on_end();
    look();
  }

  std::size_t operations() const { return operations_; }
  const StreamChecker& checker() const { return checker_; }

 private:
  void look() const {
    if (checker_.violation()) throw Certain{};
  }

  StreamChecker checker_;
  std::size_t operations_ = 0;
};

std::string json_of(const std::string& file, const Watch& watch) {
  const StreamChecker& checker = watch.checker();
  nlohmann::ordered_json json;
  json["file"] = file;
  json["verdict"] = word_of(checker.verdict());
  json["operations"] = watch.operations();
  json["components"] = checker.components();
  json["steps"] = checker.steps();
  if (const auto& violation = checker.violation()) {
    json["certain_at"] = nanoseconds(violation->at);
    json["operation"] = violation->place;
    json["reason"] = violation->reason;
    json["witnesses"] = violation->witnesses;
  }
  return print(json);
}

std::string text_of(const Watch& watch) {
  const StreamChecker& checker = watch.checker();
  std::string text = thousands(watch.operations()) + " operations, " + thousands(checker.components()) +
                     " independent groups of keys, as they came in " + thousands(checker.steps()) +
                     " steps: ";
  if (const auto& violation = checker.violation())
    return text + "NOT linearizable, certain at " + seconds(nanoseconds(violation->at)) + ": " +
           violation->reason + "\n";
  if (checker.verdict() == Verdict::linearizable) return text + "linearizable\n";
  text += "UNDECIDED: more steps are needed: keys";
  const std::vector<std::string_view> keys = checker.undecided_keys();
  for (std::size_t i = 0; i < keys.size() && i < kKeysNamed; ++i)
    text += (i == 0 ? " " : ", ") + quoted(keys[i]);
  return text + (keys.size() > kKeysNamed ? ", ...\n" : "\n");
}

Verdict check_stream(const std::string& file, const Wanted& wanted) {
  Source source = Source::file(file);
  StreamOptions options;
  options.steps_max = wanted.check.steps_max;
  Watch watch(options);
  try {
    Progress progress(source);
    const std::string error = read_events(source, wanted.format, watch);
    progress.clear();
    if (!error.empty()) throw BadInput{error};
  } catch (const Watch::Certain&) {
  }
  if (wanted.json) {
    std::cout << json_of(file, watch) << std::endl;
  } else {
    std::cout << source.name() << ": " << text_of(watch) << std::flush;
  }
  return watch.checker().verdict();
}

std::string path_of(const po::variables_map& options, const char* name) {
  return options.count(name) == 0 ? std::string{} : options[name].as<std::string>();
}

Wanted wanted_of(const po::variables_map& options) {
  Wanted wanted;
  if (options.count("format") != 0) {
    const std::string name = options["format"].as<std::string>();
    wanted.format = format_named(name);
    if (!wanted.format) throw BadInput{"--format: " + name + " is none of jsonl, edn, log, table"};
  }
  wanted.stream = options.count("stream") != 0;
  if (wanted.stream) wanted.check.steps_max = StreamOptions{}.steps_max;
  if (options.count("steps") != 0)
    wanted.check.steps_max = parse_number(options["steps"].as<std::string>(), "--steps");
  wanted.json = options.count("json") != 0;
  wanted.explain = path_of(options, "explain");
  wanted.emit_order = path_of(options, "emit-order");
  wanted.order = path_of(options, "order");
  if (wanted.for_one() && files_of(options).size() != 1)
    throw BadInput{"--explain, --emit-order and --order are for a single history: name one file"};
  if (wanted.for_one() && wanted.stream)
    throw BadInput{"--stream keeps no history: it excludes --explain, --emit-order and --order"};
  if (!wanted.emit_order.empty() && !wanted.order.empty())
    throw BadInput{"--emit-order and --order exclude each other"};
  return wanted;
}

}  // namespace

int command_check(const std::vector<std::string>& arguments) {
  po::options_description visible("sim check HISTORY...");
  visible.add_options()("help", "this text")                                                        //
      ("format", po::value<std::string>(), "jsonl, edn, log or table (default: by how it begins)")  //
      ("json", "print an object for each history, a line each")                                     //
      ("explain", po::value<std::string>(),
       "of a violation: write why to this file, a page with a picture")                          //
      ("emit-order", po::value<std::string>(), "if linearizable: write an order that shows it")  //
      ("order", po::value<std::string>(), "verify this order; if it does not hold, judge")       //
      ("stream",
       "judge while reading, in little memory; ends at the response that makes a violation certain")  //
      ("steps", po::value<std::string>(),
       "the search's budget in steps (default 20000000; of --stream: by the history's length); beyond it: "
       "undecided");
  const po::variables_map options = parse_options(arguments, visible, true);
  if (options.count("help") != 0) {
    std::cout << visible << kFormatsHelp;
    return EXIT_SUCCESS;
  }
  const Wanted wanted = wanted_of(options);
  int status = EXIT_SUCCESS;
  for (const std::string& file : files_of(options)) {
    const int one = exit_status(wanted.stream ? check_stream(file, wanted) : check_whole(file, wanted));
    if (one == kExitFinding || status == EXIT_SUCCESS) status = one;
  }
  return status;
}

}  // namespace norn::sim
