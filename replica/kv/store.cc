// Entries applied, and what every change of a slot brings with it.
#include "replica/kv/store.h"

#include <algorithm>

#include "replica/base/assert.h"
#include "replica/base/digest.h"

namespace norn::kv {
namespace {

// The digest of a slot is a sum over its head and the blocks of its value, so that an append costs no more
// than what is appended.
constexpr std::size_t kBlockSize = 4096;
constexpr std::size_t kFreedAtOnce = 256;  // slots not worth being put aside

std::uint64_t head_digest(std::uint64_t hash, const Slot& slot) {
  Digest digest;
  digest.add(hash);
  digest.add(slot.version());
  digest.add(slot.expiry());
  digest.add(std::uint64_t{slot.present()});
  return digest.value();
}

// Of the blocks that are not whole within the first `kept` bytes.
std::uint64_t value_digest(std::uint64_t hash, std::string_view value, std::size_t kept) {
  std::uint64_t sum = 0;
  for (std::size_t at = kept / kBlockSize * kBlockSize; at < value.size(); at += kBlockSize) {
    Digest digest;
    digest.add(hash);
    digest.add(at);
    digest.add(as_bytes(value.substr(at, kBlockSize)));
    sum += digest.value();
  }
  return sum;
}

void answer_version(std::uint64_t version, Buffer& result) {
  ResultWriter(result, Status::ok, 1).item(version);
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
  clock_ = std::max(clock_, request->time);
  expire_due();
  if (command->kind() == CommandKind::tick) return answer_version(index.value, result);
  if (command->kind() == CommandKind::open_session) {
    sessions_.open(index);
    return answer_version(index.value, result);
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

std::optional<std::uint64_t> Store::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.begin()->first;
}

void Store::expire_due() {
  for (std::size_t i = 0; i < kExpiriesMax && !expiries_.empty(); ++i) {
    const auto [expiry, hash] = *expiries_.begin();
    if (expiry >= clock_) return;  // times are rounded down: only the next millisecond is surely past it
    for (auto at = slots_.walk(hash); at && at->hash == hash; ++at) {
      if (at->slot.expiry() != expiry) continue;
      remove(locate(at->slot.key()));
      break;  // another with this hash, if there is one, is still in the index
    }
  }
}

Store::Place Store::locate(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  return {hash, key, slots_.find(hash, key)};
}

Slot& Store::begin_edit(Place& place, std::size_t kept) {
  preserve(place);
  if (place.slot != nullptr) {
    leave(place.hash, *place.slot, kept);
  } else {
    place.slot = &slots_.insert(place.hash, Slot(place.key));
  }
  return *place.slot;
}

void Store::end_edit(const Place& place, std::size_t kept) {
  place.slot->set_version(applied_.value);
  enter(place.hash, *place.slot, kept);
}

void Store::write(Place place, std::string_view value, std::uint64_t expiry) {
  Slot& slot = begin_edit(place);
  slot.assign(value);
  slot.set_expiry(expiry);
  end_edit(place);
}

void Store::remove(Place place) {
  begin_edit(place).remove();
  end_edit(place);
  if (tombstones_.size() > options_.tombstones_max) drop_oldest_tombstone();
}

// Tombstones are made with versions that do not fall and dropped lowest first, so the floor only rises.
void Store::drop_oldest_tombstone() {
  const auto oldest = tombstones_.extract(tombstones_.begin());
  floor_ = oldest.value().first;
  const Place place = locate(oldest.value().second);
  ASSERT(place.slot != nullptr);
  preserve(place);
  leave(place.hash, *place.slot, 0);
  slots_.remove(place.hash, place.key);
}

// What a snapshot being taken still needs as it is.
void Store::preserve(const Place& place) {
  if (!capture_ || capture_->detached || place.hash < capture_->next) return;
  if (capture_->before.find(place.hash, place.key) != nullptr) return;
  capture_->before.insert(place.hash, place.slot != nullptr ? *place.slot : Slot(place.key));
}

void Store::enter(std::uint64_t hash, const Slot& slot, std::size_t kept) {
  sum_ += head_digest(hash, slot) + value_digest(hash, slot.value(), kept);
  encoded_ += encoded_size(slot);
  if (slot.present()) {
    ++present_;
    if (slot.expiry() != 0) expiries_.emplace(slot.expiry(), hash);
  } else {
    tombstones_.emplace(slot.version(), slot.key());
  }
}

void Store::leave(std::uint64_t hash, const Slot& slot, std::size_t kept) {
  sum_ -= head_digest(hash, slot) + value_digest(hash, slot.value(), kept);
  encoded_ -= encoded_size(slot);
  if (!slot.present()) {
    if (slot.version() != 0) tombstones_.erase({slot.version(), std::string(slot.key())});
    return;
  }
  --present_;
  if (slot.expiry() == 0) return;
  const auto shares = [&](const Table::Entry& other) {
    return &other.slot != &slot && other.slot.expiry() == slot.expiry();
  };
  for (auto at = slots_.walk(hash); at && at->hash == hash; ++at) {
    if (shares(*at)) return;
  }
  expiries_.erase({slot.expiry(), hash});
}

void Store::discard_all() {
  Table slots = std::exchange(slots_, Table());
  if (capture_ && !capture_->detached) {
    capture_->detached = std::move(slots);
    slots = Table();
  }
  put_aside({std::move(slots), std::exchange(expiries_, {}), std::exchange(tombstones_, {})});
  present_ = encoded_ = 0;
  sum_ = 0;
}

void Store::discard(Capture capture) {
  put_aside({std::move(capture.before), {}, {}});
  if (capture.detached) put_aside({std::move(*capture.detached), {}, {}});
}

void Store::put_aside(Discarded discarded) {
  const std::size_t size = discarded.slots.size() + discarded.expiries.size() + discarded.tombstones.size();
  if (size > kFreedAtOnce) discarded_.push_back(std::move(discarded));
}

void Store::tidy(std::size_t slots) {
  if (discarded_.empty()) return;
  Discarded& last = discarded_.back();
  bool left = last.slots.free_some(slots);
  const auto free = [&](auto& set) {
    for (std::size_t i = 0; i < slots && !set.empty(); ++i) set.erase(set.begin());
    left = left || !set.empty();
  };
  free(last.expiries);
  free(last.tombstones);
  if (!left) discarded_.pop_back();
}

void Store::replace_by(Store other) {
  discard_all();
  if (capture_) discard(std::move(*capture_));
  std::vector<Discarded> discarded = std::move(discarded_);
  *this = std::move(other);
  discarded_.insert(discarded_.end(), std::move_iterator(discarded.begin()),
                    std::move_iterator(discarded.end()));
}

std::uint64_t Store::state_digest() const {
  Digest digest;
  digest.add(applied_.value);
  digest.add(chain_);
  digest.add(clock_);
  digest.add(floor_);
  digest.add(sum_);
  digest.add(sessions_.size());
  digest.add(sessions_.kept_bytes());
  return digest.value();
}

std::uint64_t Store::digest() const {
  Digest digest;
  digest.add(state_digest());
  digest.add(slots_.size());
  for (auto at = slots_.walk(); at; ++at) {
    digest.add(head_digest(at->hash, at->slot));
    digest.add(as_bytes(at->slot.key()));
    digest.add(as_bytes(at->slot.value()));
  }
  sessions_.add_to(digest);
  return digest.value();
}

bool operator==(const Store& a, const Store& b) {
  return a.options_ == b.options_ && a.applied_ == b.applied_ && a.clock_ == b.clock_ &&
         a.chain_ == b.chain_ && a.floor_ == b.floor_ && a.slots_ == b.slots_ && a.present_ == b.present_ &&
         a.sum_ == b.sum_ && a.encoded_ == b.encoded_ && a.expiries_ == b.expiries_ &&
         a.tombstones_ == b.tombstones_ && a.sessions_ == b.sessions_;
}

}  // namespace norn::kv
