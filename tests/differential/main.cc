// differential: compares every judge of linearizability with the definition on random small histories. Exit
// status 0: no mismatch; 1: one, made small and printed as JSON Lines; 2: bad arguments.
#include <array>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "sim/formats/history_file.h"

#include "tests/differential/by_definition.h"
#include "tests/differential/compare.h"
#include "tests/differential/random_history.h"

namespace norn::differential {

namespace {

constexpr const char* kUsage =
    "differential [--histories N] [--seed S] [--jobs J]   compare the judges on histories 0 to N-1 of a "
    "seed\n"
    "differential --seed S --only I                       history I of a seed\n"
    "differential --file HISTORY                          a history of few operations, as JSON Lines\n"
    "differential --mistaken yes                          judges that are wrong on purpose must be found "
    "out\n";

struct Arguments {
  std::uint64_t histories = 100'000;
  std::uint64_t seed = 1;
  std::uint64_t jobs = 2;
  std::optional<std::uint64_t> only;
  std::string file;
  bool mistaken = false;
};

// What the histories were like: a comparison in which one verdict is rare proves little.
struct Counts {
  std::array<std::uint64_t, kShapes> linearizable{};
  std::array<std::uint64_t, kShapes> violations{};
  std::uint64_t unknown = 0;  // histories with an unknown outcome
  std::uint64_t ties = 0;     // with a call at another's return
  std::array<std::uint64_t, 8> kinds{};
  std::vector<std::uint64_t> abstentions = std::vector<std::uint64_t>(judges().size());  // by judge

  void add(const RandomHistory& made, bool truth) {
    ++(truth ? linearizable : violations)[made.shape];
    bool any_unknown = false;
    bool any_tie = false;
    for (const sim::Operation& operation : made.history) {
      ++kinds[static_cast<std::size_t>(operation.kind)];
      any_unknown |= operation.outcome == sim::Outcome::info || operation.outcome == sim::Outcome::pending;
      for (const sim::Operation& other : made.history)
        any_tie |= &other != &operation && other.back == operation.call;
    }
    unknown += any_unknown;
    ties += any_tie;
  }

  void add(const Counts& other) {
    for (std::size_t i = 0; i < kShapes; ++i) {
      linearizable[i] += other.linearizable[i];
      violations[i] += other.violations[i];
    }
    for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] += other.kinds[i];
    for (std::size_t i = 0; i < abstentions.size(); ++i) abstentions[i] += other.abstentions[i];
    unknown += other.unknown;
    ties += other.ties;
  }
};

struct Found {
  std::uint64_t number = 0;
  Mismatch mismatch;
  sim::History history;
};

// Threads take blocks of numbers from one counter, so what is compared does not depend on how many there are.
class Comparison {
 public:
  explicit Comparison(const Arguments& arguments) : arguments_(arguments) {}

