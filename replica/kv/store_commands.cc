// What each command does to the store.
#include "replica/base/assert.h"
#include "replica/kv/decimal.h"
#include "replica/kv/store.h"

namespace norn::kv {
namespace {

void answer(Status status, std::uint64_t version, Buffer& result) {
  ResultWriter(result, status, 1).item(version);
}

void answer(Status status, std::uint64_t version, std::optional<std::string_view> value, Buffer& result) {
  ResultWriter writer(result, status, 1);
  value ? writer.item(version, *value) : writer.item(version);
}

}  // namespace

void Store::execute(const CommandView& command, Buffer& result) {
  if (command.is_read()) return read(command, clock_, result);
  switch (command.kind()) {
    case CommandKind::put:
    case CommandKind::multi_put:
      return put(command, result);
    case CommandKind::set:
      return set(command, result);
    case CommandKind::remove:
    case CommandKind::multi_remove:
      return remove(command, result);
    case CommandKind::take:
      return take(command, result);
    case CommandKind::compare_and_set:
      return compare_and_set(command, result);
    case CommandKind::append:
      return append(command, result);
    case CommandKind::increment:
      return increment(command, result);
    case CommandKind::expire:
      return expire(command, result);
    case CommandKind::clear:
      return clear(result);
    case CommandKind::batch:
      return batch(command, result);
    default:
      ASSERT(command.is_read());  // nothing else is left
  }
}

void Store::put(const CommandView& command, Buffer& result) {
  ResultWriter writer(result, Status::ok, command.key_count());
  for (const auto& pair : command.pairs()) {
    write(locate(pair.key), pair.value, 0);
    writer.item(applied_.value);
  }
}

void Store::set(const CommandView& command, Buffer& result) {
  const Place place = locate(command.key());
  const bool refused = command.has(place.present() ? set_flag::kOnlyIfAbsent : set_flag::kOnlyIfPresent);
  const auto old = command.has(set_flag::kWantOld) ? place.value() : std::nullopt;
  answer(refused ? Status::mismatch : Status::ok, refused ? version(place.slot) : applied_.value, old,
         result);
  if (refused) return;
  std::uint64_t expiry = command.ttl() == 0 ? 0 : clock_ + command.ttl();
  if (command.has(set_flag::kKeepTtl) && place.present()) expiry = place.slot->expiry();
  write(place, command.value(), expiry);
}

void Store::remove(const CommandView& command, Buffer& result) {
  ResultWriter writer(result, Status::ok, command.key_count());
  for (const auto& pair : command.pairs()) {
    const Place place = locate(pair.key);
    const bool present = place.present();
    const std::uint64_t version = present ? applied_.value : this->version(place.slot);
    if (present) remove(place);
    const bool says_so = present && command.kind() == CommandKind::multi_remove;
    says_so ? writer.item(version, std::string_view()) : writer.item(version);
  }
}

void Store::take(const CommandView& command, Buffer& result) {
  const Place place = locate(command.key());
  answer(Status::ok, place.present() ? applied_.value : version(place.slot), place.value(), result);
  if (place.present()) remove(place);
}

void Store::compare_and_set(const CommandView& command, Buffer& result) {
  const Place place = locate(command.key());
  const auto actual = place.value();
  if (actual != command.expected()) return answer(Status::mismatch, version(place.slot), actual, result);
  write(place, command.value(), 0);
  answer(Status::ok, applied_.value, result);
}

void Store::append(const CommandView& command, Buffer& result) {
  Place place = locate(command.key());
  const std::size_t before = place.present() ? place.slot->value().size() : 0;
  const std::size_t after = before + command.value().size();
  if (after > kValueSizeMax) return answer(Status::too_large, version(place.slot), result);
  begin_edit(place, before).append(command.value());
  end_edit(place, before);
  answer(Status::ok, applied_.value, Decimal(after).text(), result);
}

// An absent key counts as 0.
void Store::increment(const CommandView& command, Buffer& result) {
  const Place place = locate(command.key());
  const std::optional<std::int64_t> number = place.present() ? from_decimal(place.slot->value()) : 0;
  if (!number) return answer(Status::not_a_number, version(place.slot), result);
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, command.delta(), &sum)) {
    return answer(Status::overflow, version(place.slot), result);
  }
  const Decimal text(sum);
  write(place, text.text(), place.present() ? place.slot->expiry() : 0);
  answer(Status::ok, applied_.value, text.text(), result);
}

void Store::expire(const CommandView& command, Buffer& result) {
  Place place = locate(command.key());
  const bool persists = command.ttl() == 0;
  if (!place.present() || (persists && place.slot->expiry() == 0)) {
    return answer(Status::mismatch, version(place.slot), result);
  }
  const std::size_t all = place.slot->value().size();
  begin_edit(place, all).set_expiry(persists ? 0 : clock_ + command.ttl());
  end_edit(place, all);
  answer(Status::ok, applied_.value, result);
}

// Every key is absent at the floor then, and what is known of the removed ones is forgotten with them.
void Store::clear(Buffer& result) {
  discard_all();
  floor_ = applied_.value;
  answer(Status::ok, applied_.value, result);
}

}  // namespace norn::kv
