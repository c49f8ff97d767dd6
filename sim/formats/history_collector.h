// A sink that keeps all it is given: the history, as a value.
#pragma once

#include <cstddef>

#include "sim/check/history_sink.h"

namespace norn::sim {

class HistoryCollector final : public HistorySink {
 public:
  void on_call(std::size_t, const Operation& operation) override { history.push_back(operation); }
  void on_return(std::size_t place, const Operation& operation) override { history[place] = operation; }
  void on_end() override {}

  History history;
};

}  // namespace norn::sim
