// What each command does to the store.
#include "replica/kv/store.h"

#include <array>
#include <charconv>

#include "replica/base/assert.h"
#include "replica/base/digest.h"

namespace norn::kv {
namespace {

constexpr std::size_t kDecimalSizeMax = 20;  // characters of the lowest 64-bit integer, sign included
using Decimal = std::array<char, kDecimalSizeMax>;

std::string_view to_decimal(std::int64_t number, Decimal& out) {
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), number);
  ASSERT(error == std::errc{});
  return {out.data(), static_cast<std::size_t>(end - out.data())};
}

// Canonical only ("7", "-7", "0"; not "+7", "07", "-0"): what an increment would write back.
std::optional<std::int64_t> from_decimal(std::string_view text) {
  std::int64_t number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  if (error != std::errc{} || end != text_end) return std::nullopt;
  Decimal again;
  if (to_decimal(number, again) != text) return std::nullopt;
  return number;
}

void answer(Status status, std::uint64_t version, Buffer& result) {
  ResultWriter(result, status, 1).item(version);
}

}  // namespace

Store::Store(const Options& options) : options_(options), sessions_(options) {}

void Store::apply(Index index, Bytes payload, Buffer& result) {
  ASSERT(index == applied_.next());
  applied_ = index;
  Digest link;
  link.add(chain_);
  link.add(index.value);
  link.add(payload);
  chain_ = link.value();
  if (payload.empty()) return;

  const auto request = Request::parse(payload);
  ASSERT(request.has_value());
  const auto command = CommandView::parse(request->command);
  ASSERT(command.has_value());
  if (command->kind() == CommandKind::open_session) {
    sessions_.open(index);
    answer(Status::ok, index.value, result);
    return;
  }
  const Admission admission = sessions_.admit(index, *request);
  switch (admission.verdict) {
    case Admission::Verdict::refuse:
      ResultWriter(result, admission.status);
      return;
    case Admission::Verdict::repeat:
      Writer(result).bytes(as_bytes(admission.kept));
      return;
    case Admission::Verdict::apply: {
      const std::size_t at = result.size();
      execute(*command, result);
      sessions_.keep(*request, Bytes(result).subspan(at));
      return;
    }
  }
}

void Store::read(const CommandView& command, Buffer& result) const {
  ASSERT(command.is_read());
  const std::size_t at = result.size();
  ResultWriter writer(result, Status::ok, command.key_count());
  for (const auto& pair : command.pairs()) {
    const Slot* slot = find(pair.key);
    slot != nullptr ? writer.item(slot->version, slot->value) : writer.item(floor_);
    if (result.size() - at > kResultSizeMax) {
      result.resize(at);
      ResultWriter(result, Status::too_large);
      return;
    }
  }
}

void Store::execute(const CommandView& command, Buffer& result) {
  switch (command.kind()) {
    case CommandKind::get:
    case CommandKind::multi_get:
      return read(command, result);
    case CommandKind::put:
    case CommandKind::multi_put:
      return put(command, result);
    case CommandKind::remove:
      return remove(command, result);
    case CommandKind::compare_and_set:
      return compare_and_set(command, result);
    case CommandKind::append:
      return append(command, result);
    case CommandKind::increment:
      return increment(command, result);
    default:
      ASSERT(command.kind() != CommandKind::open_session);
  }
}

void Store::put(const CommandView& command, Buffer& result) {
  ResultWriter writer(result, Status::ok, command.key_count());
  for (const auto& pair : command.pairs()) {
    write(pair.key, pair.value);
    writer.item(applied_.value);
  }
}

void Store::remove(const CommandView& command, Buffer& result) {
  const auto found = slots_.find(command.key());
  if (found == slots_.end() || !found->second.value) {
    return answer(Status::ok, version(found == slots_.end() ? nullptr : &found->second), result);
  }
  found->second.value.reset();
  found->second.version = applied_.value;
  tombstones_.emplace_hint(tombstones_.end(), applied_.value, found->first);
  if (tombstones_.size() > options_.tombstones_max) drop_oldest_tombstone();
  answer(Status::ok, applied_.value, result);
}

void Store::compare_and_set(const CommandView& command, Buffer& result) {
  const Slot* slot = find(command.key());
  const std::optional<std::string_view> actual =
      slot != nullptr && slot->value ? std::optional<std::string_view>(*slot->value) : std::nullopt;
  if (actual != command.expected()) {
    ResultWriter writer(result, Status::mismatch, 1);
    actual ? writer.item(slot->version, *actual) : writer.item(version(slot));
    return;
  }
  write(command.key(), command.value());
  answer(Status::ok, applied_.value, result);
}

void Store::append(const CommandView& command, Buffer& result) {
  const Slot* slot = find(command.key());
  const std::size_t before = slot != nullptr && slot->value ? slot->value->size() : 0;
  if (before + command.value().size() > kValueSizeMax) {
    return answer(Status::too_large, version(slot), result);
  }
  std::optional<std::string>& value = change(command.key());
  if (!value) value.emplace();
  value->append(command.value());
  answer(Status::ok, applied_.value, result);
}

// An absent key counts as 0.
void Store::increment(const CommandView& command, Buffer& result) {
  const Slot* slot = find(command.key());
  std::optional<std::int64_t> number = 0;
  if (slot != nullptr && slot->value) number = from_decimal(*slot->value);
  if (!number) return answer(Status::not_a_number, version(slot), result);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, command.delta(), &sum)) {
    return answer(Status::overflow, version(slot), result);
  }
  Decimal decimal;
  const std::string_view text = to_decimal(sum, decimal);
  write(command.key(), text);
  ResultWriter(result, Status::ok, 1).item(applied_.value, text);
}

const Store::Slot* Store::find(std::string_view key) const {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : &found->second;
}

std::optional<std::string>& Store::change(std::string_view key) {
  auto at = slots_.lower_bound(key);
  if (at == slots_.end() || at->first != key) {
    at = slots_.emplace_hint(at, key, Slot{});
  } else if (!at->second.value) {
    tombstones_.erase(at->second.version);
  }
  at->second.version = applied_.value;
  return at->second.value;
}

void Store::write(std::string_view key, std::string_view value) {
  std::optional<std::string>& slot = change(key);
  slot ? static_cast<void>(slot->assign(value)) : static_cast<void>(slot.emplace(value));
}

// Tombstones are made with rising versions and dropped lowest first, so the floor only rises.
void Store::drop_oldest_tombstone() {
  const auto oldest = tombstones_.begin();
  floor_ = oldest->first;
  slots_.erase(oldest->second);
  tombstones_.erase(oldest);
}

std::uint64_t Store::digest() const {
  Digest digest;
  digest.add(applied_.value);
  digest.add(chain_);
  digest.add(floor_);
  digest.add(slots_.size());
  for (const auto& [key, slot] : slots_) {
    digest.add(as_bytes(key));
    digest.add(slot.version);
    digest.add(std::uint64_t{slot.value.has_value()});
    if (slot.value) digest.add(as_bytes(*slot.value));
  }
  sessions_.add_to(digest);
  return digest.value();
}

}  // namespace norn::kv
