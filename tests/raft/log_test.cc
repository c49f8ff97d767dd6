// The log against the plainest log there is: a vector of entries.
#include "replica/raft/log.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "replica/base/bytes.h"
#include "replica/base/rng.h"
#include "replica/raft/invariants.h"

namespace norn::raft {
namespace {

struct OracleEntry {
  Term term;
  EntryKind kind;
  std::string payload;
};

struct Oracle {
  EntryId base;
  std::vector<OracleEntry> entries;

  EntryId last() const {
    if (entries.empty()) return base;
    return {entries.back().term, {base.index.value + entries.size()}};
  }
  const OracleEntry& at(Index index) const { return entries[index.value - base.index.value - 1]; }
  bool has(Index index) const { return index > base.index && index <= last().index; }
  std::size_t size(Index from, Index to) const {
    std::size_t size = 0;
    for (Index i = from; i <= to; i = i.next()) size += 16 + at(i).payload.size();
    return size;
  }
  EntryId find_last(Index at_most, Term term_max) const {
    for (Index i = std::min(at_most, last().index); i > base.index; i = i.prev()) {
      if (at(i).term <= term_max) return {at(i).term, i};
    }
    return base;
  }
  Index fit(Index from, std::size_t size_max) const {
    Index to = from;
    while (to < last().index && size(from, to.next()) <= size_max) to = to.next();
    return to;
  }
};

Buffer encode(const std::vector<OracleEntry>& entries) {
  Buffer out;
  for (const OracleEntry& entry : entries) encode_entry(entry.term, entry.kind, as_bytes(entry.payload), out);
  return out;
}

OracleEntry draw_entry(Rng& chance, Term term_min) {
  const Term term{term_min.value + (chance.chance({200'000}) ? chance.between(1, 3) : 0)};
  const std::uint64_t size = chance.between(0, 30);
  const auto letter = static_cast<char>(chance.between('a', 'z'));
  const auto kind = static_cast<EntryKind>(chance.between(0, 2));
  return {std::max(term, Term{1}), kind, std::string(size, letter)};
}

void change(Rng& chance, Log& log, Oracle& oracle) {
  const std::uint64_t what = chance.between(0, 99);
  if (what < 50) {
    const OracleEntry entry = draw_entry(chance, oracle.last().term);
    log.append(entry.term, entry.kind, as_bytes(entry.payload));
    oracle.entries.push_back(entry);
  } else if (what < 70) {
    std::vector<OracleEntry> run;
    const std::uint64_t count = chance.between(0, 5);
    Term term = oracle.last().term;
    for (std::uint64_t i = 0; i < count; ++i) {
      run.push_back(draw_entry(chance, term));
      term = run.back().term;
    }
    log.append_run(encode(run));
    oracle.entries.insert(oracle.entries.end(), run.begin(), run.end());
  } else if (what < 85) {
    const Index from{chance.between(oracle.base.index.value + 1, oracle.last().index.value + 1)};
    log.truncate_from(from);
    oracle.entries.resize(from.value - oracle.base.index.value - 1);
  } else if (what < 97) {
    const Index upto{chance.between(oracle.base.index.value, oracle.last().index.value)};
    log.compact_to(upto);
    if (upto == oracle.base.index) return;
    const EntryId base{oracle.at(upto).term, upto};
    oracle.entries.erase(
        oracle.entries.begin(),
        oracle.entries.begin() + static_cast<std::ptrdiff_t>(upto.value - oracle.base.index.value));
    oracle.base = base;
  } else {
    const std::uint64_t index = chance.between(0, 100);
    const EntryId base{{chance.between(1, 9)}, {index}};
    log.reset(base);
    oracle = {base, {}};
  }
}

void compare(Rng& chance, const Log& log, const Oracle& oracle) {
  REQUIRE(log.base() == oracle.base);
  REQUIRE(log.last() == oracle.last());
  REQUIRE(log.size_bytes() == oracle.size(log.first(), oracle.last().index));
  for (Index i = log.base().index; i <= log.last().index.next(); i = i.next()) {
    REQUIRE(log.has(i) == oracle.has(i));
    if (!oracle.has(i)) continue;
    const Entry entry = log.entry(i);
    REQUIRE(entry.id == EntryId{oracle.at(i).term, i});
    REQUIRE(entry.kind == oracle.at(i).kind);
    REQUIRE(as_text(entry.payload) == oracle.at(i).payload);
    REQUIRE(log.term(i) == oracle.at(i).term);
  }
  REQUIRE(log.term(log.base().index) == oracle.base.term);
  REQUIRE_FALSE(log.term(log.last().index.next()).has_value());
  const Index at{chance.between(0, oracle.last().index.value + 3)};
  const Term term_max{chance.between(0, oracle.last().term.value + 1)};
  REQUIRE(log.find_last(at, term_max) == oracle.find_last(at, term_max));
  if (oracle.entries.empty()) return;
  const Index from{chance.between(log.first().value, log.last().index.value)};
  const Index to{chance.between(from.value - 1, log.last().index.value)};
  const auto begin = oracle.entries.begin() + static_cast<std::ptrdiff_t>(from.value - log.first().value);
  const Buffer expected = encode({begin, begin + static_cast<std::ptrdiff_t>(to.value + 1 - from.value)});
  const Bytes got = log.encoded(from, to);
  REQUIRE(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
  REQUIRE(log.encoded_size(from, to) == expected.size());
  const std::uint64_t size_max = chance.between(0, 120);
  REQUIRE(log.fit(from, size_max) == oracle.fit(from, size_max));
  REQUIRE(log.fit(from, expected.size()) == oracle.fit(from, expected.size()));  // the limit itself fits
}

TEST_CASE("the log is what a vector of entries is, whatever is appended, cut and compacted") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Rng chance(seed);
    Log log;
    Oracle oracle;
    for (int step = 0; step < 100; ++step) {
      CAPTURE(step);
      change(chance, log, oracle);
      compare(chance, log, oracle);
      REQUIRE_FALSE(check_log(log).has_value());
    }
    Log rebuilt(oracle.base);
    rebuilt.append_run(encode(oracle.entries));
    REQUIRE(rebuilt == log);  // though their memory is laid out differently
    rebuilt.append(oracle.last().term.next(), EntryKind::noop, {});
    REQUIRE_FALSE(rebuilt == log);
  }
}

// The grammar of log.h, read byte by byte.
bool is_run(Bytes run) {
  std::uint64_t before = 1;
  std::size_t at = 0;
  while (at < run.size()) {
    if (run.size() - at < 16) return false;
    std::uint64_t size = 0;
    std::uint64_t term = 0;
    for (std::size_t i = 4; i-- > 0;) size = size << 8 | static_cast<std::uint64_t>(run[at + i]);
    for (std::size_t i = 8; i-- > 0;) term = term << 8 | static_cast<std::uint64_t>(run[at + 8 + i]);
    const bool padded =
        run[at + 5] == std::byte{0} && run[at + 6] == std::byte{0} && run[at + 7] == std::byte{0};
    if (run[at + 4] > std::byte{2} || !padded || term < before) return false;
    if (size > kEntryPayloadMax || run.size() - at - 16 < size) return false;
    before = term;
    at += 16 + size;
  }
  return true;
}

TEST_CASE("a damaged run of entries is refused whenever it is none, and read to its end when it is one") {
  std::uint64_t refused = 0;
  std::uint64_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    CAPTURE(seed);
    Rng chance(seed);
    std::vector<OracleEntry> entries;
    const std::uint64_t count = chance.between(0, 4);
    for (std::uint64_t i = 0; i < count; ++i) {
      entries.push_back(draw_entry(chance, i == 0 ? Term{1} : entries.back().term));
    }
    Buffer run = encode(entries);
    REQUIRE(EntryRun::valid(run));
    if (run.empty()) continue;
    if (chance.chance({300'000})) {
      run.resize(chance.between(0, run.size() - 1));
    } else {
      const std::size_t at = chance.between(0, run.size() - 1);
      const auto bit = static_cast<unsigned>(chance.between(0, 7));
      run[at] ^= static_cast<std::byte>(1u << bit);
    }
    const bool valid = EntryRun::valid(run);
    REQUIRE(valid == is_run(run));
    ++(valid ? taken : refused);
    if (!valid) continue;
    EntryRun reader(run, Index{7});
    std::size_t size = 0;
    Index expected{7};
    while (const auto entry = reader.next()) {
      REQUIRE(entry->id.index == expected);
      expected = expected.next();
      size += kEntryHeaderSize + entry->payload.size();
      REQUIRE(reader.rest().size() == run.size() - size);
    }
    REQUIRE(size == run.size());
  }
  CHECK(refused > 1000);
  CHECK(taken > 1000);
}

TEST_CASE("the ends of find_last and fit are as the replication relies on") {
  Log log(EntryId{{2}, {10}});
  log.append({2}, EntryKind::command, as_bytes("a"));  // 11
  log.append({4}, EntryKind::command, as_bytes("b"));  // 12
  log.append({4}, EntryKind::command, as_bytes("c"));  // 13
  CHECK(log.find_last({13}, {4}) == EntryId{{4}, {13}});
  CHECK(log.find_last({13}, {3}) == EntryId{{2}, {11}});
  CHECK(log.find_last({99}, {9}) == EntryId{{4}, {13}});
  CHECK(log.find_last({13}, {1}) == EntryId{{2}, {10}});  // the base, though its term is higher
  CHECK(log.find_last({3}, {9}) == EntryId{{2}, {10}});
  CHECK(log.fit({11}, 0) == Index{11});  // at least one goes
  CHECK(log.fit({11}, 33) == Index{11});
  CHECK(log.fit({11}, 34) == Index{12});
  CHECK(log.fit({12}, 1000) == Index{13});
}

}  // namespace
}  // namespace norn::raft
