#include "sim/report/words.h"

#include <array>
#include <cstdio>

namespace norn::sim {

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string seconds(Duration duration) {
  return fixed(static_cast<double>(duration.count()) / 1e9, 3) + " s";
}

std::string milliseconds(Duration duration) {
  return fixed(static_cast<double>(duration.count()) / 1e6, 2) + " ms";
}

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fixed(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %";
}

std::string names(const std::vector<NodeId>& replicas) {
  std::string text;
  for (const NodeId id : replicas) text += (text.empty() ? "r" : ", r") + std::to_string(id.value);
  return text;
}

std::string column(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string hex(std::uint64_t word) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(word));
  return text.data();
}

std::string_view name(OperationKind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {"get",    "put",       "remove",    "cas",
                                                             "append", "increment", "multi-get", "multi-put"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name(Outcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames = {"unanswered", "ok", "fail", "info"};
  return kNames[static_cast<std::size_t>(outcome)];
}

namespace {

// A value, shortened: the report is for reading.
std::string quoted(const std::string& value) {
  constexpr std::size_t kShown = 24;
  if (value.size() <= kShown) return "'" + value + "'";
  return "'" + value.substr(0, kShown) + "...' (" + std::to_string(value.size()) + " bytes)";
}

}  // namespace

std::string describe(const Operation& operation) {
  std::string text = "client " + std::to_string(operation.client) + ": " + std::string(name(operation.kind));
  for (const KeyAccess& access : operation.accesses) {
    text += " " + access.key;
    if (operation.kind == OperationKind::compare_and_set) {
      text += " " + (access.expected ? quoted(*access.expected) : std::string("absent")) + " -> " +
              quoted(access.argument);
    } else if (operation.kind == OperationKind::increment) {
      text += " by " + std::to_string(operation.delta);
    } else if (operation.kind != OperationKind::get && operation.kind != OperationKind::multi_get &&
               operation.kind != OperationKind::remove) {
      text += " " + quoted(access.argument);
    }
    if (operation.outcome != Outcome::ok) continue;
    const bool reads = operation.kind == OperationKind::get || operation.kind == OperationKind::multi_get;
    if (access.value) {
      text += " = " + quoted(*access.value);
    } else if (reads) {
      text += " = absent";
    }
    if (operation.kind == OperationKind::compare_and_set && !operation.matched) text += " (not matched)";
  }
  text += ", called " + seconds(operation.call.time_since_epoch());
  text += ", " + std::string(name(operation.outcome));
  if (operation.back != kNever) text += " " + seconds(operation.back.time_since_epoch());
  return text;
}

}  // namespace norn::sim
