// Exact decimal arithmetic on text: no double takes part, so 0.1 is a tenth on every machine.
#include "sim/scenario/json_values.h"

#include <algorithm>
#include <array>

namespace norn::sim {
namespace {

constexpr int kDigitsMax = 18;  // 10^18 fits in 63 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the front of text.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// What follows a number: nothing (0), or e and a power of ten of at most two digits.
std::optional<int> take_exponent(std::string_view& text) {
  if (!take(text, 'e') && !take(text, 'E')) return 0;
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const std::string_view digits = take_digits(text);
  if (digits.empty() || digits.size() > 2) return std::nullopt;
  int exponent = 0;
  for (const char digit : digits) exponent = exponent * 10 + (digit - '0');
  return negative ? -exponent : exponent;
}

struct Unit {
  std::string_view name;
  int decimals;  // of a nanosecond, times
  std::int64_t factor;
};
// In the order in which a suffix is looked for: s is also the end of ms.
constexpr std::array<Unit, 6> kUnits = {
    {{"ns", 0, 1}, {"us", 3, 1}, {"ms", 6, 1}, {"min", 9, 60}, {"s", 9, 1}, {"h", 9, 3600}}};

}  // namespace

std::optional<std::int64_t> scaled(std::string_view text, int decimals) {
  const bool negative = take(text, '-');
  std::string digits(take_digits(text));
  if (digits.empty()) return std::nullopt;
  if (take(text, '.')) {
    const std::string_view fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
    digits += fraction;
    decimals -= static_cast<int>(std::min<std::size_t>(fraction.size(), 1'000'000));
  }
  const std::optional<int> exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return 0;
  int power = decimals + *exponent;
  for (; power < 0 && digits.back() == '0'; ++power) digits.pop_back();
  if (power < 0 || digits.size() + static_cast<std::size_t>(power) > kDigitsMax) return std::nullopt;
  digits.append(static_cast<std::size_t>(power), '0');
  std::int64_t value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return negative ? -value : value;
}

std::string unscaled(std::int64_t value, int decimals) {
  std::string text = std::to_string(value);
  const std::string sign = value < 0 ? "-" : "";
  text.erase(0, sign.size());
  const auto places = static_cast<std::size_t>(decimals);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  text.insert(text.size() - places, 1, '.');
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return sign + text;
}

std::optional<Duration> parse_duration(std::string_view text) {
  const auto unit = std::ranges::find_if(kUnits, [&](const Unit& u) { return text.ends_with(u.name); });
  if (unit == kUnits.end()) return std::nullopt;
  const std::optional<std::int64_t> value =
      scaled(text.substr(0, text.size() - unit->name.size()), unit->decimals);
  constexpr std::int64_t kHours = 1'000'000;  // far more than any scenario lasts, and no overflow below
  const std::int64_t limit = Duration(std::chrono::hours(kHours)).count() / unit->factor;
  if (!value || *value > limit || *value < -limit) return std::nullopt;
  return Duration(*value * unit->factor);
}

std::string write_duration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  if (count % 1'000'000'000 == 0) return std::to_string(count / 1'000'000'000) + "s";
  if (count % 1'000'000 == 0) return std::to_string(count / 1'000'000) + "ms";
  if (count % 1'000 == 0) return std::to_string(count / 1'000) + "us";
  return std::to_string(count) + "ns";
}

using Names = std::span<const std::string_view>;

Names names_of(raft::ReadMode) {
  static constexpr std::array<std::string_view, 2> kNames = {"read_index", "lease"};
  return kNames;
}

Names names_of(Keys::Distribution) {
  static constexpr std::array<std::string_view, 4> kNames = {"uniform", "zipf", "hot", "per_client"};
  return kNames;
}

Names names_of(Clients::Arrivals) {
  static constexpr std::array<std::string_view, 2> kNames = {"even", "exponential"};
  return kNames;
}

Names names_of(Target::Kind) {
  static constexpr std::array<std::string_view, 15> kNames = {"ids",
                                                              "all",
                                                              "leader",
                                                              "follower",
                                                              "followers",
                                                              "random",
                                                              "minority",
                                                              "minority_with_leader",
                                                              "majority",
                                                              "majority_with_leader",
                                                              "any_minority",
                                                              "down",
                                                              "paused",
                                                              "subject",
                                                              "subject_and_follower"};
  return kNames;
}

Names names_of(ActionKind) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "partition", "bridge",  "ring",           "cut",  "heal", "kill", "restart", "pause",
      "resume",    "network", "client_network", "disk", "rot",  "clock"};
  return kNames;
}

Names names_of(storage::File) {
  static constexpr std::array<std::string_view, 2> kNames = {"wal", "snapshot"};
  return kNames;
}

Names names_of(Direction) {
  static constexpr std::array<std::string_view, 3> kNames = {"both", "out", "in"};
  return kNames;
}

Names names_of(Trigger) {
  static constexpr std::array<std::string_view, 5> kNames = {"timer", "leader_elected", "vote_granted",
                                                             "leader_append", "snapshot_sent"};
  return kNames;
}

Names names_of(Liveness::Core) {
  static constexpr std::array<std::string_view, 2> kNames = {"all", "majority"};
  return kNames;
}

Names names_of(Counter) { return kCounterNames; }

Names names_of(CourseEventKind) {
  static constexpr std::array<std::string_view, 5> kNames = {"kill_leader", "kill_non_leader", "part_easy",
                                                             "part_hard", "part_end"};
  return kNames;
}

}  // namespace norn::sim
