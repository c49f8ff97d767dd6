// Forms of EDN: see edn.h.
#include "sim/formats/edn.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace norn::sim {

namespace {

constexpr std::size_t kDepthMax = 64;

char closing(char opening) { return opening == '{' ? '}' : opening == '[' ? ']' : ')'; }

}  // namespace

bool EdnCursor::next_of_any() {
  int discarded = 0;  // #_ before a form leaves it out; #_ #_ leaves out two
  while (true) {
    while (at_ != end_ && edn::class_of(*at_) == edn::space) ++at_;
    if (at_ == end_) return run_out();
    if (*at_ == ';') {
      const void* const newline = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
      if (newline == nullptr && !last_) return run_out();
      at_ = newline != nullptr ? static_cast<const char*>(newline) : end_;
    } else if (*at_ == '#' && at_ + 1 == end_ && !last_) {
      return run_out();
    } else if (*at_ == '#' && at_ + 1 != end_ && at_[1] == '_') {
      at_ += 2;
      ++discarded;
    } else if (*at_ == '#' && at_ + 1 != end_ && at_[1] != '#' && edn::class_of(at_[1]) == edn::symbol) {
      over_symbol();
    } else if (discarded != 0) {
      EdnForm form_left_out;
      if (!form(form_left_out)) return false;
      --discarded;
    } else {
      return true;
    }
  }
}

bool EdnCursor::over_string() {
  const char* at = at_ + 1;
  while (at != end_ && *at != '"') at += *at == '\\' && at + 1 != end_ ? 2 : 1;
  if (at == end_) {
    at_ = at;
    return run_out();
  }
  at_ = at + 1;
  return true;
}

bool EdnCursor::form_of_any(EdnForm& out) {
  const char* const begin = at_;
  switch (*at_) {
    case '"':
      if (!over_string()) return false;
      out = {EdnForm::string, {begin + 1, static_cast<std::size_t>(at_ - begin) - 2}};
      return true;
    case '{':
    case '[':
    case '(':
      return over_brackets(out);
    case '#':  // a set, or a number that is none
      if (at_ + 1 == end_) return last_ ? fail("a form was expected behind #") : run_out();
      ++at_;
      if (*at_ == '{') return over_brackets(out);
      break;
    case '\\':  // a character; the one behind the backslash may be any
      if (at_ + 1 == end_) return run_out();
      at_ += 2;
      break;
    default:
      if (edn::class_of(*at_) != edn::symbol) return fail("a form was expected");
  }
  over_symbol();
  if (at_ == end_ && !last_) return run_out();  // it may go on
  const std::string_view raw(begin, static_cast<std::size_t>(at_ - begin));
  out = {raw == "nil" ? EdnForm::nil : EdnForm::atom, raw};
  return true;
}

// From an opening bracket to the one that closes it.
bool EdnCursor::over_brackets(EdnForm& out) {
  const char* const begin = at_ + 1;
  const bool is_map = *at_ == '{';
  std::array<char, kDepthMax> closers{};
  std::size_t depth = 0;
  while (at_ != end_) {
    switch (*at_) {
      case '{':
      case '[':
      case '(':
        if (depth == kDepthMax) return fail("forms are nested more than 64 deep");
        closers[depth++] = closing(*at_++);
        break;
      case '}':
      case ']':
      case ')':
        if (closers[depth - 1] != *at_) return fail("another closing bracket was expected");
        ++at_;
        if (--depth != 0) break;
        out = {is_map ? EdnForm::map : EdnForm::list, {begin, static_cast<std::size_t>(at_ - begin) - 1}};
        return true;
      case '"':
        if (!over_string()) return false;
        break;
      case ';':
        while (at_ != end_ && *at_ != '\n') ++at_;
        break;
      case '\\':
        at_ += at_ + 1 == end_ ? 1 : 2;
        break;
      default:
        ++at_;
    }
  }
  return run_out();
}

bool pair_of(const EdnForm& form, EdnForm& first, EdnForm& second) {
  if (form.kind != EdnForm::list) return false;
  EdnCursor cursor(form.raw, true);
  if (!cursor.next() || !cursor.form(first) || !cursor.next() || !cursor.form(second)) return false;
  return !cursor.next() && cursor.status() == EdnCursor::cut;
}

namespace {

// The number that \u and four digits at the text's beginning spell. Nothing: that does not stand there.
std::optional<std::uint32_t> unit_at(std::string_view text) {
  std::uint32_t unit = 0;
  if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  if (error != std::errc{} || stopped != text.data() + 6) return std::nullopt;
  return unit;
}

void append_utf8(std::string& to, std::uint32_t c) {
  const auto rest = [&](int shift) { to += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += static_cast<char>(0xc0 | c >> 6);
    rest(0);
  } else if (c < 0x10000) {
    to += static_cast<char>(0xe0 | c >> 12);
    rest(6);
    rest(0);
  } else {
    to += static_cast<char>(0xf0 | c >> 18);
    rest(12);
    rest(6);
    rest(0);
  }
}

// What a backslash and the characters behind it stand for; how many they are. Beyond U+FFFF it takes two
// units, as in Java.
std::size_t append_escape(std::string& to, std::string_view text) {
  if (const std::optional<std::uint32_t> unit = unit_at(text)) {
    const std::optional<std::uint32_t> second = unit_at(text.substr(6));
    const bool pair = second && *unit >> 10 == 0x36 && *second >> 10 == 0x37;
    append_utf8(to, pair ? 0x10000 + ((*unit & 0x3ff) << 10 | (*second & 0x3ff)) : *unit);
    return pair ? 12 : 6;
  }
  static constexpr std::string_view kNamed = "ntrbf";
  static constexpr std::string_view kMeant = "\n\t\r\b\f";
  const std::size_t named = kNamed.find(text[1]);
  to += named != std::string_view::npos ? kMeant[named] : text[1];
  return 2;
}

void append_string(std::string& to, std::string_view raw) {
  while (true) {
    const std::size_t plain = std::min(raw.find('\\'), raw.size());
    to += raw.substr(0, plain);
    raw.remove_prefix(plain);
    if (raw.empty()) return;
    raw.remove_prefix(append_escape(to, raw));  // over_string() let no backslash be the last
  }
}

}  // namespace

void append_text(std::string& to, const EdnForm& form) {
  switch (form.kind) {
    case EdnForm::nothing:
    case EdnForm::nil:
      break;
    case EdnForm::string:
      append_string(to, form.raw);
      break;
    case EdnForm::atom:
    case EdnForm::map:
      to += form.raw;
      break;
    case EdnForm::list: {
      EdnCursor cursor(form.raw, true);
      EdnForm element;
      while (cursor.next() && cursor.form(element)) {
        if (element.kind == EdnForm::string || element.kind == EdnForm::list ||
            element.kind == EdnForm::map) {
          to.append(element.raw.data() - 1, element.raw.size() + 2);
        } else {
          to += element.raw;
        }
        to += ' ';
      }
      break;
    }
  }
}

bool holds_string(const EdnForm& list) {
  EdnCursor cursor(list.raw, true);
  EdnForm element;
  while (list.kind == EdnForm::list && cursor.next() && cursor.form(element)) {
    if (element.kind == EdnForm::string) return true;
  }
  return false;
}

}  // namespace norn::sim
