// Results: what the store answers. Result owns its strings and is for clients and tests; ResultWriter puts a
// result straight into a buffer, and ResultView reads one in place.
//
//   result = status:u8 count:u8 item{count}
//   item   = version:u64 0:u8                        no value
//          | version:u64 1:u8 size:u32 byte{size}    a value as in command.h; scan's may be larger
//
// The items by command and status (a version is the index of the entry that last changed the key; for an
// absent key see Store):
//   get, ok                              value if present, version
//   put, remove, expire, clear, ok       new version; remove of an absent key changes nothing: its version
//   append, ok                           the new length, in decimal, as value, new version
//   set, ok                              the value before if wanted and present, new version
//   set, mismatch (its condition)        the value found if wanted and present, version, nothing changed
//   take, ok                             the value removed if there was one, version as remove
//   expire, mismatch                     version: no such key, or no expiry to take away
//   compare_and_set, ok                  new version
//   compare_and_set, mismatch            the value found if present, version
//   increment, ok                        the number after it as value, new version
//   increment, not_a_number or overflow  version, nothing changed
//   append, too_large                    version, nothing changed
//   multi_get, multi_put, ok             as get and put, one item a key, in order
//   multi_remove, ok                     one item a key: the empty value if it was present, version as remove
//   ttl, ok                              milliseconds left in decimal, -1 without an expiry; no value: no key
//   count, ok                            the number of keys in decimal, the version of the store (applied)
//   scan, ok                             one item: a packed run of sized texts, the keys; its version is the
//                                        hash to go on from, 0 at the end
//   scan, too_large                      no items: without a limit, they exceed kResultSizeMax
//   multi_get, too_large                 no items: the values together exceed kResultSizeMax
//   multi_size, ok                       the value's size in decimal if present, version; one item a key
//   batch, ok                            one item: a packed run of sized results, one for each command from
//   the
//                                        first on that was executed (Store); its version is applied
//   any within a whole batch, too_large  no items: there was no room for its result, and it was not executed
//   open_session, ok                     version is the session's id
//   any, session_evicted, stale_sequence or window_exceeded    no items; not applied by this entry
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/kv/command.h"

namespace norn::kv {

inline constexpr std::size_t kResultSizeMax = std::size_t{4} << 20;  // bytes, encoded
inline constexpr std::size_t kReadSizeMax =
    kResultSizeMax - (16u << 10);  // of one read, so that a batch can begin with it
inline constexpr std::size_t kBatchResultSizeMax = std::size_t{256}
                                                   << 10;  // beyond, a batch stops (store_batch.cc)

enum class Status : std::uint8_t {
  ok,
  mismatch,         // compare_and_set, set or expire found something else
  not_a_number,     // increment of a value that is not a canonical decimal 64-bit integer
  overflow,         // increment beyond 64 bits
  too_large,        // append beyond kValueSizeMax, or a result beyond kResultSizeMax
  session_evicted,  // no such session (any more): whether an earlier try was applied is not known
  stale_sequence,   // the client acknowledged this sequence's result before
  window_exceeded,  // too far ahead of what the client acknowledged
};

struct Item {
  std::optional<std::string> value{};
  std::uint64_t version = 0;

  friend bool operator==(const Item&, const Item&) = default;
};

struct Result {
  Status status = Status::ok;
  std::vector<Item> items{};

  static std::optional<Result> parse(Bytes bytes);
  friend bool operator==(const Result&, const Result&) = default;
};

void encode(const Result& result, Buffer& out);  // appends
Buffer encode(const Result& result);

// Appends a result: the constructor the head, then exactly the promised number of items.
class ResultWriter {
 public:
  ResultWriter(Buffer& out, Status status, std::size_t items = 0) : writer_(out) {
    writer_.integer(static_cast<std::uint8_t>(status));
    writer_.integer(static_cast<std::uint8_t>(items));
  }
  void item(std::uint64_t version) {
    writer_.integer(version);
    writer_.integer(std::uint8_t{0});
  }
  void item(std::uint64_t version, std::string_view value) {
    writer_.integer(version);
    writer_.integer(std::uint8_t{1});
    writer_.sized(value);
  }
  void item(std::uint64_t version, const std::optional<std::string>& value) {
    value ? item(version, std::string_view(*value)) : item(version);
  }

 private:
  Writer writer_;
};

// A well-formed result, read in place; lives as long as the bytes it was parsed from.
class ResultView {
 public:
  struct Item {
    std::optional<std::string_view> value;
    std::uint64_t version = 0;
  };

  static std::optional<ResultView> parse(Bytes bytes);

  Status status() const { return status_; }
  std::size_t size() const { return count_; }
  // Calls visit(const Item&) for each item, in order.
  template <typename Visit>
  void each(Visit&& visit) const {
    Reader in(items_);
    for (std::uint8_t i = 0; i < count_; ++i) visit(read(in));
  }

 private:
  static Item read(Reader& in);

  Status status_ = Status::ok;
  std::uint8_t count_ = 0;
  Bytes items_;
};

}  // namespace norn::kv
