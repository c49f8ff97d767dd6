// Which format it is: see formats.h.
#include "sim/formats/formats.h"

#include <algorithm>
#include <array>

#include "sim/formats/jepsen_edn.h"
#include "sim/formats/jepsen_log.h"
#include "sim/formats/json_lines.h"
#include "sim/formats/table.h"

namespace norn::sim {

namespace {

constexpr std::array<std::string_view, 4> kNames = {"jsonl", "edn", "log", "table"};
constexpr std::size_t kLooked = std::size_t{64} << 10;  // at so much of it

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ','; }

// By how a text begins, white space aside. Nothing: there is nothing but white space, or it is no beginning
// of any.
std::optional<Format> by_beginning(std::string_view text) {
  if (text.starts_with("# LIN1")) return Format::table;
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (text.front() == ';' || text.front() == '[' || text.front() == '(' || text.front() == '#')
    return Format::edn;
  if (text.front() != '{') return std::nullopt;
  do text.remove_prefix(1);
  while (!text.empty() && is_space(text.front()));
  if (text.empty()) return std::nullopt;
  return text.front() == ':' || text.front() == '#' || text.front() == ';' ? Format::edn : Format::json_lines;
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Format>(found - kNames.begin());
}

std::string_view name_of(Format format) { return kNames[static_cast<std::size_t>(format)]; }

std::optional<Format> recognize(Source& source) {
  // A pipe may give a few bytes at first, and a log may begin with lines of somebody else.
  while (source.rest().size() < kLooked) {
    if (const std::optional<Format> found = by_beginning(source.rest())) {
      if (*found != Format::edn || source.rest().size() >= 6 || !source.rest().starts_with('#')) return found;
    }
    if (source.rest().find("jepsen.util") != std::string_view::npos) return Format::log;
    if (!source.more()) break;
  }
  const std::string_view text = source.rest();
  if (std::all_of(text.begin(), text.end(), is_space)) return Format::json_lines;
  if (const std::optional<Format> found = by_beginning(text)) return found;
  return text.find("jepsen.util") != std::string_view::npos ? std::optional(Format::log) : std::nullopt;
}

std::string read_events(Source& source, std::optional<Format> format, HistorySink& sink) {
  if (!format) format = recognize(source);
  if (!source.complaint().empty()) return source.complaint();
  if (!format) {
    return source.name() +
           ":1: the beginning of a history was expected: {\"index\" (jsonl), {:process (edn), " +
           "INFO  jepsen.util (log) or # LIN1 (table)";
  }
  std::string error;
  switch (*format) {
    case Format::json_lines:
      error = read_json_lines(source, sink);
      break;
    case Format::edn:
      error = read_jepsen_edn(source, sink);
      break;
    case Format::log:
      error = read_jepsen_log(source, sink);
      break;
    case Format::table:
      error = read_table(source, sink);
      break;
  }
  return source.stopped() ? std::string() : error;
}

}  // namespace norn::sim
