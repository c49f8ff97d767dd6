// What a replica keeps, and in which order: recovery at the start, group commits of the WAL. Snapshots are
// made and read in replica_snapshots.cc.
//
// The durability order. A record goes to the WAL when the one before it is synced. Whatever promises
// something (a vote, an acknowledgement) leaves after the sync that covers it. A snapshot is durable before
// the log it replaces is cut: first the snapshot's file is replaced, then the log in memory is compacted,
// then the WAL's file is replaced. A crash between these steps leaves a snapshot and a WAL that overlap,
// which recovery expects. Nothing is taken from a leader before its term is durable, so a snapshot beside no
// WAL at all is no crash: a WAL, with its votes and acknowledged entries, has been taken away.
#include <algorithm>
#include <memory>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/replica.h"
#include "replica/storage/snapshot.h"

namespace norn {
namespace {

constexpr Duration kRetryFullDisk = std::chrono::milliseconds(100);

}  // namespace

// Nothing: the replica must not start, and stopped_ says why.
std::optional<raft::Persistent> Replica::recover(storage::Disk& disk) {
  const std::optional<Buffer> wal_file = disk.read(storage::File::wal);
  const std::optional<Buffer> snapshot_file = disk.read(storage::File::snapshot);
  if (!wal_file || !snapshot_file) {
    stop("the data directory cannot be read");
    return std::nullopt;
  }
  if (wal_file->empty() && !snapshot_file->empty()) {
    stop("there is a snapshot but no WAL: what this replica promised is unknown");
    return std::nullopt;
  }
  storage::Recovery wal;
  if (auto error = wal_.recover(*wal_file, wal)) {
    stop(std::move(*error));
    return std::nullopt;
  }
  if (wal.damage) {
    note("WAL record " + std::to_string(wal.damage->record) + " at offset " +
         std::to_string(wal.damage->offset) + " is damaged: entries up to " +
         std::to_string(wal.damage->lost.index.value) +
         " may be lost; no votes until they are back from a leader");
  } else if (wal.torn_bytes != 0) {
    note(std::to_string(wal.torn_bytes) + " bytes of a torn WAL tail were cut");
  }
  raft::Persistent persistent;
  recover_snapshot(*snapshot_file, wal, persistent);
  persistent.hard_state = wal.hard_state;
  // The WAL may have lost the record that knew the snapshot's term, as a torn tail. An older leader must not
  // be heard all the same.
  if (persistent.snapshot && persistent.snapshot->last.term > wal.hard_state.term)
    persistent.hard_state = {persistent.snapshot->last.term, {}};
  persistent.log = std::move(wal.log);
  persistent.fence = wal.fence;
  image_wanted_ = wal.rewrite;
  observed_from_ = persistent.log.first();
  return persistent;
}

// Joins the snapshot's file with the WAL: afterwards the log's base is covered by the snapshot, or there is
// neither.
void Replica::recover_snapshot(Bytes file, storage::Recovery& wal, raft::Persistent& persistent) {
  const auto view = storage::parse_snapshot(options_.cluster, file);
  auto store = view ? kv::Store::parse(view->state, options_.store) : std::nullopt;
  const EntryId base = wal.log.base();
  if (!store || view->last.index < base.index) {
    if (base.index == Index{}) {  // the log, whole or lost behind a fence, does not build on a snapshot
      if (!file.empty()) note("the snapshot is damaged; the whole log is here");
      return;
    }
    // The log begins behind a state that is not here any more: as if everything in it were lost.
    note("the snapshot up to entry " + std::to_string(base.index.value) +
         " is missing or damaged; no votes until the state is back from a leader");
    wal.fence = std::max(wal.fence, wal.log.last().index);
    wal.log.reset({});
    wal.rewrite = true;
    return;
  }
  store_ = std::move(*store);
  persistent.snapshot =
      std::make_shared<const raft::Snapshot>(raft::Snapshot{view->last, Buffer(file.begin(), file.end())});
  persistent.configuration.voters = view->voters;
  if (wal.log.matches(view->last)) return;
  wal.log.reset(view->last);  // a crash came between installing the snapshot and cutting the WAL
  wal.rewrite = true;
}

void Replica::persist(Time now, storage::Disk& disk) {
  const auto was_full = [&](Time retry_at) { return retry_at != kNever && now < retry_at; };
  if (snapshot_to_write_ && !snapshot_writing_ && !was_full(retry_snapshot_at_)) write_snapshot(disk);
  if (writing_ || was_full(retry_write_at_)) return;
  // Records of terms and votes, of entries replaced, and each record's head outlive their use: the file is
  // bounded all the same. In proportion to the log, because that is what is written again.
  const bool overgrown = wal_.size() > 2 * (raft_.log().size_bytes() + options_.compact_after_bytes);
  const bool dirty = hard_state_dirty_ || log_dirty_from_;
  if (image_wanted_ || (dirty && overgrown)) return write_image(now, disk);
  if (dirty) write_record(now, disk);
}

void Replica::write_record(Time now, storage::Disk& disk) {
  const Index last = raft_.log().last().index;
  const Index from = log_dirty_from_.value_or(last.next());
  const storage::Wal before = wal_;  // a record knows its place, so one that was not written must not count
  wal_.record(raft_.hard_state(), raft_.log(), from, raft_.fence(), packet_);
  switch (disk.append(storage::File::wal, packet_)) {
    case storage::DiskStatus::ok:
      break;
    case storage::DiskStatus::full:
      wal_ = before;
      wal_full_ = true;
      retry_write_at_ = now + kRetryFullDisk;
      return;
    case storage::DiskStatus::failed:
      return stop("the disk failed to take a WAL record");
  }
  begin_write(now, last);
  disk.sync(storage::File::wal, {next_write_++});
}

void Replica::write_image(Time now, storage::Disk& disk) {
  const auto image = std::make_shared<Buffer>();
  wal_.image(raft_.hard_state(), raft_.log(), raft_.fence(), *image);
  image_wanted_ = false;
  begin_write(now, raft_.log().last().index);
  disk.replace(storage::File::wal, image, {next_write_++});
}

// Of everything up to here.
void Replica::begin_write(Time now, Index last) {
  retry_write_at_ = kNever;
  hard_state_dirty_ = false;
  log_dirty_from_.reset();
  writing_ = true;
  stalled_at_ = now + options_.raft.election_timeout_max;
  written_state_ = raft_.hard_state();
  written_last_ = last;
  ++counters_.syncs;
}

void Replica::on_synced(Time now, storage::SyncTicket ticket, storage::DiskStatus status) {
  if (stopped_) return;
  if (status == storage::DiskStatus::full) return on_disk_full(now, ticket);
  if (status != storage::DiskStatus::ok) {
    return stop(ticket == kSnapshotTicket ? "the disk failed to write a snapshot"
                                          : "the disk failed to sync the WAL");
  }
  if (ticket == kSnapshotTicket) {
    on_snapshot_written(now);
  } else {
    ASSERT(writing_);
    ASSERT(ticket.value == next_write_ - 1);
    on_wal_written(now);
  }
  absorb();
}

// Nothing of the write is there, and it is tried again.
void Replica::on_disk_full(Time now, storage::SyncTicket ticket) {
  if (ticket == kSnapshotTicket) {
    snapshot_writing_ = false;
    snapshot_full_ = true;
    retry_snapshot_at_ = now + kRetryFullDisk;
    return;
  }
  // The next write, under the same number, is an image: it covers whatever this one did, and all since.
  writing_ = false;
  wal_full_ = true;
  image_wanted_ = true;
  --next_write_;
  install_write_ = std::min(install_write_, next_write_);
  for (Held& held : held_) held.write = std::min(held.write, next_write_);
  retry_write_at_ = now + kRetryFullDisk;
}

void Replica::on_wal_written(Time now) {
  writing_ = wal_full_ = false;
  // What was cut or changed since this write began is not durable as it is now.
  Index last = written_last_;
  if (log_dirty_from_) last = std::min(last, log_dirty_from_->prev());
  raft_.persisted(now, written_state_, last, effects_);
}

}  // namespace norn
