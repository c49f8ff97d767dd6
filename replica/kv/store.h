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
// In a snapshot:
//   store = 1:u8 applied:u64 chain:u64 floor:u64 count:u64 slot{count} sessions     see sessions.h
//   slot  = version:u64 0:u8 key            a tombstone; keys ascending, key and value as in command.h
//         | version:u64 1:u8 key value
// There is no checksum within; whoever stores a snapshot adds one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "replica/base/bytes.h"
#include "replica/kv/command.h"
#include "replica/kv/options.h"
#include "replica/kv/sessions.h"

namespace norn::kv {

class Store {
 public:
  explicit Store(const Options& options = {});

  // Applies the entry at index, which is applied().next(), and appends the result to the buffer (nothing for
  // the empty payload). A payload has passed the gate before it was proposed; one that does not parse
  // asserts.
  void apply(Index index, Bytes payload, Buffer& result);
  // Appends the result of a get or multi_get on the state as it is.
  void read(const CommandView& command, Buffer& result) const;

  Index applied() const { return applied_; }
  // A hash chain over every index and payload applied: replicas that applied the same entries have the same.
  std::uint64_t chain() const { return chain_; }
  std::uint64_t digest() const;  // of the whole state, in time linear in it

  std::size_t size() const { return slots_.size() - tombstones_.size(); }  // keys present
  std::size_t tombstones() const { return tombstones_.size(); }
  std::uint64_t floor() const { return floor_; }
  const Sessions& sessions() const { return sessions_; }

  void encode(Buffer& out) const;  // appends a snapshot
  // Nothing unless the bytes are a whole snapshot that these options could have led to.
  static std::optional<Store> parse(Bytes bytes, const Options& options = {});

  friend bool operator==(const Store&, const Store&) = default;

 private:
  struct Slot {
    std::optional<std::string> value{};  // nothing: a tombstone
    std::uint64_t version = 0;

    friend bool operator==(const Slot&, const Slot&) = default;
  };
  using Slots = std::map<std::string, Slot, std::less<>>;

  void execute(const CommandView& command, Buffer& result);
  void put(const CommandView& command, Buffer& result);
  void remove(const CommandView& command, Buffer& result);
  void compare_and_set(const CommandView& command, Buffer& result);
  void append(const CommandView& command, Buffer& result);
  void increment(const CommandView& command, Buffer& result);

  const Slot* find(std::string_view key) const;
  std::uint64_t version(const Slot* slot) const { return slot == nullptr ? floor_ : slot->version; }
  // The present-or-not value to be changed by this entry, stamped with its version.
  std::optional<std::string>& change(std::string_view key);
  void write(std::string_view key, std::string_view value);
  void drop_oldest_tombstone();
  bool parse_slot(Reader& in);

  Options options_;
  Index applied_;
  std::uint64_t chain_ = 0;
  std::uint64_t floor_ = 0;
  Slots slots_;                                      // present keys and tombstones, in the order of keys
  std::map<std::uint64_t, std::string> tombstones_;  // keys by version; an entry removes one key at most
  Sessions sessions_;
};

}  // namespace norn::kv
