// JSON as scenario files use it: a small tree that keeps numbers as they were written (0.05 is five
// hundredths, not the nearest double) and members in their order. Reading refuses what JSON leaves open, a
// key given twice; writing is for people: what fits a line stays on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace norn::sim {

struct JsonValue {
  enum class Type : std::uint8_t { null, boolean, number, string, list, object };
  Type type = Type::null;
  bool boolean = false;
  std::string text;               // number: as written; string: its characters, in UTF-8
  std::vector<std::string> keys;  // object: one for each item
  std::vector<JsonValue> items;   // list, object

  static JsonValue of(bool value);
  static JsonValue number(std::string text);
  static JsonValue string(std::string text);
  static JsonValue list(std::vector<JsonValue> items = {});
  static JsonValue object();
  void add(std::string_view key, JsonValue value);    // object
  const JsonValue* find(std::string_view key) const;  // object; null: no such key
};

// What is wrong with a file and where: a path such as events[3].at, or a line and column. On one line,
// without its end.
struct JsonProblem {
  std::string where;  // empty: the file as a whole
  std::string what;
};

std::variant<JsonValue, JsonProblem> parse_json(std::string_view text);

// With two spaces of indentation; ends with a line feed.
std::string write_json(const JsonValue& value);

// A value as messages show it: numbers and strings as in JSON (long ones cut), else "a list", "an object".
std::string shown(const JsonValue& value);

// The path of a member or of an element.
std::string member_path(std::string_view object, std::string_view key);
std::string element_path(std::string_view list, std::size_t place);

}  // namespace norn::sim
