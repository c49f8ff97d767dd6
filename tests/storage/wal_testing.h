// What the tests of the WAL share: a plain model of what a replica has written, and a random life that drives
// a WAL and the model side by side.
#pragma once

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "replica/base/bytes.h"
#include "replica/base/checksum.h"
#include "replica/base/rng.h"
#include "replica/storage/wal.h"

namespace norn::storage {

inline constexpr ClusterId kCluster{0x6e6f726e};
inline constexpr NodeId kNode{2};
inline constexpr std::size_t kFileHeaderSize = 32;
inline constexpr std::size_t kRecordHeadSize = 80;

// What is known after a record: the oracle's idea of a recovered replica.
struct State {
  struct Entry {
    Term term;
    raft::EntryKind kind;
    std::string payload;
  };
  raft::HardState hard_state;
  Index fence;
  EntryId base;
  std::vector<Entry> entries;  // after the base

  EntryId last() const {
    if (entries.empty()) return base;
    return {entries.back().term, {base.index.value + entries.size()}};
  }
};

inline bool same_log(const raft::Log& log, const State& state) {
  if (log.base() != state.base || log.last() != state.last()) return false;
  Index index = log.base().index;
  return std::all_of(state.entries.begin(), state.entries.end(), [&](const State::Entry& expected) {
    index = index.next();
    const raft::Entry entry = log.entry(index);
    return entry.id == EntryId{expected.term, index} && entry.kind == expected.kind &&
           as_text(entry.payload) == expected.payload;
  });
}

inline bool same(const Recovery& recovery, const State& state) {
  return recovery.hard_state == state.hard_state && recovery.fence == state.fence &&
         same_log(recovery.log, state);
}

// A replica's life as its WAL sees it.
class Life {
 public:
  struct Written {
    std::size_t begin;  // the record in the file
    std::size_t end;
    State state;  // after it
  };

  explicit Life(std::uint64_t seed) : rng_(seed) {
    Recovery recovery;
    CHECK_FALSE(wal_.recover({}, recovery));
    image();
  }

  void append(Term term, std::string payload, raft::EntryKind kind = raft::EntryKind::command) {
    note_dirty(log_.last().index.next());
    log_.append(term, kind, as_bytes(payload));
    state_.entries.push_back({term, kind, std::move(payload)});
  }
  void truncate_from(Index index) {
    note_dirty(index);
    log_.truncate_from(index);
    state_.entries.resize(index.value - state_.base.index.value - 1);
  }
  void compact_to(Index index) {
    const auto dropped = static_cast<std::ptrdiff_t>(index.value - state_.base.index.value);
    if (dropped == 0) return;
    state_.base = {state_.entries[static_cast<std::size_t>(dropped) - 1].term, index};
    state_.entries.erase(state_.entries.begin(), state_.entries.begin() + dropped);
    log_.compact_to(index);
  }
  void set(raft::HardState hard_state) { state_.hard_state = hard_state; }
  void set_fence(Index fence) { state_.fence = fence; }

  void record() {
    wal_.record(state_.hard_state, log_, dirty_, state_.fence, out_);
    written_.push_back({file_.size(), file_.size() + out_.size(), state_});
    file_.insert(file_.end(), out_.begin(), out_.end());
    dirty_ = log_.last().index.next();
  }
  void image() {
    wal_.image(state_.hard_state, log_, state_.fence, file_);
    written_ = {{kFileHeaderSize, file_.size(), state_}};
    dirty_ = log_.last().index.next();
  }
  // Goes on with what recovery gives, as after a crash between turns.
  void restart() {
    Recovery recovery;
    wal_ = Wal(kCluster, kNode);
    CHECK_FALSE(wal_.recover(file_, recovery));
    CHECK(same(recovery, written_.back().state));
    CHECK_FALSE(recovery.rewrite);
    state_ = written_.back().state;
    log_ = std::move(recovery.log);
    dirty_ = log_.last().index.next();
  }

  // One turn of a plausible replica, written as one record or image.
  void turn() {
    const std::uint64_t what = rng_.between(0, 9);
    Term& term = state_.hard_state.term;
    if (what <= 2) set({term.next(), {static_cast<std::uint8_t>(rng_.between(0, 3))}});
    if (what == 3) set_fence({rng_.between(0, 9)});
    if ((what == 4 || what == 2) && !state_.entries.empty()) {
      truncate_from({rng_.between(log_.first().value, log_.last().index.value)});
    }
    if (what >= 2 && what <= 8) append_some();
    if (what == 9) compact_to({rng_.between(log_.base().index.value, log_.last().index.value)});
    if (what == 9) return image();
    record();
  }

  const Buffer& file() const { return file_; }
  const std::vector<Written>& written() const { return written_; }  // since the last image, it included
  const State& state() const { return state_; }
  const raft::Log& log() const { return log_; }
  Wal& wal() { return wal_; }

 private:
  void note_dirty(Index index) { dirty_ = std::min(dirty_, index); }
  void append_some() {
    const Term term = std::max({state_.hard_state.term, state_.last().term, Term{1}});
    for (std::uint64_t left = rng_.between(0, 4); left > 0; --left) {
      const auto kind = static_cast<raft::EntryKind>(rng_.between(0, 2));
      const std::uint64_t size = rng_.between(0, 21);
      append(term, std::string(size, static_cast<char>('a' + left)), kind);
    }
  }

  Rng rng_;
  Wal wal_{kCluster, kNode};
  raft::Log log_;
  State state_;
  Index dirty_{1};
  Buffer file_;
  Buffer out_;
  std::vector<Written> written_;
};

// A life whose file has at least this many records.
inline Life life_with_records(std::uint64_t seed, std::size_t records) {
  Life life(seed);
  while (life.written().size() < records) life.turn();
  return life;
}

// Makes the checksums of the record at begin..end right again, after a change that they should not notice.
inline void reseal(Buffer& file, std::size_t begin, std::size_t end) {
  const Bytes all(file);
  Writer writer(file);
  writer.patch(begin + 72, crc32c(all.subspan(begin + kRecordHeadSize, end - begin - kRecordHeadSize)));
  const std::uint64_t place = begin;
  std::uint32_t crc = Reader(all.subspan(12)).integer<std::uint32_t>();
  crc = crc32c(std::as_bytes(std::span(&place, 1)), crc);
  writer.patch(begin + 4, crc32c(all.subspan(begin + 8, kRecordHeadSize - 8), crc));
}

// The bytes from `begin` on, without the zeros at the end.
inline std::size_t content_size(Bytes file, std::size_t begin = 0) {
  while (file.size() > begin && file.back() == std::byte{}) file = file.first(file.size() - 1);
  return file.size() - begin;
}

inline Buffer flip(Buffer file, std::size_t bit) {
  file[bit / 8] ^= std::byte{1} << (bit % 8);
  return file;
}

}  // namespace norn::storage
