// A history handed on event by event, in time order: what a reader of a file gives to whoever judges, keeps
// or draws it (sim/formats/), and what a workload gives while a run goes on. Nothing that is handed on
// outlives the call, so that a history larger than memory can pass.
//
//   on_call    operation number `place` (0, 1, ...: the order of the calls) was called: it is pending
//   on_return  it came back: outcome ok, fail or info, and, if ok, what it saw
//   on_end     nothing follows; what has not come back is pending for good
//
// At equal times calls come before returns: equal times are concurrent.
#pragma once

#include <cstddef>

#include "sim/check/history.h"

namespace norn::sim {

class HistorySink {
 public:
  HistorySink() = default;
  HistorySink(const HistorySink&) = default;
  HistorySink& operator=(const HistorySink&) = default;
  virtual ~HistorySink() = default;

  virtual void on_call(std::size_t place, const Operation& operation) = 0;
  virtual void on_return(std::size_t place,
                         const Operation& operation) = 0;  // all of it, also what was called
  virtual void on_end() = 0;
};

// Hands on a whole history. What is unknown in the end is so from its call.
void feed(const History& history, HistorySink& sink);

}  // namespace norn::sim
