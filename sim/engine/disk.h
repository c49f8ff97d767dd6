// One replica's simulated disk: two files, what of them is synced, and the syncs and replacements under way.
// It says how long each takes; the world tells it when that time has come, or that the machine has crashed
// first. A value; the replica reaches it through a port that the world makes for the length of a turn.
#pragma once

#include <array>
#include <optional>

#include "replica/base/rng.h"
#include "replica/storage/disk.h"

#include "sim/engine/models.h"

namespace norn::sim {

using storage::DiskStatus;
using storage::File;
using storage::SyncTicket;

struct DiskCounters {
  std::uint64_t operations = 0;  // reads, appends, syncs and replacements asked for
  std::uint64_t syncs = 0;       // and replacements, completed
  std::uint64_t failures = 0;    // operations that were made to fail
  std::uint64_t torn = 0;        // crashes that kept part of what was not synced
  std::uint64_t bytes_appended = 0;
};

class SimDisk {
 public:
  SimDisk(const DiskModel& model, Rng rng) : model_(model), rng_(rng) {}

  // The replica's side (storage::Disk). sync and replace return how long they take: then comes complete. One
  // of them at a time for each file, with tickets that differ, and no append to a file that is being
  // replaced.
  std::optional<Buffer> read(File file);
  DiskStatus append(File file, Bytes bytes);
  Duration sync(File file, SyncTicket ticket);
  Duration replace(File file, Bytes bytes, SyncTicket ticket);

  // The operation's time has come: what it promised is durable now, unless it failed. A second call does
  // nothing.
  void complete(SyncTicket ticket);
  // How it went; the disk forgets it.
  DiskStatus report(SyncTicket ticket);
  // The machine stops, power and all. What was not synced is lost, or a prefix of it kept and perhaps
  // damaged; a file in replacement is the old or the new one. What is there now is durable.
  void crash();

  // Faults.
  void set_model(const DiskModel& model) { model_ = model; }
  const DiskModel& model() const { return model_; }
  // The n-th operation from now fails (1: the next one; 0: none). A read gives nothing; an append keeps an
  // unknown prefix.
  void fail_operation(std::uint64_t n) { fail_at_ = n == 0 ? 0 : counters_.operations + n; }
  // Flips `bits` neighbouring bits of synced bytes: at this share of them, or anywhere. False: nothing is
  // synced.
  bool rot(File file, std::optional<Ratio> where, std::uint32_t bits);
  bool rotten(File file) const { return files_[place(file)].rotten; }  // until it is replaced
  void wipe();  // a new, empty disk, for a process that is down

  // Observers.
  Bytes content(File file) const { return files_[place(file)].content; }      // as the process sees it
  std::size_t synced(File file) const { return files_[place(file)].synced; }  // how much of it is durable
  std::uint64_t used() const;  // bytes, replacements under way included
  bool pending(File file) const { return files_[place(file)].pending.has_value(); }
  const DiskCounters& counters() const { return counters_; }

 private:
  struct Pending {
    SyncTicket ticket;
    bool completed = false;
    DiskStatus status = DiskStatus::ok;
    std::size_t size = 0;                 // sync: the file's, when it was asked for
    std::optional<Buffer> replacement{};  // replace: the new file
  };
  struct FileState {
    Buffer content;
    std::size_t synced = 0;
    bool rotten = false;  // something that was synced is not what it was
    std::optional<Pending> pending;
    void install();  // the pending replacement
  };
  static std::size_t place(File file) { return static_cast<std::size_t>(file); }
  bool fails();
  Duration ask(FileState& file, Pending pending);
  FileState& file_of(SyncTicket ticket);
  void tear(FileState& file);

  DiskModel model_;
  Rng rng_;
  std::array<FileState, 2> files_;
  std::uint64_t fail_at_ = 0;  // the operation's number; 0: none
  DiskCounters counters_;
};

}  // namespace norn::sim