  void run() {
    std::vector<std::thread> threads;
    for (std::uint64_t i = 1; i < arguments_.jobs; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
  }

  const Counts& counts() const { return counts_; }
  const std::optional<Found>& found() const { return found_; }

 private:
  static constexpr std::uint64_t kBlock = 256;

  void work() {
    Counts counts;
    while (!stop_) {
      const std::uint64_t first = next_.fetch_add(kBlock);
      if (first >= arguments_.histories) break;
      const std::uint64_t end = std::min(first + kBlock, arguments_.histories);
      for (std::uint64_t number = first; number < end; ++number) take(number, counts);
    }
    const std::scoped_lock lock(mutex_);
    counts_.add(counts);
  }

  void take(std::uint64_t number, Counts& counts) {
    RandomHistory made = random_history(arguments_.seed, number);
    const bool truth = linearizable_by_definition(made.history);
    counts.add(made, truth);
    std::optional<Mismatch> mismatch;
    for (std::size_t i = 0; i < judges().size() && !mismatch; ++i) {
      bool abstained = false;
      mismatch = compare(judges()[i], made.history, truth, abstained);
      counts.abstentions[i] += abstained ? 1 : 0;
    }
    if (!mismatch) return;
    stop_ = true;
    const std::scoped_lock lock(mutex_);
    if (!found_ || number < found_->number) found_ = Found{number, *mismatch, std::move(made.history)};
  }

  const Arguments& arguments_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  Counts counts_;
  std::optional<Found> found_;
};

void print(const Counts& counts) {
  std::uint64_t linearizable = 0;
  std::uint64_t violations = 0;
  for (std::size_t i = 0; i < kShapes; ++i) {
    std::cout << std::left << std::setw(30) << name_of_shape(i) << std::right << std::setw(10)
              << counts.linearizable[i] << " linearizable" << std::setw(10) << counts.violations[i]
              << " not\n";
    linearizable += counts.linearizable[i];
    violations += counts.violations[i];
  }
  std::cout << std::left << std::setw(30) << "all" << std::right << std::setw(10) << linearizable
            << " linearizable" << std::setw(10) << violations << " not\n"
            << counts.unknown << " with unknown outcomes, " << counts.ties
            << " with a call at the time of a return; operations by kind:";
  for (const std::uint64_t kind : counts.kinds) std::cout << ' ' << kind;
  std::cout << "\njudges:";
  for (std::size_t i = 0; i < judges().size(); ++i) {
    std::cout << (i == 0 ? " " : ", ") << judges()[i].name;
    if (counts.abstentions[i] != 0) std::cout << " (abstained from " << counts.abstentions[i] << ')';
  }
  std::cout << '\n';
}

int report(const Mismatch& mismatch, const sim::History& history, const std::string& again) {
  const sim::History small = shrink(judges(), history, mismatch);
  const std::optional<Mismatch> now = compare(judges(), small);
  std::cout << "mismatch: " << mismatch.judge << ": "
            << (now && now->judge == mismatch.judge ? now->text : mismatch.text) << '\n'
            << sim::format_history(small) << "repeat: " << again << '\n';
  return EXIT_FAILURE;
}

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Arguments> parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string_view option = words[i];
    if (i + 1 == count) return std::nullopt;
    const std::string_view value = words[i + 1];
    bool good = true;
    if (option == "--histories") {
      good = parse_number(value, arguments.histories);
    } else if (option == "--seed") {
      good = parse_number(value, arguments.seed);
    } else if (option == "--jobs") {
      good = parse_number(value, arguments.jobs) && arguments.jobs >= 1 && arguments.jobs <= 64;
    } else if (option == "--only") {
      good = parse_number(value, arguments.only.emplace());
    } else if (option == "--file") {
      arguments.file = value;
    } else if (option == "--mistaken") {
      good = arguments.mistaken = value == "yes";
    } else {
      good = false;
    }
    if (!good) return std::nullopt;
  }
  return arguments;
}

int compare_one(const sim::History& history, const std::string& again) {
  const std::optional<Mismatch> mismatch = compare(judges(), history);
  if (mismatch) return report(*mismatch, history, again);
  std::cout << sim::format_history(history)
            << (linearizable_by_definition(history) ? "linearizable" : "not linearizable")
            << ", say all judges\n";
  return EXIT_SUCCESS;
}

// Each judge that is mistaken on purpose alone: it must be found out soon, by a history of few operations.
int find_mistaken(std::uint64_t seed) {
  constexpr std::uint64_t kHistories = 2000;
  constexpr std::size_t kOperations = 4;
  int status = EXIT_SUCCESS;
  for (const Judge& judge : mistaken_judges()) {
    const Judges alone(&judge, 1);
    std::optional<std::size_t> size;
    std::uint64_t number = 0;
    for (; number < kHistories && !size; ++number) {
      const sim::History history = random_history(seed, number).history;
      const std::optional<Mismatch> mismatch = compare(alone, history);
      if (mismatch) size = shrink(alone, history, *mismatch).size();
    }
    const bool gives_up = judge.name == "gives up on seven operations";
    std::cout << judge.name << ": "
              << (size ? "found out by history " + std::to_string(number - 1) + ", made small to " +
                             std::to_string(*size) + " operations\n"
                       : "NOT FOUND OUT\n");
    if (!size || *size > (gives_up ? 7 : kOperations)) status = EXIT_FAILURE;
  }
  return status;
}

int run(int count, char** words) {
  const std::optional<Arguments> arguments = parse(count, words);
  if (!arguments) {
    std::cerr << kUsage;
    return 2;
  }
  if (!arguments->file.empty()) {
    const sim::ParsedHistory parsed = sim::read_history(arguments->file);
    if (!parsed.error.empty() || parsed.history.size() > 12) {
      std::cerr << (parsed.error.empty() ? arguments->file + ": more than 12 operations" : parsed.error)
                << '\n';
      return 2;
    }
    return compare_one(parsed.history, "differential --file " + arguments->file);
  }
  if (arguments->mistaken) return find_mistaken(arguments->seed);
  const std::string again = "differential --seed " + std::to_string(arguments->seed) + " --only ";
  if (arguments->only) {
    return compare_one(random_history(arguments->seed, *arguments->only).history,
                       again + std::to_string(*arguments->only));
  }
  Comparison comparison(*arguments);
  comparison.run();
  print(comparison.counts());
  if (!comparison.found()) return EXIT_SUCCESS;
  const Found& found = *comparison.found();
  return report(found.mismatch, found.history, again + std::to_string(found.number));
}

}  // namespace

}  // namespace norn::differential

int main(int argc, char** argv) { return norn::differential::run(argc, argv); }
