// What the store answers without changing.
#include <algorithm>

#include "replica/base/assert.h"
#include "replica/kv/decimal.h"
#include "replica/kv/glob.h"
#include "replica/kv/store.h"

namespace norn::kv {
namespace {

constexpr std::size_t kItemSize = 2 + 8 + 1 + 4;  // of a result with one item, besides its value

}  // namespace

void Store::read(const CommandView& command, std::uint64_t time, Buffer& result) const {
  switch (command.kind()) {
    case CommandKind::ttl:
      return ttl(command, time, result);
    case CommandKind::count:
      return ResultWriter(result, Status::ok, 1).item(applied_.value, Decimal(present_).text());
    case CommandKind::scan:
      return scan(command, result);
    case CommandKind::batch:
      return read_batch(command, time, result);
    default:
      ASSERT(command.is_read());
      return get(command, result);
  }
}

void Store::get(const CommandView& command, Buffer& result) const {
  const std::size_t at = result.size();
  ResultWriter writer(result, Status::ok, command.key_count());
  for (const auto& pair : command.pairs()) {
    const Slot* slot = find(pair.key);
    const bool present = slot != nullptr && slot->present();
    if (!present) {
      writer.item(version(slot));
    } else if (command.kind() == CommandKind::multi_size) {
      writer.item(slot->version(), Decimal(slot->value().size()).text());
    } else {
      writer.item(slot->version(), slot->value());
    }
    if (result.size() - at > kReadSizeMax) {
      result.resize(at);
      ResultWriter(result, Status::too_large);
      return;
    }
  }
}

void Store::ttl(const CommandView& command, std::uint64_t time, Buffer& result) const {
  ResultWriter writer(result, Status::ok, 1);
  const Slot* slot = find(command.key());
  if (slot == nullptr || !slot->present()) return writer.item(version(slot));
  if (slot->expiry() == 0) return writer.item(slot->version(), std::string_view("-1"));
  // A key that is due is there until an entry says otherwise.
  const std::uint64_t now = std::max(time, clock_);
  const std::uint64_t left = slot->expiry() > now ? slot->expiry() - now : 1;
  writer.item(slot->version(), Decimal(left).text());
}

// Ends between hashes only, so that a cursor can be a hash.
void Store::scan(const CommandView& command, Buffer& result) const {
  const std::size_t begin = result.size();
  ResultWriter(result, Status::ok, 1).item(0, std::string_view());
  Writer writer(result);
  const bool bounded = command.limit() != 0;
  const std::size_t limit = bounded ? std::min<std::size_t>(command.limit(), kScanMax) : kScanMax;
  std::uint64_t cursor = 0;
  std::uint64_t hash = command.from();     // of the keys being looked at, and
  std::size_t hash_begin = result.size();  // where in the result they begin
  std::size_t looked_at = 0;
  for (auto at = slots_.walk(command.from()); at; ++at, ++looked_at) {
    if (at->hash != hash) {
      hash = at->hash;
      hash_begin = result.size();
      if (looked_at >= limit) cursor = hash;
    }
    const bool listed =
        at->slot.present() && (command.pattern().empty() || glob_matches(command.pattern(), at->slot.key()));
    if (listed && cursor == 0) writer.sized(at->slot.key());
    if (result.size() - begin > kReadSizeMax) {
      result.resize(hash_begin);
      cursor = hash;
    }
    if (cursor != 0) break;
  }
  const std::size_t size = result.size() - begin - kItemSize;
  if (cursor != 0 && (!bounded || cursor == command.from())) {
    result.resize(begin);
    ResultWriter(result, Status::too_large);
    return;
  }
  // The item's version and size stand before what was gathered.
  writer.patch(begin + 2, cursor);
  writer.patch(begin + kItemSize - 4, static_cast<std::uint32_t>(size));
}

}  // namespace norn::kv
