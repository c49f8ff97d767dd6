// Clocks, medians and the table.
#include "tools/bench/figures.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace norn::sim::bench {
namespace {

#ifdef __clang__
constexpr const char* kCompiler = __VERSION__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

struct Spread {
  double min = 0;
  double median = 0;
  double max = 0;
};

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

// Three digits or so, whatever the size.
std::string number(double value) {
  char text[32];
  const char* suffix = "";
  if (value >= 1e6) {
    value /= 1e6;
    suffix = " M";
  } else if (value >= 1e5) {
    value /= 1e3;
    suffix = " k";
  }
  std::snprintf(text, sizeof text,
                value >= 100  ? "%.0f%s"
                : value >= 10 ? "%.1f%s"
                              : "%.2f%s",
                value, suffix);
  return text;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "an unknown processor";
}

}  // namespace

double Stopwatch::cpu_now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Figures::add(const Reading& reading) {
  auto line = std::find_if(lines_.begin(), lines_.end(),
                           [&](const Line& each) { return each.first.figure == reading.figure; });
  if (line == lines_.end()) line = lines_.insert(line, Line{reading, {}, {}, {}});
  line->ours.push_back(reading.ours);
  if (reading.peer <= 0) return;
  line->peer.push_back(reading.peer);
  line->ratio.push_back(reading.less_is_better ? reading.peer / reading.ours : reading.ours / reading.peer);
}

void Figures::print() const {
  std::printf("%-46s %9s %9s %9s  %-7s %9s %7s  %s\n", "figure", "min", "median", "max", "unit", "peer",
              "ratio", "peer is");
  for (const Line& line : lines_) {
    const Spread ours = spread(line.ours);
    std::printf("%-46s %9s %9s %9s  %-7s", line.first.figure.c_str(), number(ours.min).c_str(),
                number(ours.median).c_str(), number(ours.max).c_str(), line.first.unit.c_str());
    if (!line.peer.empty()) {
      std::printf(" %9s %7s  %s", number(spread(line.peer).median).c_str(),
                  number(spread(line.ratio).median).c_str(), line.first.beside.c_str());
    }
    std::printf("\n");
  }
}

std::string machine() {
  double load[1] = {0};
  if (getloadavg(load, 1) != 1) load[0] = 0;
  char rest[160];
  std::snprintf(rest, sizeof rest, ", %u cores, load %.1f; compiler: %s", std::thread::hardware_concurrency(),
                load[0], kCompiler);
  return processor() + rest;
}

double peak_memory(void (*work)(const void* context), const void* context) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    work(context);
    _exit(0);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0) return 0;
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace norn::sim::bench
