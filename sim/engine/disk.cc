// The draws of an operation, in this order: sync error, time, stall. Of a crash, for each file: its
// replacement's fate, torn, how much is kept, damage.
#include "sim/engine/disk.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"

namespace norn::sim {
namespace {

constexpr Ratio kHalf{kPpm / 2};
constexpr std::size_t kSectorSize = 512;  // what a torn write may leave in disorder

}  // namespace

bool SimDisk::fails() {
  ++counters_.operations;
  if (counters_.operations != fail_at_) return false;
  ++counters_.failures;
  return true;
}

std::optional<Buffer> SimDisk::read(File file) {
  if (fails()) return std::nullopt;
  return files_[place(file)].content;
}

DiskStatus SimDisk::append(File file, Bytes bytes) {
  FileState& to = files_[place(file)];
  ASSERT(!to.pending || !to.pending->replacement);
  const bool failed = fails();
  if (!failed && model_.capacity != 0 && used() + bytes.size() > model_.capacity) return DiskStatus::full;
  if (failed) bytes = bytes.first(rng_.between(0, bytes.size()));
  to.content.insert(to.content.end(), bytes.begin(), bytes.end());
  counters_.bytes_appended += bytes.size();
  return failed ? DiskStatus::failed : DiskStatus::ok;
}

Duration SimDisk::sync(File file, SyncTicket ticket) {
  FileState& of = files_[place(file)];
  return ask(of, {.ticket = ticket, .size = of.content.size()});
}

Duration SimDisk::replace(File file, Bytes bytes, SyncTicket ticket) {
  Pending pending{.ticket = ticket};
  if (model_.capacity != 0 && used() + bytes.size() > model_.capacity) {
    pending.status = DiskStatus::full;
  } else {
    pending.replacement.emplace(bytes.begin(), bytes.end());
  }
  return ask(files_[place(file)], std::move(pending));
}

Duration SimDisk::ask(FileState& file, Pending pending) {
  ASSERT(!file.pending);
  for (const FileState& other : files_) ASSERT(!other.pending || other.pending->ticket != pending.ticket);
  const bool error = rng_.chance(model_.sync_error);
  const bool failed = fails();
  if (error && !failed) ++counters_.failures;
  if (error || failed) pending.status = DiskStatus::failed;
  Duration time = draw(model_.sync, rng_);
  if (rng_.chance(model_.stall)) time += draw(model_.stall_time, rng_);
  file.pending = std::move(pending);
  return time;
}

SimDisk::FileState& SimDisk::file_of(SyncTicket ticket) {
  for (FileState& file : files_) {
    if (file.pending && file.pending->ticket == ticket) return file;
  }
  ASSERT(false);
  return files_[0];
}

void SimDisk::complete(SyncTicket ticket) {
  FileState& file = file_of(ticket);
  Pending& pending = *file.pending;
  if (std::exchange(pending.completed, true)) return;
  ++counters_.syncs;
  if (pending.replacement) {
    // A failed replacement may have happened all the same.
    if (pending.status == DiskStatus::ok || rng_.chance(kHalf)) file.install();
  } else if (pending.status == DiskStatus::ok) {
    file.synced = std::max(file.synced, pending.size);
  }
}

void SimDisk::FileState::install() {
  content = std::move(*pending->replacement);
  synced = content.size();
  rotten = false;
  pending->replacement.reset();
}

DiskStatus SimDisk::report(SyncTicket ticket) {
  FileState& file = file_of(ticket);
  ASSERT(file.pending->completed);
  const DiskStatus status = file.pending->status;
  file.pending.reset();
  return status;
}

void SimDisk::crash() {
  for (FileState& file : files_) {
    const bool replacing = file.pending && !file.pending->completed && file.pending->replacement;
    if (replacing && rng_.chance(kHalf)) file.install();
    file.pending.reset();
    tear(file);
  }
}

void SimDisk::tear(FileState& file) {
  const std::size_t unsynced = file.content.size() - file.synced;
  if (unsynced == 0) return;
  std::size_t kept = 0;
  if (rng_.chance(model_.torn)) kept = rng_.between(1, unsynced);
  file.content.resize(file.synced + kept);
  if (kept > 0) {
    ++counters_.torn;
    if (rng_.chance(model_.torn_damage)) {
      // From some byte of the last sector on, every byte is another one than was written.
      const std::uint64_t damaged = rng_.between(1, std::min(kept, kSectorSize));
      for (std::size_t at = file.content.size() - damaged; at < file.content.size(); ++at) {
        file.content[at] ^= static_cast<std::byte>(rng_.between(1, 255));
      }
    }
  }
  file.synced = file.content.size();
}

bool SimDisk::rot(File file, std::optional<Ratio> where, std::uint32_t bits) {
  FileState& rotten = files_[place(file)];
  if (rotten.synced == 0 || bits == 0) return false;
  rotten.rotten = true;
  const std::uint64_t total = std::uint64_t{rotten.synced} * 8;
  const std::uint64_t room = total - std::min<std::uint64_t>(bits, total);  // the last bit to start at
  const std::uint64_t first =
      where ? std::min(std::uint64_t{rotten.synced} * std::min(where->ppm, kPpm) / kPpm * 8, room)
            : rng_.between(0, room);
  for (std::uint64_t bit = first; bit < std::min(first + bits, total); ++bit) {
    rotten.content[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  return true;
}

void SimDisk::wipe() { files_ = {}; }

std::uint64_t SimDisk::used() const {
  std::uint64_t bytes = 0;
  for (const FileState& file : files_) {
    bytes += file.content.size();
    if (file.pending && file.pending->replacement) bytes += file.pending->replacement->size();
  }
  return bytes;
}

}  // namespace norn::sim
