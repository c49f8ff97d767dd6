// The WAL by example: what is written comes back, what is foreign is refused, and each kind of ill luck gets
// the answer it should.
#include "replica/storage/wal.h"

#include <doctest/doctest.h>

#include "replica/base/assert.h"
#include "replica/base/checksum.h"

#include "tests/storage/wal_testing.h"

namespace norn::storage {
namespace {

// Three records after the image: entries 1-2, entries 3-4, a vote.
Life short_life() {
  Life life(1);
  life.set({{1}, {2}});
  life.append({1}, "", raft::EntryKind::noop);
  life.append({1}, "first");
  life.record();
  life.append({1}, "second");
  life.append({1}, "third");
  life.record();
  life.set({{4}, {3}});
  life.record();
  return life;
}

Recovery recover(Bytes file) {
  Recovery recovery;
  Wal wal(kCluster, kNode);
  CHECK_FALSE(wal.recover(file, recovery));
  return recovery;
}

std::string refusal(Wal wal, Bytes file) {
  Recovery recovery;
  return wal.recover(file, recovery).value_or("");
}

TEST_CASE("no file is a new replica, which writes an image before anything else") {
  const Recovery recovery = recover({});
  CHECK(recovery.rewrite);
  CHECK_FALSE(recovery.damage);
  CHECK(same(recovery, State{}));
}

TEST_CASE("a record before any image is a programmer's error") {
  const AssertHandler before = set_assert_handler(throw_assertion_failure);
  Wal wal(kCluster, kNode);
  Buffer out;
  CHECK_THROWS_AS(wal.record({}, {}, {1}, {}, out), AssertionFailure);
  set_assert_handler(before);
}

TEST_CASE("zeros behind the last record, allocated ahead, are not a torn tail; the file is rewritten") {
  const Life life = short_life();
  Buffer file = life.file();
  file.resize(file.size() + 4096);
  const Recovery recovery = recover(file);
  CHECK(same(recovery, life.state()));
  CHECK(recovery.rewrite);
  CHECK(recovery.torn_bytes == 0);
}

TEST_CASE("what was written comes back, and needs no rewriting") {
  const Life life = short_life();
  const Recovery recovery = recover(life.file());
  CHECK(same(recovery, life.state()));
  CHECK(recovery.log == life.log());
  CHECK_FALSE(recovery.rewrite);
  CHECK_FALSE(recovery.damage);
  CHECK(recovery.torn_bytes == 0);
}

TEST_CASE("entries replace what the log had in their place") {
  Life life = short_life();
  life.truncate_from({2});
  life.append({4}, "instead");
  life.record();
  CHECK(recover(life.file()).log.last() == EntryId{{4}, {2}});
  life.restart();
  life.truncate_from({2});
  life.record();
  CHECK(recover(life.file()).log.last() == EntryId{{1}, {1}});
}

TEST_CASE("a compacted log keeps its base, even with nothing behind it") {
  Life life = short_life();
  life.compact_to({4});
  life.image();
  life.record();
  const Recovery recovery = recover(life.file());
  CHECK(recovery.log.base() == EntryId{{1}, {4}});
  CHECK(same(recovery, life.state()));
}

TEST_CASE("the size is that of the file, also after recovery") {
  Life life = short_life();
  CHECK(life.wal().size() == life.file().size());
  life.compact_to({2});
  life.image();
  CHECK(life.wal().size() == life.file().size());
  life.restart();
  life.record();
  CHECK(life.wal().size() == life.file().size());
}

TEST_CASE("a copy of a WAL goes on by itself, so an append that found the disk full can be made again") {
  Life life = short_life();
  const Wal before = life.wal();
  Buffer refused;
  life.wal().record({{9}, {1}}, life.log(), {5}, {}, refused);
  life.wal() = before;
  life.record();
  CHECK_FALSE(recover(life.file()).damage);
}

TEST_CASE("a record that never reached the file is damage once a later one did") {
  Life life = short_life();
  Buffer lost;
  life.wal().record({{9}, {1}}, life.log(), {5}, {}, lost);
  const std::size_t offset = life.file().size();
  life.record();
  Buffer file = life.file();
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(offset), lost.size(), std::byte{});
  const Recovery recovery = recover(file);
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->record == 5);
  CHECK(recovery.damage->offset == offset);
}

