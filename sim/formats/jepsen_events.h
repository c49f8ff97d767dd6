// What Jepsen's two formats share: the order of the lines is the order of the events, a process has one
// operation open at most, and an operation is of one key. Each event is put behind the one before, so that
// the times say no more and no less than the order does.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/formats/open_operations.h"

namespace norn::sim {

class JepsenEvents {
 public:
  explicit JepsenEvents(HistorySink& sink) : open_(sink) {}

  bool is_open(std::uint32_t process) { return open_.latest_of(process) != OpenOperations::kNone; }

  // A new operation of a process that has none open, to be filled in; then hand_on_call().
  Operation& call(std::uint32_t process, OperationKind kind, std::optional<std::int64_t> time);
  void hand_on_call() { open_.hand_on_call(slot_); }

  // The open operation of a process that has one, to be filled in; then give_back().
  Operation& opened(std::uint32_t process);
  void give_back(Outcome outcome, std::optional<std::int64_t> time);

  void finish() { open_.hand_on_end(); }

 private:
  Time next(std::optional<std::int64_t> stated);

  OpenOperations open_;
  std::uint32_t slot_ = OpenOperations::kNone;  // the one at work
  std::int64_t last_ = 0;
};

}  // namespace norn::sim
