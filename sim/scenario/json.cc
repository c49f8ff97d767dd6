// Reading by nlohmann-json's SAX interface, which hands over numbers as text and knows no recursion; writing
// by hand.
#include "sim/scenario/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace norn::sim {
namespace {

constexpr std::size_t kDepthMax = 32;    // a scenario needs 7; a limit keeps recursion over the tree harmless
constexpr std::size_t kLineWidth = 110;  // what fits is written on one line
constexpr std::size_t kShownMax = 60;    // characters of a value in a message

std::string escaped(std::string_view text) {
  using Handler = nlohmann::json::error_handler_t;
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, Handler::replace);
}

std::string cut(std::string text) {
  if (text.size() <= kShownMax) return text;
  std::size_t size = kShownMax;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;  // not within a character
  return text.substr(0, size) + "...";
}

// Builds the tree; any callback that returns false ends the parse.
class Builder {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  bool null() { return put({}); }
  bool boolean(bool value) { return put(JsonValue::of(value)); }
  bool number_integer(std::int64_t value) { return put(JsonValue::number(std::to_string(value))); }
  bool number_unsigned(std::uint64_t value) { return put(JsonValue::number(std::to_string(value))); }
  bool number_float(double, const std::string& text) { return put(JsonValue::number(text)); }
  bool string(std::string& value) { return put(JsonValue::string(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // not in JSON text
  bool start_object(std::size_t) { return open(JsonValue::object()); }
  bool start_array(std::size_t) { return open(JsonValue::list()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& key) {
    JsonValue& object = open_.back();
    if (std::ranges::find(object.keys, key) != object.keys.end())
      return fail({member_path(path(), cut(key)), "is given twice"});
    object.keys.push_back(key);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    const std::size_t at = std::min(position > 0 ? position - 1 : 0, text_.size());
    const std::string_view before = text_.substr(0, at);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    // The library puts its own number and place first: "[...] parse error at line 1, column 2: syntax error
    // ...".
    std::string what = error.what();
    for (const std::string_view end : {"] ", ": "})
      if (const std::size_t found = what.find(end); found != what.npos) what.erase(0, found + end.size());
    for (char& c : what) c = static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
    return fail({"line " + std::to_string(line) + ", column " + std::to_string(at - start + 1), what});
  }

  JsonValue& root() { return root_; }
  JsonProblem& problem() { return problem_; }

 private:
  std::string path() const {
    std::string path;
    for (std::size_t depth = 0; depth + 1 < open_.size(); ++depth) {
      const JsonValue& parent = open_[depth];
      path = parent.type == JsonValue::Type::object ? member_path(path, parent.keys.back())
                                                    : element_path(path, parent.items.size());
    }
    return path;
  }
  bool fail(JsonProblem problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool put(JsonValue value) {
    (open_.empty() ? root_ : open_.back().items.emplace_back()) = std::move(value);
    return true;
  }
  bool open(JsonValue value) {
    open_.push_back(std::move(value));
    return open_.size() <= kDepthMax || fail({"", "is nested deeper than " + std::to_string(kDepthMax)});
  }
  bool close() {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    return put(std::move(value));
  }

  std::string_view text_;
  std::vector<JsonValue> open_;  // the lists and objects being read, outermost first
  JsonValue root_;
  JsonProblem problem_;
};

std::string on_one_line(const JsonValue& value) {
  using Type = JsonValue::Type;
  if (value.type != Type::list && value.type != Type::object) {
    if (value.type == Type::null) return "null";
    if (value.type == Type::boolean) return value.boolean ? "true" : "false";
    return value.type == Type::number ? value.text : escaped(value.text);
  }
  const bool object = value.type == Type::object;
  std::string line = object ? "{" : "[";
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) line += ", ";
    if (object) line += escaped(value.keys[i]) + ": ";
    line += on_one_line(value.items[i]);
  }
  return line + (object ? "}" : "]");
}

// `before`: what stands before the value on its line.
void write(const JsonValue& value, std::size_t indent, std::size_t before, std::string& out) {
  const std::string line = on_one_line(value);
  if (value.items.empty() || (indent > 0 && before + line.size() < kLineWidth)) {
    out += line;
    return;
  }
  const bool object = value.type == JsonValue::Type::object;
  out += object ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    out += i > 0 ? ",\n" : "\n";
    std::string start(indent + 2, ' ');
    if (object) start += escaped(value.keys[i]) + ": ";
    out += start;
    write(value.items[i], indent + 2, start.size(), out);
  }
  out += '\n' + std::string(indent, ' ') + (object ? '}' : ']');
}

}  // namespace

JsonValue JsonValue::of(bool value) {
  JsonValue result;
  result.type = Type::boolean;
  result.boolean = value;
  return result;
}

JsonValue JsonValue::number(std::string text) {
  JsonValue result;
  result.type = Type::number;
  result.text = std::move(text);
  return result;
}

JsonValue JsonValue::string(std::string text) {
  JsonValue result;
  result.type = Type::string;
  result.text = std::move(text);
  return result;
}

JsonValue JsonValue::list(std::vector<JsonValue> items) {
  JsonValue result;
  result.type = Type::list;
  result.items = std::move(items);
  return result;
}

JsonValue JsonValue::object() {
  JsonValue result;
  result.type = Type::object;
  return result;
}

void JsonValue::add(std::string_view key, JsonValue value) {
  keys.emplace_back(key);
  items.push_back(std::move(value));
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

std::variant<JsonValue, JsonProblem> parse_json(std::string_view text) {
  Builder builder(text);
  if (nlohmann::json::sax_parse(text, &builder)) return std::move(builder.root());
  return std::move(builder.problem());
}

std::string write_json(const JsonValue& value) {
  std::string out;
  write(value, 0, 0, out);
  return out + '\n';
}

std::string shown(const JsonValue& value) {
  if (value.type == JsonValue::Type::list) return "a list";
  if (value.type == JsonValue::Type::object) return "an object";
  return cut(on_one_line(value));
}

std::string member_path(std::string_view object, std::string_view key) {
  // A key is shown as it is, but for what would break the line.
  const bool plain = std::ranges::none_of(key, [](char c) { return static_cast<unsigned char>(c) < '!'; });
  const std::string name = plain && !key.empty() ? std::string(key) : escaped(key);
  return object.empty() ? name : std::string(object) + "." + name;
}

std::string element_path(std::string_view list, std::size_t place) {
  return std::string(list) + "[" + std::to_string(place) + "]";
}

}  // namespace norn::sim
