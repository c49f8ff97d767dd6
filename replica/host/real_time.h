// Real time for a process: the system's monotonic clock, from the process's start. Nothing here ever asks for
// the time of day.
#pragma once

#include <algorithm>
#include <chrono>

#include "replica/base/types.h"

namespace norn::host {

class RealTime {
 public:
  Time now() { return take(Time(std::chrono::steady_clock::now() - start_)); }
  // What time it is when the system's clock reads so. Never goes back. Should the system's clock do so, the
  // time stands still until it has caught up, and went_back() counts it.
  Time take(Time read) {
    if (read < read_) ++went_back_;
    read_ = read;
    latest_ = std::max(latest_, read);
    return latest_;
  }
  std::chrono::steady_clock::time_point system(Time time) const { return start_ + time.time_since_epoch(); }
  std::uint64_t went_back() const { return went_back_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Time read_{};
  Time latest_{};
  std::uint64_t went_back_ = 0;
};

}  // namespace norn::host
