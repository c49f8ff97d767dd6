// The values of one key: see compact_values.h.
#include "sim/check/compact_values.h"

#include <array>
#include <cstring>
#include <span>

#include "replica/base/digest.h"

namespace norn::sim {

namespace {

constexpr std::int64_t kNumberMax = (std::int64_t{1} << 30) - 1;
constexpr std::size_t kDigitsMax = 11;
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;

// The number that this text, and no other, is written for; 0 is none, for the caller's tag is on every one.
std::optional<std::int32_t> plain_number(std::string_view text) {
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  const bool negative = text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  if (number > kNumberMax) return std::nullopt;
  return static_cast<std::int32_t>(negative ? -number : number);
}

// Numbers that follow one another share a line of the cache.
std::uint64_t hash_of_number(std::uint32_t number) {
  const std::uint64_t group = number >> 4;
  return ((group * kSpread) >> 20 << 4) + (number & 15);
}

std::uint64_t hash_of_text(std::string_view text) { return Digest::hash(std::as_bytes(std::span(text))); }

}  // namespace

std::optional<std::uint32_t> TextArena::add(std::string_view text) {
  const std::size_t place = words_.size();
  std::array<char, 1 + sizeof(std::uint32_t)> head{};
  std::size_t head_size = 1;
  const auto length = static_cast<std::uint32_t>(text.size());
  head[0] = static_cast<char>(std::min(text.size(), kLong));
  if (text.size() >= kLong) {
    std::memcpy(head.data() + 1, &length, sizeof length);
    head_size = head.size();
  }
  const std::size_t words = (head_size + text.size() + sizeof(std::uint32_t) - 1) / sizeof(std::uint32_t);
  if (place + words >= std::size_t{1} << 30 || length != text.size()) return std::nullopt;
  words_.grow(words);
  auto* const to = reinterpret_cast<char*>(words_.data() + place);
  std::memcpy(to, head.data(), head_size);
  if (!text.empty()) std::memcpy(to + head_size, text.data(), text.size());
  return static_cast<std::uint32_t>(place);
}

std::string_view TextArena::at(std::uint32_t place) const {
  const char* const from = reinterpret_cast<const char*>(words_.data() + place);
  const auto size = static_cast<unsigned char>(*from);
  if (size < kLong) return {from + 1, size};
  std::uint32_t length = 0;
  std::memcpy(&length, from + 1, sizeof length);
  return {from + 1 + sizeof length, length};
}

std::uint64_t KeyValues::hash(const TextArena& arena, std::uint32_t ref) const {
  return (ref & kNumber) != 0 ? hash_of_number(ref) : hash_of_text(arena.at(ref));
}

// `number`: the text as a ref; 0: it is none.
bool KeyValues::is(const TextArena& arena, ValueId value, std::uint32_t number, std::string_view text) const {
  const std::uint32_t ref = refs_[value - kFirst];
  if (number != 0) return ref == number;
  return (ref & (kNumber | kBeginning)) == 0 && arena.at(ref) == text;
}

ValueId KeyValues::add(std::uint32_t ref) {
  refs_.push_back(ref);
  return static_cast<ValueId>(refs_.size() - 1 + kFirst);
}

ValueId KeyValues::intern(TextArena& arena, std::string_view text) {
  const std::optional<std::int32_t> plain = plain_number(text);
  const std::uint32_t number = plain ? static_cast<std::uint32_t>(*plain) | kNumber : 0;
  std::uint64_t hashed = 0;
  if (slots_.empty()) {
    for (ValueId value = kFirst; value < size(); ++value) {
      if (is(arena, value, number, text)) return value;
    }
  } else {
    hashed = plain ? hash_of_number(number) : hash_of_text(text);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hashed & mask; slots_[at] != 0; at = (at + 1) & mask) {
      if (is(arena, slots_[at], number, text)) return slots_[at];
    }
  }
  std::uint32_t ref = number;
  if (!plain) {
    const std::optional<std::uint32_t> place = arena.add(text);
    full_ |= !place;
    ref = place.value_or(0);
  }
  const ValueId added = add(ref);
  if (!slots_.empty()) put_in_slot(hashed, added);
  ++slotted_;
  if (refs_.size() > kScanMax && slotted_ * 5 > slots_.size() * 4) grow(arena);
  return added;
}

void KeyValues::put_in_slot(std::uint64_t hash, ValueId value) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = value;
}

void KeyValues::grow(const TextArena& arena) {
  const std::size_t size_then = slots_.empty() ? kScanMax * 2 : slots_.size() * 2;
  slots_.clear();
  slots_.assign(size_then, 0);
  for (ValueId value = kFirst; value < size(); ++value) {
    const std::uint32_t ref = refs_[value - kFirst];
    if ((ref & kNumber) == 0 && (ref & kBeginning) != 0) continue;
    put_in_slot(hash(arena, ref), value);
  }
}

ValueId KeyValues::intern_read(TextArena& arena, std::string_view text) {
  const std::size_t common = std::min(text.size(), longest_.size());
  if (text.size() >= kBeginning || text.substr(0, common) != std::string_view(longest_).substr(0, common))
    return intern(arena, text);
  chained_ = true;
  const auto length = static_cast<std::uint32_t>(text.size());
  if (text.size() > longest_.size()) longest_ += text.substr(longest_.size());
  std::size_t at = beginnings_.size();
  if (at != 0 && *length_of(beginnings_.back()) >= length) {
    const ValueId* const found =
        std::lower_bound(beginnings_.begin(), beginnings_.end(), length,
                         [&](ValueId value, std::uint32_t wanted) { return *length_of(value) < wanted; });
    if (*length_of(*found) == length) return *found;
    at = static_cast<std::size_t>(found - beginnings_.begin());
  }
  const ValueId added = add(length | kBeginning);
  beginnings_.insert(at, added);
  return added;
}

std::string_view KeyValues::text(const TextArena& arena, ValueId value, std::string& made) const {
  const std::uint32_t ref = refs_[value - kFirst];
  if ((ref & kNumber) != 0) return made = std::to_string(static_cast<std::int32_t>(ref << 1) >> 1);
  if ((ref & kBeginning) != 0) return std::string_view(longest_).substr(0, ref & ~kBeginning);
  return arena.at(ref);
}

std::optional<std::int64_t> KeyValues::parsed(const TextArena& arena, ValueId value) const {
  std::string made;
  return parse_number(text(arena, value, made));
}

}  // namespace norn::sim
