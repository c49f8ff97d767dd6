// What the disk threads do.
#include "replica/host/file_disk.h"

#include <algorithm>
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
    wal_ = std::move(opened);
    size_ = allocated_ = zeroed_ = content->size();
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
  wal_thread_.queue(
      [this, ticket, bytes = std::exchange(gathered_, {})] { complete(ticket, append_and_sync(bytes)); });
}

void FileDisk::replace(storage::File file, std::shared_ptr<const Buffer> bytes, storage::SyncTicket ticket) {
  ++begun_;
  if (file == storage::File::wal) {
    ASSERT(gathered_.empty());  // one write at a time is the replica's rule
    wal_thread_.queue([this, ticket, bytes] { complete(ticket, replace_wal(*bytes)); });
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

// Zeros are written ahead of the content, and made durable by the sync that follows: a block that was written
// before is written again without any change to the file's metadata, which would be a second write to wait
// for.
void FileDisk::prepare(std::size_t end) {
  if (end > allocated_) {
    // Where there is no room to allocate ahead there may still be enough to write.
    const std::size_t wanted = end + kAhead;
    if (allocate(wal_.get(), allocated_, wanted - allocated_) == storage::DiskStatus::ok) allocated_ = wanted;
  }
  if (end <= zeroed_) return;
  const std::size_t upto = std::min(end + kZeros, allocated_);
  if (upto <= end) return;
  static const Buffer zeros(kZeros);
  if (write_all(wal_.get(), end, Bytes(zeros).first(upto - end)) == storage::DiskStatus::ok) zeroed_ = upto;
}

storage::DiskStatus FileDisk::append_and_sync(Bytes bytes) {
  ASSERT(wal_);  // a new replica's first write is an image
  prepare(size_ + bytes.size());
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
  size_ = zeroed_ = bytes.size();
  allocated_ = size_ + kAhead;
  return status;
}

}  // namespace norn::host
