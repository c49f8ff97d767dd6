// What the disk threads do.
#include "replica/host/file_disk.h"

#include <fcntl.h>
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
    : directory_(directory), completed_(std::move(completed)) {}

std::optional<Buffer> FileDisk::read(storage::File file) {
  Descriptor opened(openat(directory_, name_of(file), O_RDWR | O_CLOEXEC));
  if (opened && fdatasync(opened.get()) != 0) return std::nullopt;
  std::optional<Buffer> content = read_file(directory_, name_of(file));
  if (file == storage::File::wal && content) {
    wal_ = std::move(opened);
    size_ = allocated_ = content->size();
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
  wal_thread_.queue(
      [this, ticket, bytes = std::exchange(gathered_, {})] { completed_(ticket, append_and_sync(bytes)); });
}

void FileDisk::replace(storage::File file, Bytes bytes, storage::SyncTicket ticket) {
  Buffer content(bytes.begin(), bytes.end());
  if (file == storage::File::wal) {
    ASSERT(gathered_.empty());  // one write at a time is the replica's rule
    wal_thread_.queue(
        [this, ticket, content = std::move(content)] { completed_(ticket, replace_wal(content)); });
  } else {
    snapshot_thread_.queue([this, ticket, content = std::move(content)] {
      completed_(ticket, write_new(directory_, "snapshot", content));
    });
  }
}

storage::DiskStatus FileDisk::append_and_sync(Bytes bytes) {
  ASSERT(wal_);  // a new replica's first write is an image
  if (size_ + bytes.size() > allocated_) {
    const std::size_t wanted = size_ + bytes.size() + kAhead;
    // Where there is no room to allocate ahead there may still be enough to write.
    if (posix_fallocate(wal_.get(), static_cast<off_t>(allocated_),
                        static_cast<off_t>(wanted - allocated_)) == 0)
      allocated_ = wanted;
  }
  const storage::DiskStatus written = write_all(wal_.get(), size_, bytes);
  if (written != storage::DiskStatus::ok) return written;
  if (fdatasync(wal_.get()) != 0) return storage::DiskStatus::failed;  // what is on the disk is not known
  size_ += bytes.size();
  return storage::DiskStatus::ok;
}

storage::DiskStatus FileDisk::replace_wal(Bytes bytes) {
  Descriptor file;
  const storage::DiskStatus status = write_new(directory_, "wal", bytes, kAhead, &file);
  if (status != storage::DiskStatus::ok) return status;
  wal_ = std::move(file);
  size_ = bytes.size();
  allocated_ = size_ + kAhead;
  return status;
}

}  // namespace norn::host
