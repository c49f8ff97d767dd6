// The clock of one process: monotonic, but neither right nor steady. A replica sees only this, never true
// time.
//
//   local(t) = base_local + floor((t - base_true) * (10^6 + drift) / 10^6)
//
// A change of drift moves the base to the present, so the clock goes on from what it shows. It never goes
// back.
#pragma once

#include "replica/base/types.h"

namespace norn::sim {

inline constexpr std::int32_t kDriftMaxPpm = 500'000;  // either way

class LocalClock {
 public:
  LocalClock() = default;
  explicit LocalClock(Duration offset) : base_local_(Time(offset)) {}

  Time local(Time now) const;
  // The first instant of true time at which the clock shows `local` or more; kNever if that is past all time.
  Time when(Time local) const;

  void set_drift(Time now, std::int32_t ppm);  // within kDriftMaxPpm either way
  void jump(Duration forward);                 // not negative
  std::int32_t drift() const { return drift_ppm_; }

 private:
  Time base_true_{};
  Time base_local_{};
  std::int32_t drift_ppm_ = 0;
};

}  // namespace norn::sim
