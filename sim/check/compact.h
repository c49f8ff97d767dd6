// A history in a form made for judging it: for every key its operations by call time, sixteen bytes each.
// What judging needs of time is only who precedes whom, so an instant is a rank: the number of the call or of
// the return among all of the history, 1, 2, ...; at equal times calls first, for equal times are concurrent.
// All ranks differ, and a precedes b iff back(a) < call(b). Clients and clocks are not kept; whoever tells a
// violation finds the operation by its place in the history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/check/compact_values.h"
#include "sim/check/history.h"
#include "sim/check/history_sink.h"
#include "sim/check/linearizable.h"
#include "sim/check/open_rows.h"

namespace norn::sim {

using Rank = std::uint32_t;
inline constexpr Rank kRankNever = (Rank{1} << 30) - 1;

// What an operation is to the judge. `a` and `b` are the row's two values:
enum class RowKind : std::uint8_t {
  nothing,         // it did not happen, or nobody knows what it read
  get,             // b: what it read
  put,             // a: what it wrote
  remove,          //
  swap,            // a compare-and-set that wrote, or may have. a: what; b: what it expected
  miss,            // one that did not. a: what it expected; b: what it found
  differs,         // one that did not, and only told that it found something else. a: what it expected
  append,          // a: the token
  increment,       // a: the number added, b: the number after it, both as they are
  wide_increment,  // the same as values, where numbers need more than 32 bits, or are none
  multi_get,       // a part of an operation on several keys; the parts have one call. b as of get
  multi_put,       // a as of put
};

OperationKind kind_of(RowKind kind);
constexpr std::uint32_t bit(RowKind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }

class Row {
 public:
  Row() = default;
  Row(RowKind kind, Rank call, ValueId a_value) : a(a_value), call_(call), back_(kRankNever) {
    set_kind(kind);
  }

  RowKind kind() const { return static_cast<RowKind>(call_ >> 30 << 2 | back_ >> 30); }
  Rank call() const { return call_ & kRankNever; }
  Rank back() const { return back_ & kRankNever; }  // kRankNever: its outcome is unknown
  bool unknown() const { return back() == kRankNever; }

  void set_kind(RowKind kind) {
    call_ = call() | static_cast<std::uint32_t>(kind) >> 2 << 30;
    back_ = back() | static_cast<std::uint32_t>(kind) << 30;
  }
  void set_back(Rank rank) { back_ = (back_ & ~kRankNever) | rank; }

  ValueId a = kAbsent;
  ValueId b = kAbsent;

 private:
  std::uint32_t call_ = 0;  // 30 bits, and two of the kind
  std::uint32_t back_ = 0;
};
static_assert(sizeof(Row) == 16);

// One key's part of a history.
struct KeyRows {
  std::string name;
  Column<Row> rows;  // by call
  KeyValues values;
  std::uint32_t kinds = 0;  // a bit for each kind that occurs among rows that are not `nothing`
  bool twice = false;       // some operation names the key more than once
  bool appended = false;    // an append was called, though it may have failed

  bool has(RowKind kind) const { return (kinds & bit(kind)) != 0; }
  bool has_only(std::initializer_list<RowKind> allowed) const;
};

class CompactHistory {
 public:
  std::size_t operations() const { return operations_; }
  const std::vector<KeyRows>& keys() const { return keys_; }
  const TextArena& arena() const { return arena_; }
  std::string_view text(const KeyRows& key, ValueId value, std::string& made) const {
    return key.values.text(arena_, value, made);
  }

  // Groups of keys that no operation joins (linearizable_component.h), each by first appearance.
  std::vector<std::vector<std::uint32_t>> components() const;

  // The operation, as a place in the history, that was called at this rank.
  std::size_t place_of(Rank call) const;
  Rank call_of(std::size_t place) const;  // the other way round
  // What is known here of an operation: no client, and ranks for times.
  Operation operation(std::size_t place) const;

  // More operations, or longer values, than this form can hold; nothing said of it counts.
  bool is_full() const { return full_; }
  std::size_t bytes() const;

 private:
  friend class CompactBuilder;
  friend class Compaction;

  std::vector<KeyRows> keys_;
  TextArena arena_;
  std::vector<std::uint32_t> joined_;  // by key: a smaller one of its component, or itself
  std::size_t operations_ = 0;
  Column<std::uint64_t> calls_;         // a bit for each rank: a call
  Column<std::uint32_t> calls_before_;  // by word of calls_
  std::vector<std::uint32_t> places_;   // by number of the call; empty: the same
  bool full_ = false;
};

// Takes events as they come. What is held beyond the result is what is open.
class CompactBuilder final : public HistorySink {
 public:
  void on_call(std::size_t place, const Operation& operation) override;
  void on_return(std::size_t place, const Operation& operation) override;
  void on_end() override;

  CompactHistory take() { return std::move(made_); }  // after on_end()

 private:
  friend class Compaction;

  void skip_call() { tick(true); }  // of an operation that is not to be judged
  Rank tick(bool call);
  // The row of an operation on one key; nothing: it has none, or several, which are in joins_.
  std::optional<RowAt> open(std::size_t place, const Operation& operation);
  std::uint32_t key_of(std::string_view name);
  void returned(const Operation& operation, std::size_t part, RowAt open, Rank back);
  void saw(const Operation& operation, const KeyAccess& access, KeyRows& key, Row& row);
  void increased(const Operation& operation, const KeyAccess& access, KeyRows& key, Row& row);
  void unknown(RowAt open);
  void settle(RowAt open);
  void join(const std::vector<RowAt>& parts);

  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library asks for it
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  CompactHistory made_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> names_;
  std::uint32_t last_key_ = 0;
  Rank now_ = 0;
  OpenRows open_;                                              // of operations on one key
  std::unordered_map<std::size_t, std::vector<RowAt>> joins_;  // on several, or on one named twice
};

// A whole history; where `only` is given (a flag for each operation), only those, the others' places kept.
CompactHistory make_compact(const History& history, const std::vector<bool>* only = nullptr);

CheckResult check_linearizable(const CompactHistory& history, const CheckOptions& options = {});

}  // namespace norn::sim
