// Commands: what a client may ask of the store. Three shapes: Command owns its strings and is for building;
// its encoding is what travels and what the log keeps; CommandView reads an encoding in place. The gate calls
// CommandView::parse once on what comes from outside; behind it a command is known to be within the limits.
//
//   command = kind:u8 body
//   body    = key                             get, remove
//           | key value                       put, append
//           | key value 0:u8                  compare_and_set, expecting the key to be absent
//           | key value 1:u8 value            compare_and_set, expecting the second value
//           | key delta:u64                   increment; the delta in two's complement
//           | count:u32 key{count}            multi_get; keys may repeat
//           | count:u32 (key value){count}    multi_put; keys differ from one another
//           |                                 open_session, count, clear, tick
//           | key value flags:u8 ttl          set; flags as in set_flag
//           | key                             take, ttl
//           | count:u32 key{count}            multi_remove; keys differ from one another
//           | key ttl                         expire; 0: the key stays for good
//           | from:u64 limit:u32 pattern      scan, from a hash on; limit: keys looked at, 0: all
//           | flags:u8 count:u32 (size:u32 command){count}    batch; no batch, open_session or tick within
//           | count:u32 key{count}            multi_size; keys may repeat
//   key     = size:u32 byte{size}             1..kKeySizeMax bytes
//   value   = size:u32 byte{size}             0..kValueSizeMax bytes
//   pattern = size:u32 byte{size}             0..kPatternSizeMax bytes, see glob.h; empty: every key
//   ttl     = u64                             milliseconds, 0..kTtlMax; 0: none
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/bytes.h"

namespace norn::kv {

inline constexpr std::size_t kKeySizeMax = std::size_t{64} << 10;   // bytes; a key is not empty
inline constexpr std::size_t kValueSizeMax = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t kPatternSizeMax = 4096;                // bytes
inline constexpr std::size_t kMultiKeysMax = 128;                   // keys of one command
inline constexpr std::uint64_t kTtlMax = std::uint64_t{1} << 53;    // milliseconds
inline constexpr std::size_t kCommandSizeMax = std::size_t{4}
                                               << 20;  // bytes, encoded; binds multi_put and batch
inline constexpr std::size_t kBatchCommandsMax = 1024;

enum class CommandKind : std::uint8_t {
  get,
  put,
  remove,
  compare_and_set,
  append,
  increment,
  multi_get,
  multi_put,
  open_session,
  set,           // put, on a condition and with an expiry
  take,          // remove, and the value that was there
  multi_remove,  //
  expire,        // the key lives from now on for so long
  ttl,           // for how long
  count,         // of the keys present
  clear,         // removes them all
  scan,          // lists them, in the order of their hashes
  tick,          // the time has come for what expires: a leader's own, never a client's
  batch,         // commands to be executed in order, and with nothing between them
  multi_size,    // the sizes of values: multi_get for those who do not want the values themselves
};

// Flags of set. The conditions exclude each other, and kKeepTtl excludes a ttl.
namespace set_flag {
inline constexpr std::uint8_t kOnlyIfAbsent = 1;
inline constexpr std::uint8_t kOnlyIfPresent = 2;
inline constexpr std::uint8_t kKeepTtl = 4;
inline constexpr std::uint8_t kWantOld = 8;
}  // namespace set_flag

// The one flag of batch.
inline constexpr std::uint8_t kBatchWhole = 1;  // it does not stop early (store_batch.cc)

struct Command {
  struct Pair {
    std::string key;
    std::string value{};  // put, append, compare_and_set, multi_put, set: what is written or appended

    friend bool operator==(const Pair&, const Pair&) = default;
  };
  CommandKind kind = CommandKind::get;
  std::vector<Pair> pairs{};              // as many as the grammar says
  std::optional<std::string> expected{};  // compare_and_set; nothing: the key must be absent
  std::int64_t delta = 0;                 // increment
  std::uint8_t flags = 0;                 // set, batch
  std::uint64_t ttl = 0;                  // set, expire; milliseconds
  std::uint64_t from = 0;                 // scan
  std::uint32_t limit = 0;                // scan
  std::string pattern{};                  // scan
  std::vector<Command> commands{};        // batch

