// Rows, sorted: see table.h.
#include "sim/formats/table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/formats/open_operations.h"

namespace norn::sim {

namespace {

enum Column : std::size_t { id, client, key, kind, first, second, result, call, back };

constexpr std::size_t kColumns = 9;

using Fields = std::array<std::string_view, kColumns>;

struct Row {
  std::int64_t call = 0;
  std::int64_t back = INT64_MAX;  // INT64_MAX: never
  const char* text = nullptr;     // in a block of lines
};

// The fields of a line that ends at a newline. False: there are not as many as columns.
bool split(const char* at, Fields& fields) {
  for (std::size_t column = 0; column < kColumns; ++column) {
    const char* const begin = at;
    while (*at != '\t' && *at != '\n') ++at;
    fields[column] = {begin, static_cast<std::size_t>(at - begin)};
    if (*at != (column + 1 < kColumns ? '\t' : '\n')) return false;
    ++at;
  }
  if (fields[back].ends_with('\r')) fields[back].remove_suffix(1);
  return true;
}

template <typename Number>
bool number(std::string_view text, Number& out) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && stopped == end;
}

bool kind_of(std::string_view text, OperationKind& out) {
  if (text.size() != 1) return false;
  switch (text[0]) {
    case 'r':
      out = OperationKind::get;
      return true;
    case 'w':
      out = OperationKind::put;
      return true;
    case 'c':
      out = OperationKind::compare_and_set;
      return true;
    case 'd':
      out = OperationKind::remove;
      return true;
    case 'a':
      out = OperationKind::append;
      return true;
    default:
      return false;
  }
}

bool is_unknown(std::string_view text) { return text == "?" || text == "-"; }

// An error's text, or null; the row's times, if all is well.
const char* inspect(const Fields& fields, Row& row) {
  std::uint32_t process = 0;
  OperationKind its_kind{};
  if (!number(fields[client], process)) return "the client's number was expected in column 2";
  if (!kind_of(fields[kind], its_kind)) return "r, w, c, d or a was expected in column 4";
  if (!number(fields[call], row.call) || row.call == INT64_MAX)
    return "the time of the call was expected in column 8";
  row.back = INT64_MAX;
  if (fields[back] != "-" && (!number(fields[back], row.back) || row.back == INT64_MAX))
    return "the time of the return, or -, was expected in column 9";
  if (row.back < row.call) return "it returned before it was called";
  const bool swaps = its_kind == OperationKind::compare_and_set;
  const bool writes = swaps || its_kind == OperationKind::put || its_kind == OperationKind::append;
  if (writes && (fields[first].empty() || fields[first] == "-")) return "a value was expected in column 5";
  if (swaps ? fields[second].empty() || fields[second] == "-" || fields[second] == "nil"
            : fields[second] != "-")
    return swaps ? "the new value was expected in column 6" : "- was expected in column 6";
  if (!writes && fields[first] != "-") return "- was expected in column 5";
  if (row.back == INT64_MAX && !is_unknown(fields[result]))
    return "? or - was expected in column 7, since it never returned";
  if (fields[result].empty()) return "a result was expected in column 7";
  const bool reads = swaps || its_kind == OperationKind::get;
  if (!reads && fields[result] != "ok" && fields[result] != "fail" && !is_unknown(fields[result]))
    return "ok, fail or ? was expected in column 7";
  return nullptr;
}

class Table {
 public:
  explicit Table(HistorySink& sink) : open_(sink) {}

  // Whole lines; kept. An error's text, or null.
  const char* take(std::string_view lines) {
    blocks_.emplace_back(lines);
    const char* const end = blocks_.back().data() + lines.size();
    for (const char* at = blocks_.back().data(); at != end;) {
      ++lines_;
      if (lines_ == 1) {
        if (!std::string_view(at, static_cast<std::size_t>(end - at)).starts_with("# LIN1"))
          return "# LIN1 was expected";
      } else if (*at != '#' && *at != '\n' && *at != '\r') {
        Row row;
        row.text = at;
        if (!split(at, fields_)) return "nine fields, with tabs between them, were expected";
        if (const char* const error = inspect(fields_, row)) return error;
        rows_.push_back(row);
        at = fields_[back].data() + fields_[back].size();
      }
      while (*at != '\n') ++at;
      ++at;
    }
    return nullptr;
  }

  std::size_t lines() const { return lines_; }

  // In time order; calls before returns at equal times.
  void hand_on() {
    const auto by_call = [](const Row& a, const Row& b) { return a.call < b.call; };
    if (!std::is_sorted(rows_.begin(), rows_.end(), by_call)) {
      std::stable_sort(rows_.begin(), rows_.end(), by_call);
    }
    for (const Row& row : rows_) {
      while (!returns_.empty() && returns_.top().first < row.call) give_back();
      split(row.text, fields_);
      add(row);
    }
    while (!returns_.empty()) give_back();
    open_.hand_on_end();
  }

 private:
  void add(const Row& row) {
    std::uint32_t process = 0;
    OperationKind its_kind{};
    number(fields_[client], process);
    kind_of(fields_[kind], its_kind);
    const std::uint32_t slot = open_.add(process, its_kind, Time(Duration(row.call)), 1);
    Operation& operation = open_.operation(slot);
    KeyAccess& access = operation.accesses[0];
    put_text(access.key, fields_[key]);
    if (its_kind == OperationKind::compare_and_set) {
      if (fields_[first] != "nil") put_text(access.expected, fields_[first]);
      put_text(access.argument, fields_[second]);
    } else if (its_kind == OperationKind::put || its_kind == OperationKind::append) {
      put_text(access.argument, fields_[first]);
    }
    open_.hand_on_call(slot);
    if (row.back == INT64_MAX) return;  // pending for good
    complete(operation, row);
    returns_.emplace(row.back, slot);
  }

  // What its return will say.
  void complete(Operation& operation, const Row& row) {
    const std::string_view text = fields_[result];
    const bool swaps = operation.kind == OperationKind::compare_and_set;
    if (is_unknown(text)) {
      operation.outcome = Outcome::info;
      return;
    }
    operation.back = Time(Duration(row.back));
    operation.outcome = text == "fail" && !swaps ? Outcome::fail : Outcome::ok;
    if (operation.outcome == Outcome::fail) return;
    operation.matched = swaps && text == "ok";
    operation.value_known = !swaps || text != "fail";
    const bool finds = operation.kind == OperationKind::get || (swaps && text != "ok" && text != "fail");
    if (finds && text != "nil") put_text(operation.accesses[0].value, text);
  }

  void give_back() {
    const std::uint32_t slot = returns_.top().second;
    returns_.pop();
    open_.close(slot);
    open_.hand_on_return(slot);
  }

  using Return = std::pair<std::int64_t, std::uint32_t>;  // when, which slot

  OpenOperations open_;
  std::deque<std::string> blocks_;  // rows_ points into them
  std::vector<Row> rows_;
  Fields fields_;
  std::size_t lines_ = 0;
  std::priority_queue<Return, std::vector<Return>, std::greater<>> returns_;
};

}  // namespace

std::string read_table(Source& source, HistorySink& sink) {
  Table table(sink);
  for (std::string_view lines = source.next_lines(); !lines.empty(); lines = source.next_lines()) {
    if (const char* const error = table.take(lines)) {
      return source.name() + ":" + std::to_string(table.lines()) + ": " + error;
    }
  }
  if (!source.complaint().empty()) return source.complaint();
  if (table.lines() == 0) return source.name() + ":1: # LIN1 was expected";
  table.hand_on();
  return "";
}

}  // namespace norn::sim
