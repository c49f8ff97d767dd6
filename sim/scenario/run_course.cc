#include "sim/scenario/run_course.h"

#include <algorithm>
#include <utility>

namespace norn::sim {
namespace {

template <class T>
CourseTier tier(const Tiers<T>& thresholds, T metric) {
  const auto above = std::ranges::find_if(thresholds, [&](const T& threshold) { return metric < threshold; });
  return static_cast<CourseTier>(above - thresholds.begin());
}

// part <= whole * share.
bool at_most(std::uint64_t part, std::uint64_t whole, Ratio share) {
  return part * kPpm <= whole * share.ppm;
}

CourseCheck check(std::string name, bool passed, std::uint64_t got, const std::string& of) {
  return {std::move(name), passed, std::to_string(got) + " " + of};
}

// requests x replicas x share of puts x share of appends that must not be batched.
std::uint64_t fewest_messages(const CourseConfig& course) {
  const std::uint64_t all = std::uint64_t{course.requests} * course.replicas;
  const std::uint64_t puts = all * (kPpm - std::min(course.mix.ppm, std::uint32_t{kPpm})) / kPpm;
  return puts * (kPpm - std::min(course.appends_batched_max.ppm, std::uint32_t{kPpm})) / kPpm;
}

}  // namespace

CourseResult grade(const CourseConfig& course, const CourseStatistics& s) {
  const std::uint64_t gets_open = s.gets - s.gets_answered;
  const std::uint64_t puts_open = s.puts - s.puts_answered;
  const std::uint64_t fewest = fewest_messages(course);
  const std::uint64_t gets_wanted = s.gets + s.gets_not_generated;
  CourseResult result;
  result.statistics = s;
  result.checks = {
      check("no incorrect answer", s.incorrect == 0, s.incorrect, "incorrect"),
      check("no replica died", s.died == 0, s.died, "died"),
      check("a put was acknowledged", s.puts_answered > 0, s.puts_answered, "acknowledged"),
      check("gets answered", at_most(gets_open, s.gets, course.get_fail_max), gets_open,
            "of " + std::to_string(s.gets) + " unanswered"),
      check("puts answered", at_most(puts_open, s.puts, course.put_fail_max), puts_open,
            "of " + std::to_string(s.puts) + " unanswered"),
      check("gets generated", at_most(s.gets_not_generated, gets_wanted, course.get_generation_fail_max),
            s.gets_not_generated, "of " + std::to_string(gets_wanted) + " could not be"),
      check("enough messages", s.total_msgs >= fewest, s.total_msgs,
            "sent, at least " + std::to_string(fewest) + " needed")};
  result.passed = std::ranges::all_of(result.checks, &CourseCheck::passed);
  result.tiers = {tier(course.total_msgs, s.total_msgs), tier(course.failures, s.failures),
                  tier(course.duplicates, s.duplicates), tier(course.median_latency, s.median_latency)};
  return result;
}

}  // namespace norn::sim
