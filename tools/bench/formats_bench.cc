// How fast histories are read: formats_bench [OPERATIONS [FOLDER [FORMAT]]]. Invents a history (20 clients,
// 100 keys, half reads), writes it in each format to a file in FOLDER (default: /tmp), and reads it back as
// events that nobody judges, thrice, from the page cache; prints the best. Best run while nothing else does.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/resource.h>

#include "sim/formats/formats.h"

#include "tests/formats/writers.h"

namespace norn::sim {
namespace {

// Looks at each event as a judge would, and keeps nothing.
class Counter final : public HistorySink {
 public:
  void on_call(std::size_t, const Operation& operation) override { sum += operation.accesses[0].key.size(); }
  void on_return(std::size_t, const Operation& operation) override {
    ++operations;
    sum += operation.accesses[0].value ? operation.accesses[0].value->size() : 0;
  }
  void on_end() override {}

  std::size_t operations = 0;
  std::size_t sum = 0;
};

long resident_max_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Writes to a file in pieces, so that memory stays what the reading needs.
void write_file(const std::string& path, Format format, std::size_t operations) {
  std::string text;
  EventWriter writer(format, text);
  class Emptying final : public HistorySink {
   public:
    Emptying(EventWriter& writer, std::string& text, const std::string& path)
        : writer_(writer), text_(text), file_(path, std::ios::binary | std::ios::trunc) {}
    void on_call(std::size_t place, const Operation& operation) override {
      writer_.on_call(place, operation);
      empty(std::size_t{1} << 20);
    }
    void on_return(std::size_t place, const Operation& operation) override {
      writer_.on_return(place, operation);
    }
    void on_end() override {
      writer_.on_end();
      empty(0);
    }

   private:
    void empty(std::size_t above) {
      if (text_.size() <= above) return;
      file_ << text_;
      text_.clear();
    }
    EventWriter& writer_;
    std::string& text_;
    std::ofstream file_;
  } emptying(writer, text, path);
  LongHistory recipe;
  recipe.operations = operations;
  recipe.log = format == Format::log;
  invent(recipe, emptying);
}

int run(std::size_t operations, const std::string& folder, const std::string& only) {
  std::printf("%-6s %12s %8s %10s %9s %9s %10s\n", "format", "operations", "bytes/op", "seconds", "M op/s",
              "MB/s", "RSS max MB");
  for (const Format format : {Format::json_lines, Format::edn, Format::log, Format::table}) {
    if (!only.empty() && only != name_of(format)) continue;
    const std::string path = folder + "/formats_bench." + std::string(name_of(format));
    write_file(path, format, operations);
    double best = 1e9;
    std::uint64_t size = 0;
    for (int round = 0; round < 3; ++round) {
      Counter counter;
      Source source = Source::file(path);
      size = source.size();
      const auto begin = std::chrono::steady_clock::now();
      const std::string error = read_events(source, std::nullopt, counter);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
      if (!error.empty() || counter.operations != operations) {
        std::fprintf(stderr, "%s: %zu operations came back: %s\n", path.c_str(), counter.operations,
                     error.c_str());
        return EXIT_FAILURE;
      }
    }
    const auto count = static_cast<double>(operations);
    std::printf("%-6s %12zu %8.0f %10.3f %9.2f %9.0f %10.0f\n", std::string(name_of(format)).c_str(),
                operations, static_cast<double>(size) / count, best, count / best / 1e6,
                static_cast<double>(size) / best / 1e6, static_cast<double>(resident_max_kb()) / 1e3);
    std::fflush(stdout);
    std::remove(path.c_str());
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace norn::sim

int main(int argc, char** argv) {
  const std::size_t operations = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  return norn::sim::run(std::max<std::size_t>(operations, 1), argc > 2 ? argv[2] : "/tmp",
                        argc > 3 ? argv[3] : "");
}
