// What the lines mean: see json_lines.h.
#include "sim/formats/json_lines.h"

#include <deque>
#include <vector>

#include "sim/formats/json_line.h"
#include "sim/formats/open_operations.h"

namespace norn::sim {

namespace {

class JsonLinesReader {
 public:
  explicit JsonLinesReader(HistorySink& sink) : open_(sink) {}

  // Whole lines. False: error() says what is wrong with line number lines().
  bool take(std::string_view lines) {
    const char* at = lines.data();
    const char* const end = at + lines.size();
    while (at != end) {
      const char* const behind = scan_json_line(at, line_);
      if (behind != nullptr) {
        at = behind;
      } else {
        const std::string_view left(at, static_cast<std::size_t>(end - at));
        const std::string_view text = left.substr(0, left.find('\n'));
        error_ = parse_json_line(text, line_, decoded_);
        at += text.size() + 1;
      }
      if (error_.empty()) understand();
      ++lines_;
      if (!error_.empty()) return false;
    }
    return true;
  }

  void finish() {
    hand_on_returns();
    open_.hand_on_end();
  }

  const std::string& error() const { return error_; }
  std::int64_t lines() const { return lines_; }

 private:
  bool fail(const char* what) {
    error_ = what;
    return false;
  }

  void understand() {
    if (line_.index != lines_) {
      fail("\"index\" is not the line's number, from 0");
    } else if (line_.time < time_ || line_.time == INT64_MAX) {
      fail("\"time\" goes backwards, or is never");
    } else if (line_.process < 0 || line_.process > UINT32_MAX) {
      fail("\"process\" is out of range");
    } else {
      if (line_.time != time_) hand_on_returns();
      time_ = line_.time;
      if (line_.type == LineType::invoke) {
        call();
      } else {
        give_back();
      }
    }
  }

  // At equal times the sink wants calls before returns, whatever their order in the file.
  void hand_on_returns() {
    for (const std::uint32_t slot : returned_) open_.hand_on_return(slot);
    returned_.clear();
  }

  void call() {
    const auto process = static_cast<std::uint32_t>(line_.process);
    const bool swaps = line_.kind == OperationKind::compare_and_set;
    if (line_.has_values && !swaps && line_.values.size() != line_.keys.size()) {
      fail("an array is not as long as \"keys\"");
      return;
    }
    const std::uint32_t slot = open_.add(process, line_.kind, Time(Duration(line_.time)), line_.keys.size());
    open_.number(slot, static_cast<std::uint64_t>(line_.index));
    Operation& operation = open_.operation(slot);
    operation.delta = line_.delta;
    for (std::size_t i = 0; i < line_.keys.size(); ++i) put_text(operation.accesses[i].key, line_.keys[i]);
    if (swaps) {
      put_text(operation.accesses[0].expected, line_.values[0]);
      put_text(operation.accesses[0].argument, line_.values[1]);
    } else if (line_.has_values) {
      for (std::size_t i = 0; i < line_.values.size(); ++i)
        put_text(operation.accesses[i].argument, line_.values[i]);
    }
    open_.hand_on_call(slot);
  }

  // The slot that a second line completes.
  std::uint32_t completed() {
    const auto process = static_cast<std::uint32_t>(line_.process);
    const std::uint32_t slot = line_.invoke == JsonLine::kMissing
                                   ? open_.latest_of(process)
                                   : open_.numbered(static_cast<std::uint64_t>(line_.invoke));
    if (slot == OpenOperations::kNone || open_.operation(slot).client != process ||
        open_.operation(slot).kind != line_.kind) {
      return OpenOperations::kNone;
    }
    return slot;
  }

  void give_back() {
    const std::uint32_t slot = completed();
    if (slot == OpenOperations::kNone) {
      fail("it completes no open operation of its process");
      return;
    }
    Operation& operation = open_.operation(slot);
    if (!same_keys(operation)) {
      fail("its keys are not those of the operation that it completes");
      return;
    }
    if (!results(operation)) return;
    operation.outcome = line_.type == LineType::ok     ? Outcome::ok
                        : line_.type == LineType::fail ? Outcome::fail
                                                       : Outcome::info;
    if (line_.type != LineType::info) operation.back = Time(Duration(line_.time));
    open_.close(slot);
    returned_.push_back(slot);
  }

  // A second line need not repeat its keys; if it does, they are the first one's.
  bool same_keys(const Operation& operation) const {
    if (line_.keys.empty()) return true;
    if (line_.keys.size() != operation.accesses.size()) return false;
    for (std::size_t i = 0; i < line_.keys.size(); ++i) {
      if (!same_text(operation.accesses[i].key, line_.keys[i])) return false;
    }
    return true;
  }

  bool results(Operation& operation) {
    const std::size_t accesses = operation.accesses.size();
    const bool ok = line_.type == LineType::ok;
    const bool swaps = line_.kind == OperationKind::compare_and_set;
    const bool reads = line_.kind == OperationKind::get || line_.kind == OperationKind::multi_get;
    if (swaps && ok && !line_.has_matched) return fail("a cas that is ok without \"matched\"");
    if (reads && ok && !line_.has_values) return fail("a read without \"value\"");
    if (line_.kind == OperationKind::increment && ok && (line_.values.empty() || line_.values[0].null))
      return fail("an increment that is ok without \"value\", the number after it");
    if ((line_.has_values && line_.values.size() != accesses) ||
        (!line_.versions.empty() && line_.versions.size() != accesses)) {
      return fail("an array is not as long as \"keys\"");
    }
    operation.matched = line_.matched;
    operation.value_known = !swaps || !ok || line_.matched || line_.has_values;
    for (std::size_t i = 0; i < line_.values.size(); ++i)
      put_text(operation.accesses[i].value, line_.values[i]);
    for (std::size_t i = 0; i < line_.versions.size(); ++i) operation.accesses[i].version = line_.versions[i];
    return true;
  }

  OpenOperations open_;
  std::vector<std::uint32_t> returned_;  // at time_, not handed on yet
  JsonLine line_;
  std::deque<std::string> decoded_;
  std::string error_;
  std::int64_t lines_ = 0;
  std::int64_t time_ = INT64_MIN;
};

}  // namespace

std::string read_json_lines(Source& source, HistorySink& sink) {
  JsonLinesReader reader(sink);
  for (std::string_view lines = source.next_lines(); !lines.empty(); lines = source.next_lines()) {
    if (!reader.take(lines))
      return source.name() + ":" + std::to_string(reader.lines()) + ": " + reader.error();
  }
  if (!source.complaint().empty()) return source.complaint();
  reader.finish();
  return "";
}

}  // namespace norn::sim
