// Histories as JSON Lines: see history_file.h.
#include "sim/formats/history_file.h"

#include <algorithm>
#include <fstream>

#include "sim/formats/history_collector.h"
#include "sim/formats/json_line.h"
#include "sim/formats/json_lines.h"

namespace norn::sim {

namespace {

std::int64_t nanoseconds_of(Time time) { return time.time_since_epoch().count(); }

void add_string(std::string& out, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  out += '"';
}

void add_optional(std::string& out, const std::optional<std::string>& text) {
  if (text) {
    add_string(out, *text);
  } else {
    out += "null";
  }
}

// "name":item, or for the multi-key kinds "name":[item,...].
template <typename AddItem>
void add_field(std::string& out, const Operation& operation, const char* name, AddItem add_item) {
  out += ",\"";
  out += name;
  out += "\":";
  const bool multi = is_multi(operation.kind);
  if (multi) out += '[';
  for (const KeyAccess& access : operation.accesses) {
    if (&access != operation.accesses.data()) out += ',';
    add_item(access);
  }
  if (multi) out += ']';
}

void add_arguments(std::string& out, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::put:
    case OperationKind::append:
    case OperationKind::multi_put:
      add_field(out, operation, "value", [&](const KeyAccess& access) { add_string(out, access.argument); });
      break;
    case OperationKind::compare_and_set:
      add_field(out, operation, "value", [&](const KeyAccess& access) {
        out += '[';
        add_optional(out, access.expected);
        out += ',';
        add_string(out, access.argument);
        out += ']';
      });
      break;
    case OperationKind::increment:
      out += ",\"value\":" + std::to_string(operation.delta);
      break;
    case OperationKind::get:
    case OperationKind::remove:
    case OperationKind::multi_get:
      break;
  }
}

// What was seen goes under `name`.
void add_results(std::string& out, const Operation& operation, const char* name) {
  if (operation.matched) {
    out += ",\"matched\":true";
  } else if (operation.kind == OperationKind::compare_and_set && operation.outcome == Outcome::ok) {
    out += ",\"matched\":false";
  }
  const auto& accesses = operation.accesses;
  const bool found =
      operation.kind == OperationKind::compare_and_set && !operation.matched && operation.value_known;
  const bool reads = operation.kind == OperationKind::get || operation.kind == OperationKind::multi_get;
  if ((operation.outcome == Outcome::ok && (reads || found)) ||
      std::any_of(accesses.begin(), accesses.end(), [](const auto& a) { return a.value.has_value(); })) {
    add_field(out, operation, name, [&](const KeyAccess& access) { add_optional(out, access.value); });
  }
  if (std::any_of(accesses.begin(), accesses.end(), [](const auto& a) { return a.version != 0; })) {
    add_field(out, operation, "version",
              [&](const KeyAccess& access) { out += std::to_string(access.version); });
  }
}

struct Line {
  std::int64_t at = 0;
  bool returns = false;
  std::size_t place = 0;
};

std::vector<Line> lines_of(const History& history) {
  std::vector<Line> lines;
  std::int64_t last = 0;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    lines.push_back({nanoseconds_of(operation.call), false, place});
    last = std::max(last, lines.back().at);
    if (operation.outcome != Outcome::ok && operation.outcome != Outcome::fail) continue;
    lines.push_back({nanoseconds_of(operation.back), true, place});
    last = std::max(last, lines.back().at);
  }
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (history[place].outcome == Outcome::info) lines.push_back({last, true, place});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.at != b.at ? a.at < b.at : a.returns < b.returns;
  });
  return lines;
}

}  // namespace

std::string format_history(const History& history) {
  std::string out;
  std::vector<std::size_t> invoked(history.size());  // the index of each operation's first line
  std::size_t index = 0;
  for (const Line& line : lines_of(history)) {
    const Operation& operation = history[line.place];
    const char* type = "invoke";
    if (line.returns) {
      type = operation.outcome == Outcome::ok ? "ok" : operation.outcome == Outcome::fail ? "fail" : "info";
    }
    out += "{\"index\":" + std::to_string(index) + ",\"time\":" + std::to_string(line.at);
    out += ",\"process\":" + std::to_string(operation.client) + ",\"type\":\"" + type + "\",\"f\":\"";
    out += kKindsInJson[static_cast<std::size_t>(operation.kind)];
    out += '"';
    if (line.returns) out += ",\"invoke\":" + std::to_string(invoked[line.place]);
    add_field(out, operation, is_multi(operation.kind) ? "keys" : "key",
              [&](const KeyAccess& access) { add_string(out, access.key); });
    if (line.returns) {
      add_results(out, operation, "value");
    } else {
      invoked[line.place] = index;
      add_arguments(out, operation);
    }
    out += "}\n";
    ++index;
  }
  return out;
}

std::string format_operation(const Operation& operation, std::size_t place) {
  std::string out = "{\"operation\":" + std::to_string(place);
  out += ",\"process\":" + std::to_string(operation.client) + ",\"type\":\"";
  out += operation.outcome == Outcome::ok     ? "ok"
         : operation.outcome == Outcome::fail ? "fail"
         : operation.outcome == Outcome::info ? "info"
                                              : "pending";
  out += "\",\"f\":\"";
  out += kKindsInJson[static_cast<std::size_t>(operation.kind)];
  out += "\",\"call\":" + std::to_string(nanoseconds_of(operation.call));
  out +=
      ",\"return\":" + (operation.back == kNever ? "null" : std::to_string(nanoseconds_of(operation.back)));
  add_field(out, operation, is_multi(operation.kind) ? "keys" : "key",
            [&](const KeyAccess& access) { add_string(out, access.key); });
  add_arguments(out, operation);
  add_results(out, operation, "result");
  return out + "}";
}

ParsedHistory parse_history(std::string_view text, std::string_view name) {
  HistoryCollector collector;
  Source source = Source::text(text, name);
  std::string error = read_json_lines(source, collector);
  if (!error.empty()) return {{}, std::move(error)};
  return {std::move(collector.history), ""};
}

bool write_history(const std::string& path, const History& history) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << format_history(history);
  file.close();
  return !file.fail();
}

ParsedHistory read_history(const std::string& path) {
  HistoryCollector collector;
  Source source = Source::file(path);
  std::string error = read_json_lines(source, collector);
  if (!error.empty()) return {{}, std::move(error)};
  return {std::move(collector.history), ""};
}

}  // namespace norn::sim
