// Spans of faults from timelines.
#include "sim/report/fault_spans.h"

#include <doctest/doctest.h>

namespace norn::sim {
namespace {

using namespace std::chrono_literals;

TimelineEntry entry(Duration at, TimelineKind kind, std::vector<NodeId> replicas, std::string text = {}) {
  return {Time(at), kind, std::move(replicas), {}, std::move(text)};
}

}  // namespace

TEST_CASE("a fault lasts until it is undone, healed or mended") {
  using enum TimelineKind;
  const std::vector<FaultSpan> spans = fault_spans({
      entry(1s, leader, {{1}}),
      entry(2s, fault, {{1}, {2}}, "partition of r1, r2"),
      entry(3s, fault, {{3}}, "pause of r3"),
      entry(4s, undone, {{1}, {2}}, "partition"),
      entry(5s, undone, {{3}}, "pause"),
      entry(6s, fault, {}, "ring"),
      entry(7s, fault, {{2}}, "rot of r2"),
      entry(8s, fault, {}, "heal"),
      entry(9s, fault, {{2}}, "network from r2 to r4, r5"),
      entry(10s, fault, {{4}}, "client_network of r4"),
  });
  CHECK(spans == std::vector<FaultSpan>{{Time(2s), Time(4s), "r1, r2", "partition"},
                                        {Time(3s), Time(5s), "r3", "pause"},
                                        {Time(6s), Time(8s), "", "ring"},
                                        {Time(7s), Time(7s), "r2", "rot"},
                                        {Time(9s), kNever, "from r2 to r4, r5", "network"},
                                        {Time(10s), kNever, "r4", "client network"}});
}

TEST_CASE("replicas killed at once end their spans when they run again, together or not") {
  using enum TimelineKind;
  const std::vector<FaultSpan> spans = fault_spans({
      entry(1s, fault, {{1}, {2}, {3}}, "kill of r1, r2, r3"),
      entry(2s, restart, {{1}}),
      entry(2s, restart, {{3}}),
      entry(2s, undone, {{1}, {3}}, "kill"),
      entry(3s, fault, {{2}}, "restart of r2"),
      entry(4s, fault, {{1}}, "pause of r1"),
      entry(5s, fault, {{1}}, "kill of r1"),
      entry(6s, stop, {{2}}, "a failed disk"),
  });
  CHECK(spans == std::vector<FaultSpan>{{Time(1s), Time(2s), "r1, r3", "kill"},
                                        {Time(1s), Time(3s), "r2", "kill"},
                                        {Time(4s), Time(5s), "r1", "pause"},
                                        {Time(5s), kNever, "r1", "kill"},
                                        {Time(6s), kNever, "r2", "stop"}});
}

TEST_CASE("what is left is over for the core when the liveness phase begins") {
  using enum TimelineKind;
  const std::vector<FaultSpan> spans = fault_spans({
      entry(1s, fault, {{1}}, "partition of r1"),
      entry(1s, fault, {{5}}, "disk of r5"),
      entry(2s, fault, {{2}, {4}}, "kill of r2, r4"),
      entry(3s, liveness, {{1}, {2}, {3}}),
  });
  CHECK(spans == std::vector<FaultSpan>{{Time(1s), Time(3s), "r1", "partition"},
                                        {Time(1s), kNever, "r5", "disk"},
                                        {Time(2s), Time(3s), "r2", "kill"},
                                        {Time(2s), kNever, "r4", "kill"}});
}

}  // namespace norn::sim
