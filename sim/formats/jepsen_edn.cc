// What the maps mean: see jepsen_edn.h.
#include "sim/formats/jepsen_edn.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/formats/edn.h"
#include "sim/formats/jepsen_events.h"

namespace norn::sim {

namespace {

constexpr std::string_view kKey = "register";

struct Map {
  EdnForm process;
  EdnForm type;
  EdnForm f;
  EdnForm value;
  EdnForm key;
  EdnForm time;

  void clear() {
    for (EdnForm* const form : {&process, &type, &f, &value, &key, &time}) form->kind = EdnForm::nothing;
  }
};

EdnForm* field(Map& map, const EdnForm& name) {
  if (name.kind != EdnForm::atom || name.raw.size() < 2 || name.raw[0] != ':') return nullptr;
  const std::string_view word = name.raw.substr(1);
  switch (word.front()) {
    case 'p':
      return word == "process" ? &map.process : nullptr;
    case 't':
      return word == "type" ? &map.type : word == "time" ? &map.time : nullptr;
    case 'f':
      return word == "f" ? &map.f : nullptr;
    case 'v':
      return word == "value" ? &map.value : nullptr;
    case 'k':
      return word == "key" ? &map.key : nullptr;
    default:
      return nullptr;
  }
}

std::optional<OperationKind> kind_of(const EdnForm& f) {
  if (f.is(":read") || f.is(":get")) return OperationKind::get;
  if (f.is(":write") || f.is(":put")) return OperationKind::put;
  if (f.is(":cas")) return OperationKind::compare_and_set;
  if (f.is(":append")) return OperationKind::append;
  if (f.is(":delete") || f.is(":remove")) return OperationKind::remove;
  return std::nullopt;
}

template <typename Number>
bool number(const EdnForm& form, Number& out) {
  if (form.kind != EdnForm::atom) return false;
  const char* const end = form.raw.data() + form.raw.size();
  const auto [stopped, error] = std::from_chars(form.raw.data(), end, out);
  return error == std::errc{} && stopped == end;
}

class EdnReader {
 public:
  explicit EdnReader(HistorySink& sink) : events_(sink) {}

  // An error's text, or null.
  const char* take(const Map& map) {
    if (map.process.kind == EdnForm::nothing) return "the map has no :process";
    if (map.process.is(":nemesis")) return nullptr;
    if (!number(map.process, process_)) return ":process is neither a number nor :nemesis";
    const std::optional<OperationKind> kind = kind_of(map.f);
    if (!kind) return ":f is none of :read :write :cas :append :delete";
    std::int64_t stated = 0;
    time_.reset();
    if (map.time.kind != EdnForm::nothing) {
      if (!number(map.time, stated)) return ":time is no number";
      time_ = stated;
    }
    if (map.type.is(":invoke")) return call(map, *kind);
    if (map.type.is(":ok")) return give_back(map, *kind, Outcome::ok);
    if (map.type.is(":fail")) return give_back(map, *kind, Outcome::fail);
    if (map.type.is(":info")) return give_back(map, *kind, Outcome::info);
    return ":type is none of :invoke :ok :fail :info";
  }

  void finish() { events_.finish(); }

 private:
  enum Keys : std::uint8_t { undecided, in_pairs, apart };

  // Takes [key value] apart, where the map has no :key; into key_ and value_.
  const char* find_key(const Map& map, OperationKind kind) {
    key_.clear();
    value_ = map.value;
    if (map.key.kind != EdnForm::nothing) {
      append_text(key_, map.key);
      return nullptr;
    }
    EdnForm first;
    EdnForm second;
    EdnForm unused;
    bool is_pair = pair_of(map.value, first, second);
    if (kind == OperationKind::compare_and_set) is_pair = is_pair && pair_of(second, unused, unused);
    const bool is_telling = is_pair || kind != OperationKind::remove;
    if (is_pair && keys_ != apart) {
      keys_ = in_pairs;
      append_text(key_, first);
      value_ = second;
      return nullptr;
    }
    if (keys_ == in_pairs) return "a pair [key value] was expected, as before";
    if (is_telling) keys_ = apart;
    key_ = kKey;
    return nullptr;
  }

  const char* call(const Map& map, OperationKind kind) {
    if (events_.is_open(process_)) return "the process has an operation open";
    if (const char* const error = find_key(map, kind)) return error;
    expected_.clear();
    argument_.clear();
    if (kind == OperationKind::compare_and_set) {
      EdnForm first;
      EdnForm second;
      if (!pair_of(value_, first, second)) return "[expected new] was expected as the :value of a :cas";
      append_text(expected_, first);
      append_text(argument_, second);
      if (argument_.empty()) return "a :cas that writes nothing";
    } else if (kind == OperationKind::put || kind == OperationKind::append) {
      if (value_.kind == EdnForm::nothing) return "no :value";
      append_text(argument_, value_);
      if (kind == OperationKind::append && argument_.empty()) return "an :append of nothing";
      if (kind == OperationKind::append && value_.kind == EdnForm::string) {
        appends_strings_ = true;
      } else if (kind == OperationKind::append) {
        appends_elements_ = true;
        argument_ += ' ';
      }
      if (argument_.empty()) kind = OperationKind::remove;
    }
    Operation& operation = events_.call(process_, kind, time_);
    put_text(operation.accesses[0].key, key_);
    put_text(operation.accesses[0].argument, argument_);
    if (!expected_.empty()) put_text(operation.accesses[0].expected, expected_);
    events_.hand_on_call();
    return nullptr;
  }

