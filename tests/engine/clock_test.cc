// Local clocks: what they show, and when they show it.
#include "sim/engine/clock.h"

#include <doctest/doctest.h>

#include "replica/base/rng.h"

namespace norn::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

Time at(Duration since) { return Time(since); }

TEST_CASE("a clock without drift shows true time and its offset") {
  const LocalClock clock(Duration(17));
  CHECK(clock.local(at(seconds(5))) == at(seconds(5) + Duration(17)));
  CHECK(clock.when(at(seconds(5) + Duration(17))) == at(seconds(5)));
}

TEST_CASE("drift is exact: parts per million of true time") {
  LocalClock clock;
  clock.set_drift(at(seconds(10)), 200);
  CHECK(clock.local(at(seconds(10))) == at(seconds(10)));
  CHECK(clock.local(at(seconds(11))) == at(seconds(11) + std::chrono::microseconds(200)));
  clock.set_drift(at(seconds(11)), -100);
  CHECK(clock.local(at(seconds(12))) == at(seconds(12) + std::chrono::microseconds(100)));
}

TEST_CASE("a clock never goes back, whatever its drift becomes, and no change makes it leap") {
  Rng rng(3);
  LocalClock clock(seconds(1));
  Time now{};
  Time shown = clock.local(now);
  for (int i = 0; i < 10'000; ++i) {
    now += Duration(static_cast<std::int64_t>(rng.between(0, 3'000'000)));
    const Time before = clock.local(now);
    REQUIRE(before >= shown);
    clock.set_drift(now, static_cast<std::int32_t>(rng.between(0, 2 * kDriftMaxPpm)) - kDriftMaxPpm);
    shown = clock.local(now);
    REQUIRE(shown == before);
  }
}

TEST_CASE("a deadline is reached at the instant it is converted to, and not before") {
  Rng rng(4);
  for (int i = 0; i < 10'000; ++i) {
    LocalClock clock(Duration(static_cast<std::int64_t>(rng.between(0, 1'000'000'000))));
    const Time now = at(Duration(static_cast<std::int64_t>(rng.between(0, 1'000'000'000'000))));
    clock.set_drift(now, static_cast<std::int32_t>(rng.between(0, 2 * kDriftMaxPpm)) - kDriftMaxPpm);
    const Time deadline =
        clock.local(now) + Duration(static_cast<std::int64_t>(rng.between(1, 5'000'000'000)));
    const Time when = clock.when(deadline);
    REQUIRE(clock.local(when) >= deadline);
    REQUIRE(clock.local(when - Duration(1)) < deadline);
  }
}

TEST_CASE("a jump moves the clock forward, and never means never") {
  LocalClock clock;
  clock.set_drift(at(Duration{}), 500);
  const Time before = clock.local(at(seconds(1)));
  clock.jump(hours(1));
  CHECK(clock.local(at(seconds(1))) == before + hours(1));
  CHECK(clock.when(kNever) == kNever);
  clock.set_drift(at(seconds(1)), -kDriftMaxPpm);
  CHECK(clock.when(kNever - Duration(1)) == kNever);
}

}  // namespace
}  // namespace norn::sim
