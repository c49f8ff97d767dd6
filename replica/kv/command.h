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
//           | count:u32 key{count}            multi_get; keys differ from one another
//           | count:u32 (key value){count}    multi_put; keys differ from one another
//           |                                 open_session
//   key     = size:u32 byte{size}             1..kKeySizeMax bytes
//   value   = size:u32 byte{size}             0..kValueSizeMax bytes
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/bytes.h"

namespace norn::kv {

inline constexpr std::size_t kKeySizeMax = std::size_t{64} << 10;     // bytes; a key is not empty
inline constexpr std::size_t kValueSizeMax = std::size_t{1} << 20;    // bytes
inline constexpr std::size_t kMultiKeysMax = 128;                     // keys of one multi_get or multi_put
inline constexpr std::size_t kCommandSizeMax = std::size_t{4} << 20;  // bytes, encoded; binds multi_put only

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
};

struct Command {
  struct Pair {
    std::string key;
    std::string value{};  // put, append, compare_and_set, multi_put: what is written or appended

    friend bool operator==(const Pair&, const Pair&) = default;
  };
  CommandKind kind = CommandKind::get;
  std::vector<Pair> pairs{};              // one, but for the multi-key kinds; none for open_session
  std::optional<std::string> expected{};  // compare_and_set; nothing: the key must be absent
  std::int64_t delta = 0;                 // increment

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
  bool is_read() const { return kind_ == CommandKind::get || kind_ == CommandKind::multi_get; }
  Bytes bytes() const { return bytes_; }  // the encoding

  // Of the single-key kinds.
  std::string_view key() const { return first_.key; }
  std::string_view value() const { return first_.value; }
  std::optional<std::string_view> expected() const { return expected_; }
  std::int64_t delta() const { return delta_; }

  // Of all kinds: the keys in order, each with its value.
  std::size_t key_count() const { return count_; }
  Pairs pairs() const;

 private:
  bool parse_pairs(Reader& in);
  bool parse_rest(Reader& in);

  CommandKind kind_ = CommandKind::get;
  std::uint32_t count_ = 0;
  Bytes bytes_;
  Bytes pairs_;  // the encoding from the first key on
  Pair first_;
  std::optional<std::string_view> expected_;
  std::int64_t delta_ = 0;
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
