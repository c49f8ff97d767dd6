// The disk port on real files: DIR/wal and DIR/snapshot. Two threads, one a file, do all that may wait for
// the disk, so that neither a slow sync nor a large snapshot holds up the loop; a port's call only queues.
//
// How the WAL is appended to is in wal_file.h. A file that was appended to by a killed process is synced
// before it is read: what recovery trusts must be durable.
//
// Completions are reported on a disk thread; whoever is told passes them to its loop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "replica/host/files.h"
#include "replica/host/wal_file.h"
#include "replica/storage/disk.h"

namespace norn::host {

// A thread that does one job after the other; its destructor finishes what was queued.
class Worker {
 public:
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void queue(std::function<void()> job);

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::thread thread_;
};

class FileDisk final : public storage::Disk {
 public:
  using Completed = std::function<void(storage::SyncTicket, storage::DiskStatus)>;

  // On the files of this directory, which the caller keeps open and locked. What a killed process was about
  // to replace is removed.
  FileDisk(int directory, Completed completed);

  std::optional<Buffer> read(storage::File file) override;
  storage::DiskStatus append(storage::File file, Bytes bytes) override;
  void sync(storage::File file, storage::SyncTicket ticket) override;
  void replace(storage::File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) override;

  bool idle() const { return begun_ == done_; }  // all that was asked for is completed
  int error() const { return error_; }           // errno of the last operation that failed; 0: none

 private:
  void complete(storage::SyncTicket ticket, storage::DiskStatus status);
  storage::DiskStatus replace_wal(Bytes bytes);

  int directory_;
  Completed completed_;
  std::uint64_t begun_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<int> error_ = 0;
  Buffer gathered_;  // appended to the WAL, and not handed to its thread yet

  WalFile wal_;  // of the WAL's thread, once it has begun

  Worker snapshot_thread_;  // last: they end before what they use
  Worker wal_thread_;
};

}  // namespace norn::host
