// The store: the state machine that every replica runs over the same log, and a value: a copy goes its own
// way. Writes come as log entries through apply, in order and each exactly once per request (sessions.h);
// reads come through read, or through the log as any command.
//
// Every change stamps the key with the index of its entry, its version. A removed key leaves a tombstone, so
// that its version is still known; of those the newest tombstones_max are kept. An absent key without a
// tombstone has the floor as its version: the highest version of a tombstone dropped, 0 if there is none.
// What a reader may conclude from the versions of one key, read one after the other:
//   - they never fall, and a change always raises them;
//   - a present key, and an absent key above the floor, has its exact version: equal means untouched between;
//   - an absent key at the floor was last changed at the floor or before. Its version may have risen by
//     nothing but the removal of other keys, so a rise from absent to absent proves no change of this key.
//
// Time. An entry carries the cluster's time at which a leader proposed it; the store's clock is the latest of
// them, and what expires before it is removed, as by remove, before the entry itself is applied (before, not
// at: times are rounded down to milliseconds, and no key goes early). At most kExpiriesMax keys an entry, so
// that no entry takes long; a leader goes on with ticks while more is due.
//
// No entry's cost grows with the store. clear only puts the keys aside; tidy frees them by and by, and must
// be called while untidy.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replica/base/bytes.h"
#include "replica/kv/command.h"
#include "replica/kv/options.h"
#include "replica/kv/sessions.h"
#include "replica/kv/table.h"

namespace norn::kv {

inline constexpr std::size_t kExpiriesMax = 1024;              // keys that expire with one entry
inline constexpr std::size_t kScanMax = std::size_t{1} << 20;  // keys that one scan looks at

class Store {
 public:
  explicit Store(const Options& options = {});

  // Applies the entry at index, which is applied().next(), and appends the result to the buffer (nothing for
  // the empty payload). A payload has passed the gate before it was proposed; one that does not parse
  // asserts.
  void apply(Index index, Bytes payload, Buffer& result);
  // Appends the result of a read on the state as it is. Time, in milliseconds of the cluster, is for ttl: how
  // long a key still lives is told as of then.
  void read(const CommandView& command, std::uint64_t time, Buffer& result) const;

  Index applied() const { return applied_; }
  std::uint64_t clock() const { return clock_; }  // milliseconds, since the cluster's first entry
  std::optional<std::uint64_t> next_expiry() const;
  // A hash chain over every index and payload applied: replicas that applied the same entries have the same.
  std::uint64_t chain() const { return chain_; }
  // Of the state, kept up to date with each change: equal states have the same, whatever led to them.
  std::uint64_t state_digest() const;
  std::uint64_t digest() const;  // of all that a snapshot holds, in time linear in it

  std::size_t size() const { return present_; }  // keys present
  std::size_t tombstones() const { return tombstones_.size(); }
  std::uint64_t floor() const { return floor_; }
  const Sessions& sessions() const { return sessions_; }

  void encode(Buffer& out) const;  // appends a snapshot
  // The same in pieces, of the state as it is at begin_snapshot, while the store goes on: what changes is put
  // aside as it was until its turn has come. begin_snapshot appends all but the slots and returns how many
  // bytes are to come; continue_snapshot appends about as many bytes as asked for; true: that was the last.
  std::size_t begin_snapshot(Buffer& out);
  bool continue_snapshot(std::size_t bytes, Buffer& out);
  void abandon_snapshot();
  // A store from a snapshot, also in pieces.
  class Restore;
  // Nothing unless the bytes are a whole snapshot that these options could have led to.
  static std::optional<Store> parse(Bytes bytes, const Options& options = {});

  // Becomes the other; what it was is freed by tidy.
  void replace_by(Store other);
  bool untidy() const { return !discarded_.empty(); }
  void tidy(std::size_t slots);  // frees about so many that were put aside

  friend bool operator==(const Store& a, const Store& b);

 private:
  struct Place {  // of a key: where it is, if it is anywhere
    std::uint64_t hash;
    std::string_view key;
    Slot* slot;  // null: nowhere

    bool present() const { return slot != nullptr && slot->present(); }
    std::optional<std::string_view> value() const {
      return present() ? std::optional(slot->value()) : std::nullopt;
    }
  };
  struct Capture {                    // a snapshot being taken
    std::uint64_t next = 0;           // the hash from which on slots are still to be encoded
    Table before;                     // of those, what has changed, as it was; version 0: it was not there
    std::optional<Table> detached{};  // the rest, if all was cleared
  };
  using Expiries = std::set<std::pair<std::uint64_t, std::uint64_t>>;
  using Tombstones = std::set<std::pair<std::uint64_t, std::string>>;
  struct Discarded {
    Table slots;
    Expiries expiries;
    Tombstones tombstones;
  };

  // Commands (store_commands.cc).
  void execute(const CommandView& command, Buffer& result);
  void put(const CommandView& command, Buffer& result);
  void set(const CommandView& command, Buffer& result);
  void remove(const CommandView& command, Buffer& result);
  void take(const CommandView& command, Buffer& result);
  void compare_and_set(const CommandView& command, Buffer& result);
  void append(const CommandView& command, Buffer& result);
  void increment(const CommandView& command, Buffer& result);
  void expire(const CommandView& command, Buffer& result);
  void clear(Buffer& result);
  // Batches (store_batch.cc).
  void batch(const CommandView& command, Buffer& result);
  void read_batch(const CommandView& command, std::uint64_t time, Buffer& result) const;
  template <typename Execute>
  void run_batch(const CommandView& batch, Buffer& result, Execute&& execute_one) const;
  // Reads (store_reads.cc).
  void get(const CommandView& command, Buffer& result) const;
  void ttl(const CommandView& command, std::uint64_t time, Buffer& result) const;
  void scan(const CommandView& command, Buffer& result) const;

  // Changes (store.cc). Each stands between begin_edit and end_edit, which keep the indexes, the digest and a
  // snapshot being taken; the value's first `kept` bytes stay as they are.
  const Slot* find(std::string_view key) const { return slots_.find(hash_of(key), key); }
  Place locate(std::string_view key);
  std::uint64_t version(const Slot* slot) const { return slot == nullptr ? floor_ : slot->version(); }
  Slot& begin_edit(Place& place, std::size_t kept = 0);
  void end_edit(const Place& place, std::size_t kept = 0);
  void write(Place place, std::string_view value, std::uint64_t expiry);
  void remove(Place place);
  void drop_oldest_tombstone();
  void expire_due();
  void preserve(const Place& place);
  void enter(std::uint64_t hash, const Slot& slot, std::size_t kept);
  void leave(std::uint64_t hash, const Slot& slot, std::size_t kept);
  void discard_all();
  void discard(Capture capture);
  void put_aside(Discarded discarded);

  // Snapshots (store_snapshot.cc).
  void encode_head(Buffer& out) const;
  static std::size_t encoded_size(const Slot& slot);

  Options options_;
  Index applied_;
  std::uint64_t clock_ = 0;
  std::uint64_t chain_ = 0;
  std::uint64_t floor_ = 0;
  Table slots_;              // present keys and tombstones
  std::size_t present_ = 0;  // of them
  std::uint64_t sum_ = 0;    // of their digests
  std::size_t encoded_ = 0;  // bytes, of all of them in a snapshot
  Expiries expiries_;        // (expiry, hash of the key); keys that agree in both share one
  Tombstones tombstones_;    // (version, key)
  Sessions sessions_;

  // Not part of the state.
  std::optional<Capture> capture_;
  std::vector<Discarded> discarded_;
};

}  // namespace norn::kv
