// 64-bit integers as the store's values and results spell them.
#pragma once

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "replica/base/assert.h"

namespace norn::kv {

inline constexpr std::size_t kDecimalSizeMax = 20;  // characters of the lowest 64-bit integer, sign included

// A number's text, with no allocation.
class Decimal {
 public:
  explicit Decimal(std::integral auto number) {
    const auto [end, error] = std::to_chars(text_.data(), text_.data() + text_.size(), number);
    ASSERT(error == std::errc{});
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kDecimalSizeMax> text_;
  std::size_t size_;
};

// Canonical only ("7", "-7", "0"; not "+7", "07", "-0"): what Decimal would write.
inline std::optional<std::int64_t> from_decimal(std::string_view text) {
  std::int64_t number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  if (error != std::errc{} || end != text_end) return std::nullopt;
  if (Decimal(number).text() != text) return std::nullopt;
  return number;
}

}  // namespace norn::kv
