// The cluster's time: milliseconds that leaders stamp on their entries, so that keys expire on every replica
// at the same entry. It goes on from the latest time that was applied, by the time that has passed here
// since: so it is never ahead of the leader's that stamped it (as far as two clocks run alike), and no key
// expires early, whoever leads next. Only monotonic time counts; while all replicas are down it stands still.
#pragma once

#include <algorithm>

#include "replica/base/types.h"

namespace norn {

class ClusterClock {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit ClusterClock(Time now) : since_(now) {}

  std::uint64_t at(Time now) const {
    return base_ + static_cast<std::uint64_t>(std::chrono::floor<Milliseconds>(now - since_).count());
  }
  // An entry with this time has been applied.
  void advance(Time now, std::uint64_t applied) {
    if (applied <= at(now)) return;
    base_ = applied;
    since_ = now;
  }
  // When it will be so late; kNever if that is beyond all deadlines.
  Time when(std::uint64_t wanted) const {
    if (wanted <= base_) return since_;
    constexpr std::uint64_t kFarOff = std::chrono::milliseconds(std::chrono::years(50)).count();
    return wanted - base_ > kFarOff ? kNever : since_ + Milliseconds(wanted - base_);
  }

 private:
  std::uint64_t base_ = 0;
  Time since_;
};

}  // namespace norn
