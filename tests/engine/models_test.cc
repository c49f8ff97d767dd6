// The distributions: their bounds, their means, and the very numbers a seed draws.
#include "sim/engine/models.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

#include "replica/base/digest.h"

namespace norn::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kDraws = 100'000;

struct Sample {
  Duration least = Duration::max();
  Duration most = Duration::min();
  Duration mean{};
  std::vector<Duration> sorted;
};

Sample sample(const Delay& delay) {
  Rng rng(7);
  Sample of;
  for (int i = 0; i < kDraws; ++i) of.sorted.push_back(draw(delay, rng));
  std::sort(of.sorted.begin(), of.sorted.end());
  of.least = of.sorted.front();
  of.most = of.sorted.back();
  Duration sum{};
  for (const Duration drawn : of.sorted) sum += drawn;
  of.mean = sum / kDraws;
  return of;
}

bool near(Duration value, Duration expected, int percent) {
  const Duration off = value > expected ? value - expected : expected - value;
  return off * 100 <= expected * percent;
}

TEST_CASE("a constant delay is constant, and draws nothing") {
  Rng rng(1);
  const Rng before = rng;
  CHECK(draw({.low = microseconds(3)}, rng) == microseconds(3));
  CHECK(rng == before);
}

TEST_CASE("a uniform delay fills its range and keeps within it") {
  const Sample of = sample({.shape = Delay::Shape::uniform, .low = Duration(1000), .high = Duration(1010)});
  CHECK(of.least == Duration(1000));
  CHECK(of.most == Duration(1010));
  CHECK(of.mean == Duration(1004));  // 1005, rounded down, within the noise of the seed
}

TEST_CASE("an exponential delay has its mean, its quantiles and its cut") {
  const Duration mean = milliseconds(10);
  Delay delay{.shape = Delay::Shape::exponential, .low = milliseconds(5), .mean = mean};
  const Sample of = sample(delay);
  CHECK(of.least >= milliseconds(5));
  CHECK(near(of.mean - milliseconds(5), mean, 1));
  // The quantile q of an exponential distribution is mean * -ln(1 - q): 0.6931, 2.3026 and 4.6052 means.
  CHECK(near(of.sorted[kDraws / 2] - milliseconds(5), microseconds(6931), 2));
  CHECK(near(of.sorted[kDraws / 10 * 9] - milliseconds(5), microseconds(23026), 2));
  CHECK(near(of.sorted[kDraws / 100 * 99] - milliseconds(5), microseconds(46052), 3));
  CHECK(of.most > milliseconds(5) + 8 * mean);
  CHECK(of.most < milliseconds(5) + 45 * mean);

  delay.high = milliseconds(20);
  const Sample cut = sample(delay);
  CHECK(cut.most == milliseconds(20));
  CHECK(cut.sorted[kDraws / 2] == of.sorted[kDraws / 2]);
}

TEST_CASE("a bimodal delay is slow as often as it says") {
  const Sample of = sample({.shape = Delay::Shape::bimodal,
                            .low = milliseconds(1),
                            .high = milliseconds(100),
                            .mean = milliseconds(8),
                            .slow = Ratio{100'000}});
  const auto slow = of.sorted.end() - std::lower_bound(of.sorted.begin(), of.sorted.end(), milliseconds(50));
  CHECK(slow > kDraws / 10 * 97 / 100);
  CHECK(slow < kDraws / 10 * 103 / 100);
  CHECK(of.least >= milliseconds(1));
  CHECK(of.most <= milliseconds(101));
  for (const Duration drawn : of.sorted) {
    REQUIRE((drawn <= milliseconds(2) || drawn >= milliseconds(100)));
  }
}

TEST_CASE("a seed draws the same delays in every build") {
  Rng rng(42);
  const Delay exponential{.shape = Delay::Shape::exponential, .mean = milliseconds(1)};
  CHECK(draw(exponential, rng) == Duration(2'478'574));
  CHECK(draw(exponential, rng) == Duration(970'271));
  Digest digest;
  for (int i = 0; i < kDraws; ++i) digest.add(static_cast<std::uint64_t>(draw(exponential, rng).count()));
  CHECK(digest.value() == 517466074560846482u);
}

}  // namespace
}  // namespace norn::sim
