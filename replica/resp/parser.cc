// The parser's states: a header line, a bulk's bytes, or an inline line.
#include "replica/resp/parser.h"

#include <algorithm>
#include <cstring>

#include "replica/base/bytes.h"

namespace norn::resp {
namespace {

constexpr std::size_t kHeaderSizeMax = 32;  // type, 19 digits, a sign and CRLF fit well

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Appends the quoted word that begins at line[at], the opening quote, to out. Where it goes on, or npos if
// the quote is not closed, or not followed by a space.
std::size_t unquote(std::string_view line, std::size_t at, std::string& out) {
  const char quote = line[at++];
  for (; at < line.size(); ++at) {
    const std::string_view rest = line.substr(at);
    if (rest[0] == quote) {
      ++at;
      return at == line.size() || is_space(line[at]) ? at : std::string_view::npos;
    }
    if (quote == '"' && rest.size() >= 4 && rest[0] == '\\' && rest[1] == 'x' && hex_digit(rest[2]) >= 0 &&
        hex_digit(rest[3]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(rest[2]) * 16 + hex_digit(rest[3])));
      at += 3;
    } else if (quote == '"' && rest.size() >= 2 && rest[0] == '\\') {
      out.push_back(unescaped(rest[1]));
      ++at;
    } else if (quote == '\'' && rest.size() >= 2 && rest[0] == '\\' && rest[1] == '\'') {
      out.push_back('\'');
      ++at;
    } else {
      out.push_back(rest[0]);
    }
  }
  return std::string_view::npos;
}

}  // namespace

Parser::Outcome Parser::next(Bytes bytes, bool stranger) {
  const std::string_view in = as_text(bytes);
  if (complete_) {
    complete_ = false;
    at_ = scanned_ = left_ = 0;
    in_bulk_ = false;
    places_.clear();
    arguments_.clear();
  }
  if (in.empty()) return Outcome::more;
  const Outcome outcome = in[0] == '*' ? parse_array(in, stranger) : parse_inline(in);
  complete_ = outcome == Outcome::request;
  return outcome;
}

Parser::Outcome Parser::start(std::string_view in, bool stranger) {
  std::int64_t count = 0;
  switch (parse_number(in, count)) {
    case Line::more:
      return Outcome::more;
    case Line::too_long:
      return fail("Protocol error: too big mbulk count string");
    case Line::malformed:
      return fail("Protocol error: invalid multibulk length");
    case Line::number:
      break;
  }
  if (count > static_cast<std::int64_t>(limits_.arguments_max)) {
    return fail("Protocol error: invalid multibulk length");
  }
  if (stranger && count > static_cast<std::int64_t>(kStrangerArgumentsMax)) {
    return fail("Protocol error: unauthenticated multibulk length");
  }
  left_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  return Outcome::request;
}

Parser::Outcome Parser::parse_array(std::string_view in, bool stranger) {
  if (at_ == 0) {
    const Outcome outcome = start(in, stranger);
    if (outcome != Outcome::request) return outcome;
  }
  while (left_ > 0) {
    const Outcome outcome = parse_bulk(in, stranger);
    if (outcome != Outcome::request) return outcome;
    --left_;
  }
  for (const Argument& place : places_) arguments_.push_back(in.substr(place.at, place.size));
  return Outcome::request;
}

Parser::Outcome Parser::parse_bulk(std::string_view in, bool stranger) {
  if (!in_bulk_) {
    if (at_ == in.size()) return Outcome::more;
    if (in[at_] != '$') return fail(std::string("Protocol error: expected '$', got '") + in[at_] + "'");
    std::int64_t size = 0;
    switch (parse_number(in, size)) {
      case Line::more:
        return Outcome::more;
      case Line::too_long:
        return fail("Protocol error: too big bulk count string");
      case Line::malformed:
        return fail("Protocol error: invalid bulk length");
      case Line::number:
        break;
    }
    if (size < 0 || size > static_cast<std::int64_t>(limits_.bulk_size_max)) {
      return fail("Protocol error: invalid bulk length");
    }
    if (stranger && size > static_cast<std::int64_t>(kStrangerBulkSizeMax)) {
      return fail("Protocol error: unauthenticated bulk length");
    }
    bulk_size_ = static_cast<std::size_t>(size);
    if (at_ + bulk_size_ + 2 > limits_.request_size_max) return fail("Protocol error: too big request");
    in_bulk_ = true;
  }
  if (in.size() - at_ < bulk_size_ + 2) return Outcome::more;
  if (in[at_ + bulk_size_] != '\r' || in[at_ + bulk_size_ + 1] != '\n') {
    return fail("Protocol error: bulk string without CRLF at its end");
  }
  places_.push_back({static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(bulk_size_)});
  at_ += bulk_size_ + 2;
  in_bulk_ = false;
  return Outcome::request;
}

// Reads the header line at at_ and goes behind it. Only what Redis takes for a number: no "+1", "01" or "-0".
Parser::Line Parser::parse_number(std::string_view in, std::int64_t& number) {
  const std::string_view line = in.substr(at_ + 1, kHeaderSizeMax);
  const std::size_t end = line.find('\r');
  if (end == std::string_view::npos) return line.size() == kHeaderSizeMax ? Line::too_long : Line::more;
  if (end + 1 == line.size()) return end + 1 == kHeaderSizeMax ? Line::too_long : Line::more;
  const bool negative = line[0] == '-';
  const std::string_view digits = line.substr(negative ? 1 : 0, end - (negative ? 1 : 0));
  const bool canonical = digits == "0" ? !negative : !digits.empty() && digits[0] != '0';
  if (line[end + 1] != '\n' || !canonical || digits.size() > 18) return Line::malformed;
  number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return Line::malformed;
    number = number * 10 + (digit - '0');
  }
  if (negative) number = -number;
  at_ += 1 + end + 2;
  return Line::number;
}

Parser::Outcome Parser::parse_inline(std::string_view in) {
  const std::size_t end = in.find('\n', scanned_);
  if (end == std::string_view::npos ? in.size() > limits_.inline_size_max : end > limits_.inline_size_max) {
    return fail("Protocol error: too big inline request");
  }
  if (end == std::string_view::npos) {
    scanned_ = in.size();
    return Outcome::more;
  }
  const std::size_t size = end > 0 && in[end - 1] == '\r' ? end - 1 : end;
  if (!split(in.substr(0, size))) return fail("Protocol error: unbalanced quotes in request");
  at_ = end + 1;
  scanned_ = 0;
  return Outcome::request;
}

// The words of a line, as Redis's sdssplitargs finds them.
bool Parser::split(std::string_view line) {
  unquoted_.clear();
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size()) break;
    const std::size_t begin = unquoted_.size();
    while (at < line.size() && !is_space(line[at])) {
      if (line[at] == '"' || line[at] == '\'') {
        at = unquote(line, at, unquoted_);
        if (at == std::string_view::npos) return false;
        break;
      }
      unquoted_.push_back(line[at++]);
    }
    places_.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(unquoted_.size() - begin)});
  }
  const std::string_view words = unquoted_;  // which grows no more, so views of it hold
  for (const Argument& place : places_) arguments_.push_back(words.substr(place.at, place.size));
  return true;
}

Parser::Outcome Parser::fail(std::string what) {
  error_ = std::move(what);
  return Outcome::error;
}

}  // namespace norn::resp
