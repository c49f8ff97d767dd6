// The simulator's command line: run, live, check, validate, list. Exit status 0: all is well; 1: a finding;
// 2: bad input; 3: nothing wrong was found, but something could not be decided within its budget, or was
// interrupted.
#include <algorithm>
#include <atomic>
#include <boost/program_options.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <thread>
#include <unistd.h>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/host/failure.h"

#include "sim/check/linearizable.h"
#include "sim/command.h"
#include "sim/explain/page.h"
#include "sim/formats/history_file.h"
#include "sim/live/play_live.h"
#include "sim/live/playable.h"
#include "sim/report/campaign.h"
#include "sim/report/fault_spans.h"
#include "sim/report/report.h"
#include "sim/report/trace_file.h"
#include "sim/report/words.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace po = boost::program_options;

namespace norn::sim {
namespace {

constexpr std::string_view kVersion = "norn sim 0.1.0";

constexpr std::string_view kHelp =
    R"(sim: runs the replicated store in a simulated world, and judges what happened

  sim run FILE...       run scenarios in virtual time, check them, report
  sim live FILE...      play scenarios on real processes, in real time
  sim check HISTORY...  judge recorded histories, one's own or anybody's (sim check --help: formats)
  sim validate FILE...  check scenario files without running them
  sim list [FOLDER]     the scenarios of a folder (default: scenarios), a line each

Examples:
  sim run scenarios/partition.json --seed 7
  sim run scenarios/partition.json --seed 7 --trace /tmp/trace --history /tmp/history
  sim run scenarios/*.json --seeds 1..1000 --jobs 2
  sim live scenarios/partition.json
  sim check /tmp/history

Exit status: 0 all is well, 1 a finding, 2 bad input (or an output that cannot be written), 3 something could
not be decided, or Ctrl-C came before the end.
)";

// The first Ctrl-C ends what runs in good order; another one, a moment later, at once. (timeout(1) sends each
// signal twice.)
std::atomic<bool> interrupted = false;
std::atomic<std::chrono::steady_clock::rep> interrupted_at = 0;
void on_interrupt(int) {
  constexpr std::chrono::steady_clock::duration kMoment = std::chrono::milliseconds(300);
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  if (!interrupted.exchange(true)) {
    interrupted_at = now;
  } else if (now - interrupted_at > kMoment.count()) {
    std::_Exit(kExitUndecided);
  }
}

std::pair<std::uint64_t, std::uint64_t> parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) throw BadInput{"--seeds: " + text + " is not of the form A..B"};
  const std::uint64_t first = parse_number(text.substr(0, dots), "--seeds");
  const std::uint64_t last = parse_number(text.substr(dots + 2), "--seeds");
  if (first > last) throw BadInput{"--seeds: " + text + " is an empty range"};
  if (last - first >= 1'000'000'000) throw BadInput{"--seeds: " + text + " is more than a billion seeds"};
  return {first, last};
}

std::vector<CampaignScenario> read_scenarios(const std::vector<std::string>& files) {
  std::vector<CampaignScenario> scenarios;
  for (const std::string& file : files) {
    auto parsed = read_scenario(file);
    if (const auto* error = std::get_if<ParseError>(&parsed)) throw BadInput{error->line()};
    scenarios.push_back({file, std::make_shared<const Scenario>(std::move(std::get<Scenario>(parsed)))});
  }
  return scenarios;
}

// A named bug, in the build that has them.
void choose_bug([[maybe_unused]] const std::string& name) {
#ifdef NORN_BUGS
  const auto found = std::ranges::find(kBugNames, name);
  if (found == kBugNames.end()) throw BadInput{"--bug: no bug is called " + name};
  active_bug = static_cast<Bug>(found - kBugNames.begin());
#else
  throw BadInput{"--bug: this build has no bugs compiled in (cmake -DNORN_BUGS=ON)"};
#endif
}

int exit_status(const CampaignSummary& summary) {
  if (summary.progress.findings != 0) return kExitFinding;
  return summary.undecided != 0 || summary.interrupted ? kExitUndecided : EXIT_SUCCESS;
}

int exit_status(const RunResult& result) {
  if (result.verdict == RunVerdict::finding) return kExitFinding;
  return result.verdict == RunVerdict::undecided ? kExitUndecided : EXIT_SUCCESS;
}

// Writes why the run's history is not linearizable, if it is not; names the file on standard error.
void explain_run(const std::string& path, const Run& run, const RunResult& result) {
  if (result.linearizable.verdict != Verdict::violation) return;
  const std::string error =
      write_explanation(path, run.history(), result.linearizable, fault_spans(result.timeline));
  if (!error.empty()) throw BadInput{"--explain: " + error};
  std::cerr << "sim: " << path << " explains the violation\n";
}

// One run, with all that is asked of it.
int run_one(const CampaignScenario& scenario, std::uint64_t seed, const po::variables_map& options) {
  Run run(scenario.scenario, seed);
  std::optional<TraceFile> trace;
  if (options.count("trace") != 0) {
    trace.emplace(options["trace"].as<std::string>());
    if (!trace->good())
      throw BadInput{"--trace: " + options["trace"].as<std::string>() + " cannot be written"};
    run.set_trace(&*trace);
  }
  const auto begin = std::chrono::steady_clock::now();
  while (!interrupted && run.step()) {
  }
  const bool cut_short = !run.over();
  if (cut_short) run.cut_short();
  const bool something_found = !run.findings().empty();
  const RunResult& result = run.finish();
  const double real = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (options.count("history") != 0 && !write_history(options["history"].as<std::string>(), run.history())) {
    throw BadInput{"--history: " + options["history"].as<std::string>() + " cannot be written"};
  }
  if (trace && !trace->finish())
    throw BadInput{"--trace: " + options["trace"].as<std::string>() + " cannot be written"};
  if (options.count("explain") != 0) explain_run(options["explain"].as<std::string>(), run, result);
  if (cut_short && !something_found) {  // what the scenario expects may have been still to come
    std::cerr << "sim: interrupted after " << seconds(result.ended.time_since_epoch())
              << " of virtual time; nothing found so far\n";
    return kExitUndecided;
  }
  const RunReport report{scenario.file, *scenario.scenario, seed, result, run.history(), real};
  if (options.count("digests") != 0) {
    std::cout << digest_line(report) << '\n';
  } else if (options.count("json") != 0) {
    std::cout << report_json(report) << '\n';
  } else if (options.count("quiet") == 0 || result.verdict != RunVerdict::pass) {
    std::cout << (options.count("quiet") != 0 ? report_briefly(report) : report_text(report));
  }
  return options.count("digests") != 0 ? EXIT_SUCCESS : exit_status(result);
}

int run_many(const CampaignOptions& campaign, const po::variables_map& options) {
  const bool quiet = options.count("quiet") != 0;
  const bool digests = options.count("digests") != 0;
  const bool json = options.count("json") != 0;
  const bool moving = !quiet && on_terminal(STDERR_FILENO);
  const auto clear = [&] {
    if (moving) std::cerr << "\r\x1b[K";
  };
  CampaignTotals totals;
  CampaignHooks hooks;
  hooks.interrupted = [] { return interrupted.load(); };
  hooks.outcome = [&](const CampaignOutcome& outcome) {
    const RunReport report{
        outcome.scenario->file, *outcome.scenario->scenario, outcome.seed, outcome.result, {}, 0};
    totals.add(report);
    if (digests) {
      std::cout << digest_line(report) << '\n';
    } else if (json) {
      std::cout << report_json(report) << '\n';
    } else if (outcome.result.verdict != RunVerdict::pass) {
      clear();
      std::cout << report_briefly(report) << std::flush;
    }
  };
  if (!quiet) {
    hooks.progress_every =
        std::chrono::milliseconds(moving ? 200 : 10'000);  // a log wants fewer lines than a terminal
    hooks.progress = [&](const CampaignProgress& progress) {
      clear();
      std::cerr << progress_line(progress) << (moving ? "" : "\n") << std::flush;
    };
  }
  const CampaignSummary summary = run_campaign(campaign, hooks);
  clear();
  if (!quiet && !digests && !json) std::cout << totals.text(summary);
  return digests && !summary.interrupted ? EXIT_SUCCESS : exit_status(summary);
}

int command_run(const std::vector<std::string>& arguments) {
  po::options_description visible("sim run FILE...");
  visible.add_options()("help", "this text")                                           //
      ("seed", po::value<std::string>(), "one seed (default 1)")                       //
      ("seeds", po::value<std::string>(), "many: A..B, both included")                 //
      ("jobs", po::value<std::string>(), "runs at once (default: one for each core)")  //
      ("trace", po::value<std::string>(),
       "write one line for each event to this file (-: standard output)")                              //
      ("history", po::value<std::string>(), "write the clients' history to this file, as JSON Lines")  //
      ("explain", po::value<std::string>(),
       "if the history is not linearizable, write why to this file, as HTML")                      //
      ("json", "the report as JSON, one line for each run")                                        //
      ("quiet", "print only what is not a pass")                                                   //
      ("digests", "print only a line 'scenario seed digest' for each run; findings do not count")  //
      ("until-finding", "stop at the first finding")                                               //
      ("bug", po::value<std::string>(), "with this seeded bug (a build with NORN_BUGS only)");
  const po::variables_map options = parse_options(arguments, visible, true);
  if (options.count("help") != 0) {
    std::cout << visible;
    return EXIT_SUCCESS;
  }
  if (options.count("seed") != 0 && options.count("seeds") != 0)
    throw BadInput{"--seed and --seeds exclude each other"};
  if (options.count("bug") != 0) choose_bug(options["bug"].as<std::string>());

  CampaignOptions campaign;
  campaign.scenarios = read_scenarios(files_of(options));
  if (options.count("seed") != 0) {
    campaign.seed_first = campaign.seed_last = parse_number(options["seed"].as<std::string>(), "--seed");
  } else if (options.count("seeds") != 0) {
    std::tie(campaign.seed_first, campaign.seed_last) = parse_seeds(options["seeds"].as<std::string>());
  }
  campaign.until_finding = options.count("until-finding") != 0;
  campaign.jobs = std::max(1u, std::thread::hardware_concurrency());
  if (options.count("jobs") != 0) {
    const std::uint64_t jobs = parse_number(options["jobs"].as<std::string>(), "--jobs");
    if (jobs < 1 || jobs > 1024) throw BadInput{"--jobs: " + std::to_string(jobs) + " is not in 1..1024"};
    campaign.jobs = static_cast<unsigned>(jobs);
  }
  const bool one = campaign.scenarios.size() == 1 && campaign.seed_first == campaign.seed_last;
  if (!one &&
      (options.count("trace") != 0 || options.count("history") != 0 || options.count("explain") != 0)) {
    throw BadInput{"--trace, --history and --explain are for a single run: name one file and one seed"};
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  return one ? run_one(campaign.scenarios[0], campaign.seed_first, options) : run_many(campaign, options);
}

// The program that is built beside this one.
std::string replica_beside() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "replica").string();
}

int command_live(const std::vector<std::string>& arguments) {
  LiveOptions live;
  std::string seed;
  po::options_description visible("sim live FILE...");
  visible.add_options()("help", "this text")  //
      ("seed", po::value(&seed)->default_value("1"),
       "of what the network, the clients and the faults draw; the processes draw for themselves")   //
      ("replica", po::value(&live.program)->default_value(replica_beside()), "the program to run")  //
      ("data", po::value(&live.data),
       "keep data and logs in a new folder in this one (default: in TMPDIR)")                          //
      ("keep", po::bool_switch(&live.keep), "leave data and logs there even after a pass")             //
      ("history", po::value(&live.history), "write the clients' history to this file, as JSON Lines")  //
      ("json", po::bool_switch(&live.json), "the report as JSON, one line for each run")               //
      ("quiet", po::bool_switch(&live.quiet), "print only what is not a pass");
  const po::variables_map options = parse_options(arguments, visible, true);
  if (options.count("help") != 0) {
    std::cout << visible;
    return EXIT_SUCCESS;
  }
  live.seed = parse_number(seed, "--seed");
  live.moving = !live.quiet && on_terminal(STDERR_FILENO);
  live.interrupted = [] { return interrupted.load(); };
  const std::vector<CampaignScenario> scenarios = read_scenarios(files_of(options));
  if (scenarios.size() != 1 && !live.history.empty())
    throw BadInput{"--history is for a single run: name one file"};
  for (const CampaignScenario& one : scenarios) {
    const std::string refusal = playable(*one.scenario).refusal;
    if (!refusal.empty()) throw BadInput{one.file + ": " + refusal + "; sim run plays it"};
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  LiveOutcome worst = LiveOutcome::pass;
  for (const CampaignScenario& one : scenarios) {
    const LiveOutcome outcome = play_live(one.file, one.scenario, live);
    if (outcome == LiveOutcome::interrupted) return kExitUndecided;
    if (worst != LiveOutcome::finding && outcome != LiveOutcome::pass) worst = outcome;
  }
  return worst == LiveOutcome::finding ? kExitFinding
         : worst == LiveOutcome::pass  ? EXIT_SUCCESS
                                       : kExitUndecided;
}

int command_validate(const std::vector<std::string>& arguments) {
  po::options_description visible("sim validate FILE...");
  visible.add_options()("help", "this text");
  const po::variables_map options = parse_options(arguments, visible, true);
  if (options.count("help") != 0) {
    std::cout << visible;
    return EXIT_SUCCESS;
  }
  int status = EXIT_SUCCESS;
  for (const std::string& file : files_of(options)) {
    const auto parsed = read_scenario(file);
    const auto* error = std::get_if<ParseError>(&parsed);
    if (error == nullptr) continue;
    std::cerr << error->line() << '\n';
    status = kExitBadInput;
  }
  return status;
}

int command_list(const std::vector<std::string>& arguments) {
  po::options_description visible("sim list [FOLDER]");
  visible.add_options()("help", "this text");
  const po::variables_map options = parse_options(arguments, visible, false);
  if (options.count("help") != 0) {
    std::cout << visible;
    return EXIT_SUCCESS;
  }
  std::vector<std::string> folders = files_of(options);
  if (folders.empty()) folders = {"scenarios"};
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) throw BadInput{folder + ": not a folder"};
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".json") files.insert(entry.path().string());
    }
    for (const std::string& file : files) {
      const auto parsed = read_scenario(file);
      const auto* scenario = std::get_if<Scenario>(&parsed);
      std::cout << file << "  "
                << (scenario != nullptr ? scenario->about : std::get<ParseError>(parsed).line()) << '\n';
    }
  }
  return EXIT_SUCCESS;
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
    (arguments.empty() ? std::cerr : std::cout) << kHelp;
    return arguments.empty() ? kExitBadInput : EXIT_SUCCESS;
  }
  if (arguments[0] == "--version") {
    std::cout << kVersion << '\n';
    return EXIT_SUCCESS;
  }
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (arguments[0] == "run") return command_run(rest);
  if (arguments[0] == "live") return command_live(rest);
  if (arguments[0] == "check") return command_check(rest);
  if (arguments[0] == "validate") return command_validate(rest);
  if (arguments[0] == "list") return command_list(rest);
  throw BadInput{"no command is called " + arguments[0] + "; sim --help shows them"};
}

}  // namespace
}  // namespace norn::sim

int main(int argc, char** argv) {
  norn::sim::keep_freed_memory();
  try {
    const int status = norn::sim::dispatch({argv + 1, argv + argc});
    if (!std::cout.flush()) throw norn::sim::BadInput{"standard output cannot be written"};
    return status;
  } catch (const norn::sim::BadInput& bad) {
    std::cerr << "sim: " << bad.line << '\n';
  } catch (const norn::host::Failure& failure) {
    std::cerr << "sim: " << failure.what() << '\n';
  } catch (const std::filesystem::filesystem_error& error) {
    std::cerr << "sim: " << error.what() << '\n';
  }
  return norn::sim::kExitBadInput;
}
