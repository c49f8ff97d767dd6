// Real time for a process: the system's monotonic clock, from the process's start. Nothing here ever asks for
// the time of day.
#pragma once

#include <chrono>

#include "replica/base/types.h"

namespace norn::host {

class RealTime {
 public:
  // Never goes back. Should the system's clock do so, the time stands still until it has caught up, and
  // went_back() says so.
  Time now() {
    const Time read(std::chrono::steady_clock::now() - start_);
    if (read < latest_) went_back_ = true;
    latest_ = std::max(latest_, read);
    return latest_;
  }
  std::chrono::steady_clock::time_point system(Time time) const { return start_ + time.time_since_epoch(); }
  bool went_back() const { return went_back_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Time latest_{};
  bool went_back_ = false;
};

}  // namespace norn::host