TEST_CASE("foreign and unreadable files are refused in a sentence") {
  const Life life = short_life();
  CHECK(refusal(Wal({5}, kNode), life.file()) == "the WAL belongs to cluster 1852797550, not to 5");
  CHECK(refusal(Wal(kCluster, {3}), life.file()) == "the WAL belongs to replica 2, not to 3");
  CHECK(refusal(Wal(kCluster, kNode), flip(life.file(), 0)) == "the WAL's file does not begin as a WAL");
  CHECK(refusal(Wal(kCluster, kNode), flip(life.file(), 64)) == "the WAL's header is damaged");
  CHECK(refusal(Wal(kCluster, kNode), Bytes(life.file()).first(31)) == "the WAL is shorter than its header");
  CHECK(refusal(Wal(kCluster, kNode), Bytes(life.file()).first(32)) ==
        "nothing legible follows the WAL's header: what this replica promised is unknown");
}

TEST_CASE("another version's file is refused by its number, not taken for damage") {
  Buffer file = short_life().file();
  Writer header(file);
  header.patch(8, std::uint32_t{2});
  header.patch(12, std::uint32_t{0});
  header.patch(12, crc32c(Bytes(file).first(kFileHeaderSize)));
  CHECK(refusal(Wal(kCluster, kNode), file) == "the WAL has format 2, this program reads format 1");
}

TEST_CASE("damage in the middle keeps the log before it and the newest hard state, and sets the fence") {
  const Life life = short_life();
  const Life::Written& second = life.written()[1];
  const Recovery recovery = recover(flip(life.file(), (second.begin + kRecordHeadSize + 20) * 8));
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->record == 2);
  CHECK(recovery.damage->offset == second.begin);
  CHECK(recovery.damage->lost == EntryId{{1}, {4}});
  CHECK(recovery.hard_state == raft::HardState{{4}, {3}});
  CHECK(recovery.fence == Index{4});
  CHECK(recovery.rewrite);
  CHECK(same_log(recovery.log, life.written()[0].state));
}

TEST_CASE("the fence outlives restarts, and goes when a record says so") {
  Life life = short_life();
  life.set_fence({4});
  life.image();
  CHECK(recover(life.file()).fence == Index{4});
  CHECK_FALSE(recover(life.file()).damage);
  life.record();
  CHECK(recover(life.file()).fence == Index{4});
  life.set_fence({});
  life.record();
  CHECK(recover(life.file()).fence == Index{});
}

TEST_CASE("an older fence beyond the damage stays") {
  Life life = short_life();
  life.set_fence({40});
  life.record();
  CHECK(recover(flip(life.file(), life.written()[1].begin * 8)).fence == Index{40});
}

TEST_CASE("an image is never torn: a damaged one sets the fence as long as its head is legible") {
  Life life = short_life();
  life.image();
  const Recovery recovery = recover(Bytes(life.file()).first(life.file().size() - 8));
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->lost == EntryId{{1}, {4}});
  CHECK(recovery.hard_state == raft::HardState{{4}, {3}});
  CHECK(recovery.log.last() == EntryId{});
}

TEST_CASE("a bad record with bytes behind it is damage, even if none of them are legible") {
  Life life = short_life();
  life.append({4}, "fourth");
  life.record();
  life.append({4}, "fifth");
  life.record();
  const auto& written = life.written();
  Buffer file = flip(life.file(), (written[4].begin + kRecordHeadSize) * 8);
  file = flip(file, (written[5].begin + 8) * 8);
  const Recovery recovery = recover(file);
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->record == 5);
  CHECK(recovery.damage->lost == EntryId{{4}, {5}});
}

TEST_CASE("a record shut out by an empty one after it is known to be damaged, not torn") {
  Life life = short_life();
  life.append({4}, "fourth");
  life.record();
  const std::size_t bit = (life.written().back().end - 1) * 8;
  CHECK_FALSE(recover(flip(life.file(), bit)).damage);
  life.record();
  CHECK(recover(flip(life.file(), bit)).damage);
}

