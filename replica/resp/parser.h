// Requests of the Redis protocol, out of bytes that come in any pieces: arrays of bulk strings, as libraries
// send them, and inline lines, as people do over telnet.
//
//   request = "*" number CRLF bulk{number} | inline
//   bulk    = "$" number CRLF byte{number} CRLF
//   inline  = words with Redis's quoting, up to LF or CRLF
//
// Strict where Redis is lax (both bytes of every CRLF are looked at), and bounded: what is refused is refused
// at its header, before its bytes are waited for. Each byte is looked at once, however small the pieces: the
// parser remembers where it stands in an unfinished request, and an announced size is jumped over.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/types.h"

namespace norn::resp {

struct ParserLimits {
  std::size_t arguments_max = 16384;                    // of one request
  std::size_t bulk_size_max = std::size_t{4} << 20;     // bytes of one argument
  std::size_t request_size_max = std::size_t{8} << 20;  // bytes as sent, all arguments together
  std::size_t inline_size_max = std::size_t{64} << 10;
};

// What a client may send before it has given its password (Redis has the same two numbers).
inline constexpr std::size_t kStrangerArgumentsMax = 10;
inline constexpr std::size_t kStrangerBulkSizeMax = 16384;

class Parser {
 public:
  enum class Outcome : std::uint8_t {
    more,     // the request is not complete
    request,  // arguments() and consumed() say what it is; none: an empty line or array, to be ignored
    error,    // error() says why; the connection is beyond repair
  };
  explicit Parser(const ParserLimits& limits) : limits_(limits) {}

  // Parses the request at the beginning of bytes. After `more`, call again with the same bytes and those that
  // came behind them. A stranger is a client that still owes a password.
  Outcome next(Bytes bytes, bool stranger);

  // Of the request just parsed; the views live as long as its bytes and until the next call.
  std::span<const std::string_view> arguments() const { return arguments_; }
  std::size_t consumed() const { return at_; }
  const std::string& error() const { return error_; }  // in Redis's words, without "ERR "

 private:
  enum class Line : std::uint8_t { more, number, malformed, too_long };
  struct Argument {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };

  Outcome start(std::string_view in, bool stranger);
  Outcome parse_array(std::string_view in, bool stranger);
  Outcome parse_bulk(std::string_view in, bool stranger);
  Outcome parse_inline(std::string_view in);
  Line parse_number(std::string_view in, std::int64_t& number);
  bool split(std::string_view line);
  Outcome fail(std::string what);

  ParserLimits limits_;
  bool complete_ = true;     // the next call starts a request
  std::size_t at_ = 0;       // all before this is parsed; from the request's beginning
  std::size_t scanned_ = 0;  // an inline line does not end before this
  std::size_t left_ = 0;     // bulks to come
  bool in_bulk_ = false;     // the bulk at at_ has had its header: bulk_size_ bytes and a CRLF
  std::size_t bulk_size_ = 0;
  std::vector<Argument> places_;
  std::vector<std::string_view> arguments_;
  std::string unquoted_;  // of an inline line
  std::string error_;
};

}  // namespace norn::resp
