// A store from its snapshot, in pieces: a step takes about as many bytes as it is told and says whether there
// is more. The grammar, which store_snapshot.cc writes:
//
//   store = 2:u8 applied:u64 chain:u64 floor:u64 clock:u64 sessions count:u64 slot{count}     see sessions.h
//   slot  = version:u64 0:u8 key                       a tombstone
//         | version:u64 1:u8 key value                 key and value as in command.h
//         | version:u64 2:u8 key value expiry:u64      on the cluster's clock, not 0
//
// Slots ascend by (hash of the key, key). There is no checksum within; whoever stores a snapshot adds one.
#pragma once

#include <cstddef>
#include <optional>

#include "replica/base/bytes.h"
#include "replica/kv/store.h"

namespace norn::kv {

inline constexpr std::uint8_t kStoreFormat = 2;
enum class SlotKind : std::uint8_t { tombstone, lasting, expiring };

class Store::Restore {
 public:
  enum class Progress : std::uint8_t { more, done, refused };

  // The bytes must live until the last step.
  Restore(Bytes bytes, const Options& options) : in_(bytes), store_(options) {}
  Progress step(std::size_t bytes);
  Store take() { return std::move(store_); }  // once done

 private:
  bool read_head();
  bool read_slot();

  Reader in_;
  Store store_;
  bool begun_ = false;
  std::uint64_t left_ = 0;  // slots
  std::uint64_t last_hash_ = 0;
  std::string_view last_key_;
};

}  // namespace norn::kv
