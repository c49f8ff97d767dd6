// Figures: what a benchmark measures in several rounds, and the table it prints of them. In each round ours
// and its peer run one right after the other, so what slows the machine for a while slows both; the ratio is
// taken within the round. A round of the whole benchmark measures every item once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace norn::sim::bench {

// What was measured in one round.
struct Reading {
  std::string figure;
  std::string unit;
  double ours = 0;
  double peer = 0;       // in the same unit; 0: it has no peer
  std::string beside{};  // what the peer is
  bool less_is_better = false;
};

// The processor time of this thread: on a shared machine the wall clock also measures the neighbours.
class Stopwatch {
 public:
  Stopwatch() : cpu_(cpu_now()), wall_(std::chrono::steady_clock::now()) {}
  double seconds() const { return cpu_now() - cpu_; }
  double wall_seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
  }

 private:
  static double cpu_now();
  double cpu_;
  std::chrono::steady_clock::time_point wall_;
};

class Figures {
 public:
  void add(const Reading& reading);
  // One line a figure, in the order in which they first came.
  void print() const;

 private:
  struct Line {
    Reading first;
    std::vector<double> ours;
    std::vector<double> peer;
    std::vector<double> ratio;  // how many times better ours is
  };
  std::vector<Line> lines_;
};

// The cores, the compiler and the load, in one line.
std::string machine();

// The peak resident memory, in MiB, of a process that does only this. Forks: call it while there is one
// thread and little memory.
double peak_memory(void (*work)(const void* context), const void* context);

}  // namespace norn::sim::bench
