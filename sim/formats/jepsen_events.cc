// Events in the order of the lines: see jepsen_events.h.
#include "sim/formats/jepsen_events.h"

namespace norn::sim {

namespace {

constexpr std::int64_t kStep = 1'000'000;  // a millisecond, which reads well

}  // namespace

Time JepsenEvents::next(std::optional<std::int64_t> stated) {
  if (stated) {
    last_ = *stated > last_ && *stated < INT64_MAX / 2 ? *stated : last_ + 1;
  } else {
    last_ += kStep;
  }
  return Time(Duration(last_));
}

Operation& JepsenEvents::call(std::uint32_t process, OperationKind kind, std::optional<std::int64_t> time) {
  slot_ = open_.add(process, kind, next(time), 1);
  return open_.operation(slot_);
}

Operation& JepsenEvents::opened(std::uint32_t process) {
  slot_ = open_.latest_of(process);
  return open_.operation(slot_);
}

void JepsenEvents::give_back(Outcome outcome, std::optional<std::int64_t> time) {
  Operation& operation = open_.operation(slot_);
  operation.outcome = outcome;
  const Time now = next(time);
  if (outcome != Outcome::info) operation.back = now;
  open_.close(slot_);
  open_.hand_on_return(slot_);
}

}  // namespace norn::sim
