// A disk whose every moment is the test's: writes gather until the test completes them, the n-th operation
// can fail in any of the ways a disk fails, and a crash keeps what was synced and as much of the rest as the
// test says. A value.
//
// Operations are numbered from 1 over the disk's whole life, restarts included: each read, append, sync and
// replace is one.
#pragma once

#include <array>
#include <optional>

#include "replica/storage/disk.h"

namespace norn {

using storage::DiskStatus;
using storage::File;

enum class Fault : std::uint8_t {
  failed,          // a read finds nothing, an append keeps a part, a sync or a replacement reports an error
  full,            // an append is refused, a sync or a replacement reports it; a read is not concerned
  crash,           // the power fails as the operation begins
  completed_then,  // and as it has been carried out: a sync and a replacement are durable, nobody knows it
                   // yet
};

// What a crash leaves of what was not synced.
struct Kept {
  std::size_t appended = 0;  // bytes of each file's unsynced tail, at most
  bool replaced = false;     // a replacement under way has happened
};

class ScriptedDisk final : public storage::Disk {
 public:
  std::optional<Buffer> read(File file) override;
  DiskStatus append(File file, Bytes bytes) override;
  void sync(File file, storage::SyncTicket ticket) override;
  void replace(File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) override;

  // Whether the file waits for a completion; and completes it: what to report to the replica.
  bool pending(File file) const { return of(file).pending.has_value(); }
  struct Completion {
    storage::SyncTicket ticket;
    DiskStatus status = DiskStatus::ok;
  };
  Completion complete(File file);

  void fail_at(std::uint64_t operation, Fault fault) {
    fail_at_ = operation;
    fault_ = fault;
  }
  void fail_next(Fault fault) { fail_at(operations_ + 1, fault); }
  // From now on, until told otherwise, there is no room.
  void set_full(bool full) { full_ = full; }
  bool crashed() const { return crashed_; }  // a Fault::crash has struck: the process must be gone
  std::uint64_t operations() const { return operations_; }

  // The process is dead; what was under way is gone but for what is kept.
  void crash(Kept kept);

  // Damage: a file's content is there to be changed, and may lose its end.
  void cut(File file, std::size_t size) {
    of(file).content.resize(size);
    of(file).synced = size;
  }
  Buffer& content(File file) { return of(file).content; }
  Bytes durable(File file) const { return Bytes(of(file).content).first(of(file).synced); }
  std::size_t unsynced(File file) const { return of(file).content.size() - of(file).synced; }

 private:
  struct Pending {
    storage::SyncTicket ticket;
    DiskStatus status = DiskStatus::ok;
    std::size_t size = 0;                 // of the content when a sync was asked for
    std::optional<Buffer> replacement{};  // of a replacement
  };
  struct State {
    Buffer content;
    std::size_t synced = 0;
    std::optional<Pending> pending;
    void install();
  };
  std::optional<Fault> begin();  // counts an operation; how it fails
  void ask(File file, Pending pending);
  State& of(File file) { return files_[static_cast<std::size_t>(file)]; }
  const State& of(File file) const { return files_[static_cast<std::size_t>(file)]; }

  std::array<State, 2> files_;
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;  // never
  Fault fault_ = Fault::failed;
  bool full_ = false;
  bool crashed_ = false;
};

}  // namespace norn
