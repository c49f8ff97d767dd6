// A whole history, event by event: see history_sink.h.
#include "sim/check/history_sink.h"

#include <algorithm>
#include <vector>

namespace norn::sim {

void feed(const History& history, HistorySink& sink) {
  std::vector<std::size_t> returns;
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (history[place].outcome == Outcome::ok || history[place].outcome == Outcome::fail)
      returns.push_back(place);
  }
  std::ranges::stable_sort(returns, {}, [&](std::size_t place) { return history[place].back; });
  std::size_t next = 0;
  Operation called;
  for (std::size_t place = 0; place < history.size(); ++place) {
    while (next < returns.size() && history[returns[next]].back < history[place].call) {
      sink.on_return(returns[next], history[returns[next]]);
      ++next;
    }
    called = history[place];
    called.outcome = Outcome::pending;
    called.matched = false;
    called.value_known = true;
    called.back = kNever;
    for (KeyAccess& access : called.accesses) {
      access.value.reset();
      access.version = 0;
    }
    sink.on_call(place, called);
    // No answer will follow, and when that became clear is not recorded: at once, so that nobody waits.
    if (history[place].outcome == Outcome::info || history[place].outcome == Outcome::pending)
      sink.on_return(place, history[place]);
  }
  for (; next < returns.size(); ++next) sink.on_return(returns[next], history[returns[next]]);
  sink.on_end();
}

}  // namespace norn::sim
