// Local time to and from true time, in 128-bit integers: exact, and without overflow.
#include "sim/engine/clock.h"

#include "replica/base/assert.h"

namespace norn::sim {
namespace {

__extension__ using Wide = __int128;

}  // namespace

Time LocalClock::local(Time now) const {
  const Duration passed = now - base_true_;
  if (drift_ppm_ == 0) return base_local_ + passed;
  const Wide scaled = Wide{passed.count()} * (kPpm + drift_ppm_) / kPpm;
  return base_local_ + Duration(static_cast<std::int64_t>(scaled));
}

Time LocalClock::when(Time local) const {
  if (local == kNever) return kNever;
  if (local <= base_local_) return base_true_;
  // floor(t * rate) >= wanted exactly when t * rate >= wanted, as wanted is an integer: so rounding up
  // suffices.
  const Wide wanted = Wide{local.time_since_epoch().count()} - base_local_.time_since_epoch().count();
  const std::int64_t rate = kPpm + drift_ppm_;
  const Wide passed = (wanted * kPpm + rate - 1) / rate;
  const Wide at = base_true_.time_since_epoch().count() + passed;
  if (at >= kNever.time_since_epoch().count()) return kNever;
  return Time(Duration(static_cast<std::int64_t>(at)));
}

void LocalClock::set_drift(Time now, std::int32_t ppm) {
  ASSERT(ppm >= -kDriftMaxPpm);
  ASSERT(ppm <= kDriftMaxPpm);
  base_local_ = local(now);
  base_true_ = now;
  drift_ppm_ = ppm;
}

void LocalClock::jump(Duration forward) {
  ASSERT(forward >= Duration{});
  base_local_ += forward;
}

}  // namespace norn::sim
