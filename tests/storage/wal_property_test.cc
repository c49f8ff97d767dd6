// The WAL against its oracle: random lives, recovered whole, cut at every byte, with every bit flipped, and
// from garbage.
#include <doctest/doctest.h>

#include "tests/storage/wal_testing.h"

namespace norn::storage {
namespace {

std::optional<Recovery> recover(Bytes file) {
  Recovery recovery;
  Wal wal(kCluster, kNode);
  if (wal.recover(file, recovery)) return std::nullopt;
  return recovery;
}

// Safety, whatever happened to the file: the log is one that the replica once had (or an empty one), its last
// state stands or a fence does.
void check_harmless(const Life& life, const Recovery& recovery) {
  const auto& written = life.written();
  const bool once_had = std::any_of(written.begin(), written.end(), [&](const Life::Written& record) {
    return same_log(recovery.log, record.state);
  });
  CHECK((once_had || same_log(recovery.log, State{})));
  if (recovery.damage) {
    CHECK(recovery.rewrite);
    CHECK(recovery.fence >= recovery.damage->lost.index);
  }
  if (recovery.torn_bytes != 0) CHECK(recovery.rewrite);
}

TEST_CASE("a random life recovers to its newest state after every write") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (int i = 0; i < 60; ++i) {
      life.turn();
      const auto recovery = recover(life.file());
      REQUIRE(recovery);
      CHECK(same(*recovery, life.state()));
      CHECK_FALSE(recovery->rewrite);
      if (i % 7 == 0) life.restart();
    }
  }
}

TEST_CASE("a file cut anywhere is the state after its whole records, and what is left is cut off") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Life life = life_with_records(seed, 6);
    const auto& written = life.written();
    for (std::size_t size = written.front().end; size <= life.file().size(); ++size) {
      CAPTURE(size);
      const auto recovery = recover(Bytes(life.file()).first(size));
      REQUIRE(recovery);
      auto record = written.rbegin();
      while (record->end > size) ++record;
      CHECK(same(*recovery, record->state));
      CHECK(recovery->torn_bytes == content_size(Bytes(life.file()).first(size), record->end));
      CHECK(recovery->rewrite == (size != record->end));
      CHECK_FALSE(recovery->damage);
    }
  }
}

TEST_CASE("zeros allocated ahead are no content: behind whole records no tear, behind a torn one no damage") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const Life life = life_with_records(seed, 6);
    const auto& written = life.written();
    for (std::size_t size = written.front().end; size <= life.file().size(); ++size) {
      CAPTURE(size);
      Buffer file(life.file().begin(), life.file().begin() + static_cast<std::ptrdiff_t>(size));
      file.resize(life.file().size() + 4096);
      const auto recovery = recover(file);
      REQUIRE(recovery);
      // A record that lost nothing but zeros is whole again.
      auto record = written.rbegin();
      while (!std::ranges::equal(Bytes(life.file()).first(record->end), Bytes(file).first(record->end)))
        ++record;
      CHECK(same(*recovery, record->state));
      CHECK(recovery->torn_bytes == content_size(file, record->end));
      CHECK(recovery->rewrite);
      CHECK_FALSE(recovery->damage);
    }
  }
}

TEST_CASE("an image cut anywhere is never taken for a torn tail") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Life life = life_with_records(seed, 6);
    life.image();
    for (std::size_t size = 1; size < life.file().size(); ++size) {
      CAPTURE(size);
      const auto recovery = recover(Bytes(life.file()).first(size));
      CHECK(recovery.has_value() == (size >= kFileHeaderSize + kRecordHeadSize));
      if (!recovery) continue;
      REQUIRE(recovery->damage);
      CHECK(recovery->damage->lost == life.state().last());
      CHECK(recovery->fence >= life.state().last().index);
      CHECK(recovery->hard_state == life.state().hard_state);
    }
  }
}

void check_flip(const Life& life, std::size_t bit) {
  const auto& written = life.written();
  const auto recovery = recover(flip(life.file(), bit));
  REQUIRE(recovery.has_value() == (bit / 8 >= kFileHeaderSize));
  if (!recovery) return;
  CHECK(recovery->rewrite);
  std::size_t hit = 0;
  while (written[hit].end <= bit / 8) ++hit;
  const State before = hit == 0 ? State{} : written[hit - 1].state;
  CHECK(same_log(recovery->log, before));
  if (hit + 1 == written.size()) {
    CHECK_FALSE(recovery->damage);
    CHECK(recovery->torn_bytes == content_size(flip(life.file(), bit), written[hit].begin));
    CHECK(same(*recovery, before));
    return;
  }
  const State& newest = written.back().state;
  REQUIRE(recovery->damage);
  CHECK(recovery->damage->record == hit + 1);
  CHECK(recovery->damage->offset == written[hit].begin);
  CHECK(recovery->damage->lost == newest.last());
  CHECK(recovery->fence == std::max({before.fence, newest.fence, newest.last().index}));
  CHECK(recovery->hard_state == newest.hard_state);
}

TEST_CASE("any one flipped bit is an error, damage that covers all promises, or a torn last record") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    const Life life = life_with_records(seed, 5);
    for (std::size_t bit = 0; bit < life.file().size() * 8; ++bit) {
      CAPTURE(bit);
      check_flip(life, bit);
    }
  }
}

TEST_CASE("many wounds at once never bring back a log that the replica did not have") {
  Rng rng(7);
  for (std::uint64_t round = 1; round <= 4000; ++round) {
    CAPTURE(round);
    const Life life = life_with_records(round % 40 + 1, 6);
    Buffer file = life.file();
    for (std::uint64_t wounds = rng.between(1, 5); wounds > 0; --wounds) {
      const std::uint64_t from = rng.between(0, file.size() - 1);
      const std::uint64_t to = rng.between(0, file.size() - 1);
      const std::uint64_t size = std::min(rng.between(1, 100), file.size() - std::max(from, to));
      const Buffer moved(file.begin() + static_cast<std::ptrdiff_t>(from),
                         file.begin() + static_cast<std::ptrdiff_t>(from + size));
      std::copy(moved.begin(), moved.end(), file.begin() + static_cast<std::ptrdiff_t>(to));
      if (rng.chance({kPpm / 3})) file.resize(rng.between(1, file.size()));
    }
    if (const auto recovery = recover(file)) check_harmless(life, *recovery);
  }
}

TEST_CASE("garbage is never a WAL, and behind a good header it is an error") {
  Rng rng(11);
  const Life life(1);
  for (int round = 0; round < 2000; ++round) {
    Buffer garbage(rng.between(1, 300));
    for (std::byte& byte : garbage) byte = static_cast<std::byte>(rng.between(0, 255));
    CHECK_FALSE(recover(garbage));
    garbage.insert(garbage.begin(), life.file().begin(), life.file().begin() + kFileHeaderSize);
    CHECK_FALSE(recover(garbage));
  }
}

TEST_CASE("garbage after the last record is a torn tail") {
  Rng rng(13);
  for (std::uint64_t round = 1; round <= 500; ++round) {
    CAPTURE(round);
    const Life life = life_with_records(round % 20 + 1, 4);
    Buffer file = life.file();
    const std::uint64_t added = rng.between(1, 300);
    for (std::uint64_t i = 0; i < added; ++i) file.push_back(static_cast<std::byte>(rng.between(0, 255)));
    const auto recovery = recover(file);
    REQUIRE(recovery);
    CHECK(recovery->torn_bytes == content_size(file, life.file().size()));
    CHECK_FALSE(recovery->damage);
    CHECK(same(*recovery, life.state()));
  }
}

}  // namespace
}  // namespace norn::storage
