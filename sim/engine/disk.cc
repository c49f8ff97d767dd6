// The draws of an operation, in this order: sync error, time, stall. Of a crash: a replacement's fate, then
// for each file torn, how much is kept, damage.
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
  ASSERT(!pending_ || pending_->file != file || !pending_->replacement);
  const bool failed = fails();
  if (!failed && model_.capacity != 0 && used() + bytes.size() > model_.capacity) return DiskStatus::full;
  if (failed) bytes = bytes.first(rng_.between(0, bytes.size()));
  Buffer& content = files_[place(file)].content;
  content.insert(content.end(), bytes.begin(), bytes.end());
  counters_.bytes_appended += bytes.size();
  return failed ? DiskStatus::failed : DiskStatus::ok;
}

Duration SimDisk::sync(File file, SyncTicket ticket) {
  return ask({.ticket = ticket, .file = file, .size = files_[place(file)].content.size()});
}

Duration SimDisk::replace(File file, Bytes bytes, SyncTicket ticket) {
  Pending pending{.ticket = ticket, .file = file};
  if (model_.capacity != 0 && used() + bytes.size() > model_.capacity) {
    pending.status = DiskStatus::full;
  } else {
    pending.replacement.emplace(bytes.begin(), bytes.end());
  }
  return ask(std::move(pending));
}

Duration SimDisk::ask(Pending pending) {
  ASSERT(!pending_);
  const bool error = rng_.chance(model_.sync_error);
  const bool failed = fails();
  if (error && !failed) ++counters_.failures;
  if (error || failed) pending.status = DiskStatus::failed;
  Duration time = draw(model_.sync, rng_);
  if (rng_.chance(model_.stall)) time += draw(model_.stall_time, rng_);
  pending_ = std::move(pending);
  return time;
}

void SimDisk::complete(SyncTicket ticket) {
  ASSERT(pending_);
  ASSERT(pending_->ticket == ticket);
  if (std::exchange(pending_->completed, true)) return;
  ++counters_.syncs;
  FileState& file = files_[place(pending_->file)];
  if (pending_->replacement) {
    // A failed replacement may have happened all the same.
    if (pending_->status == DiskStatus::ok || rng_.chance(kHalf)) install();
  } else if (pending_->status == DiskStatus::ok) {
    file.synced = std::max(file.synced, pending_->size);
  }
}

void SimDisk::install() {
  FileState& file = files_[place(pending_->file)];
  file.content = std::move(*pending_->replacement);
  file.synced = file.content.size();
  pending_->replacement.reset();
}

DiskStatus SimDisk::report(SyncTicket ticket) {
  ASSERT(pending_);
  ASSERT(pending_->ticket == ticket);
  ASSERT(pending_->completed);
  const DiskStatus status = pending_->status;
  pending_.reset();
  return status;
}

void SimDisk::crash() {
  if (pending_ && !pending_->completed && pending_->replacement && rng_.chance(kHalf)) install();
  pending_.reset();
  for (FileState& file : files_) tear(file);
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

void SimDisk::wipe() {
  files_ = {};
  pending_.reset();
}

std::uint64_t SimDisk::used() const {
  std::uint64_t bytes = 0;
  for (const FileState& file : files_) bytes += file.content.size();
  if (pending_ && pending_->replacement) bytes += pending_->replacement->size();
  return bytes;
}

}  // namespace norn::sim
