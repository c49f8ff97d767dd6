// The words and units of scenario files: how a duration, a probability or a delay is written, and what the
// enumerators are called. Reading gives nothing when the text does not say such a thing; who asked knows the
// path and makes the message.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/scenario/scenario.h"

namespace norn::sim {

// A decimal number times 10^decimals, exactly: scaled("0.05", 6) is 50'000. Nothing: no number, digits too
// far behind the point, or too large.
std::optional<std::int64_t> scaled(std::string_view text, int decimals);

// The shortest decimal number that is value / 10^decimals.
std::string unscaled(std::int64_t value, int decimals);

// "150ms", "1.5s", "-20us": a decimal number and ns, us, ms, s, min or h; a whole number of nanoseconds.
std::optional<Duration> parse_duration(std::string_view text);
std::string write_duration(Duration duration);

// The names of an enumeration, in the order of its values.
std::span<const std::string_view> names_of(raft::ReadMode);
std::span<const std::string_view> names_of(Keys::Distribution);
std::span<const std::string_view> names_of(Clients::Arrivals);
std::span<const std::string_view> names_of(Target::Kind);
std::span<const std::string_view> names_of(ActionKind);
std::span<const std::string_view> names_of(storage::File);
std::span<const std::string_view> names_of(Direction);
std::span<const std::string_view> names_of(Trigger);
std::span<const std::string_view> names_of(Liveness::Core);
std::span<const std::string_view> names_of(Counter);
std::span<const std::string_view> names_of(CourseEventKind);

template <class Enum>
std::string_view name_of(Enum value) {
  return names_of(value)[static_cast<std::size_t>(value)];
}

}  // namespace norn::sim
