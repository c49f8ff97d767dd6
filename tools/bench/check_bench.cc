// The checker's benchmark: check_bench [--quick] [--planted] [--only PART] [--porcupine PROGRAM], or, to
// write a history, check_bench --emit KINDS ... (check_emit.h). Histories are generated in memory
// (tests/check/generated.h), so nothing is parsed; each is judged in a process of its own, three times, of
// which the median counts. tools/bench/README.md says what the columns mean. Exit status 1: a verdict was
// wrong, so its speed means nothing.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "replica/base/assert.h"

#include "sim/check/compact.h"

#include "tests/check/generated.h"

#include "tools/bench/check_emit.h"
#include "tools/bench/figures.h"

namespace norn::sim::bench {
namespace {

using enum OperationKind;

constexpr std::uint64_t kLarge = 10'000'000;
constexpr std::uint64_t kUsual = 1'000'000;
constexpr std::uint64_t kSearched = 100'000;
constexpr int kRounds = 3;

struct Options {
  bool quick = false;
  bool planted = false;
  std::string only;
  std::string porcupine;  // a program (porcupine/main.go); empty: none
};

struct Part {
  const char* name;
  std::vector<OperationKind> kinds;
  Planted planted;  // the violation of the other verdict
};

const std::vector<Part>& parts() {
  static const std::vector<Part> all = {
      {"puts", {put, get, get}, Planted::stale_read},
      {"swaps", {put, get, compare_and_set, compare_and_set}, Planted::swap_won_twice},
      {"removes", {put, get, get, remove}, Planted::resurrected_delete},
      {"appends", {append, get}, Planted::double_append},
      {"increments", {increment, get}, Planted::reordered_increments},
  };
  return all;
}

// What a child process found out.
struct Measured {
  int verdict = -1;
  std::size_t witnesses = 0;
  std::size_t searched = 0;
  std::uint64_t steps = 0;
  double seconds = 0;
  double bytes = 0;  // its peak, less what it had before the history
};

double peak_now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

Measured judge_here(const Shape& shape, const CheckOptions& options, int rounds) {
  Measured measured;
  const double before = peak_now();
  CompactBuilder builder;
  generate(shape, shape.operations + shape.keys + shape.clients, builder);
  const CompactHistory history = builder.take();
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    const Stopwatch watch;
    const CheckResult result = check_linearizable(history, options);
    seconds.push_back(watch.seconds());
    measured.verdict = static_cast<int>(result.verdict);
    measured.witnesses = result.witnesses.size();
    measured.searched = result.searched;
    measured.steps = result.steps;
  }
  std::sort(seconds.begin(), seconds.end());
  measured.seconds = seconds[seconds.size() / 2];
  measured.bytes = peak_now() - before;
  return measured;
}

// In a process of its own, so that its peak is its own.
Measured judge(const Shape& shape, const CheckOptions& options = {}, int rounds = kRounds) {
  std::array<int, 2> ends{};
  ASSERT(pipe(ends.data()) == 0);
  std::fflush(stdout);
  const pid_t child = fork();
  ASSERT(child >= 0);
  Measured measured;
  if (child == 0) {
    measured = judge_here(shape, options, rounds);
    const bool whole = write(ends[1], &measured, sizeof measured) == sizeof measured;
    _exit(whole ? 0 : 1);
  }
  close(ends[1]);
  const bool whole = read(ends[0], &measured, sizeof measured) == sizeof measured;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT(whole);
  return measured;
}

const char* words_of(int verdict) {
  static constexpr std::array<const char*, 3> kWords = {"linearizable", "violation", "undecided"};
  return verdict >= 0 && verdict < 3 ? kWords[static_cast<std::size_t>(verdict)] : "?";
}

Shape shape_of(const Part& part, std::uint64_t operations) {
  Shape shape;
  shape.kinds = part.kinds;
  shape.operations = operations;
  shape.keys = 10;
  shape.clients = 20;
  return shape;
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {}

  bool run() {
    std::printf("%s\n\n", machine().c_str());
    if (options_.planted) {
      plant();
      return all_right_;
    }
    for (const Part& part : parts()) {
      if (wanted(part.name)) measure(part);
    }
    if (wanted("ambiguous")) measure_ambiguous();
    if (wanted("border")) measure_border();
    if (options_.only == "crowd") measure_crowd();
    if (!options_.porcupine.empty() && wanted("porcupine")) compare();
    return all_right_;
  }

 private:
  bool wanted(std::string_view part) const { return options_.only.empty() || options_.only == part; }

  static void head(const char* title) {
    std::printf("%s\n%11s %6s %8s %8s %-13s %8s %8s %6s\n", title, "operations", "keys", "clients", "unknown",
                "verdict", "M op/s", "ns/op", "B/op");
  }

  Measured line(const Shape& shape, int expected, const CheckOptions& options = {}, int rounds = kRounds) {
    const Measured it = judge(shape, options, rounds);
    const auto count = static_cast<double>(shape.operations);
    std::printf("%11llu %6u %8u %6.1f %% %-13s %8.2f %8.1f %6.1f",
                static_cast<unsigned long long>(shape.operations), shape.keys, shape.clients,
                shape.unknown.ppm / 1e4, words_of(it.verdict), count / it.seconds / 1e6,
                it.seconds / count * 1e9, it.bytes / count);
    if (it.searched != 0) {
      std::printf("  searched %zu in %llu steps", it.searched, static_cast<unsigned long long>(it.steps));
    }
    if (expected >= 0 && it.verdict != expected) {
      std::printf("  WRONG, it is %s", words_of(expected));
      all_right_ = false;
    }
    std::printf("\n");
    std::fflush(stdout);
    return it;
  }

  void measure(const Part& part) {
    head((std::string("tier 1: ") + part.name).c_str());
    const std::uint64_t usual = options_.quick ? kUsual / 4 : kUsual;
    const std::uint64_t large = options_.quick ? kUsual : kLarge;
    double small_cost = 0;
    double large_cost = 0;
    for (std::uint64_t operations = 10'000; operations <= large; operations *= 10) {
      const Measured it = line(shape_of(part, operations), 0);
      if (operations == 100'000) small_cost = it.seconds / static_cast<double>(operations);
      large_cost = it.seconds / static_cast<double>(operations);
    }
    for (const std::uint32_t keys : {1U, 1'000U}) vary(part, usual, [&](Shape& it) { it.keys = keys; });
    for (const std::uint32_t clients : {5U, 10U, 50U})
      vary(part, usual, [&](Shape& it) { it.clients = clients; });
    for (const std::uint32_t ppm : {0U, 100'000U})
      vary(part, usual, [&](Shape& it) { it.unknown = Ratio{ppm}; });
    vary(
        part, usual, [&](Shape& it) { it.words = true; }, "values are words");
    Shape spoiled = shape_of(part, large);
    spoiled.planted = part.planted;
    spoiled.planted_at = large - large / 100;
    line(spoiled, 1);
    std::printf("growth: an operation among %llu costs %.2f times what one among 100000 does\n\n",
                static_cast<unsigned long long>(large), large_cost / small_cost);
  }

  template <class Change>
  void vary(const Part& part, std::uint64_t operations, Change change, const char* note = nullptr) {
    if (note != nullptr) std::printf("%s:\n", note);
    Shape shape = shape_of(part, operations);
    change(shape);
    line(shape, 0);
  }

  // The search, where it still decides.
  void measure_ambiguous() {
    head("tier 2: puts, gets and compare-and-sets of five values, searched");
    const std::uint64_t operations = options_.quick ? kSearched / 10 : kSearched;
    for (const std::uint32_t clients : {2U, 5U, 10U}) {
      Shape shape;
      shape.kinds = {put, get, get, compare_and_set};
      shape.operations = operations;
      shape.keys = 10;
      shape.clients = clients;
      shape.domain = 5;
      shape.unknown = Ratio{0};
      line(shape, -1, {}, 1);
      shape.unknown = Ratio{1'000};
      line(shape, -1, {}, 1);
    }
    std::printf("\n");
  }

  // One key, 50 clients, a domain of five, 1 % unknown: how far the search comes.
  void measure_border() {
    head("the border: one key, values from a domain of five");
    const std::vector<std::uint64_t> sizes = options_.quick
                                                 ? std::vector<std::uint64_t>{300, 1'000}
                                                 : std::vector<std::uint64_t>{300, 1'000, 10'000, kUsual};
    for (const std::uint32_t clients : {5U, 10U, 20U, 50U}) {
      for (const std::uint32_t ppm : {0U, 10'000U}) {
        for (const std::uint64_t operations : sizes) {
          Shape shape;
          shape.kinds = {put, get, get};
          shape.operations = operations;
          shape.keys = 1;
          shape.clients = clients;
          shape.domain = 5;
          shape.unknown = Ratio{ppm};
          CheckOptions options;
          if (options_.quick) options.steps_max = 1'000'000;
          line(shape, -1, options, 1);
        }
      }
    }
    std::printf("\n");
  }

  // The last line of the border by itself.
  void measure_crowd() {
    head("one key, 50 clients, values from a domain of five, 1 % unknown");
    Shape shape;
    shape.kinds = {put, get, get};
    shape.operations = options_.quick ? kSearched / 10 : kUsual;
    shape.keys = 1;
    shape.clients = 50;
    shape.domain = 5;
    line(shape, -1, {}, 1);
  }

  void plant() {
    struct Case {
      const char* name;
      std::vector<OperationKind> kinds;
      Planted planted;
    };
    const std::vector<Case> cases = {
        {"stale read", {put, get, get}, Planted::stale_read},
        {"lost write", {put, get, compare_and_set}, Planted::lost_write},
        {"resurrected delete", {put, get, remove}, Planted::resurrected_delete},
        {"double append", {append, get}, Planted::double_append},
        {"CAS won twice", {put, get, compare_and_set, compare_and_set}, Planted::swap_won_twice},
        {"reordered increments", {increment, get}, Planted::reordered_increments},
    };
    std::printf("%-22s %11s %-13s %10s %9s\n", "planted", "operations", "verdict", "witnesses", "ms");
    for (const Case& each : cases) {
      for (std::uint64_t operations = 1'000; operations <= (options_.quick ? kUsual / 10 : kLarge);
           operations *= 10) {
        Shape shape;
        shape.kinds = each.kinds;
        shape.operations = operations;
        shape.clients = 20;
        shape.planted = each.planted;
        shape.planted_at = operations - operations / 20;
        const Measured it = judge(shape, {}, 1);
        const bool right = it.verdict == 1 && it.witnesses >= 1 && it.witnesses <= 6 && it.searched == 0;
        all_right_ &= right;
        std::printf("%-22s %11llu %-13s %10zu %9.2f%s\n", each.name,
                    static_cast<unsigned long long>(operations), words_of(it.verdict), it.witnesses,
                    it.seconds * 1e3, right ? "" : "  WRONG");
        std::fflush(stdout);
      }
    }
  }

  // Beside Porcupine, on the same histories, in a file of numbers (porcupine/main.go).
  void compare() {
    std::printf("beside Porcupine: puts, gets and compare-and-sets; it is stopped after %s\n",
                options_.quick ? "10 s" : "60 s");
    std::printf("%11s %6s %8s %10s  %s\n", "operations", "keys", "clients", "ours, ms", "Porcupine");
    struct Size {
      std::uint64_t operations;
      std::uint32_t keys;
      std::uint32_t clients;
    };
    std::vector<Size> sizes = {
        {1'000, 1, 5}, {10'000, 1, 5}, {1'000, 1, 10}, {1'000, 1, 20}, {100'000, 1'000, 10}};
    if (!options_.quick) sizes.insert(sizes.end(), {{100'000, 1, 5}, {1'000'000, 1'000, 50}});
    for (const Size& size : sizes) {
      Shape shape = shape_of(parts()[1], size.operations);
      shape.keys = size.keys;
      shape.clients = size.clients;
      shape.unknown = Ratio{1'000};
      const Measured it = judge(shape);
      all_right_ &= it.verdict == 0;
      std::printf("%11llu %6u %8u %10.2f  ", static_cast<unsigned long long>(size.operations), size.keys,
                  size.clients, it.seconds * 1e3);
      std::fflush(stdout);
      ask_porcupine(shape);
    }
  }

  void ask_porcupine(const Shape& shape) const {
    HistoryKeeper kept;
    generate(shape, shape.operations + shape.keys + shape.clients, kept);
    const std::string path = "/tmp/check_bench." + std::to_string(getpid());
    {
      // A line an operation: key kind argument expected value call back; -1: none, or never. Kinds: 0 get,
      // 1 put, 3 compare-and-set that matched, 4 one that did not, 5 one of unknown outcome.
      std::ofstream file(path);
      const auto number = [](const std::optional<std::string>& text) {
        return text ? *text : std::string("-1");
      };
      for (const Operation& it : kept.history) {
        const KeyAccess& access = it.accesses[0];
        const bool known = it.outcome == Outcome::ok;
        if (it.kind == get && !known) continue;
        const int kind =
            it.kind == compare_and_set ? (known ? (it.matched ? 3 : 4) : 5) : static_cast<int>(it.kind);
        file << access.key.substr(1) << ' ' << kind << ' ' << (it.kind == get ? "-1" : access.argument) << ' '
             << number(access.expected) << ' ' << number(access.value) << ' '
             << it.call.time_since_epoch().count() << ' ' << (known ? it.back.time_since_epoch().count() : -1)
             << '\n';
      }
    }
    const std::string command = options_.porcupine + " " + path + (options_.quick ? " 10" : " 60");
    if (std::system(command.c_str()) != 0) std::printf("did not run\n");  // NOLINT: a program of ours
    std::remove(path.c_str());
  }

  Options options_;
  bool all_right_ = true;
};

int usage() {
  std::fprintf(stderr,
               "check_bench [--quick] [--planted] [--only PART] [--porcupine PROGRAM]; parts: puts swaps "
               "removes appends increments ambiguous border crowd porcupine\n%s",
               kEmitUsage);
  return 2;
}

int main_with(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--emit") return emit({arguments.begin() + 1, arguments.end()});
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool more = i + 1 < arguments.size();
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--planted") {
      options.planted = true;
    } else if (argument == "--only" && more) {
      options.only = arguments[++i];
    } else if (argument == "--porcupine" && more) {
      options.porcupine = arguments[++i];
    } else {
      return usage();
    }
  }
  return Bench(options).run() ? 0 : 1;
}

}  // namespace
}  // namespace norn::sim::bench

int main(int argc, char** argv) { return norn::sim::bench::main_with({argv + 1, argv + argc}); }
