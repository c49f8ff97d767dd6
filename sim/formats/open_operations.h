// The operations that a reader has seen called and not yet come back: a pool of slots, whose strings are used
// again by later operations, found by the number that the format gives a call, or by process. And the way
// out: calls and returns go from here to the sink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history_sink.h"
#include "sim/check/number_table.h"

namespace norn::sim {

class OpenOperations {
 public:
  static constexpr std::uint32_t kNone = NumberTable::kNone;

  explicit OpenOperations(HistorySink& sink) : sink_(sink) {}

  // A slot for a new operation, which is pending and has `accesses` empty accesses. References to operations
  // end here.
  std::uint32_t add(std::uint32_t process, OperationKind kind, Time call, std::size_t accesses);
  void number(std::uint32_t slot, std::uint64_t number);  // found by this number as well

  std::uint32_t numbered(std::uint64_t number) const { return by_number_.find(number); }
  std::uint32_t latest_of(std::uint32_t process) {
    if (!by_process_kept_) keep_by_process();
    return by_process_.find(process);
  }
  Operation& operation(std::uint32_t slot) { return slots_[slot].operation; }

  void hand_on_call(std::uint32_t slot) {
    slots_[slot].place = calls_;
    sink_.on_call(calls_++, slots_[slot].operation);
  }
  void close(std::uint32_t slot);           // not found any more
  void hand_on_return(std::uint32_t slot);  // a closed one; the slot is free then
  void hand_on_end() { sink_.on_end(); }

 private:
  struct Slot {
    Operation operation;
    std::size_t place = 0;  // among all calls
    std::uint64_t number = 0;
    bool open = false;
    bool has_number = false;
    std::uint32_t older = kNone;  // open operations of the same process
    std::uint32_t newer = kNone;
  };

  void link(std::uint32_t slot);
  void keep_by_process();

  HistorySink& sink_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  NumberTable by_number_;
  NumberTable by_process_;        // the latest
  bool by_process_kept_ = false;  // from the first time that somebody asks: our own lines never do
  std::size_t calls_ = 0;
};

// Into a string, or an optional one, that may have memory already.
inline void put_text(std::string& to, std::string_view text) { to.assign(text.data(), text.size()); }
inline void put_text(std::optional<std::string>& to, std::string_view text) {
  if (to) {
    to->assign(text.data(), text.size());
  } else {
    to.emplace(text);
  }
}

}  // namespace norn::sim
