// The store as a snapshot, and back; the grammar is in restore.h.
#include <limits>

#include "replica/base/bugs.h"
#include "replica/kv/restore.h"
#include "replica/kv/store.h"

namespace norn::kv {
namespace {

SlotKind kind_of(const Slot& slot) {
  if (!slot.present()) return SlotKind::tombstone;
  return slot.expiry() == 0 ? SlotKind::lasting : SlotKind::expiring;
}

void encode(const Slot& slot, Writer& out) {
  out.integer(slot.version());
  out.integer(static_cast<std::uint8_t>(kind_of(slot)));
  out.sized(slot.key());
  if (slot.present()) out.sized(slot.value());
  if (slot.expiry() != 0) out.integer(slot.expiry());
}

// Encodes the slots from hash `next` on as they were: those in `before` where it has them, else those of
// `now`. Stops between two hashes after about so many bytes, and sets next; true: those were the last.
bool encode_slots(const Table& now, const Table& before, std::uint64_t& next, std::size_t bytes,
                  Writer& out) {
  const std::size_t end = bytes <= std::numeric_limits<std::size_t>::max() - out.size()
                              ? out.size() + bytes
                              : std::numeric_limits<std::size_t>::max();
  auto i = now.walk(next);
  auto j = before.walk(next);
  while (i || j) {
    const bool was = j && (!i || !kv::before(*i, *j));
    const Table::Entry& entry = was ? *j : *i;
    if (entry.hash != next && out.size() >= end) {
      next = entry.hash;
      return false;
    }
    next = entry.hash;
    if (entry.slot.version() != 0) encode(entry.slot, out);
    if (was && i && !kv::before(*j, *i)) ++i;
    was ? ++j : ++i;
  }
  return true;
}

}  // namespace

std::size_t Store::encoded_size(const Slot& slot) {
  const std::size_t value = slot.present() ? sizeof(std::uint32_t) + slot.value().size() : 0;
  const std::size_t expiry = slot.expiry() != 0 ? sizeof(std::uint64_t) : 0;
  return sizeof(std::uint64_t) + 1 + sizeof(std::uint32_t) + slot.key().size() + value + expiry;
}

void Store::encode_head(Buffer& out) const {
  Writer writer(out);
  writer.integer(kStoreFormat);
  writer.integer(applied_.value);
  writer.integer(chain_);
  writer.integer(floor_);
  writer.integer(clock_);
  (bug(Bug::sessions_missing_from_snapshot) ? Sessions(options_) : sessions_).encode(writer);
  writer.integer(std::uint64_t{slots_.size()});
}

void Store::encode(Buffer& out) const {
  encode_head(out);
  Writer writer(out);
  std::uint64_t next = 0;
  encode_slots(slots_, Table(), next, std::numeric_limits<std::size_t>::max(), writer);
}

std::size_t Store::begin_snapshot(Buffer& out) {
  abandon_snapshot();
  capture_ = Capture();
  encode_head(out);
  return encoded_;
}

bool Store::continue_snapshot(std::size_t bytes, Buffer& out) {
  ASSERT(capture_.has_value());
  Writer writer(out);
  const Table& now = capture_->detached ? *capture_->detached : slots_;
  if (!encode_slots(now, capture_->before, capture_->next, bytes, writer)) return false;
  abandon_snapshot();
  return true;
}

void Store::abandon_snapshot() {
  if (capture_) discard(std::move(*capture_));
  capture_.reset();
}

std::optional<Store> Store::parse(Bytes bytes, const Options& options) {
  Restore restore(bytes, options);
  if (restore.step(bytes.size()) != Restore::Progress::done) return std::nullopt;
  return restore.take();
}

Store::Restore::Progress Store::Restore::step(std::size_t bytes) {
  if (!begun_ && !read_head()) return Progress::refused;
  begun_ = true;
  const std::size_t start = in_.at();
  for (; left_ > 0 && in_.at() - start < bytes; --left_) {
    if (!read_slot()) return Progress::refused;
  }
  if (left_ > 0) return Progress::more;
  const bool whole = in_.done() && store_.tombstones_.size() <= store_.options_.tombstones_max;
  return whole ? Progress::done : Progress::refused;
}

bool Store::Restore::read_head() {
  if (in_.integer<std::uint8_t>() != kStoreFormat) return false;
  store_.applied_.value = in_.integer<std::uint64_t>();
  store_.chain_ = in_.integer<std::uint64_t>();
  store_.floor_ = in_.integer<std::uint64_t>();
  store_.clock_ = in_.integer<std::uint64_t>();
  if (!in_.ok() || store_.floor_ > store_.applied_.value) return false;
  auto sessions = Sessions::parse(in_, store_.options_, store_.applied_);
  if (!sessions) return false;
  store_.sessions_ = std::move(*sessions);
  left_ = in_.integer<std::uint64_t>();
  return in_.ok();
}

bool Store::Restore::read_slot() {
  const auto version = in_.integer<std::uint64_t>();
  const auto kind = in_.integer<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(SlotKind::expiring)) return false;
  const bool present = kind != static_cast<std::uint8_t>(SlotKind::tombstone);
  const bool expires = kind == static_cast<std::uint8_t>(SlotKind::expiring);
  const std::string_view key = in_.sized_text();
  const std::string_view value = present ? in_.sized_text() : std::string_view();
  const std::uint64_t expiry = expires ? in_.integer<std::uint64_t>() : 0;
  if (!in_.ok() || version == 0 || version > store_.applied_.value) return false;
  if (key.empty() || key.size() > kKeySizeMax || value.size() > kValueSizeMax) return false;
  if (expires != (expiry != 0) || (!present && version < store_.floor_)) return false;
  const std::uint64_t hash = hash_of(key);
  if (std::pair(hash, key) <= std::pair(last_hash_, last_key_)) return false;  // none is empty
  last_hash_ = hash;
  last_key_ = key;

  Slot slot(key);
  if (present) slot.assign(value);
  slot.set_version(version);
  slot.set_expiry(expiry);
  store_.enter(hash, store_.slots_.insert(hash, std::move(slot)), 0);
  return true;
}

}  // namespace norn::kv
