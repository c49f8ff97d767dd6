// The store as a snapshot, and back; the grammar is in store.h.
#include "replica/base/bugs.h"
#include "replica/kv/store.h"

namespace norn::kv {
namespace {
constexpr std::uint8_t kFormat = 1;
}

void Store::encode(Buffer& out) const {
  Writer writer(out);
  writer.integer(kFormat);
  writer.integer(applied_.value);
  writer.integer(chain_);
  writer.integer(floor_);
  writer.integer(std::uint64_t{slots_.size()});
  for (const auto& [key, slot] : slots_) {
    writer.integer(slot.version);
    writer.integer(static_cast<std::uint8_t>(slot.value.has_value()));
    writer.sized(key);
    if (slot.value) writer.sized(*slot.value);
  }
  if (bug(Bug::sessions_missing_from_snapshot)) return Sessions(options_).encode(writer);
  sessions_.encode(writer);
}

std::optional<Store> Store::parse(Bytes bytes, const Options& options) {
  Reader in(bytes);
  if (in.integer<std::uint8_t>() != kFormat) return std::nullopt;
  Store store(options);
  store.applied_.value = in.integer<std::uint64_t>();
  store.chain_ = in.integer<std::uint64_t>();
  store.floor_ = in.integer<std::uint64_t>();
  if (store.floor_ > store.applied_.value) return std::nullopt;
  const auto count = in.integer<std::uint64_t>();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!store.parse_slot(in)) return std::nullopt;
  }
  if (!in.ok() || store.tombstones_.size() > options.tombstones_max) return std::nullopt;
  auto sessions = Sessions::parse(in, options, store.applied_);
  if (!sessions || !in.done()) return std::nullopt;
  store.sessions_ = std::move(*sessions);
  return store;
}

bool Store::parse_slot(Reader& in) {
  Slot slot;
  slot.version = in.integer<std::uint64_t>();
  const auto present = in.integer<std::uint8_t>();
  const std::string_view key = in.sized_text();
  if (present == 1) slot.value.emplace(in.sized_text());
  if (!in.ok() || present > 1 || slot.version == 0 || slot.version > applied_.value) return false;
  if (key.empty() || key.size() > kKeySizeMax) return false;
  if (slot.value && slot.value->size() > kValueSizeMax) return false;
  if (!slots_.empty() && key <= slots_.rbegin()->first) return false;
  if (!slot.value) {
    if (slot.version <= floor_) return false;
    if (!tombstones_.emplace(slot.version, key).second) return false;
  }
  slots_.emplace_hint(slots_.end(), key, std::move(slot));
  return true;
}

}  // namespace norn::kv
