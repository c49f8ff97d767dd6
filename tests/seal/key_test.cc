// The key file: what is written is read back, and nothing else is.
#include "replica/seal/key.h"

#include <doctest/doctest.h>

#include "replica/base/rng.h"

#include "tests/seal/sealing.h"

namespace norn::seal {
namespace {

const Key* key_of(const std::variant<Key, std::string>& parsed) { return std::get_if<Key>(&parsed); }
std::string error_of(const std::variant<Key, std::string>& parsed) {
  REQUIRE(std::holds_alternative<std::string>(parsed));
  return std::get<std::string>(parsed);
}

}  // namespace

TEST_CASE("a key's file is text that keeps its place through the years") {
  Key key{};
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::byte>(i);
  CHECK(format_key(key) ==
        "norn cluster key, version 1\n"
        "id 32392ce4\n"
        "key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
}

TEST_CASE("keys come back from their files") {
  Rng rng(1);
  for (int round = 0; round < 100; ++round) {
    const Key key = random_key(rng);
    const auto parsed = parse_key(format_key(key));
    REQUIRE(key_of(parsed) != nullptr);
    CHECK(*key_of(parsed) == key);
  }
}

TEST_CASE("every other text is refused: a character changed, left out or added, at every place") {
  Rng rng(2);
  const std::string good = format_key(random_key(rng));
  for (std::size_t at = 0; at <= good.size(); ++at) {
    for (const char other : {'0', 'a', 'A', ' ', '\n', '\r', '\0'}) {
      CHECK(key_of(parse_key(std::string(good).insert(at, 1, other))) == nullptr);
      if (at == good.size() || good[at] == other) continue;
      std::string changed = good;
      changed[at] = other;
      CHECK(key_of(parse_key(changed)) == nullptr);
    }
    if (at < good.size()) CHECK(key_of(parse_key(std::string(good).erase(at, 1))) == nullptr);
    if (at < good.size()) CHECK(key_of(parse_key(good.substr(0, at))) == nullptr);
  }
}

TEST_CASE("the error says what is wrong with a key file") {
  Rng rng(3);
  const std::string good = format_key(random_key(rng));
  CHECK(error_of(parse_key("")).starts_with("is not a key file"));
  CHECK(error_of(parse_key("-----BEGIN PRIVATE KEY-----\n")).starts_with("is not a key file"));
  std::string other = good;
  other.replace(other.find("version 1"), 9, "version 2");
  CHECK(error_of(parse_key(other)) == "is a key file of another version than 1");
  CHECK(error_of(parse_key(good + good)).starts_with("is damaged: after its first line"));
  other = good;
  other[other.find("key ") + 4] = good[other.find("key ") + 4] == '0' ? '1' : '0';
  CHECK(error_of(parse_key(other)) == "is damaged: the key is not the one that its id was made for");
}

}  // namespace norn::seal
