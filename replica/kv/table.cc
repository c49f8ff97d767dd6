#include "replica/kv/table.h"

#include <algorithm>

#include "replica/base/bytes.h"
#include "replica/base/digest.h"

namespace norn::kv {
namespace {

constexpr std::size_t kBucketSize = 16;  // slots, on average, from which on the table grows
constexpr unsigned kHashBits = 64;

// The first entry of the bucket that is not before (hash, key).
auto lower_bound(auto& bucket, std::uint64_t hash, std::string_view key) {
  return std::lower_bound(bucket.begin(), bucket.end(), hash,
                          [&](const Table::Entry& entry, std::uint64_t wanted) {
                            return entry.hash != wanted ? entry.hash < wanted : entry.slot.key() < key;
                          });
}

bool is(const auto& found, const auto& bucket, std::uint64_t hash, std::string_view key) {
  return found != bucket.end() && found->hash == hash && found->slot.key() == key;
}

}  // namespace

std::uint64_t hash_of(std::string_view key) { return Digest::hash(as_bytes(key)); }

std::size_t Table::place(std::uint64_t hash) const {
  const std::uint64_t bucket = depth_ == 0 ? 0 : hash >> (kHashBits - depth_);
  return bucket < split_ ? hash >> (kHashBits - 1 - depth_) : bucket + split_;
}

const Slot* Table::find(std::uint64_t hash, std::string_view key) const {
  const Bucket& bucket = at(place(hash));
  const auto found = lower_bound(bucket, hash, key);
  return is(found, bucket, hash, key) ? &found->slot : nullptr;
}

Slot& Table::insert(std::uint64_t hash, Slot slot) {
  grow();
  Bucket& bucket = at(place(hash));
  const auto found = lower_bound(bucket, hash, slot.key());
  ASSERT(!is(found, bucket, hash, slot.key()));
  ++size_;
  return bucket.insert(found, Entry{hash, std::move(slot)})->slot;
}

Slot Table::remove(std::uint64_t hash, std::string_view key) {
  Bucket& bucket = at(place(hash));
  const auto found = lower_bound(bucket, hash, key);
  ASSERT(is(found, bucket, hash, key));
  Slot slot = std::move(found->slot);
  bucket.erase(found);
  --size_;
  return slot;
}

// One step: splits the next bucket, by the bit of the hash that follows.
void Table::grow() {
  if (halves_.empty()) {
    if (size_ < kBucketSize * buckets_.size()) return;
    halves_.resize(2 * buckets_.size());
  }
  Bucket& whole = buckets_[split_];
  const std::uint64_t bit = std::uint64_t{1} << (kHashBits - 1 - depth_);
  const auto middle =
      std::find_if(whole.begin(), whole.end(), [&](const Entry& e) { return (e.hash & bit) != 0; });
  halves_[2 * split_].assign(std::move_iterator(whole.begin()), std::move_iterator(middle));
  halves_[2 * split_ + 1].assign(std::move_iterator(middle), std::move_iterator(whole.end()));
  whole = {};
  if (++split_ < buckets_.size()) return;
  buckets_ = std::exchange(halves_, {});
  split_ = 0;
  ++depth_;
}

Table::Walk Table::walk(std::uint64_t from) const {
  const std::size_t place = this->place(from);
  const Bucket& bucket = at(place);
  return {*this, place, static_cast<std::size_t>(lower_bound(bucket, from, {}) - bucket.begin())};
}

bool Table::free_some(std::size_t slots) {
  for (std::vector<Bucket>* all : {&halves_, &buckets_}) {
    for (std::size_t freed = 0; !all->empty(); all->pop_back()) {
      if (freed >= slots) return true;
      freed += all->back().size() + 1;
    }
  }
  return false;
}

bool operator==(const Table& a, const Table& b) {
  if (a.size() != b.size()) return false;
  for (auto i = a.walk(), j = b.walk(); i; ++i, ++j) {
    if (*i != *j) return false;
  }
  return true;
}

}  // namespace norn::kv
