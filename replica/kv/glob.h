// Patterns of keys, as Redis has them (KEYS, SCAN):
//
//   *        any run of bytes, also none          ?      one byte
//   [ab-z]   one of these, a range either way     [^ab]  one byte, none of these
//   \x       x itself, also within brackets
//
// As there, an opening bracket that is never closed ends with the pattern, and a lone backslash at the end is
// itself.
#pragma once

#include <string_view>

namespace norn::kv {

// In time at most in proportion to the product of the two sizes.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace norn::kv
