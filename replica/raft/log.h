// The replicated log from a base onwards: entries kept once, encoded and contiguous, so that the bytes in
// memory, on the wire and in the WAL are the same and replicating is one copy. What lies before the base is
// in a snapshot.
//
//   run   := entry*
//   entry := size:u32 kind:u8 zero:u8[3] term:u64 payload:u8[size]        little-endian
//
// An entry's index is implied by its place. Terms never go down along a log (Raft 5.3), which find_last
// relies on.
#pragma once

#include <optional>

#include "replica/base/bugs.h"
#include "replica/base/types.h"

namespace norn::raft {

enum class EntryKind : std::uint8_t {
  noop,           // a new leader's first entry (Raft 8)
  command,        // the state machine's business
  configuration,  // who votes, from when it is in the log (thesis 4.1)
};

struct Entry {
  EntryId id;
  EntryKind kind = EntryKind::noop;
  Bytes payload;  // lives until the log changes
};

inline constexpr std::size_t kEntryHeaderSize = 16;
inline constexpr std::size_t kEntryPayloadMax =
    (4u << 20) + 64;  // a command of kv's largest size, and its request

void encode_entry(Term term, EntryKind kind, Bytes payload, Buffer& out);

// Reads a run of entries one by one. Made at the gate with valid(), trusted inside.
class EntryRun {
 public:
  EntryRun(Bytes run, Index first) : rest_(run), next_(first) {}
  // Whether the bytes are whole entries of known kinds, with terms that never go down, within [term_min,
  // term_max].
  static bool valid(Bytes run, Term term_min = {}, Term term_max = {~std::uint64_t{0}});
  std::optional<Entry> next();          // nothing at the end; payloads live as long as the run
  Bytes rest() const { return rest_; }  // what next() has not returned yet

 private:
  Bytes rest_;
  Index next_;
};

class Log {
 public:
  Log() = default;
  explicit Log(EntryId base) : base_(base) {}

  EntryId base() const { return base_; }  // the last entry that is not here any more
  Index first() const { return base_.index.next(); }
  EntryId last() const { return {last_term(), {base_.index.value + starts_.size()}}; }
  std::size_t size_bytes() const { return bytes_.size() - head_; }

  bool has(Index index) const { return index > base_.index && index <= last().index; }
  std::optional<Term> term(Index index) const {  // of base..last
    if (index == base_.index) return bug(Bug::compacted_term_zero) ? Term{0} : base_.term;
    if (!has(index)) return std::nullopt;
    return starts_[index.value - first().value].term;
  }
  bool matches(EntryId id) const { return term(id.index) == id.term; }
  Entry entry(Index index) const;  // has(index)
  // The last entry at or before `at` whose term is at most `term`; the base if there is none above it.
  EntryId find_last(Index at, Term term) const;

  Bytes encoded(Index from, Index to) const;  // the entries from..to, both included; lives until a change
  std::size_t encoded_size(Index from, Index to) const;
  Index fit(Index from, std::size_t size_max) const;  // the last index so that from..it fits; at least from

  void append(Term term, EntryKind kind, Bytes payload);
  void append_run(Bytes run);       // valid, and following the last entry
  void truncate_from(Index index);  // drops index.. ; above the base
  void compact_to(Index index);     // drops ..index, which becomes the base; base..last
  void reset(EntryId base);         // drops everything

  friend bool operator==(const Log& a, const Log& b);

 private:
  Term last_term() const { return starts_.empty() ? base_.term : starts_.back().term; }
  std::size_t start(Index index) const;  // where in bytes_ it begins; also of last + 1

  struct Start {
    std::uint64_t at;  // counted from the log's birth, so that compaction need not touch it
    Term term;
  };
  EntryId base_;
  Buffer bytes_;               // encoded entries from head_ on
  std::size_t head_ = 0;       // bytes before it are compacted away, and removed now and then
  std::uint64_t head_at_ = 0;  // the `at` of head_
  std::vector<Start> starts_;
};

}  // namespace norn::raft
