// What the disk threads do.
#include "replica/host/file_disk.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "replica/base/assert.h"

namespace norn::host {
namespace {

const char* name_of(storage::File file) { return file == storage::File::wal ? "wal" : "snapshot"; }

}  // namespace

Worker::Worker() : thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::queue(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

FileDisk::FileDisk(int directory, Completed completed)
    : directory_(directory), completed_(std::move(completed)) {
  for (const storage::File file : {storage::File::wal, storage::File::snapshot})
    unlinkat(directory_, (std::string(name_of(file)) + ".new").c_str(), 0);
}

std::optional<Buffer> FileDisk::read(storage::File file) {
  Descriptor opened(openat(directory_, name_of(file), O_RDWR | O_CLOEXEC));
  if (!opened && errno == ENOENT) return Buffer();
  std::optional<Buffer> content;
  if (opened && fdatasync(opened.get()) == 0) content = read_file(directory_, name_of(file));
  if (!content) error_ = errno;
  if (file == storage::File::wal && content) {
    wal_ = WalFile(std::move(opened), *content, content->size());
  }
  return content;
}

storage::DiskStatus FileDisk::append(storage::File file, Bytes bytes) {
  ASSERT(file == storage::File::wal);
  gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
  return storage::DiskStatus::ok;  // a disk that is full shows when the thread writes
}

void FileDisk::sync(storage::File file, storage::SyncTicket ticket) {
  ASSERT(file == storage::File::wal);
  ++begun_;
  wal_thread_.queue([this, ticket, bytes = std::exchange(gathered_, {})] {
    const storage::DiskStatus status = wal_.append(bytes);
    complete(ticket, status);
    if (status == storage::DiskStatus::ok) wal_.prepare();  // while nobody waits
  });
}

void FileDisk::replace(storage::File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) {
  ++begun_;
  if (file == storage::File::wal) {
    ASSERT(gathered_.empty());  // one write at a time is the replica's rule
    wal_thread_.queue([this, ticket, bytes] {
      const storage::DiskStatus status = replace_wal(*bytes);
      complete(ticket, status);
      if (status == storage::DiskStatus::ok) wal_.prepare();
    });
  } else {
    snapshot_thread_.queue(
        [this, ticket, bytes] { complete(ticket, write_new(directory_, "snapshot", *bytes)); });
  }
}

void FileDisk::complete(storage::SyncTicket ticket, storage::DiskStatus status) {
  if (status == storage::DiskStatus::failed) error_ = errno;
  ++done_;
  completed_(ticket, status);
}

storage::DiskStatus FileDisk::replace_wal(Bytes bytes) {
  Descriptor file;
  const storage::DiskStatus status = write_new(directory_, "wal", bytes, WalFile::kAhead, &file);
  if (status != storage::DiskStatus::ok) return status;
  wal_ = WalFile(std::move(file), bytes, bytes.size() + WalFile::kAhead);
  return status;
}

}  // namespace norn::host
