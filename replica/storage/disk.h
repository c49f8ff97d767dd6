// The disk port: what a replica may ask of its storage. Two files a replica, named by what they hold. The
// seam is this low so that WAL replay, checksums and torn tails run in the simulator too.
//
// Order and durability: appends to a file stay in order. Bytes appended are durable once a sync that was
// asked for after them has completed; a crash before that keeps any prefix of them, and may damage what it
// keeps. A replacement is atomic: after a crash the file is the old or the new one, whole; once completed it
// is the new one. At most one sync or replace is under way for each file (the replica's own rule: what
// gathers meanwhile is the next group commit, and a snapshot being written does not hold up the WAL).
// Completion comes back as Replica::on_synced, in any order between the two files.
#pragma once

#include <memory>
#include <optional>

#include "replica/base/types.h"

namespace norn::storage {

enum class File : std::uint8_t { wal, snapshot };

enum class DiskStatus : std::uint8_t {
  ok,
  full,    // nothing of this write was kept; it may be tried again later
  failed,  // what is on the disk is unknown: the process must stop
};

struct SyncTicket {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(SyncTicket, SyncTicket) = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  // The whole file as it stands; empty if there is none; nothing if it cannot be read. At start only. What it
  // returns is durable: a process that was killed may have left bytes that nobody synced, so sync first.
  virtual std::optional<Buffer> read(File file) = 0;
  virtual DiskStatus append(File file, Bytes bytes) = 0;
  virtual void sync(File file, SyncTicket ticket) = 0;
  // The bytes are shared, not copied: whoever writes them may take its time, and a snapshot may be large.
  virtual void replace(File file, std::shared_ptr<const Buffer> bytes, SyncTicket ticket) = 0;
};

}  // namespace norn::storage
