// Lines of a log: see jepsen_log.h.
#include "sim/formats/jepsen_log.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "sim/formats/jepsen_events.h"

namespace norn::sim {

namespace {

constexpr std::string_view kKey = "register";
constexpr std::string_view kWriter = "jepsen.util";
constexpr std::size_t kUsual = 6;  // where that stands, as a rule: behind "INFO  "

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Words, apart by spaces and tabs.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) { skip(); }

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  std::string_view next() {
    std::size_t size = 0;
    while (size < rest_.size() && !is_space(rest_[size])) ++size;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip();
    return word;
  }

 private:
  void skip() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

// nil, or one word that is not [, ] or a keyword.
bool is_value(std::string_view word) {
  return !word.empty() && word.front() != ':' && word.find_first_of("[]{}\"") == std::string_view::npos;
}

template <typename Text>
void put_value(Text& to, std::string_view word) {
  if (word != "nil") put_text(to, word);
}

class LogReader {
 public:
  explicit LogReader(HistorySink& sink) : events_(sink) {}

  // An error's text, or nothing.
  const char* take(std::string_view line) {
    const bool is_usual = line.size() > kUsual && line.substr(kUsual).starts_with(kWriter);
    const std::size_t writer = is_usual ? kUsual : line.find(kWriter);
    if (writer == std::string_view::npos) return nullptr;
    Words words(line.substr(writer + kWriter.size()));
    if (!words.empty() && (words.rest().front() == '-' || words.rest().front() == ':')) {
      if (words.rest().starts_with(":nemesis") || words.next().size() != 1) return nullptr;
    }
    if (words.empty() || words.rest().front() < '0' || words.rest().front() > '9') return nullptr;
    const std::string_view process = words.next();
    const auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), process_);
    if (error != std::errc{} || end != process.data() + process.size())
      return "a process's number was expected";
    found_ = true;
    return operation(words);
  }

  bool found() const { return found_; }
  void finish() { events_.finish(); }

 private:
  const char* operation(Words& words) {
    const std::string_view type = words.next();
    const std::string_view f = words.next();
    OperationKind kind{};
    if (f == ":read") {
      kind = OperationKind::get;
    } else if (f == ":write") {
      kind = OperationKind::put;
    } else if (f == ":cas") {
      kind = OperationKind::compare_and_set;
    } else {
      return ":read, :write or :cas was expected behind the type";
    }
    if (type == ":invoke") return call(kind, words);
    if (type != ":ok" && type != ":fail" && type != ":info")
      return ":invoke, :ok, :fail or :info was expected behind the process";
    if (!events_.is_open(process_) || events_.opened(process_).kind != kind)
      return "it completes no open operation of its process";
    return give_back(type, words);
  }

  const char* call(OperationKind kind, Words& words) {
    if (events_.is_open(process_)) return "the process has an operation open";
    if (!values(kind, words)) return expected(kind);
    KeyAccess& access = events_.call(process_, kind, std::nullopt).accesses[0];
    put_text(access.key, kKey);
    if (kind != OperationKind::get) put_text(access.argument, argument_);
    if (kind == OperationKind::compare_and_set) put_value(access.expected, first_);
    events_.hand_on_call();
    return nullptr;
  }

  const char* give_back(std::string_view type, Words& words) {
    Operation& operation = events_.opened(process_);
    if (type == ":info") {
      events_.give_back(Outcome::info, std::nullopt);
      return nullptr;
    }
    const bool swaps = operation.kind == OperationKind::compare_and_set;
    const bool understood = values(operation.kind, words);
    if (type == ":fail" && !(swaps && understood)) {
      events_.give_back(Outcome::fail, std::nullopt);
      return nullptr;
    }
    if (!understood) return expected(operation.kind);
    KeyAccess& access = operation.accesses[0];
    if (operation.kind == OperationKind::get) {
      put_value(access.value, first_);
    } else if (access.argument != argument_ ||
               (swaps && (access.expected ? *access.expected != first_ : first_ != "nil"))) {
      return "its value is not that of the operation that it completes";
    }
    operation.matched = swaps && type == ":ok";
    operation.value_known = !swaps || operation.matched;
    events_.give_back(Outcome::ok, std::nullopt);
    return nullptr;
  }

  static const char* expected(OperationKind kind) {
    return kind == OperationKind::compare_and_set ? "[expected new] was expected behind :cas"
                                                  : "a value was expected at the end";
  }

  // All that follows: into first_, what is read or expected, and argument_, what is written.
  bool values(OperationKind kind, Words& words) {
    if (kind != OperationKind::compare_and_set) {
      first_ = argument_ = words.next();
      return words.empty() && is_value(first_) && (kind == OperationKind::get || first_ != "nil");
    }
    std::string_view pair = words.rest();
    while (!pair.empty() && is_space(pair.back())) pair.remove_suffix(1);
    if (pair.size() < 2 || pair.front() != '[' || pair.back() != ']') return false;
    Words both(pair.substr(1, pair.size() - 2));
    first_ = both.next();
    argument_ = both.next();
    return both.empty() && is_value(first_) && is_value(argument_) && argument_ != "nil";
  }

  JepsenEvents events_;
  bool found_ = false;
  std::uint32_t process_ = 0;
  std::string_view first_;
  std::string_view argument_;
};

}  // namespace

std::string read_jepsen_log(Source& source, HistorySink& sink) {
  LogReader reader(sink);
  std::size_t number = 0;
  for (std::string_view lines = source.next_lines(); !lines.empty(); lines = source.next_lines()) {
    while (!lines.empty()) {
      const std::size_t size = lines.find('\n');
      ++number;
      if (const char* const error = reader.take(lines.substr(0, size))) {
        return source.name() + ":" + std::to_string(number) + ": " + error;
      }
      lines.remove_prefix(size + 1);
    }
  }
  if (!source.complaint().empty()) return source.complaint();
  if (number != 0 && !reader.found()) {
    return source.name() +
           ":1: no line here or below is an operation: INFO  jepsen.util - 0 :invoke :read nil";
  }
  reader.finish();
  return "";
}

}  // namespace norn::sim
