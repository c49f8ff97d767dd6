// Histories as JSON Lines: see history_file.h.
#include "sim/check/history_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace norn::sim {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 8> kKinds = {"get",    "put",       "remove",    "cas",
                                                    "append", "increment", "multi-get", "multi-put"};

bool is_multi(OperationKind kind) {
  return kind == OperationKind::multi_get || kind == OperationKind::multi_put;
}

std::int64_t nanoseconds_of(Time time) { return time.time_since_epoch().count(); }

// ---- writing

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

void add_results(std::string& out, const Operation& operation) {
  if (operation.matched) {
    out += ",\"matched\":true";
  } else if (operation.kind == OperationKind::compare_and_set && operation.outcome == Outcome::ok) {
    out += ",\"matched\":false";
  }
  const auto& accesses = operation.accesses;
  const bool reads = operation.outcome == Outcome::ok &&
                     (operation.kind == OperationKind::get || operation.kind == OperationKind::multi_get);
  if (reads ||
      std::any_of(accesses.begin(), accesses.end(), [](const auto& a) { return a.value.has_value(); })) {
    add_field(out, operation, "value", [&](const KeyAccess& access) { add_optional(out, access.value); });
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

// ---- reading

// Strings as bytes again; nothing: a character above U+00FF.
std::optional<std::string> bytes_of(const std::string& utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      bytes += utf8[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < utf8.size()) {
      bytes += static_cast<char>((byte & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

class Parser {
 public:
  // An error's text, or nothing.
  std::optional<std::string> take(std::string_view text) {
    line_ = Json::parse(text, nullptr, false);
    if (!line_.is_object()) return "not a JSON object";
    const Json* const type = find("type");
    if (type == nullptr || !type->is_string()) return "no \"type\"";
    error_.clear();
    if (*type == "invoke") {
      invoke();
    } else if (*type == "ok") {
      give_back(Outcome::ok);
    } else if (*type == "fail") {
      give_back(Outcome::fail);
    } else if (*type == "info") {
      give_back(Outcome::info);
    } else {
      error_ = "\"type\" is none of invoke, ok, fail, info";
    }
    ++lines_;
    return error_.empty() ? std::nullopt : std::optional(error_);
  }

  History history;

 private:
  const Json* find(const char* name) const {
    const auto found = line_.find(name);
    return found == line_.end() ? nullptr : &*found;
  }

  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }

  bool integer(const char* name, std::int64_t& out) {
    const Json* const found = find(name);
    if (found == nullptr || !found->is_number_integer())
      return fail("no integer \"" + std::string(name) + '"');
    if (found->is_number_unsigned() && found->get<std::uint64_t>() > INT64_MAX) {
      return fail('"' + std::string(name) + "\" is out of range");
    }
    out = found->get<std::int64_t>();
    return true;
  }

  bool text(const Json& json, std::string& out) {
    if (!json.is_string()) return fail("a string is missing");
    const std::optional<std::string> bytes = bytes_of(json.get_ref<const std::string&>());
    if (!bytes) return fail("a string has a character above U+00FF");
    out = *bytes;
    return true;
  }

  bool optional_text(const Json& json, std::optional<std::string>& out) {
    out.reset();
    if (json.is_null()) return true;
    return text(json, out.emplace());
  }

  // What every line has. The time must not go backwards.
  bool common(Time& time, std::uint32_t& process) {
    std::int64_t number = 0;
    if (!integer("index", number)) return false;
    if (number != lines_) return fail("\"index\" is not the line's number, from 0");
    if (!integer("time", number)) return false;
    if (number < time_ || number == INT64_MAX) return fail("\"time\" goes backwards, or is never");
    time_ = number;
    time = Time(Duration(number));
    if (!integer("process", number)) return false;
    if (number < 0 || number > UINT32_MAX) return fail("\"process\" is out of range");
    process = static_cast<std::uint32_t>(number);
    return true;
  }

  bool kind(OperationKind& out) {
    const Json* const f = find("f");
    for (std::size_t i = 0; f != nullptr && i < kKinds.size(); ++i) {
      if (*f != kKinds[i]) continue;
      out = static_cast<OperationKind>(i);
      return true;
    }
    return fail("\"f\" is no kind of operation");
  }

  bool keys(Operation& operation) {
    const Json* const found = find(is_multi(operation.kind) ? "keys" : "key");
    if (found == nullptr) return fail("no key");
    if (is_multi(operation.kind) && (!found->is_array() || found->empty()))
      return fail("\"keys\" is no array of keys");
    operation.accesses.resize(is_multi(operation.kind) ? found->size() : 1);
    return for_each(operation, *found,
                    [&](const Json& json, KeyAccess& access) { return text(json, access.key); });
  }

  // A field's items beside the accesses they belong to.
  template <typename Take>
  bool for_each(Operation& operation, const Json& field, Take take_item) {
    if (!is_multi(operation.kind)) return take_item(field, operation.accesses[0]);
    if (!field.is_array() || field.size() != operation.accesses.size()) {
      return fail("an array is not as long as \"keys\"");
    }
    for (std::size_t i = 0; i < field.size(); ++i) {
      if (!take_item(field[i], operation.accesses[i])) return false;
    }
    return true;
  }

  bool arguments(Operation& operation) {
    const Json* const value = find("value");
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
      case OperationKind::remove:
        return true;
      case OperationKind::increment:
        return integer("value", operation.delta);
      case OperationKind::compare_and_set:
        if (value == nullptr || !value->is_array() || value->size() != 2) {
          return fail("\"value\" of a cas is not [expected, new]");
        }
        return optional_text((*value)[0], operation.accesses[0].expected) &&
               text((*value)[1], operation.accesses[0].argument);
      case OperationKind::put:
      case OperationKind::append:
      case OperationKind::multi_put:
        break;
    }
    if (value == nullptr) return fail("no \"value\"");
    return for_each(operation, *value,
                    [&](const Json& json, KeyAccess& access) { return text(json, access.argument); });
  }

  void invoke() {
    Operation operation;
    if (!common(operation.call, operation.client) || !kind(operation.kind) || !keys(operation)) return;
    if (!arguments(operation)) return;
    open_[lines_] = history.size();
    history.push_back(std::move(operation));
  }

  // The operation that a second line completes; nothing: there is none.
  std::optional<std::size_t> completed(std::uint32_t process) {
    if (find("invoke") != nullptr) {
      std::int64_t index = 0;
      if (!integer("invoke", index)) return std::nullopt;
      const auto found = open_.find(index);
      if (found == open_.end() || history[found->second].client != process) return std::nullopt;
      const std::size_t place = found->second;
      open_.erase(found);
      return place;
    }
    for (auto i = open_.rbegin(); i != open_.rend(); ++i) {
      if (history[i->second].client != process) continue;
      const std::size_t place = i->second;
      open_.erase(std::next(i).base());
      return place;
    }
    return std::nullopt;
  }

  // A second line need not repeat its keys; if it does, they are the first one's.
  bool same_keys(const Operation& operation) {
    if (find(is_multi(operation.kind) ? "keys" : "key") == nullptr) return true;
    Operation again;
    again.kind = operation.kind;
    if (!keys(again)) return false;
    if (std::ranges::equal(again.accesses, operation.accesses, {}, &KeyAccess::key, &KeyAccess::key))
      return true;
    return fail("its keys are not those of the operation that it completes");
  }

  void give_back(Outcome outcome) {
    Time time{};
    std::uint32_t process = 0;
    OperationKind named{};
    if (!common(time, process) || !kind(named)) return;
    const std::optional<std::size_t> place = completed(process);
    if (!place || history[*place].kind != named) {
      fail("it completes no open operation of its process");
      return;
    }
    Operation& operation = history[*place];
    if (!same_keys(operation)) return;
    operation.outcome = outcome;
    if (outcome != Outcome::info) operation.back = time;
    results(operation);
  }

  bool results(Operation& operation) {
    const Json* const matched = find("matched");
    if (operation.kind == OperationKind::compare_and_set && operation.outcome == Outcome::ok) {
      if (matched == nullptr || !matched->is_boolean()) return fail("a cas that is ok without \"matched\"");
    }
    operation.matched = matched != nullptr && matched->is_boolean() && matched->get<bool>();
    const bool reads = operation.kind == OperationKind::get || operation.kind == OperationKind::multi_get;
    const Json* const value = find("value");
    if (value == nullptr && reads && operation.outcome == Outcome::ok)
      return fail("a read without \"value\"");
    if (value != nullptr && !for_each(operation, *value, [&](const Json& json, KeyAccess& a) {
          return optional_text(json, a.value);
        })) {
      return false;
    }
    const Json* const version = find("version");
    return version == nullptr || for_each(operation, *version, [&](const Json& json, KeyAccess& access) {
             if (!json.is_number_unsigned()) return fail("\"version\" is no number");
             access.version = json.get<std::uint64_t>();
             return true;
           });
  }

  Json line_;
  std::string error_;
  std::int64_t lines_ = 0;
  std::int64_t time_ = INT64_MIN;
  std::map<std::int64_t, std::size_t> open_;  // by the index of the invoke line: the place in the history
};

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
    out += kKinds[static_cast<std::size_t>(operation.kind)];
    out += '"';
    if (line.returns) out += ",\"invoke\":" + std::to_string(invoked[line.place]);
    add_field(out, operation, is_multi(operation.kind) ? "keys" : "key",
              [&](const KeyAccess& access) { add_string(out, access.key); });
    if (line.returns) {
      add_results(out, operation);
    } else {
      invoked[line.place] = index;
      add_arguments(out, operation);
    }
    out += "}\n";
    ++index;
  }
  return out;
}

ParsedHistory parse_history(std::string_view text, std::string_view name) {
  Parser parser;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const std::optional<std::string> error = parser.take(text.substr(0, end))) {
      return {{}, std::string(name) + ":" + std::to_string(line) + ": " + *error};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {std::move(parser.history), ""};
}

bool write_history(const std::string& path, const History& history) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << format_history(history);
  file.close();
  return !file.fail();
}

ParsedHistory read_history(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (std::array<char, 65536> block; file.read(block.data(), block.size()), file.gcount() > 0;) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) return {{}, path + ": cannot be read"};
  return parse_history(text, path);
}

}  // namespace norn::sim
