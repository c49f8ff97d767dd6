#include "replica/kv/glob.h"

#include <algorithm>

namespace norn::kv {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

// Whether the class that begins behind an opening bracket, at `at`, has this byte; moves `at` behind it.
bool class_has(std::string_view pattern, std::size_t& at, unsigned char byte) {
  const bool negated = at < pattern.size() && pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < pattern.size() && pattern[at] != ']'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      found |= byte_at(pattern, ++at) == byte;
    } else if (at + 2 < pattern.size() && pattern[at + 1] == '-') {
      const auto [low, high] = std::minmax({byte_at(pattern, at), byte_at(pattern, at + 2)});
      found |= low <= byte && byte <= high;
      at += 2;
    } else {
      found |= byte_at(pattern, at) == byte;
    }
  }
  if (at < pattern.size()) ++at;
  return found != negated;
}

// Whether what stands at `at`, and is no star, matches the byte; moves `at` behind it.
bool one_matches(std::string_view pattern, std::size_t& at, unsigned char byte) {
  const char first = pattern[at++];
  if (first == '?') return true;
  if (first == '[') return class_has(pattern, at, byte);
  if (first == '\\' && at < pattern.size()) return byte_at(pattern, at++) == byte;
  return static_cast<unsigned char>(first) == byte;
}

}  // namespace

// What follows a star is tried at every place; a later star makes the choice of an earlier one final, because
// whatever that could skip the later one can.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;  // what follows the last star
  std::size_t skipped = 0;                    // where in the text that star ends, so far
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = ++at;
      skipped = i;
    } else if (at < pattern.size() && one_matches(pattern, at, byte_at(text, i))) {
      ++i;
    } else if (star != std::string_view::npos) {
      at = star;
      i = ++skipped;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace norn::kv
