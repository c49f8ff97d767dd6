// Operations between call and return: see open_operations.h.
#include "sim/formats/open_operations.h"

namespace norn::sim {

std::uint32_t OpenOperations::add(std::uint32_t process, OperationKind kind, Time call,
                                  std::size_t accesses) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Slot& it = slots_[slot];
  it.has_number = false;
  it.newer = kNone;
  it.older = by_process_.find(process);
  if (it.older != kNone) slots_[it.older].newer = slot;
  by_process_.set(process, slot);

  Operation& operation = it.operation;
  operation.client = process;
  operation.kind = kind;
  operation.outcome = Outcome::pending;
  operation.matched = false;
  operation.value_known = true;
  operation.delta = 0;
  operation.call = call;
  operation.back = kNever;
  operation.accesses.resize(accesses);
  for (KeyAccess& access : operation.accesses) {
    access.argument.clear();
    access.expected.reset();
    access.value.reset();
    access.version = 0;
  }
  return slot;
}

void OpenOperations::number(std::uint32_t slot, std::uint64_t number) {
  slots_[slot].number = number;
  slots_[slot].has_number = true;
  by_number_.set(number, slot);
}

void OpenOperations::close(std::uint32_t slot) {
  Slot& it = slots_[slot];
  if (it.has_number) by_number_.erase(it.number);
  if (it.older != kNone) slots_[it.older].newer = it.newer;
  if (it.newer != kNone) {
    slots_[it.newer].older = it.older;
  } else if (it.older != kNone) {
    by_process_.set(it.operation.client, it.older);
  } else {
    by_process_.erase(it.operation.client);
  }
}

void OpenOperations::hand_on_return(std::uint32_t slot) {
  sink_.on_return(slots_[slot].place, slots_[slot].operation);
  free_.push_back(slot);
}

}  // namespace norn::sim