  friend bool operator==(const Command&, const Command&) = default;
};

// Appends the encoding. A command beyond the limits is encoded too; it is parse that refuses it.
void encode(const Command& command, Buffer& out);
Buffer encode(const Command& command);

// A command within the limits, read in place: it and all it hands out live as long as the bytes it was parsed
// from. Nothing is allocated.
class CommandView {
 public:
  struct Pair {
    std::string_view key;
    std::string_view value;  // empty for kinds without one
  };
  class PairIterator;
  class Pairs;

  static std::optional<CommandView> parse(Bytes bytes);

  CommandKind kind() const { return kind_; }
  bool is_read() const { return read_; }  // of a batch: so are all in it
  Bytes bytes() const { return bytes_; }  // the encoding

  // Of the single-key kinds.
  std::string_view key() const { return first_.key; }
  std::string_view value() const { return first_.value; }
  std::optional<std::string_view> expected() const { return expected_; }
  std::int64_t delta() const { return delta_; }
  bool has(std::uint8_t flag) const { return (flags_ & flag) != 0; }
  std::uint64_t ttl() const { return ttl_; }  // milliseconds

  // Of scan.
  std::uint64_t from() const { return from_; }
  std::uint32_t limit() const { return limit_; }
  std::string_view pattern() const { return pattern_; }

  // Of batch: each command in order; the call allocates nothing. visit(const CommandView&) may return false
  // to stop.
  std::size_t command_count() const { return command_count_; }
  template <typename Visit>
  void each_command(Visit&& visit) const {
    Reader in(pairs_);
    for (std::uint32_t i = 0; i < command_count_; ++i) {
      if (!visit(*parse(in.sized()))) return;
    }
  }

  // Of all kinds: the keys in order, each with its value.
  std::size_t key_count() const { return count_; }
  Pairs pairs() const;

 private:
  bool parse_pairs(Reader& in);
  bool parse_rest(Reader& in);
  bool parse_set(Reader& in);
  bool parse_ttl(Reader& in);
  bool parse_batch(Reader& in);

  CommandKind kind_ = CommandKind::get;
  bool read_ = false;
  std::uint32_t count_ = 0;          // of keys
  std::uint32_t command_count_ = 0;  // batch
  Bytes bytes_;
  Bytes pairs_;  // the encoding from the first key, or the first command of a batch, on
  Pair first_;
  std::optional<std::string_view> expected_;
  std::int64_t delta_ = 0;
  std::uint8_t flags_ = 0;
  std::uint32_t limit_ = 0;
  std::uint64_t ttl_ = 0;
  std::uint64_t from_ = 0;
  std::string_view pattern_;
};

// Walks the pairs of a view once; compare with std::default_sentinel.
class CommandView::PairIterator {
 public:
  PairIterator(Bytes pairs, std::size_t count, bool with_values)
      : in_(pairs), left_(count), with_values_(with_values) {
    read();
  }
  const Pair& operator*() const { return pair_; }
  const Pair* operator->() const { return &pair_; }
  PairIterator& operator++() {
    --left_;
    read();
    return *this;
  }
  friend bool operator==(const PairIterator& at, std::default_sentinel_t) { return at.left_ == 0; }

 private:
  void read() {
    if (left_ == 0) return;
    pair_.key = in_.sized_text();
    if (with_values_) pair_.value = in_.sized_text();
  }
  Reader in_;
  std::size_t left_;
  bool with_values_;
  Pair pair_;
};

class CommandView::Pairs {
 public:
  explicit Pairs(PairIterator first) : first_(first) {}
  PairIterator begin() const { return first_; }
  std::default_sentinel_t end() const { return {}; }

 private:
  PairIterator first_;
};

}  // namespace norn::kv
