// What all components of a stream (stream_component.h) share: the operations and the texts at hand, and the
// budget.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/check/kv_spec.h"
#include "sim/check/stream_sweep.h"

namespace norn::sim {

struct StreamTables {
  StreamTables() = default;
  StreamTables(const StreamTables& other)
      : values(other.values),
        operations(other.operations),
        released(other.released),
        events(other.events),
        budget(other.budget),
        patience(other.patience) {}
  StreamTables& operator=(const StreamTables&) = delete;

  std::uint32_t take();  // an operation's place
  void release(std::uint32_t operation);

  Values values;
  std::vector<StreamOperation> operations;
  std::vector<std::uint32_t> released;
  std::uint64_t events = 0;
  StreamBudget budget;
  std::size_t patience = 0;  // events after which a component may assume that no answer will come
  Sweeper sweeper{values, operations, budget};
};

}  // namespace norn::sim
