// One line of our JSON Lines, taken apart but not yet understood; history_file.h has the grammar. Two ways
// lead to it: scan_json_line, for exactly the shape that format_history writes, which is what nearly every
// line has; and parse_json_line, for any other JSON.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace norn::sim {

// By OperationKind.
inline constexpr std::array<std::string_view, 8> kKindsInJson = {
    "get", "put", "remove", "cas", "append", "increment", "multi-get", "multi-put"};

enum class LineType : std::uint8_t { invoke, ok, fail, info };

// What stands between two quotes, or null.
struct JsonText {
  std::string_view raw;
  bool escaped = false;  // raw has escapes: \" \\ and \u00XX, nothing else
  bool null = false;
};

void put_text(std::string& to, const JsonText& text);
void put_text(std::optional<std::string>& to, const JsonText& text);
bool same_text(const std::string& bytes, const JsonText& text);

// Items that are used again from line to line.
template <typename Item>
class Again {
 public:
  Item& add() {
    if (size_ == items_.size()) grow();
    return items_[size_++];
  }
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Item& operator[](std::size_t i) const { return items_[i]; }

 private:
  [[gnu::noinline]] void grow() { items_.emplace_back(); }

  std::vector<Item> items_;
  std::size_t size_ = 0;
};

struct JsonLine {
  static constexpr std::int64_t kMissing = INT64_MIN;

  std::int64_t index = 0;
  std::int64_t time = 0;
  std::int64_t process = 0;
  std::int64_t invoke = kMissing;
  std::int64_t delta = 0;  // an increment's, of its invoke
  LineType type = LineType::invoke;
  OperationKind kind = OperationKind::get;
  bool has_matched = false;
  bool matched = false;
  bool has_values = false;
  Again<JsonText> keys;
  Again<JsonText> values;  // as many as keys; two of a cas's invoke: what it expects, and what it writes
  Again<std::uint64_t> versions;

  void clear() {
    invoke = kMissing;
    delta = 0;
    has_matched = matched = has_values = false;
    keys.clear();
    values.clear();
    versions.clear();
  }
};

inline bool is_multi(OperationKind kind) {
  return kind == OperationKind::multi_get || kind == OperationKind::multi_put;
}

// Behind the line's newline, or null: the line has another shape. The text must hold a newline, and behind it
// Source::kMargin bytes that can be read.
const char* scan_json_line(const char* at, JsonLine& line);

// An error's text; empty: all is well. The line's texts live as long as the line and `decoded`.
std::string parse_json_line(std::string_view text, JsonLine& line, std::deque<std::string>& decoded);

}  // namespace norn::sim
