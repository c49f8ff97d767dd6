// Writes events in each format, for tests and the benchmark of the readers; and invents long histories, event
// by event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "sim/check/history_sink.h"
#include "sim/formats/formats.h"

namespace norn::sim {

// A sink that writes what it is given. Of what a format cannot say it says nothing: increments and several
// keys are only in JSON Lines, removes not in a log, which is of one register. Failed compare-and-sets are
// written without what they found, but for JSON Lines and the table.
class EventWriter final : public HistorySink {
 public:
  EventWriter(Format format, std::string& out);

  void on_call(std::size_t place, const Operation& operation) override;
  void on_return(std::size_t place, const Operation& operation) override;
  void on_end() override;

 private:
  void write_json(std::size_t place, const Operation& operation, const char* type);
  void write_edn(const Operation& operation, const char* type);
  void write_log(const Operation& operation, const char* type);
  void write_row(std::size_t place, const Operation& operation);

  Format format_;
  std::string& out_;
  std::size_t lines_ = 0;
  std::string last_time_ = "0";
  std::map<std::size_t, std::size_t> invoked_;  // JSON Lines: by place, the index of the invoke
  std::map<std::size_t, Operation> open_;       // table: what has not come back
};

struct LongHistory {
  std::size_t operations = 1'000'000;
  std::uint32_t clients = 20;
  std::uint32_t keys = 100;
  bool log = false;  // one register of numbers, no keys, no appends: what a text log can say
  std::uint64_t seed = 1;
};

// A linearizable history of reads, writes and compare-and-sets, handed on as it is invented.
void invent(const LongHistory& recipe, HistorySink& sink);

}  // namespace norn::sim
