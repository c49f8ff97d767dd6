// The event queue against a sorted list.
#include "sim/engine/event_queue.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

#include "replica/base/rng.h"

namespace norn::sim {
namespace {

Time at(std::int64_t nanoseconds) { return Time(Duration(nanoseconds)); }

TEST_CASE("events come out in the order of time, and of pushing where times are equal") {
  EventQueue queue;
  queue.push({.at = at(5), .payload = 1});
  queue.push({.at = at(3), .payload = 2});
  queue.push({.at = at(5), .payload = 3});
  queue.push({.at = at(3), .payload = 4});
  std::vector<std::uint64_t> order;
  while (!queue.empty()) order.push_back(queue.pop().payload);
  CHECK(order == std::vector<std::uint64_t>{2, 4, 1, 3});
}

TEST_CASE("any mixture of pushes and pops gives what a sorted list gives") {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    EventQueue queue;
    std::vector<std::pair<Time, std::uint64_t>> sorted;  // payloads are in the order of pushing
    const std::uint64_t times = rng.between(1, 50);      // few: many ties
    for (std::uint64_t payload = 0; payload < 300; ++payload) {
      const Time when = at(static_cast<std::int64_t>(rng.between(0, times)));
      queue.push({.at = when, .payload = payload});
      sorted.emplace_back(when, payload);
      const std::uint64_t pops = rng.between(0, 2);
      for (std::uint64_t i = 0; i < pops && !queue.empty(); ++i) {
        const auto first = std::min_element(sorted.begin(), sorted.end());
        REQUIRE(queue.top().payload == first->second);
        const QueuedEvent event = queue.pop();
        REQUIRE(event.payload == first->second);
        REQUIRE(event.at == first->first);
        sorted.erase(first);
      }
      REQUIRE(queue.size() == sorted.size());
    }
  }
}

TEST_CASE("a copy of a queue goes on as the original does") {
  Rng rng(2);
  EventQueue queue;
  for (std::uint64_t i = 0; i < 100; ++i) {
    queue.push({.at = at(static_cast<std::int64_t>(rng.between(0, 20))), .payload = i});
  }
  EventQueue copy = queue;
  while (!queue.empty()) {
    const QueuedEvent event = queue.pop();
    REQUIRE(copy.pop().payload == event.payload);
    if (event.payload % 3 == 0 && event.payload < 1000) {
      queue.push({.at = event.at, .payload = event.payload + 1000});
      copy.push({.at = event.at, .payload = event.payload + 1000});
    }
  }
  CHECK(copy.empty());
}

}  // namespace
}  // namespace norn::sim
