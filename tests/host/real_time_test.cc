// Times of the monotonic clock.
#include "replica/host/real_time.h"

#include <doctest/doctest.h>

namespace norn::host {
namespace {

Time at(int nanoseconds) { return Time(Duration(nanoseconds)); }

TEST_CASE("a clock that goes back is counted, and time stands still until it has caught up") {
  RealTime clock;
  CHECK(clock.take(at(10)) == at(10));
  CHECK(clock.take(at(10)) == at(10));
  CHECK(clock.went_back() == 0);
  CHECK(clock.take(at(4)) == at(10));
  CHECK(clock.went_back() == 1);
  CHECK(clock.take(at(7)) == at(10));
  CHECK(clock.went_back() == 1);
  CHECK(clock.take(at(11)) == at(11));
  CHECK(clock.take(at(3)) == at(11));
  CHECK(clock.went_back() == 2);
}

TEST_CASE("the system's clock does not go back, and begins about now") {
  RealTime clock;
  const Time first = clock.now();
  CHECK(clock.now() >= first);
  CHECK(clock.went_back() == 0);
  CHECK(clock.system(first) <= std::chrono::steady_clock::now());
}

}  // namespace
}  // namespace norn::host
