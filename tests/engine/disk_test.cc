// The simulated disk: what survives a crash, and what fails when told to.
#include "sim/engine/disk.h"

#include <algorithm>
#include <bit>
#include <doctest/doctest.h>

namespace norn::sim {
namespace {

using std::chrono::milliseconds;

Buffer run(std::size_t size, int value) { return Buffer(size, static_cast<std::byte>(value)); }

Buffer content(const SimDisk& disk, File file) {
  const Bytes bytes = disk.content(file);
  return {bytes.begin(), bytes.end()};
}

DiskStatus sync_now(SimDisk& disk, File file) {
  disk.sync(file, {1});
  disk.complete({1});
  return disk.report({1});
}

DiskStatus replace_now(SimDisk& disk, File file, Bytes bytes) {
  disk.replace(file, bytes, {1});
  disk.complete({1});
  return disk.report({1});
}

int flipped_bits(const Buffer& before, const Buffer& after) {
  REQUIRE(before.size() == after.size());
  int flipped = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    flipped += std::popcount(static_cast<unsigned>(before[i] ^ after[i]));
  return flipped;
}

TEST_CASE("a crash keeps what was synced and at most a prefix of the rest") {
  DiskModel model;
  model.torn = Ratio{500'000};
  int lost = 0;
  int torn = 0;
  int whole = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SimDisk disk(model, Rng(seed));
    disk.append(File::wal, run(100, 1));
    sync_now(disk, File::wal);
    disk.append(File::wal, run(10, 2));
    disk.crash();
    Buffer all = run(100, 1);
    const Buffer tail = run(10, 2);
    all.insert(all.end(), tail.begin(), tail.end());
    const Buffer left = content(disk, File::wal);
    REQUIRE(left.size() >= 100);
    REQUIRE(std::equal(left.begin(), left.end(), all.begin()));
    REQUIRE(disk.synced(File::wal) == left.size());
    lost += left.size() == 100;
    whole += left.size() == 110;
    torn += left.size() > 100 && left.size() < 110;
  }
  CHECK(lost > 900);
  CHECK(lost < 1100);
  CHECK(torn > 700);
  CHECK(whole > 50);
}

TEST_CASE("torn damage touches the end of what was not synced, and nothing that was") {
  DiskModel model;
  model.torn = Ratio{kPpm};
  model.torn_damage = Ratio{kPpm};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SimDisk disk(model, Rng(seed));
    disk.append(File::wal, run(50, 1));
    sync_now(disk, File::wal);
    disk.append(File::wal, run(3000, 2));
    disk.crash();
    const Buffer left = content(disk, File::wal);
    REQUIRE(left.size() > 50);
    REQUIRE(std::count(left.begin(), left.begin() + 50, std::byte{1}) == 50);
    REQUIRE(left.back() != std::byte{2});
    const auto intact = static_cast<std::size_t>(std::count(left.begin() + 50, left.end(), std::byte{2}));
    REQUIRE(left.size() - 50 - intact <= 512);
  }
}

TEST_CASE("a sync covers what was appended before it was asked for, not what came after") {
  DiskModel model;
  model.torn = {};
  SimDisk disk(model, Rng(1));
  disk.append(File::wal, run(10, 1));
  disk.sync(File::wal, {5});
  disk.append(File::wal, run(10, 2));
  CHECK(disk.synced(File::wal) == 0);
  disk.complete({5});
  CHECK(disk.synced(File::wal) == 10);
  disk.crash();  // completed, but the process died before it was told
  CHECK(content(disk, File::wal) == run(10, 1));
  CHECK_FALSE(disk.pending(File::wal));
}

TEST_CASE("a sync that a crash overtakes promises nothing") {
  DiskModel model;
  model.torn = {};
  SimDisk disk(model, Rng(1));
  disk.append(File::wal, run(10, 1));
  disk.sync(File::wal, {5});
  disk.crash();
  CHECK(content(disk, File::wal).empty());
}

TEST_CASE("a replacement is atomic: a crash leaves the old file or the new one, whole, both at times") {
  int old_ones = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SimDisk disk({}, Rng(seed));
    replace_now(disk, File::snapshot, run(100, 1));
    disk.replace(File::snapshot, run(70, 2), {9});
    REQUIRE(content(disk, File::snapshot) == run(100, 1));
    disk.crash();
    const Buffer left = content(disk, File::snapshot);
    const bool is_old = left == run(100, 1);
    REQUIRE((is_old || left == run(70, 2)));
    old_ones += is_old;
  }
  CHECK(old_ones > 150);
  CHECK(old_ones < 250);
}

