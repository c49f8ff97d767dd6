// The values of one key as small numbers, 2, 3, ... in order of first appearance (0: absence, 1: nobody's;
// see kv_spec.h), in a few bytes each. A value is four bytes that say where its text is:
//   a whole decimal number of thirty bits, as it is written: those four bytes themselves
//   what was read of a key that is appended to: a length, if it is the beginning of the longest such value,
//     whose text is kept once. So reading a list again and again costs no more than its end
//   everything else: a place in an arena that all keys share
// Numbers and texts of the arena are told apart for good: equal texts are equal numbers. A beginning of the
// longest value may also stand in the arena, under another number, when it was written in one piece, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/check/column.h"
#include "sim/check/kv_spec.h"

namespace norn::sim {

// Texts, one behind the other; a place is counted in words of four bytes.
class TextArena {
 public:
  // Nothing: it is full (sixteen GiB are more than it can name).
  std::optional<std::uint32_t> add(std::string_view text);
  std::string_view at(std::uint32_t place) const;  // until the next add()
  std::size_t bytes() const { return words_.size() * sizeof(std::uint32_t); }

 private:
  static constexpr std::size_t kLong = 255;  // a length from here on takes four more bytes

  Column<std::uint32_t> words_;  // a length in bytes, and as many
};

class KeyValues {
 public:
  std::size_t size() const { return refs_.size() + kFirst; }  // values are below it

  ValueId intern(TextArena& arena, std::string_view text);
  // What was read, of a key that is appended to.
  ValueId intern_read(TextArena& arena, std::string_view text);

  // A view into the arena, the longest value, or `made`, a number.
  std::string_view text(const TextArena& arena, ValueId value, std::string& made) const;
  bool is_number(ValueId value) const { return (refs_[value - kFirst] & kNumber) != 0; }
  std::optional<std::int64_t> number(const TextArena& arena, ValueId value) const {
    const std::uint32_t ref = refs_[value - kFirst];
    return (ref & kNumber) != 0 ? static_cast<std::int32_t>(ref << 1) >> 1 : parsed(arena, value);
  }

  // Of keys that are appended to: the longest value read, as far as each begins with the one before; a
  // beginning of it, by its length; and all of those, by length.
  bool is_chained() const { return chained_; }
  std::string_view longest() const { return longest_; }
  std::optional<std::uint32_t> length_of(ValueId value) const {  // nothing: it is not one of those
    const std::uint32_t ref = refs_[value - kFirst];
    if ((ref & kNumber) != 0 || (ref & kBeginning) == 0) return std::nullopt;
    return ref & ~kBeginning;
  }
  const Column<ValueId>& beginnings() const { return beginnings_; }

  // Nothing will be interned any more.
  void seal() { slots_.clear(); }
  bool is_full() const { return full_; }  // some text found no room

 private:
  static constexpr ValueId kFirst = 2;
  static constexpr std::uint32_t kNumber = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kBeginning = std::uint32_t{1} << 30;
  static constexpr std::size_t kScanMax = 8;  // fewer are looked through one by one

  std::optional<std::int64_t> parsed(const TextArena& arena, ValueId value) const;
  std::uint64_t hash(const TextArena& arena, std::uint32_t ref) const;
  bool is(const TextArena& arena, ValueId value, std::uint32_t number, std::string_view text) const;
  ValueId add(std::uint32_t ref);
  void grow(const TextArena& arena);
  void put_in_slot(std::uint64_t hash, ValueId value);

  Column<std::uint32_t> refs_;
  Column<std::uint32_t> slots_;  // open addressing, a power of two; 0: empty
  std::uint32_t slotted_ = 0;    // values that have a slot, or will
  std::string longest_;
  Column<ValueId> beginnings_;
  bool chained_ = false;
  bool full_ = false;
};

}  // namespace norn::sim
