// The queue of what will happen, in the order of virtual time; what is due at the same instant happens in the
// order in which it was pushed. A 4-ary heap of plain structs: half as deep as a binary one, and the four
// children of a place lie in two cache lines. A value.
#pragma once

#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

enum class EventKind : std::uint8_t {
  datagram,  // payload: its ticket in the pool
  timer,     // payload: which arming of the process's timer; an older one is void
  synced,    // payload: the disk's ticket
  alarm,     // payload: the caller's tag; process is 0
};

struct QueuedEvent {
  Time at;
  std::uint64_t sequence = 0;  // of the push: breaks ties
  std::uint64_t payload = 0;
  std::uint32_t incarnation = 0;  // of the process it was meant for, where that matters
  std::uint16_t process = 0;
  EventKind kind = EventKind::alarm;
  bool arrived = false;  // datagram: it has arrived already, and waited for a paused process
};
static_assert(sizeof(QueuedEvent) == 32);

class EventQueue {
 public:
  // Gives the event its sequence.
  void push(QueuedEvent event) {
    event.sequence = next_sequence_++;
    heap_.push_back(event);
    rise(heap_.size() - 1);
  }
  // Of a queue that is not empty.
  const QueuedEvent& top() const { return heap_.front(); }
  QueuedEvent pop();

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }

 private:
  static bool before(const QueuedEvent& a, const QueuedEvent& b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }
  void rise(std::size_t place);
  void sink(std::size_t place);

  std::vector<QueuedEvent> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace norn::sim
