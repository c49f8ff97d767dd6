// System calls on files, repeated until they are done.
#include "replica/host/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace norn::host {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;  // bytes between two syncs of a large file

DiskStatus write_content(int file, Bytes bytes, std::size_t room) {
  // Where there is no room to allocate ahead there may still be enough for the content.
  if (room > 0) static_cast<void>(posix_fallocate(file, 0, static_cast<off_t>(bytes.size() + room)));
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const DiskStatus written = write_all(file, at, bytes.subspan(at, std::min(kPiece, bytes.size() - at)));
    if (written != DiskStatus::ok) return written;
    const bool last = bytes.size() - at <= kPiece;
    if (!last && fdatasync(file) != 0) return write_failure();
  }
  return fsync(file) == 0 ? DiskStatus::ok : write_failure();
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  const int error = errno;  // that of the call which made this one's owner give up
  if (number_ >= 0) close(number_);
  errno = error;
}

DiskStatus write_failure() {
  return errno == ENOSPC || errno == EDQUOT ? DiskStatus::full : DiskStatus::failed;
}

DiskStatus write_all(int file, std::size_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return write_failure();
    }
    offset += static_cast<std::size_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return DiskStatus::ok;
}

DiskStatus write_new(int directory, const char* name, Bytes bytes, std::size_t room, Descriptor* kept) {
  const std::string temporary = std::string(name) + ".new";
  Descriptor file(openat(directory, temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return write_failure();
  DiskStatus status = write_content(file.get(), bytes, room);
  if (status == DiskStatus::ok && renameat(directory, temporary.c_str(), directory, name) != 0)
    status = write_failure();
  if (status == DiskStatus::ok && fsync(directory) != 0) status = DiskStatus::failed;
  const int error = errno;
  if (status != DiskStatus::ok) unlinkat(directory, temporary.c_str(), 0);
  if (status == DiskStatus::ok && kept != nullptr) *kept = std::move(file);
  errno = error;
  return status;
}

std::optional<Buffer> read_file(int directory, const char* name) {
  const Descriptor file(openat(directory, name, O_RDONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? std::optional(Buffer()) : std::nullopt;
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return std::nullopt;
  Buffer content(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < content.size();) {
    const ssize_t count = pread(file.get(), content.data() + at, content.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    at += static_cast<std::size_t>(count);
  }
  return content;
}

std::optional<std::string> read_text(int directory, const char* name) {
  const std::optional<Buffer> content = read_file(directory, name);
  if (!content) return std::nullopt;
  return std::string(as_text(*content));
}

}  // namespace norn::host
