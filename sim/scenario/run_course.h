// How a run of a course configuration would have been graded: the statistics of the course's simulator, its
// checks of correctness and its tiers of performance. Where our clients differ from the course's (they retry
// with the same request, and drop second answers unseen) the statistics say what ours saw.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "replica/base/types.h"

#include "sim/check/history.h"
#include "sim/scenario/course_config.h"

namespace norn::sim {

enum class CourseTier : std::uint8_t { bonus, full, partial, none };

struct CourseCheck {
  std::string name;
  bool passed = false;
  std::string text;  // the figures it rests on
  friend bool operator==(const CourseCheck&, const CourseCheck&) = default;
};

struct CourseStatistics {
  std::uint64_t total_msgs = 0;  // datagrams from replica to replica, lost ones included
  std::uint64_t gets = 0;        // generated
  std::uint64_t puts = 0;
  std::uint64_t gets_answered = 0;
  std::uint64_t puts_answered = 0;
  std::uint64_t gets_not_generated = 0;  // the client had no acknowledged key: became puts
  std::uint64_t incorrect = 0;           // gets that did not return the client's last acknowledged put
  std::uint64_t died = 0;                // replicas that stopped by themselves
  std::uint64_t failures = 0;            // refused or never answered
  std::uint64_t duplicates = 0;          // not observable with our clients: 0
  Duration median_latency{};             // upper median over all answers
  friend bool operator==(const CourseStatistics&, const CourseStatistics&) = default;
};

struct CourseResult {
  CourseStatistics statistics;
  std::array<CourseCheck, 7> checks;
  bool passed = false;  // all seven
  // In the course's order: messages, failures, duplicates, latency. They count only if it passed.
  std::array<CourseTier, 4> tiers{};
  friend bool operator==(const CourseResult&, const CourseResult&) = default;
};

CourseResult grade(const CourseConfig& course, const CourseStatistics& statistics);

}  // namespace norn::sim