  const char* give_back(const Map& map, OperationKind kind, Outcome outcome) {
    if (!events_.is_open(process_)) return "it completes no open operation of its process";
    Operation& operation = events_.opened(process_);
    const bool deletes = operation.kind == OperationKind::remove && kind == OperationKind::put;
    if (operation.kind != kind && !deletes) return "it completes no open operation of its process";
    if (outcome == Outcome::ok && kind == OperationKind::get) {
      if (const char* const error = read(map, operation.accesses[0])) return error;
    }
    operation.matched = outcome == Outcome::ok && kind == OperationKind::compare_and_set;
    events_.give_back(outcome, time_);
    return nullptr;
  }

  // What a read that is ok saw.
  const char* read(const Map& map, KeyAccess& access) {
    if (map.value.kind == EdnForm::nothing) return "a :read that is :ok without :value";
    EdnForm value = map.value;
    if (map.key.kind == EdnForm::nothing && keys_ == in_pairs) {
      EdnForm first;
      if (!pair_of(map.value, first, value)) return "a pair [key value] was expected, as before";
      key_.clear();
      append_text(key_, first);
      if (key_ != access.key) return "its key is not that of the operation that it completes";
    }
    if (value.kind == EdnForm::list && appends_strings_ && holds_string(value))
      return "a list of strings was read, but strings are appended to a string";
    if (value.kind != EdnForm::list && value.kind != EdnForm::nil && appends_elements_)
      return "a list was expected, since what is no string was appended";
    argument_.clear();
    append_text(argument_, value);
    if (!argument_.empty()) put_text(access.value, argument_);
    return nullptr;
  }

  JepsenEvents events_;
  Keys keys_ = undecided;
  bool appends_strings_ = false;
  bool appends_elements_ = false;
  std::uint32_t process_ = 0;
  std::optional<std::int64_t> time_;
  EdnForm value_;
  std::string key_;
  std::string expected_;
  std::string argument_;
};

// The maps of a source, in a vector, in a list, or one after the other.
class Maps {
 public:
  explicit Maps(Source& source) : source_(source) {}

  // The next map; its forms live until the next call. False: there is none, or error() says what is wrong.
  bool next(Map& map) {
    for (bool last = false;;) {
      const std::string_view text = source_.rest().substr(position_);
      EdnCursor cursor(text, last);
      Around around = around_;
      map.clear();
      const Step step = try_next(cursor, around, map);
      const auto passed = static_cast<std::size_t>(cursor.at() - text.data());
      if (step == Step::cut && !last) {
        lines_ += newlines(position_);
        source_.drop(std::exchange(position_, 0));
        last = !source_.more();
        if (!source_.complaint().empty()) return false;
        continue;
      }
      if (step == Step::cut) error_ = "the text ends inside of a form";
      position_ += passed;
      around_ = around;
      return step == Step::found;
    }
  }

  const char* error() const { return error_; }  // or null
  std::size_t line() const { return 1 + lines_ + newlines(position_); }

 private:
  enum class Step : std::uint8_t { found, over, cut, wrong };
  enum class Around : std::uint8_t { undecided, none, vector, list, closed };

  std::size_t newlines(std::size_t size) const {
    const std::string_view text = source_.rest().substr(0, size);
    std::size_t count = 0;
    for (std::size_t at = text.find('\n'); at < text.size(); at = text.find('\n', at + 1)) ++count;
    return count;
  }

  Step wrong(const char* what) {
    error_ = what;
    return Step::wrong;
  }

  Step out_of(const EdnCursor& cursor) {
    return cursor.status() == EdnCursor::cut ? Step::cut : wrong(cursor.error());
  }

  Step try_next(EdnCursor& cursor, Around& around, Map& map) {
    while (cursor.next()) {
      if (around == Around::closed) return wrong("nothing was expected behind the closing bracket");
      if (cursor.peek() == '{') {
        if (around == Around::undecided) around = Around::none;
        cursor.skip();
        return fields(cursor, map);
      }
      if (around == Around::undecided && (cursor.peek() == '[' || cursor.peek() == '(')) {
        around = cursor.peek() == '[' ? Around::vector : Around::list;
      } else if (around == Around::vector ? cursor.peek() == ']'
                                          : around == Around::list && cursor.peek() == ')') {
        around = Around::closed;
      } else {
        return wrong("a map was expected: {:process 0, :type :invoke, :f :read, :value nil}");
      }
      cursor.skip();
    }
    const bool open = around == Around::vector || around == Around::list;
    if (cursor.status() == EdnCursor::malformed || !cursor.at_last() || open) return out_of(cursor);
    return Step::over;
  }

  Step fields(EdnCursor& cursor, Map& map) {
    EdnForm name;
    EdnForm of_no_interest;
    while (cursor.next()) {
      if (cursor.peek() == '}') {
        cursor.skip();
        return Step::found;
      }
      if (!cursor.form(name)) break;
      EdnForm* const found = field(map, name);
      if (!cursor.next() || !cursor.form(found != nullptr ? *found : of_no_interest)) break;
    }
    return out_of(cursor);
  }

  Source& source_;
  std::size_t position_ = 0;  // in what is at hand: all before has been handed out
  std::size_t lines_ = 0;     // before what is at hand
  Around around_ = Around::undecided;
  const char* error_ = nullptr;
};

}  // namespace

std::string read_jepsen_edn(Source& source, HistorySink& sink) {
  EdnReader reader(sink);
  Maps maps(source);
  Map map;
  const char* error = nullptr;
  while (error == nullptr && maps.next(map)) error = reader.take(map);
  if (!source.complaint().empty()) return source.complaint();
  if (error == nullptr) error = maps.error();
  if (error != nullptr) return source.name() + ":" + std::to_string(maps.line()) + ": " + error;
  reader.finish();
  return "";
}

}  // namespace norn::sim
