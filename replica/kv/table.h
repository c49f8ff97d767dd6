// Slots in the order of (hash of the key, key), so that a place in it means the same on every replica and
// outlives any change: a scan and a snapshot go on from a hash.
//
// A hash spreads keys evenly, so its leading bits are a directory: buckets of a handful of slots, each
// sorted. Looking up is two or three cache misses however many keys there are (a balanced tree has twenty at
// a million), and costs about 24 bytes a key. Growing doubles the buckets one by one, one with each
// insertion, so that no insertion waits for all. A value.
#pragma once

#include <string_view>
#include <vector>

#include "replica/kv/slot.h"

namespace norn::kv {

std::uint64_t hash_of(std::string_view key);  // XXH3, 64 bits

class Table {
 public:
  struct Entry {
    std::uint64_t hash;
    Slot slot;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  class Walk;

  Table() : buckets_(1) {}

  std::size_t size() const { return size_; }
  // The slot of a key, which hash is of; null if there is none. Lives until the table changes.
  const Slot* find(std::uint64_t hash, std::string_view key) const;
  Slot* find(std::uint64_t hash, std::string_view key) {
    return const_cast<Slot*>(std::as_const(*this).find(hash, key));
  }
  Slot& insert(std::uint64_t hash, Slot slot);            // of a key that is not there
  Slot remove(std::uint64_t hash, std::string_view key);  // of one that is

  // From the first entry on whose hash is not below this.
  Walk walk(std::uint64_t from = 0) const;

  // Frees about this many slots and says whether any are left; of a table that is of no use any more. To free
  // millions at once would hold up everything else.
  bool free_some(std::size_t slots);

  friend bool operator==(const Table& a, const Table& b);

 private:
  using Bucket = std::vector<Entry>;

  std::size_t place(std::uint64_t hash) const;  // of its bucket, counted from the lowest hash
  std::size_t places() const { return buckets_.size() + split_; }
  const Bucket& at(std::size_t place) const {
    return place < 2 * split_ ? halves_[place] : buckets_[place - split_];
  }
  Bucket& at(std::size_t place) { return const_cast<Bucket&>(std::as_const(*this).at(place)); }
  void grow();

  std::size_t size_ = 0;
  unsigned depth_ = 0;           // there are 2^depth_ buckets, by the leading bits of the hash
  std::vector<Bucket> buckets_;  // the first split_ of them are empty: they are in halves_
  std::vector<Bucket> halves_;   // by one bit more, while the table grows
  std::size_t split_ = 0;
};

// Goes over a table in order; ends with the table's next change.
class Table::Walk {
 public:
  Walk(const Table& table, std::size_t place, std::size_t offset)
      : table_(&table), place_(place), offset_(offset) {
    skip();
  }
  explicit operator bool() const { return place_ < table_->places(); }
  const Entry& operator*() const { return table_->at(place_)[offset_]; }
  const Entry* operator->() const { return &**this; }
  Walk& operator++() {
    ++offset_;
    skip();
    return *this;
  }

 private:
  void skip() {
    for (; place_ < table_->places() && offset_ >= table_->at(place_).size(); ++place_) offset_ = 0;
  }

  const Table* table_;
  std::size_t place_;
  std::size_t offset_;
};

// Whether a stands before b in the order of tables.
inline bool before(const Table::Entry& a, const Table::Entry& b) {
  return a.hash != b.hash ? a.hash < b.hash : a.slot.key() < b.slot.key();
}

}  // namespace norn::kv
