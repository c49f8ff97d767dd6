// Reading for tests: see reading.h.
#include "tests/formats/reading.h"

#include <doctest/doctest.h>

#include "replica/base/rng.h"

#include "sim/check/history_sink.h"

#include "tests/formats/writers.h"

namespace norn::sim {

namespace {

bool same(const KeyAccess& a, const KeyAccess& b) {
  return a.key == b.key && a.argument == b.argument && a.expected == b.expected && a.value == b.value &&
         a.version == b.version;
}

bool names_a_line(const std::string& error) {
  const std::size_t digits = error.find_first_not_of("0123456789", 2);
  return error.starts_with("h:") && digits != 2 && digits != std::string::npos && error[digits] == ':' &&
         error.find('\n') == std::string::npos && error.size() > digits + 5;
}

}  // namespace

bool same(const Operation& a, const Operation& b) {
  if (a.accesses.size() != b.accesses.size()) return false;
  for (std::size_t i = 0; i < a.accesses.size(); ++i) {
    if (!same(a.accesses[i], b.accesses[i])) return false;
  }
  return a.client == b.client && a.kind == b.kind && a.outcome == b.outcome && a.matched == b.matched &&
         a.value_known == b.value_known && a.delta == b.delta && a.call == b.call && a.back == b.back;
}

bool same(const History& a, const History& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

ParsedHistory read_text(std::string_view text, std::optional<Format> format, std::size_t at_once) {
  Source source = Source::text(text, "h", at_once);
  HistoryCollector collector;
  std::string error = read_events(source, format, collector);
  if (!error.empty()) return {{}, std::move(error)};
  return {std::move(collector.history), ""};
}

std::string error_of(std::string_view text, std::optional<Format> format) {
  return read_text(text, format).error;
}

std::string written(const History& history, Format format) {
  std::string text;
  EventWriter writer(format, text);
  feed(history, writer);
  return text;
}

void damage(const std::string& text, std::optional<Format> format, std::uint64_t seed) {
  Rng rng(seed);
  const auto look = [&](std::string_view spoiled) {
    const ParsedHistory whole = read_text(spoiled, format);
    const ParsedHistory pieces = read_text(spoiled, format, rng.between(1, 40));
    CHECK(whole.error == pieces.error);
    CHECK(same(whole.history, pieces.history));
    if (!whole.error.empty()) CHECK_MESSAGE(names_a_line(whole.error), whole.error);
  };
  static constexpr char kHarmful[] = "\0\n\t\r \"\\{}[]():;#,-?09azA\x7f\x80\xff";
  for (std::size_t i = 0; i < text.size(); ++i) {
    look(std::string_view(text).substr(0, i));
    std::string spoiled = text;
    spoiled[i] = static_cast<char>(rng.between(0, 255));
    look(spoiled);
    spoiled[i] = kHarmful[rng.between(0, sizeof kHarmful - 2)];
    look(spoiled);
    spoiled.erase(i, rng.between(1, 9));
    look(spoiled);
    spoiled.insert(rng.between(0, spoiled.size()), text, rng.between(0, text.size() - 1), rng.between(1, 30));
    look(spoiled);
  }
}

}  // namespace norn::sim
