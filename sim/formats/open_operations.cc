// Operations between call and return: see open_operations.h.
#include "sim/formats/open_operations.h"

#include <algorithm>

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
  it.open = true;
  it.has_number = false;
  Operation& operation = it.operation;
  operation.client = process;
  if (by_process_kept_) link(slot);
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

void OpenOperations::link(std::uint32_t slot) {
  Slot& it = slots_[slot];
  it.newer = kNone;
  it.older = by_process_.find(it.operation.client);
  if (it.older != kNone) slots_[it.older].newer = slot;
  by_process_.set(it.operation.client, slot);
}

void OpenOperations::keep_by_process() {
  by_process_kept_ = true;
  std::vector<std::uint32_t> open;
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].open) open.push_back(slot);
  }
  std::ranges::sort(open, {}, [this](std::uint32_t slot) { return slots_[slot].place; });
  for (const std::uint32_t slot : open) link(slot);
}

void OpenOperations::number(std::uint32_t slot, std::uint64_t number) {
  slots_[slot].number = number;
  slots_[slot].has_number = true;
  by_number_.set(number, slot);
}

void OpenOperations::close(std::uint32_t slot) {
  Slot& it = slots_[slot];
  it.open = false;
  if (it.has_number) by_number_.erase(it.number);
  if (!by_process_kept_) return;
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
