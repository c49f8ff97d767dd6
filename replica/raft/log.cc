#include "replica/raft/log.h"

#include <algorithm>
#include <cstring>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"

namespace norn::raft {
namespace {

struct Header {
  std::uint32_t size;
  EntryKind kind;
  Term term;
};

Header read_header(const std::byte* at) {
  std::uint32_t size = 0;
  std::uint8_t kind = 0;
  std::uint64_t term = 0;
  std::memcpy(&size, at, sizeof size);
  std::memcpy(&kind, at + 4, sizeof kind);
  std::memcpy(&term, at + 8, sizeof term);
  return {size, static_cast<EntryKind>(kind), {term}};
}

}  // namespace

void encode_entry(Term term, EntryKind kind, Bytes payload, Buffer& out) {
  ASSERT(payload.size() <= kEntryPayloadMax);
  const std::size_t at = out.size();
  out.resize(at + kEntryHeaderSize + payload.size());
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::memcpy(out.data() + at, &size, sizeof size);
  std::memset(out.data() + at + 4, 0, 4);
  out[at + 4] = static_cast<std::byte>(kind);
  std::memcpy(out.data() + at + 8, &term.value, sizeof term.value);
  if (!payload.empty()) std::memcpy(out.data() + at + kEntryHeaderSize, payload.data(), payload.size());
}

bool EntryRun::valid(Bytes run, Term term_min, Term term_max) {
  Term before = term_min;
  while (!run.empty()) {
    if (run.size() < kEntryHeaderSize) return false;
    const Header header = read_header(run.data());
    if (header.size > kEntryPayloadMax || header.size > run.size() - kEntryHeaderSize) return false;
    if (header.kind > EntryKind::configuration) return false;
    if (std::any_of(run.begin() + 5, run.begin() + 8, [](std::byte b) { return b != std::byte{0}; }))
      return false;
    if (header.term < before || header.term > term_max || header.term == Term{0}) return false;
    before = header.term;
    run = run.subspan(kEntryHeaderSize + header.size);
  }
  return true;
}

std::optional<Entry> EntryRun::next() {
  if (rest_.empty()) return std::nullopt;
  const Header header = read_header(rest_.data());
  const Entry entry{{header.term, next_}, header.kind, rest_.subspan(kEntryHeaderSize, header.size)};
  rest_ = rest_.subspan(kEntryHeaderSize + header.size);
  next_ = next_.next();
  return entry;
}

std::size_t Log::start(Index index) const {
  ASSERT(index > base_.index);
  const std::size_t place = index.value - first().value;
  if (place == starts_.size()) return bytes_.size();
  ASSERT(place < starts_.size());
  return head_ + static_cast<std::size_t>(starts_[place].at - head_at_);
}

Entry Log::entry(Index index) const {
  ASSERT(has(index));
  const std::byte* at = bytes_.data() + start(index);
  const Header header = read_header(at);
  return {{header.term, index}, header.kind, Bytes(at + kEntryHeaderSize, header.size)};
}

EntryId Log::find_last(Index at, Term term_max) const {
  at = std::min(at, last().index);
  if (at <= base_.index) return base_;
  const auto end = starts_.begin() + static_cast<std::ptrdiff_t>(at.value - base_.index.value);
  const auto after = std::upper_bound(starts_.begin(), end, term_max,
                                      [](Term t, const Start& start) { return t < start.term; });
  if (after == starts_.begin()) return base_;
  const auto place = static_cast<std::uint64_t>(after - starts_.begin());
  return {(after - 1)->term, {base_.index.value + place}};
}

Bytes Log::encoded(Index from, Index to) const {
  if (to < from) return {};
  const std::size_t begin = start(from);
  return Bytes(bytes_).subspan(begin, start(to.next()) - begin);
}

std::size_t Log::encoded_size(Index from, Index to) const {
  return to < from ? 0 : start(to.next()) - start(from);
}

Index Log::fit(Index from, std::size_t size_max) const {
  ASSERT(has(from));
  const std::uint64_t limit = starts_[from.value - first().value].at + size_max;
  const std::uint64_t end = head_at_ + size_bytes();
  if (end <= limit) return last().index;
  // The first entry that begins after the limit follows the first one that ends after it.
  const auto begin = starts_.begin() + static_cast<std::ptrdiff_t>(from.value - first().value);
  const auto beyond = std::upper_bound(begin, starts_.end(), limit,
                                       [](std::uint64_t at, const Start& start) { return at < start.at; });
  const auto whole = static_cast<std::uint64_t>(beyond - begin) - 1;  // entries that end within the limit
  return {from.value + std::max<std::uint64_t>(whole, 1) - 1};
}

void Log::append(Term term, EntryKind kind, Bytes payload) {
  ASSERT(term >= last_term());
  starts_.push_back({head_at_ + size_bytes(), term});
  encode_entry(term, kind, payload, bytes_);
}

void Log::append_run(Bytes run) {
  std::uint64_t at = head_at_ + size_bytes();
  bytes_.insert(bytes_.end(), run.begin(), run.end());
  while (!run.empty()) {
    const Header header = read_header(run.data());
    ASSERT(header.term >= last_term());
    starts_.push_back({at, header.term});
    at += kEntryHeaderSize + header.size;
    run = run.subspan(kEntryHeaderSize + header.size);
  }
}

void Log::truncate_from(Index index) {
  if (index > last().index) return;
  bytes_.resize(start(index));
  starts_.resize(index.value - first().value);
}

void Log::compact_to(Index index) {
  if (index <= base_.index) return;
  ASSERT(index <= last().index);
  const EntryId base{*term(index), index};
  const std::size_t begin = start(index.next());
  head_at_ += begin - head_;
  head_ = begin;
  starts_.erase(starts_.begin(),
                starts_.begin() + static_cast<std::ptrdiff_t>(index.value - base_.index.value));
  base_ = base;
  if (head_ * 2 < bytes_.size() + 64) return;  // moving the rest costs less than what was dropped
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
}

void Log::reset(EntryId base) { *this = Log(base); }

bool operator==(const Log& a, const Log& b) {
  if (a.base_ != b.base_ || a.last() != b.last()) return false;
  const Bytes left = a.encoded(a.first(), a.last().index);
  const Bytes right = b.encoded(b.first(), b.last().index);
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

}  // namespace norn::raft
