// Snapshots: made, received and installed, a piece at a time, so that neither requests nor heartbeats wait
// for a large store. In which order their writes become durable: replica_storage.cc.
#include <algorithm>
#include <memory>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/bugs.h"
#include "replica/replica.h"

namespace norn {
namespace {

constexpr std::size_t kTidySlots = 2048;  // freed a turn, of a store that is of no use any more
// How much log a follower that receives a snapshot can hold back, in terms of what the next one is due after.
constexpr std::uint64_t kReceiverKeeps = 4;

}  // namespace

void Replica::do_pieces(Time now) {
  begin_snapshot();
  if (!in_pieces() || now < next_piece_at_) return;
  next_piece_at_ = now + options_.snapshot_piece_interval;
  if (encoding_) encode_piece();
  store_.tidy(kTidySlots);
}

void Replica::begin_snapshot() {
  const raft::Log& log = raft_.log();
  const Index applied = store_.applied();
  if (encoding_ || restoring_ || snapshot_to_write_ || applied <= log.base().index) return;
  const raft::SnapshotPtr& before = raft_.snapshot();
  const Index after = std::max(before ? before->last.index : Index{}, log.base().index);
  if (applied <= after || log.encoded_size(after.next(), applied) < due_after(before)) return;
  ++counters_.snapshots_taken;
  const EntryId last{*log.term(applied), applied};
  encoding_ = Encoding{last, {options_.cluster, last, raft_.configuration().voters}};
  encoding_->encoder.expect(store_.begin_snapshot(encoding_->encoder.out()));
}

// Bytes of log between this snapshot and the next.
std::uint64_t Replica::due_after(const raft::SnapshotPtr& snapshot) const {
  return std::max<std::uint64_t>(options_.compact_after_bytes, snapshot ? snapshot->image.size() : 0);
}

void Replica::encode_piece() {
  storage::SnapshotEncoder& encoder = encoding_->encoder;
  const bool whole = store_.continue_snapshot(options_.snapshot_piece_bytes, encoder.out());
  encoder.add();
  if (!whole) return;
  const EntryId last = encoding_->last;
  snapshot_to_write_ = std::make_shared<const raft::Snapshot>(raft::Snapshot{last, encoder.finish()});
  encoding_.reset();
  if (bug(Bug::trim_before_snapshot_durable)) {
    raft_.compact(snapshot_to_write_, last.index);
    image_wanted_ = true;
  }
}

// A whole snapshot has come from the leader: it is checked, read and written before it counts.
void Replica::receive_snapshot(const raft::SnapshotPtr& snapshot) {
  if (restoring_ || snapshot_to_write_) return raft_.install_rejected();  // it will be sent again
  if (encoding_) {                                                        // ours is of an older state
    encoding_.reset();
    store_.abandon_snapshot();
  }
  restoring_ = Restoring{snapshot, {options_.cluster, snapshot->image}};
}

// Before the turn's writes: a small one is checked, read and written in one turn.
void Replica::restore_piece(Time now) {
  if (!restoring_ || now < next_piece_at_) return;
  next_piece_at_ = now + options_.snapshot_piece_interval;
  using Check = storage::SnapshotCheck::Progress;
  using Progress = kv::Store::Restore::Progress;
  Restoring& of = *restoring_;
  if (!of.store) {
    const Check checked = of.check.step(options_.snapshot_piece_bytes);
    if (checked == Check::more) return;
    if (checked == Check::refused || of.check.view().last != of.snapshot->last) return reject_snapshot();
    of.store.emplace(of.check.view().state, options_.store);
  }
  const Progress read = of.store->step(options_.snapshot_piece_bytes);
  if (read == Progress::more) return;
  if (read == Progress::refused) return reject_snapshot();
  restored_ = of.store->take();
  restored_configuration_ = {};
  restored_configuration_.voters = of.check.view().voters;
  snapshot_to_write_ = of.snapshot;
  restoring_.reset();
}

void Replica::reject_snapshot() {
  restoring_.reset();
  raft_.install_rejected();
}

void Replica::write_snapshot(storage::Disk& disk) {
  retry_snapshot_at_ = kNever;
  snapshot_writing_ = true;
  const std::shared_ptr<const Buffer> image(snapshot_to_write_, &snapshot_to_write_->image);
  disk.replace(storage::File::snapshot, image, kSnapshotTicket);
}

void Replica::on_snapshot_written(Time now) {
  snapshot_writing_ = snapshot_full_ = false;
  const raft::SnapshotPtr snapshot = std::exchange(snapshot_to_write_, nullptr);
  image_wanted_ = true;
  if (!restored_) {
    const Index last = snapshot->last.index;
    const std::uint64_t most = std::max(options_.keep_bytes, kReceiverKeeps * due_after(snapshot));
    return raft_.compact(snapshot, keep_from(last, options_.keep_bytes), keep_from(last, most));
  }
  install_write_ = next_write_;
  if (snapshot->last.index > store_.applied() || bug(Bug::old_snapshot_replaces_log)) {
    store_.replace_by(std::move(*restored_));
    clock_.advance(now, store_.clock());
    ++counters_.snapshots_installed;
  }
  restored_.reset();
  raft_.installed(now, snapshot, restored_configuration_, effects_);
}

// The highest index, at most upto, behind which so many bytes of the log are.
Index Replica::keep_from(Index upto, std::uint64_t bytes) const {
  const raft::Log& log = raft_.log();
  const auto kept = [&](Index index) { return log.encoded_size(index.next(), log.last().index) >= bytes; };
  Index low = log.base().index;
  while (low < upto) {
    const Index middle{low.value + (upto.value - low.value + 1) / 2};
    if (kept(middle)) {
      low = middle;
    } else {
      upto = middle.prev();
    }
  }
  return low;
}

}  // namespace norn
