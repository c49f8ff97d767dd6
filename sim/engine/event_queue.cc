// The heap's two movements. Both move a hole instead of swapping: one copy a level.
#include "sim/engine/event_queue.h"

#include <algorithm>

namespace norn::sim {

QueuedEvent EventQueue::pop() {
  const QueuedEvent first = heap_.front();
  heap_.front() = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sink(0);
  return first;
}

void EventQueue::rise(std::size_t place) {
  const QueuedEvent event = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 4;
    if (!before(event, heap_[parent])) break;
    heap_[place] = heap_[parent];
    place = parent;
  }
  heap_[place] = event;
}

void EventQueue::sink(std::size_t place) {
  const QueuedEvent event = heap_[place];
  const std::size_t size = heap_.size();
  for (;;) {
    const std::size_t children = 4 * place + 1;
    if (children >= size) break;
    std::size_t first = children;
    const std::size_t end = std::min(children + 4, size);
    for (std::size_t child = children + 1; child < end; ++child) {
      if (before(heap_[child], heap_[first])) first = child;
    }
    if (!before(heap_[first], event)) break;
    heap_[place] = heap_[first];
    place = first;
  }
  heap_[place] = event;
}

}  // namespace norn::sim