TEST_CASE("the two files are written at the same time, each for itself") {
  DiskModel model;
  model.torn = {};
  SimDisk disk(model, Rng(1));
  disk.append(File::wal, run(10, 1));
  disk.sync(File::wal, {7});
  disk.replace(File::snapshot, run(20, 2), {8});
  disk.complete({8});
  CHECK(disk.report({8}) == DiskStatus::ok);
  CHECK(content(disk, File::snapshot) == run(20, 2));
  CHECK(disk.synced(File::wal) == 0);
  CHECK(disk.pending(File::wal));
  disk.complete({7});
  CHECK(disk.report({7}) == DiskStatus::ok);
  CHECK(disk.synced(File::wal) == 10);
}

TEST_CASE("a completed replacement is the file, and survives") {
  SimDisk disk({}, Rng(1));
  disk.append(File::wal, run(100, 1));
  CHECK(replace_now(disk, File::wal, run(20, 2)) == DiskStatus::ok);
  disk.crash();
  CHECK(content(disk, File::wal) == run(20, 2));
}

TEST_CASE("exactly the n-th operation from now fails") {
  for (std::uint64_t n = 1; n <= 5; ++n) {
    SimDisk disk({}, Rng(n));
    sync_now(disk, File::wal);
    disk.fail_operation(n);
    CHECK(disk.read(File::wal).has_value() == (n != 1));
    CHECK((disk.append(File::wal, run(10, 1)) == DiskStatus::failed) == (n == 2));
    CHECK((sync_now(disk, File::wal) == DiskStatus::failed) == (n == 3));
    CHECK((replace_now(disk, File::snapshot, run(10, 2)) == DiskStatus::failed) == (n == 4));
    CHECK((disk.append(File::snapshot, run(10, 1)) == DiskStatus::failed) == (n == 5));
    CHECK(disk.counters().failures == 1);
    CHECK(disk.counters().operations == 6);
  }
}

TEST_CASE("a failed sync makes nothing durable") {
  DiskModel model;
  model.sync_error = Ratio{kPpm};
  model.torn = {};
  SimDisk disk(model, Rng(1));
  disk.append(File::wal, run(10, 1));
  CHECK(sync_now(disk, File::wal) == DiskStatus::failed);
  CHECK(disk.synced(File::wal) == 0);
  disk.crash();
  CHECK(content(disk, File::wal).empty());
}

TEST_CASE("a full disk takes nothing of a write, and more after room is made") {
  DiskModel model;
  model.capacity = 100;
  SimDisk disk(model, Rng(1));
  CHECK(disk.append(File::wal, run(90, 1)) == DiskStatus::ok);
  CHECK(disk.append(File::wal, run(11, 1)) == DiskStatus::full);
  CHECK(disk.content(File::wal).size() == 90);
  CHECK(disk.append(File::wal, run(10, 1)) == DiskStatus::ok);
  CHECK(replace_now(disk, File::snapshot, run(1, 2)) == DiskStatus::full);
  CHECK(disk.content(File::snapshot).empty());
  model.capacity = 200;
  disk.set_model(model);
  CHECK(replace_now(disk, File::snapshot, run(1, 2)) == DiskStatus::ok);
}

TEST_CASE("rot flips as many bits as asked, in synced bytes only, where it was asked to") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimDisk disk({}, Rng(seed));
    disk.append(File::wal, run(100, 0));
    sync_now(disk, File::wal);
    disk.append(File::wal, run(100, 0));
    REQUIRE(disk.rot(File::wal, std::nullopt, 5));
    const Buffer left = content(disk, File::wal);
    REQUIRE(flipped_bits(run(200, 0), left) == 5);
    REQUIRE(std::count(left.begin() + 100, left.end(), std::byte{0}) == 100);
  }
  SimDisk disk({}, Rng(1));
  CHECK_FALSE(disk.rot(File::wal, std::nullopt, 1));
  disk.append(File::wal, run(100, 0));
  sync_now(disk, File::wal);
  CHECK(disk.rot(File::wal, Ratio{500'000}, 1));
  CHECK(disk.content(File::wal)[50] == std::byte{1});
  CHECK(disk.rot(File::wal, Ratio{kPpm}, 8));
  CHECK(disk.content(File::wal)[99] == std::byte{255});
}

TEST_CASE("syncs take the model's time, and stalls more") {
  DiskModel model;
  model.sync = {.low = milliseconds(2)};
  SimDisk disk(model, Rng(1));
  CHECK(disk.sync(File::wal, {1}) == milliseconds(2));
  disk.crash();
  model.stall = Ratio{kPpm};
  disk.set_model(model);
  CHECK(disk.replace(File::wal, run(1, 1), {2}) == milliseconds(102));
}

TEST_CASE("a wiped disk is empty") {
  SimDisk disk({}, Rng(1));
  replace_now(disk, File::snapshot, run(10, 1));
  replace_now(disk, File::wal, run(10, 1));
  disk.wipe();
  CHECK(disk.used() == 0);
  CHECK(disk.read(File::wal)->empty());
}

}  // namespace
}  // namespace norn::sim
