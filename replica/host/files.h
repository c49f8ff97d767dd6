// Files, durably: what is written here survives a crash of the machine once the call has returned ok. An
// error's reason stays in errno.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "replica/base/bytes.h"
#include "replica/storage/disk.h"

namespace norn::host {

using storage::DiskStatus;

// An open file, closed with this object. Leaves errno alone.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// What a failed system call means for a write: full (no space, no quota) or failed. Reads errno.
DiskStatus write_failure();

// Writes all bytes at the offset. Does not sync.
DiskStatus write_all(int file, std::size_t offset, Bytes bytes);

// Replaces directory/name atomically: a temporary file, synced, renamed, and the directory synced. `room`
// bytes are allocated behind the content if the disk has them, and read as zeros. In pieces, each synced, so
// that a large file does not leave the disk a backlog that another file's sync would have to wait for. The
// descriptor of the new file in `kept`, if that is asked for; else it is closed.
DiskStatus write_new(int directory, const char* name, Bytes bytes, std::size_t room = 0,
                     Descriptor* kept = nullptr);

// The whole file; empty if there is none; nothing if it cannot be read.
std::optional<Buffer> read_file(int directory, const char* name);
std::optional<std::string> read_text(int directory, const char* name);

}  // namespace norn::host
