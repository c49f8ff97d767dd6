// A disk for a replica that is never started again: it keeps nothing, and whatever is to be synced is done
// when the replica asks for what has completed.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "replica/storage/disk.h"

namespace norn::course {

class MemoryDisk final : public storage::Disk {
 public:
  std::optional<Buffer> read(storage::File) override { return Buffer{}; }
  storage::DiskStatus append(storage::File, Bytes) override { return storage::DiskStatus::ok; }
  void sync(storage::File, storage::SyncTicket ticket) override { completed_.push_back(ticket); }
  void replace(storage::File, std::shared_ptr<const Buffer>, storage::SyncTicket ticket) override {
    completed_.push_back(ticket);
  }

  std::vector<storage::SyncTicket> take_completed() { return std::exchange(completed_, {}); }

 private:
  std::vector<storage::SyncTicket> completed_;
};

}  // namespace norn::course