TEST_CASE("a WAL inside a client's value is not taken for records of this file") {
  const Life other = life_with_records(3, 12);  // with higher numbers than the file it comes to be in
  Life life = short_life();
  const State before = life.state();
  life.append({4}, std::string(as_text(other.file())));
  life.append({4}, "more");
  life.record();
  const Recovery recovery = recover(Bytes(life.file()).first(life.file().size() - 24));
  CHECK_FALSE(recovery.damage);
  CHECK(recovery.torn_bytes != 0);
  CHECK(same(recovery, before));
}

TEST_CASE("zeros behind the last record, allocated ahead, are no torn tail") {
  const Life life = short_life();
  Buffer file = life.file();
  file.resize(file.size() + 4096);
  const Recovery recovery = recover(file);
  CHECK_FALSE(recovery.damage);
  CHECK(recovery.torn_bytes == 0);
  CHECK(recovery.rewrite);  // what is appended must follow the last record
  CHECK(same(recovery, life.state()));
}

TEST_CASE("a record written to another's place is damage") {
  const Life life = short_life();
  const auto& written = life.written();
  Buffer file = life.file();
  // The image of an empty log and a vote are of one size.
  REQUIRE(written[0].end - written[0].begin == written[3].end - written[3].begin);
  std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(written[3].begin), kRecordHeadSize,
              file.begin() + static_cast<std::ptrdiff_t>(written[0].begin));
  const Recovery recovery = recover(file);
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->record == 1);
}

// Records whose checksums are right and which still cannot be: each is the second of three.

void check_second_is_damage(const Buffer& file, const Life& life) {
  const Recovery recovery = recover(file);
  REQUIRE(recovery.damage);
  CHECK(recovery.damage->record == 2);
  CHECK(same_log(recovery.log, life.written()[0].state));
}

TEST_CASE("resealing alone changes nothing") {
  const Life life = short_life();
  Buffer file = life.file();
  reseal(file, life.written()[1].begin, life.written()[1].end);
  CHECK(file == life.file());
}

TEST_CASE("a record out of sequence is damage") {
  const Life life = short_life();
  const auto [begin, end, state] = life.written()[1];
  for (const std::uint64_t number : {1, 3}) {
    Buffer file = life.file();
    Writer(file).patch(begin + 8, number);
    reseal(file, begin, end);
    check_second_is_damage(file, life);
  }
}

// Found by tests/fuzz/wal.cc: the index after 2^64 - 1 is 0, and an assertion failed.
TEST_CASE("a record with a term or an index beyond counting is damage") {
  for (const std::size_t at : {16u, 24u, 32u, 40u, 48u, 56u}) {  // term, fence, prev, last
    for (const std::uint64_t value : {kCountMax + 1, ~std::uint64_t{0}}) {
      const Life life = short_life();
      const Life::Written& record = life.written().back();
      Buffer file = life.file();
      Writer(file).patch(record.begin + at, value);
      reseal(file, record.begin, record.end);
      const Recovery recovery = recover(file);
      CHECK(recovery.rewrite);
      CHECK(same(recovery, life.written()[life.written().size() - 2].state));
    }
  }
}

TEST_CASE("a record that leaves a hole in the log is damage") {
  const Life life = short_life();
  const auto [begin, end, state] = life.written()[1];
  Buffer file = life.file();
  Writer(file).patch(begin + 40, std::uint64_t{1});
  Writer(file).patch(begin + 56, state.last().index.value + 1);
  reseal(file, begin, end);
  check_second_is_damage(file, life);
}

TEST_CASE("a record whose entries do not lead to its last one is damage") {
  const Life life = short_life();
  const auto [begin, end, state] = life.written()[1];
  Buffer file = life.file();
  Writer(file).patch(begin + 56, state.last().index.value + 1);
  reseal(file, begin, end);
  check_second_is_damage(file, life);
  file = flip(life.file(), (begin + kRecordHeadSize + 5) * 8);  // an entry's zero
  reseal(file, begin, end);
  check_second_is_damage(file, life);
}

TEST_CASE("a term never goes back, whatever a record says") {
  Life life = short_life();
  life.set({{3}, {1}});
  life.record();
  const Recovery torn = recover(life.file());
  CHECK_FALSE(torn.damage);
  CHECK(torn.hard_state == raft::HardState{{4}, {3}});
  life.record();
  const Recovery damaged = recover(life.file());
  CHECK(damaged.damage);
  CHECK(damaged.hard_state == raft::HardState{{4}, {3}});
}

}  // namespace
}  // namespace norn::storage
