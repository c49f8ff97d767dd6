// What a replica keeps, and in which order: recovery at the start, group commits of the WAL, snapshots.
//
// The durability order. A record goes to the WAL when the one before it is synced. Whatever promises
// something (a vote, an acknowledgement) leaves after the sync that covers it. A snapshot is durable before
// the log it replaces is cut: first the snapshot's file is replaced, then the log in memory is compacted,
// then the WAL's file is replaced. A crash between these steps leaves a snapshot and a WAL that overlap,
// which recovery expects.
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
// Tickets tell the two files' completions apart.
constexpr storage::SyncTicket kSnapshotTicket{0};

}  // namespace

// Nothing: the replica must not start, and stopped_ says why.
std::optional<raft::Persistent> Replica::recover(storage::Disk& disk) {
  const std::optional<Buffer> wal_file = disk.read(storage::File::wal);
  const std::optional<Buffer> snapshot_file = disk.read(storage::File::snapshot);
  if (!wal_file || !snapshot_file) {
    stop("the data directory cannot be read");
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
  // Records of terms and votes, and of entries replaced, outlive their use: the file is bounded all the same.
  const bool overgrown = wal_.size() > raft_.log().size_bytes() + 2 * options_.compact_after_bytes;
  const bool dirty = hard_state_dirty_ || log_dirty_from_;
  if (image_wanted_ || (dirty && overgrown)) return write_image(disk);
  if (dirty) write_record(now, disk);
}

void Replica::write_record(Time now, storage::Disk& disk) {
  const Index last = raft_.log().last().index;
  const Index from = log_dirty_from_.value_or(last.next());
  const storage::Wal before = wal_;  // a record knows its place, so one that was not written must not count
  wal_.record(raft_.hard_state(), raft_.log(), from, raft_.fence(), packet_);
  retry_write_at_ = kNever;
  switch (disk.append(storage::File::wal, packet_)) {
    case storage::DiskStatus::ok:
      break;
    case storage::DiskStatus::full:
      wal_ = before;
      retry_write_at_ = now + kRetryFullDisk;
      return;
    case storage::DiskStatus::failed:
      return stop("the disk failed to take a WAL record");
  }
  hard_state_dirty_ = false;
  log_dirty_from_.reset();
  writing_ = true;
  written_state_ = raft_.hard_state();
  written_last_ = last;
  ++counters_.syncs;
  disk.sync(storage::File::wal, {next_write_++});
}

void Replica::write_image(storage::Disk& disk) {
  wal_.image(raft_.hard_state(), raft_.log(), raft_.fence(), packet_);
  retry_write_at_ = kNever;
  image_wanted_ = hard_state_dirty_ = false;
  log_dirty_from_.reset();
  writing_ = true;
  written_state_ = raft_.hard_state();
  written_last_ = raft_.log().last().index;
  ++counters_.syncs;
  disk.replace(storage::File::wal, packet_, {next_write_++});
}

void Replica::write_snapshot(storage::Disk& disk) {
  retry_snapshot_at_ = kNever;
  snapshot_writing_ = true;
  disk.replace(storage::File::snapshot, snapshot_to_write_->image, kSnapshotTicket);
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
    retry_snapshot_at_ = now + kRetryFullDisk;
    return;
  }
  // The next write, under the same number, is an image: it covers whatever this one did, and all since.
  writing_ = false;
  image_wanted_ = true;
  --next_write_;
  install_write_ = std::min(install_write_, next_write_);
  for (Held& held : held_) held.write = std::min(held.write, next_write_);
  retry_write_at_ = now + kRetryFullDisk;
}

void Replica::on_wal_written(Time now) {
  writing_ = false;
  // What was cut or changed since this write began is not durable as it is now.
  Index last = written_last_;
  if (log_dirty_from_) last = std::min(last, log_dirty_from_->prev());
  raft_.persisted(now, written_state_, last, effects_);
}

void Replica::on_snapshot_written(Time now) {
  snapshot_writing_ = false;
  const raft::SnapshotPtr snapshot = std::exchange(snapshot_to_write_, nullptr);
  image_wanted_ = true;
  if (!std::exchange(snapshot_installs_, false)) {
    const raft::Log& log = raft_.log();
    // Keep the newest keep_bytes of the log for followers a little behind.
    Index upto = snapshot->last.index;
    const auto kept = [&](Index index) {
      return log.encoded_size(index.next(), log.last().index) >= options_.keep_bytes;
    };
    Index low = log.base().index;
    while (low < upto) {  // the highest index with enough kept behind it
      const Index middle{low.value + (upto.value - low.value + 1) / 2};
      if (kept(middle)) {
        low = middle;
      } else {
        upto = middle.prev();
      }
    }
    raft_.compact(snapshot, low);
    return;
  }
  install_write_ = next_write_;
  const auto view = storage::parse_snapshot(options_.cluster, snapshot->image);
  ASSERT(view.has_value());
  raft::Configuration configuration;
  configuration.voters = view->voters;
  if (snapshot->last.index > store_.applied() || bug(Bug::old_snapshot_replaces_log)) {
    auto store = kv::Store::parse(view->state, options_.store);
    ASSERT(store.has_value());
    store_ = std::move(*store);
    ++counters_.snapshots_installed;
  }
  raft_.installed(now, snapshot, configuration, effects_);
}

// Takes a whole snapshot from the leader: checks it, and has it written.
void Replica::receive_snapshot(const raft::SnapshotPtr& snapshot) {
  const auto view = storage::parse_snapshot(options_.cluster, snapshot->image);
  const bool good = view && view->last == snapshot->last && kv::Store::parse(view->state, options_.store);
  if (!good || snapshot_to_write_)
    return raft_.install_rejected();  // or one of our own is being written: it will be sent again
  snapshot_to_write_ = snapshot;
  snapshot_installs_ = true;
}

void Replica::take_snapshot() {
  const raft::Log& log = raft_.log();
  const Index applied = store_.applied();
  if (snapshot_to_write_ || applied <= log.base().index) return;
  const Index covered = raft_.snapshot() ? raft_.snapshot()->last.index : Index{};
  const Index after = std::max(covered, log.base().index);
  if (applied <= after || log.encoded_size(after.next(), applied) < options_.compact_after_bytes) return;
  ++counters_.snapshots_taken;
  Buffer state;
  store_.encode(state);
  const EntryId last{*log.term(applied), applied};
  auto snapshot = std::make_shared<raft::Snapshot>(raft::Snapshot{last, {}});
  storage::encode_snapshot(options_.cluster, last, raft_.configuration().voters, state, snapshot->image);
  snapshot_to_write_ = std::move(snapshot);
  if (bug(Bug::trim_before_snapshot_durable)) {
    raft_.compact(snapshot_to_write_, applied);
    image_wanted_ = true;
  }
}

}  // namespace norn
