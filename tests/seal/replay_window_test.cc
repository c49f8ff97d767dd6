// The window: beside a set that remembers everything.
#include "replica/seal/replay_window.h"

#include <doctest/doctest.h>
#include <limits>
#include <set>

#include "replica/base/rng.h"

namespace norn::seal {

TEST_CASE("the window takes each counter once, whatever their order, as a set of all would") {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    ReplayWindow window;
    std::set<std::uint64_t> seen;
    std::uint64_t newest = 0;
    const std::uint64_t stride = rng.chance({300'000}) ? 3 * ReplayWindow::kWidth : rng.between(1, 200);
    for (int i = 0; i < 2'000; ++i) {
      const std::uint64_t low = newest > ReplayWindow::kWidth + 70 ? newest - ReplayWindow::kWidth - 70 : 0;
      const bool ahead = rng.chance({100'000});
      const std::uint64_t counter = ahead ? newest + rng.between(1, stride) : rng.between(low, newest);
      const bool remembered = newest < ReplayWindow::kWidth || counter > newest - ReplayWindow::kWidth;
      const bool expected = counter != 0 && remembered && !seen.contains(counter);
      CHECK(window.fresh(counter) == expected);
      if (!expected) continue;
      window.mark(counter);
      seen.insert(counter);
      newest = std::max(newest, counter);
      CHECK(window.newest() == newest);
      CHECK_FALSE(window.fresh(counter));
    }
  }
}

TEST_CASE("the window's edges: its oldest counter is still taken, the one before is not") {
  for (std::uint64_t newest = ReplayWindow::kWidth; newest < ReplayWindow::kWidth + 130; ++newest) {
    ReplayWindow window;
    window.mark(1);
    window.mark(newest);
    const std::uint64_t oldest = newest - ReplayWindow::kWidth + 1;
    CHECK(window.fresh(oldest) == (oldest != 1));
    CHECK_FALSE(window.fresh(oldest - 1));
  }
}

TEST_CASE("the largest counter is one like any other") {
  ReplayWindow window;
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  window.mark(5);
  window.mark(largest);
  CHECK_FALSE(window.fresh(largest));
  CHECK_FALSE(window.fresh(5));
  CHECK(window.fresh(largest - 1));
  window.mark(largest - 1);
  CHECK_FALSE(window.fresh(largest - 1));
}

}  // namespace norn::seal
