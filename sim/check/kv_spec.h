// The sequential specification the checker judges by: a plain map, one operation at a time. Values are
// interned, so that a state is a few integers: comparing, hashing and copying states is what the search does
// all day.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/check/history.h"

namespace norn::sim {

using ValueId = std::uint32_t;
inline constexpr ValueId kAbsent = 0;  // the key has no value
inline constexpr ValueId kUnseen =
    1;  // some value that no operation ever observes (search.h); appends keep it so

// Strings to small numbers and back. A view given to intern() must live as long as the table; a copy of the
// table has the same numbers, and copies of all texts.
class Values {
 public:
  Values();
  Values(const Values& other);
  Values(Values&& other) noexcept = default;  // what is moved from is good for destroying only
  Values& operator=(const Values& other);
  Values& operator=(Values&& other) noexcept = default;
  ~Values() = default;

  ValueId intern(std::string_view text);
  ValueId intern_copy(std::string_view text);  // the table keeps a copy if the text is new
  std::string_view text(ValueId value) const { return texts_[value]; }  // not of kAbsent or kUnseen
  std::size_t size() const { return texts_.size(); }

  ValueId append(ValueId value, ValueId suffix);                        // to an absent key: the suffix
  std::optional<ValueId> increment(ValueId value, std::int64_t delta);  // nothing: no number, or it overflows

 private:
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  ValueId add(std::size_t slot, std::string_view text, std::uint64_t hash);
  void grow();

  std::vector<std::string_view> texts_;
  std::vector<std::uint64_t> hashes_;
  std::vector<ValueId> table_;                   // open addressing, a power of two; 0: empty
  std::string_view keep(std::string_view text);  // a copy

  std::vector<std::unique_ptr<char[]>> blocks_;  // of texts
  char* room_ = nullptr;                         // what is left of the last one
  std::size_t room_size_ = 0;
  std::map<std::pair<ValueId, ValueId>, ValueId> appended_;
};

// A decimal number, as increment takes and leaves it; the whole text must be one.
std::optional<std::int64_t> parse_number(std::string_view text);

// An operation's part on one key, interned.
struct KeyStep {
  std::uint32_t key = 0;  // a place in the state
  ValueId argument = kAbsent;
  ValueId expected = kAbsent;
  ValueId value = kAbsent;
};

// An operation that happened (ok) or may have (unknown), ready for judging.
struct KvStep {
  OperationKind kind = OperationKind::get;
  bool unknown = false;
  bool matched = false;
  bool value_known = true;  // of a compare-and-set that did not match
  std::uint32_t place = 0;  // in the history
  std::uint32_t first = 0;  // its parts, within the component's
  std::uint32_t count = 0;
  std::int64_t delta = 0;
  std::int64_t call = 0;
  std::int64_t back = 0;  // unknown: the end of time
};

// It changes nothing, whatever it finds: a get, a multi-get, a compare-and-set that is known not to have
// matched.
inline bool is_read(const KvStep& step) {
  return step.kind == OperationKind::get || step.kind == OperationKind::multi_get ||
         (step.kind == OperationKind::compare_and_set && !step.unknown && !step.matched);
}

// A compare-and-set that is known not to have matched, and of which nothing else is known: it saw any value
// but the one it expected.
inline bool sees_another(const KvStep& step) { return is_read(step) && !step.value_known; }

// It writes the same whatever it finds, and its result tells nothing about what it found.
inline bool is_blind(const KvStep& step) {
  return step.kind == OperationKind::put || step.kind == OperationKind::remove ||
         step.kind == OperationKind::multi_put;
}

// Whether what this part of an operation saw, or leaves, may hang on its key's holding this value; not of a
// blind one.
inline bool could_tell(const KvStep& step, const KeyStep& part, ValueId value) {
  if (sees_another(step)) return value != part.expected;
  if (step.kind == OperationKind::append || step.kind == OperationKind::increment) return true;
  return value == (is_read(step) ? part.value : part.expected);
}

// Runs one operation on a state (a value for each key). False: the result that was seen is not what the map
// gives, or, of an unknown operation, it would have no effect; the state is then worthless.
bool apply(Values& values, ValueId* state, const KvStep& step, const KeyStep* parts);

}  // namespace norn::sim
