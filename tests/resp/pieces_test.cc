// Streams of requests and of near-requests: what is heard does not depend on how they were cut into pieces,
// and nothing that a client can send does any harm.
#include <doctest/doctest.h>

#include "replica/base/assert.h"
#include "replica/base/rng.h"

#include "tests/resp/fuzz_resp.h"
#include "tests/resp/gateway_testing.h"

namespace norn::resp {
namespace {

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : rng_(seed) {}

  std::string next() {
    std::string text;
    const auto count = rng_.between(1, 40);
    for (std::uint64_t i = 0; i < count; ++i) text += request();
    while (rng_.chance({300'000})) {
      text[rng_.between(0, text.size() - 1)] = static_cast<char>(rng_.between(0, 255));
    }
    return text;
  }
  std::size_t piece() { return rng_.between(1, 50); }

 private:
  std::string word() {
    constexpr std::array kWords = {"a",   "b", "1", "-3",    "x",     "10", "EX",  "PX",  "NX",   "XX",
                                   "GET", "0", "*", "COUNT", "MATCH", "",   "NEW", "USE", "NONE", "on"};
    return kWords[rng_.between(0, kWords.size() - 1)];
  }
  std::string name() {
    if (rng_.chance({30'000})) return "nosuch";
    const auto table = commands();
    const std::string name(table[rng_.between(0, table.size() - 1)].name);
    // Not those whose answers tell of the connection or of the log, or end it all.
    return name == "client" || name == "info" || name == "quit" || name == "norn.session" ? "get" : name;
  }
  std::string request() {
    const auto arguments = rng_.between(0, 4);
    std::string text = "*" + std::to_string(arguments + 1) + "\r\n" + bulk(name());
    for (std::uint64_t i = 0; i < arguments; ++i) text += bulk(word());
    return text;
  }
  Rng rng_;
};

TEST_CASE("however random requests are cut into pieces, the same is heard") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    RandomStream random(seed);
    const std::string text = random.next();
    const std::size_t piece = random.piece();
    CAPTURE(seed);
    CAPTURE(text);
    const Heard whole = hear(as_bytes(text), 0);
    REQUIRE(whole.closed);
    REQUIRE(hear(as_bytes(text), piece) == whole);
    REQUIRE(hear(as_bytes(text), 1) == whole);
  }
}

TEST_CASE("garbage is answered with errors, and does no harm") {
  Rng rng(3);
  for (int round = 0; round < 2000; ++round) {
    Buffer input(rng.between(0, 200));
    for (std::byte& byte : input) byte = static_cast<std::byte>(rng.between(0, 255));
    if (!input.empty() && rng.chance({500'000})) input[input.size() / 2] = std::byte{'*'};
    fuzz_resp(input);
  }
}

TEST_CASE("a large request that comes byte by byte is not looked at again with every byte") {
  // With a parser that starts over, this would take 4 * 10^11 steps.
  TestHouse house;
  const auto id = house.open();
  const std::string text = request({"SET", "k", std::string(kv::kValueSizeMax - 10, 'v')});
  for (const char c : text) house.gateway.on_bytes(house.now, id, as_bytes({&c, 1}));
  house.settle();
  CHECK(house.hear(id) == "+OK\r\n");
}

TEST_CASE("many requests in one piece are not moved again with every request") {
  TestHouse house;
  const auto id = house.open();
  std::string text;
  std::string expected;
  for (int i = 0; i < 200'000; ++i) {
    text += "PING\r\n";
    expected += "+PONG\r\n";
  }
  CHECK(house.ask(id, text) == expected);
}

}  // namespace
}  // namespace norn::resp
