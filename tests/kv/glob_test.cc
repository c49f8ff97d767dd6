// Patterns as Redis matches them.
#include "replica/kv/glob.h"

#include <doctest/doctest.h>
#include <string>

#include "replica/base/rng.h"

namespace norn::kv {
namespace {

TEST_CASE("the cases of Redis's manual, and of its corners") {
  CHECK(glob_matches("h?llo", "hello"));
  CHECK_FALSE(glob_matches("h?llo", "hllo"));
  CHECK(glob_matches("h*llo", "hllo"));
  CHECK(glob_matches("h*llo", "heeeello"));
  CHECK(glob_matches("h[ae]llo", "hallo"));
  CHECK_FALSE(glob_matches("h[ae]llo", "hillo"));
  CHECK(glob_matches("h[^e]llo", "hallo"));
  CHECK_FALSE(glob_matches("h[^e]llo", "hello"));
  CHECK(glob_matches("h[a-b]llo", "hbllo"));
  CHECK(glob_matches("h[b-a]llo", "hbllo"));  // a range either way
  CHECK_FALSE(glob_matches("h[a-b]llo", "hcllo"));
  CHECK(glob_matches("h\\?llo", "h?llo"));
  CHECK_FALSE(glob_matches("h\\?llo", "hello"));
  CHECK(glob_matches("[\\]]", "]"));
  CHECK(glob_matches("[\x80-\xff]", "\xc3"));
  CHECK_FALSE(glob_matches("[]", "a"));
  CHECK(glob_matches("[^]", "a"));
  CHECK(glob_matches("[a", "a"));  // never closed
  CHECK(glob_matches("a\\", "a\\"));
  CHECK(glob_matches("", ""));
  CHECK_FALSE(glob_matches("", "a"));
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("**a**", "a"));
  CHECK_FALSE(glob_matches("?", ""));
}

// As the rules read, and exponential.
bool naive(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return naive(pattern.substr(1), text) || (!text.empty() && naive(pattern, text.substr(1)));
  if (text.empty()) return false;
  return (pattern[0] == '?' || pattern[0] == text[0]) && naive(pattern.substr(1), text.substr(1));
}

TEST_CASE("stars and question marks match as the rules read, over random patterns") {
  Rng rng(1);
  std::size_t matches = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto draw = [&](std::string_view letters) {
      std::string text;
      for (std::uint64_t size = rng.between(0, 8); size > 0; --size)
        text += letters[rng.between(0, letters.size() - 1)];
      return text;
    };
    const std::string pattern = draw("ab*?");
    const std::string text = draw("ab");
    CAPTURE(pattern);
    CAPTURE(text);
    REQUIRE(glob_matches(pattern, text) == naive(pattern, text));
    matches += glob_matches(pattern, text);
  }
  CHECK(matches > 1000);
}

TEST_CASE("many stars over a long text end at once") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(glob_matches(pattern + "b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace norn::kv
