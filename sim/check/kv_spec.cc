// The sequential specification: see kv_spec.h.
#include "sim/check/kv_spec.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "replica/base/digest.h"

namespace norn::sim {

namespace {

constexpr std::size_t kBlockSize = 4096;

std::uint64_t hash_of(std::string_view text) { return Digest::hash(std::as_bytes(std::span(text))); }

bool apply_compare_and_set(ValueId* state, const KvStep& step, const KeyStep& part) {
  ValueId& value = state[part.key];
  if (step.unknown || step.matched) {
    if (value != part.expected) return false;
    value = part.argument;
    return true;
  }
  if (!step.value_known) return value != part.expected;
  return value == part.value && part.value != part.expected;
}

bool apply_increment(Values& values, ValueId* state, const KvStep& step, const KeyStep& part) {
  const std::optional<ValueId> after = values.increment(state[part.key], step.delta);
  if (!after) return false;
  if (!step.unknown && *after != part.value) return false;
  state[part.key] = *after;
  return true;
}

}  // namespace

Values::Values() : texts_(2), hashes_(2), table_(64) {}

Values::Values(const Values& other) : Values() {
  for (ValueId value = 2; value < other.size(); ++value) intern_copy(other.text(value));
  appended_ = other.appended_;
}

Values& Values::operator=(const Values& other) {
  if (this != &other) *this = Values(other);
  return *this;
}

ValueId Values::intern(std::string_view text) {
  const std::uint64_t hash = hash_of(text);
  const std::size_t slot = slot_of(text, hash);
  return table_[slot] != 0 ? table_[slot] : add(slot, text, hash);
}

ValueId Values::intern_copy(std::string_view text) {
  const std::uint64_t hash = hash_of(text);
  const std::size_t slot = slot_of(text, hash);
  return table_[slot] != 0 ? table_[slot] : add(slot, keep(text), hash);
}

std::string_view Values::keep(std::string_view text) {
  if (text.size() > room_size_) {
    room_size_ = std::max(kBlockSize, text.size());
    room_ = blocks_.emplace_back(std::make_unique_for_overwrite<char[]>(room_size_)).get();
  }
  char* const copy = std::copy(text.begin(), text.end(), room_) - text.size();
  room_ += text.size();
  room_size_ -= text.size();
  return {copy, text.size()};
}

// Where the text is, or would be.
std::size_t Values::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash & mask;
  while (table_[at] != 0 && !(hashes_[table_[at]] == hash && texts_[table_[at]] == text))
    at = (at + 1) & mask;
  return at;
}

ValueId Values::add(std::size_t slot, std::string_view text, std::uint64_t hash) {
  const ValueId added = static_cast<ValueId>(texts_.size());
  table_[slot] = added;
  texts_.push_back(text);
  hashes_.push_back(hash);
  if (texts_.size() * 2 > table_.size()) grow();
  return added;
}

void Values::grow() {
  table_.assign(table_.size() * 2, 0);
  const std::size_t mask = table_.size() - 1;
  for (ValueId value = 2; value < texts_.size(); ++value) {
    std::size_t at = hashes_[value] & mask;
    while (table_[at] != 0) at = (at + 1) & mask;
    table_[at] = value;
  }
}

ValueId Values::append(ValueId value, ValueId suffix) {
  if (value == kUnseen || suffix == kUnseen) return kUnseen;
  if (value == kAbsent) return suffix;
  const auto [found, added] = appended_.try_emplace({value, suffix}, kAbsent);
  if (added) {
    std::string text(texts_[value]);
    text += texts_[suffix];
    found->second = intern_copy(text);
  }
  return found->second;
}

std::optional<ValueId> Values::increment(ValueId value, std::int64_t delta) {
  std::int64_t number = 0;
  if (value != kAbsent) {
    const std::optional<std::int64_t> parsed = parse_number(texts_[value]);
    if (!parsed) return std::nullopt;
    number = *parsed;
  }
  std::int64_t after = 0;
  if (__builtin_add_overflow(number, delta, &after)) return std::nullopt;
  return intern_copy(std::to_string(after));
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

bool apply(Values& values, ValueId* state, const KvStep& step, const KeyStep* parts) {
  switch (step.kind) {
    case OperationKind::get:
    case OperationKind::multi_get:
      for (std::uint32_t i = 0; i < step.count; ++i) {
        if (state[parts[i].key] != parts[i].value) return false;
      }
      return true;
    case OperationKind::put:
    case OperationKind::multi_put:
      for (std::uint32_t i = 0; i < step.count; ++i) state[parts[i].key] = parts[i].argument;
      return true;
    case OperationKind::remove:
      state[parts[0].key] = kAbsent;
      return true;
    case OperationKind::compare_and_set:
      return apply_compare_and_set(state, step, parts[0]);
    case OperationKind::append:
      state[parts[0].key] = values.append(state[parts[0].key], parts[0].argument);
      return true;
    case OperationKind::increment:
      return apply_increment(values, state, step, parts[0]);
  }
  return false;
}

}  // namespace norn::sim
