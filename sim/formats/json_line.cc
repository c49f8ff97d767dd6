// Lines of any shape, by a real JSON parser, and their strings: see json_line.h.
#include "sim/formats/json_line.h"

#include <array>
#include <nlohmann/json.hpp>

#include "sim/formats/open_operations.h"

namespace norn::sim {

namespace {

using Json = nlohmann::json;

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

void unescape(std::string& to, std::string_view raw) {
  to.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      to += raw[i];
    } else if (raw[i + 1] != 'u') {
      to += raw[++i];
    } else {
      to += static_cast<char>(digit(raw[i + 4]) << 4 | digit(raw[i + 5]));
      i += 5;
    }
  }
}

// Strings as bytes again; false: a character above U+00FF.
bool bytes_of(const std::string& utf8, std::string& bytes) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      bytes += utf8[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < utf8.size()) {
      bytes += static_cast<char>((byte & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f));
    } else {
      return false;
    }
  }
  return true;
}

class LineParser {
 public:
  LineParser(const Json& json, JsonLine& line, std::deque<std::string>& decoded)
      : json_(json), line_(line), decoded_(decoded) {}

  std::string parse() {
    if (!type() || !integer("index", line_.index) || !integer("time", line_.time) ||
        !integer("process", line_.process) || !kind() || !keys()) {
      return error_;
    }
    if (line_.type == LineType::invoke) {
      arguments();
    } else if (find("invoke") == nullptr || integer("invoke", line_.invoke)) {
      results();
    }
    return error_;
  }

 private:
  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() ? nullptr : &*found;
  }

  bool fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
    return false;
  }

  bool type() {
    static constexpr std::array<std::string_view, 4> kTypes = {"invoke", "ok", "fail", "info"};
    const Json* const found = find("type");
    if (found == nullptr || !found->is_string()) return fail("no \"type\"");
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      if (*found != kTypes[i]) continue;
      line_.type = static_cast<LineType>(i);
      return true;
    }
    return fail("\"type\" is none of invoke, ok, fail, info");
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

  bool kind() {
    const Json* const f = find("f");
    for (std::size_t i = 0; f != nullptr && i < kKindsInJson.size(); ++i) {
      if (*f != kKindsInJson[i]) continue;
      line_.kind = static_cast<OperationKind>(i);
      return true;
    }
    return fail("\"f\" is no kind of operation");
  }

  bool text(const Json& json, JsonText& out) {
    if (!json.is_string()) return fail("a string is missing");
    std::string& bytes = decoded_.emplace_back();
    if (!bytes_of(json.get_ref<const std::string&>(), bytes))
      return fail("a string has a character above U+00FF");
    out = {bytes, false, false};
    return true;
  }

  bool text_or_null(const Json& json, JsonText& out) {
    if (!json.is_null()) return text(json, out);
    out = {{}, false, true};
    return true;
  }

  // A field's item, or, of the multi-key kinds, each of its items.
  template <typename Take>
  bool for_each(const Json& field, const char* what, Take take_item) {
    if (!is_multi(line_.kind)) return take_item(field);
    if (!field.is_array()) return fail(what);
    for (const Json& item : field) {
      if (!take_item(item)) return false;
    }
    return true;
  }

  // A second line need not repeat them.
  bool keys() {
    const Json* const found = find(is_multi(line_.kind) ? "keys" : "key");
    if (found == nullptr) return line_.type != LineType::invoke || fail("no key");
    const char* const what = "\"keys\" is no array of keys";
    if (is_multi(line_.kind) && found->empty()) return fail(what);
    return for_each(*found, what, [&](const Json& json) { return text(json, line_.keys.add()); });
  }

  bool arguments() {
    const Json* const value = find("value");
    switch (line_.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
      case OperationKind::remove:
        return true;
      case OperationKind::increment:
        return integer("value", line_.delta);
      case OperationKind::compare_and_set:
        if (value == nullptr || !value->is_array() || value->size() != 2) {
          return fail("\"value\" of a cas is not [expected, new]");
        }
        line_.has_values = true;
        return text_or_null((*value)[0], line_.values.add()) && text((*value)[1], line_.values.add());
      case OperationKind::put:
      case OperationKind::append:
      case OperationKind::multi_put:
        break;
    }
    if (value == nullptr) return fail("no \"value\"");
    line_.has_values = true;
    return for_each(*value, kNotAsLong, [&](const Json& json) { return text(json, line_.values.add()); });
  }

  bool results() {
    const Json* const matched = find("matched");
    line_.has_matched = matched != nullptr && matched->is_boolean();
    line_.matched = line_.has_matched && matched->get<bool>();
    const Json* const value = find("value");
    line_.has_values = value != nullptr;
    if (value != nullptr && !for_each(*value, kNotAsLong, [&](const Json& json) {
          return text_or_null(json, line_.values.add());
        })) {
      return false;
    }
    const Json* const version = find("version");
    return version == nullptr || for_each(*version, kNotAsLong, [&](const Json& json) {
             if (!json.is_number_unsigned()) return fail("\"version\" is no number");
             line_.versions.add() = json.get<std::uint64_t>();
             return true;
           });
  }

  static constexpr const char* kNotAsLong = "an array is not as long as \"keys\"";

  const Json& json_;
  JsonLine& line_;
  std::deque<std::string>& decoded_;
  std::string error_;
};

}  // namespace

void put_text(std::string& to, const JsonText& text) {
  if (text.escaped) {
    unescape(to, text.raw);
  } else {
    put_text(to, text.raw);
  }
}

void put_text(std::optional<std::string>& to, const JsonText& text) {
  if (text.null) {
    to.reset();
  } else if (text.escaped) {
    unescape(to ? *to : to.emplace(), text.raw);
  } else {
    put_text(to, text.raw);
  }
}

bool same_text(const std::string& bytes, const JsonText& text) {
  if (!text.escaped) return bytes == text.raw;
  std::string plain;
  unescape(plain, text.raw);
  return bytes == plain;
}

std::string parse_json_line(std::string_view text, JsonLine& line, std::deque<std::string>& decoded) {
  line.clear();
  decoded.clear();
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return "not a JSON object";
  return LineParser(json, line, decoded).parse();
}

}  // namespace norn::sim
