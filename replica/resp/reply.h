// Replies of the Redis protocol, appended to a buffer: RESP2, or RESP3 for a connection that said HELLO 3.
// Where the two differ the writer knows which to write, so what answers need not.
#pragma once

#include <array>
#include <charconv>
#include <string_view>

#include "replica/base/bytes.h"

namespace norn::resp {

class Reply {
 public:
  Reply(Buffer& out, bool resp3) : out_(out), resp3_(resp3) {}

  void simple(std::string_view text) { line('+', text); }
  void ok() { raw("+OK\r\n"); }
  // text begins with its code ("ERR ..."); line ends within would break the protocol, and become spaces.
  void error(std::string_view text) {
    const std::size_t at = out_.size() + 1;
    line('-', text);
    for (std::size_t i = at; i < out_.size() - 2; ++i) {
      if (out_[i] == std::byte{'\r'} || out_[i] == std::byte{'\n'}) out_[i] = std::byte{' '};
    }
  }
  void integer(std::int64_t number) { head(':', number); }
  void bulk(std::string_view text) {
    head('$', static_cast<std::int64_t>(text.size()));
    raw(text);
    raw("\r\n");
  }
  // Text for people: RESP3 marks it as such.
  void verbatim(std::string_view text) {
    if (!resp3_) return bulk(text);
    head('=', static_cast<std::int64_t>(text.size() + 4));
    raw("txt:");
    raw(text);
    raw("\r\n");
  }
  void null() { raw(resp3_ ? "_\r\n" : "$-1\r\n"); }
  void null_array() { raw(resp3_ ? "_\r\n" : "*-1\r\n"); }
  void array(std::size_t size) { head('*', static_cast<std::int64_t>(size)); }
  // Followed by so many elements; pairs of a map count once.
  void set(std::size_t size) { head(resp3_ ? '~' : '*', static_cast<std::int64_t>(size)); }
  void map(std::size_t size) {
    resp3_ ? head('%', static_cast<std::int64_t>(size)) : head('*', static_cast<std::int64_t>(size * 2));
  }
  void raw(std::string_view text) {
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    out_.insert(out_.end(), begin, begin + text.size());
  }

  bool resp3() const { return resp3_; }

 private:
  void line(char type, std::string_view text) {
    out_.push_back(static_cast<std::byte>(type));
    raw(text);
    raw("\r\n");
  }
  void head(char type, std::int64_t number) {
    std::array<char, 24> text{};
    text[0] = type;
    char* end = std::to_chars(text.data() + 1, text.data() + text.size(), number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    raw({text.data(), static_cast<std::size_t>(end - text.data())});
  }

  Buffer& out_;
  bool resp3_;
};

}  // namespace norn::resp
