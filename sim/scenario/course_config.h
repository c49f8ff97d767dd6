// A configuration of the course's simulator (a course on networks whose project is a replicated key-value
// store): how long, how many requests, which faults, and the thresholds its grades are measured by. It is
// kept as it was written; the scenario made from it is what runs.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

struct Scenario;

enum class CourseEventKind : std::uint8_t {
  kill_leader,      // nothing happens if no leader is known
  kill_non_leader,  // a random other one
  part_easy,        // the majority side holds the leader
  part_hard,        // a random majority, whoever leads
  part_end,
};

struct CourseEvent {
  CourseEventKind kind = CourseEventKind::kill_leader;
  Duration at{};  // after the first request
  friend bool operator==(const CourseEvent&, const CourseEvent&) = default;
};

// Ascending thresholds of one metric; a grade is the number of them that the metric is not below: 0 bonus, 1
// full, 2 partial, 3 none.
template <class T>
using Tiers = std::array<T, 3>;

struct CourseConfig {
  Duration lifetime{};  // of request traffic; start_wait and end_wait are added
  std::uint8_t replicas = 5;
  std::uint32_t requests = 0;  // evenly spaced over the lifetime
  Ratio mix{800'000};          // the share of gets
  Ratio drops;                 // per message between replicas and recipient
  Duration start_wait = std::chrono::seconds(5);
  Duration end_wait = std::chrono::seconds(2);
  std::uint64_t max_packets = 20'000;  // between replicas; the run ends there
  std::optional<std::uint64_t> seed;   // the course's own; unused, as a run is given its seed
  std::vector<CourseEvent> events;     // ascending by at
  Tiers<std::uint64_t> total_msgs{};
  Tiers<std::uint64_t> failures{};
  Tiers<std::uint64_t> duplicates{};
  Tiers<Duration> median_latency{};
  Ratio get_fail_max{500'000};  // unanswered gets / gets
  Ratio put_fail_max{500'000};
  Ratio get_generation_fail_max{100'000};  // gets that found no acknowledged key / gets
  Ratio appends_batched_max{500'000};      // total_msgs >= requests x replicas x (1 - mix) x (1 - this)
  friend bool operator==(const CourseConfig&, const CourseConfig&) = default;
};

// The scenario that gives a replica what the course's simulator gives it: loopback without loss but for
// `drops`, disks that cost nothing, eight clients with keys of their own, reaching every living replica,
// partitions or not.
Scenario course_scenario(const CourseConfig& course);

}  // namespace norn::sim
