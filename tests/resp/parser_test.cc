// The parser: what is a request, what is an error, and that pieces make no difference.
#include "replica/resp/parser.h"

#include <doctest/doctest.h>

#include "replica/base/bytes.h"
#include "replica/base/rng.h"

namespace norn::resp {
namespace {

using Words = std::vector<std::string>;

struct Parsed {
  std::vector<Words> requests;
  std::string error;
  std::size_t left = 0;
  friend bool operator==(const Parsed&, const Parsed&) = default;
};

// Parses text that arrives up to these ends, as a connection would.
Parsed parse(std::string_view text, const std::vector<std::size_t>& ends, bool stranger = false,
             const ParserLimits& limits = {}) {
  Parser parser(limits);
  Parsed parsed;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    while (parsed.error.empty()) {
      const auto outcome = parser.next(as_bytes(text.substr(at, end - at)), stranger);
      if (outcome == Parser::Outcome::more) break;
      if (outcome == Parser::Outcome::error) {
        parsed.error = parser.error();
        break;
      }
      Words& words = parsed.requests.emplace_back();
      for (const auto argument : parser.arguments()) words.emplace_back(argument);
      at += parser.consumed();
    }
  }
  parsed.left = text.size() - at;
  return parsed;
}
Parsed parse(std::string_view text, bool stranger = false, const ParserLimits& limits = {}) {
  return parse(text, {text.size()}, stranger, limits);
}

TEST_CASE("arrays of bulk strings are requests, binary and empty ones too") {
  const std::string text("*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n*1\r\n$0\r\n\r\n*1\r\n$1\r\n\0\r\n", 44);
  CHECK(parse(text).requests == std::vector<Words>{{"GET", "a\r\nb"}, {""}, {std::string(1, '\0')}});
  CHECK(parse("*0\r\n*-1\r\n*1\r\n$1\r\nx\r\n").requests == std::vector<Words>{{}, {}, {"x"}});
}

TEST_CASE("an inline line is split into words as redis-cli's user quotes them") {
  CHECK(parse("PING\r\n").requests == std::vector<Words>{{"PING"}});
  CHECK(parse("  set  a\t'b c' \n").requests == std::vector<Words>{{"set", "a", "b c"}});
  CHECK(parse("x \"a\\x41\\n\\\"\" 'it\\'s' \"\"\n").requests ==
        std::vector<Words>{{"x", "aA\n\"", "it's", ""}});
  CHECK(parse("\r\n\n").requests == std::vector<Words>{{}, {}});
  for (const char* text : {"x \"a\n", "x 'a\r\n", "x \"a\"b\n", "x 'a'b\n"}) {
    CHECK(parse(text).error == "Protocol error: unbalanced quotes in request");
  }
}

TEST_CASE("what is not the protocol is told in Redis's words") {
  const auto error = [](std::string_view text) { return parse(text).error; };
  CHECK(error("*x\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error("*01\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error("*+1\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error("*99999999999\r\n") == "Protocol error: invalid multibulk length");
  CHECK(error("*1\r\r") == "Protocol error: invalid multibulk length");
  CHECK(error("*1\r\n:1\r\n") == "Protocol error: expected '$', got ':'");
  CHECK(error("*1\r\n$-1\r\n") == "Protocol error: invalid bulk length");
  CHECK(error("*1\r\n$x\r\n") == "Protocol error: invalid bulk length");
  CHECK(error("*1\r\n$99999999\r\n") == "Protocol error: invalid bulk length");
  CHECK(error("*1\r\n$1\r\nxyz") == "Protocol error: bulk string without CRLF at its end");
  CHECK(error("*" + std::string(40, '1')) == "Protocol error: too big mbulk count string");
  CHECK(error("*1\r\n$" + std::string(40, '1')) == "Protocol error: too big bulk count string");
  CHECK(error(std::string(65537, 'x')) == "Protocol error: too big inline request");
}

TEST_CASE("limits are refused at the header, before what it announces") {
  const ParserLimits limits{.arguments_max = 3, .bulk_size_max = 10, .request_size_max = 40};
  CHECK(parse("*3\r\n", false, limits).error.empty());
  CHECK(parse("*4\r\n", false, limits).error == "Protocol error: invalid multibulk length");
  CHECK(parse("*1\r\n$10\r\n", false, limits).error.empty());
  CHECK(parse("*1\r\n$11\r\n", false, limits).error == "Protocol error: invalid bulk length");
  CHECK(parse("*3\r\n$10\r\n0123456789\r\n$10\r\n", false, limits).error.empty());
  CHECK(parse("*3\r\n$10\r\n0123456789\r\n$10\r\n0123456789\r\n$9\r\n", false, limits).error ==
        "Protocol error: too big request");
}

TEST_CASE("who has not given the password may send only what AUTH takes") {
  CHECK(parse("*10\r\n", true).error.empty());
  CHECK(parse("*11\r\n", true).error == "Protocol error: unauthenticated multibulk length");
  CHECK(parse("*1\r\n$16384\r\n", true).error.empty());
  CHECK(parse("*1\r\n$16385\r\n", true).error == "Protocol error: unauthenticated bulk length");
}

// Mostly well-formed, with a slip here and there.
std::string random_stream(Rng& rng) {
  std::string text;
  const auto count = rng.between(1, 6);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (rng.chance({200'000})) {
      text += "set 'a b' \"c\\x00d\"\r\n";
      continue;
    }
    const auto words = rng.between(0, 4);
    text += "*" + std::to_string(words) + "\r\n";
    for (std::uint64_t word = 0; word < words; ++word) {
      const auto size = rng.between(0, 30);
      text += "$" + std::to_string(size) + "\r\n" + std::string(size, 'x') + "\r\n";
    }
  }
  if (rng.chance({300'000})) text[rng.between(0, text.size() - 1)] = static_cast<char>(rng.between(0, 255));
  return text;
}

TEST_CASE("however a stream is cut into pieces, it is the same requests and the same error") {
  Rng rng(1);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_stream(rng);
    const Parsed whole = parse(text);
    std::vector<std::size_t> every;
    std::vector<std::size_t> some;
    for (std::size_t end = 1; end <= text.size(); ++end) {
      every.push_back(end);
      if (rng.chance({200'000}) || end == text.size()) some.push_back(end);
    }
    CAPTURE(text);
    REQUIRE(parse(text, every) == whole);
    REQUIRE(parse(text, some) == whole);
  }
}

}  // namespace
}  // namespace norn::resp
