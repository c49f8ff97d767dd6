// Blocks, their alignment, and what a file system may refuse.
#include "replica/host/wal_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <new>
#include <unistd.h>
#include <utility>

#include "replica/base/assert.h"

namespace norn::host {
namespace {

std::byte* make_blocks(std::size_t size, std::size_t alignment) {
  auto* blocks = static_cast<std::byte*>(std::aligned_alloc(alignment, size));
  if (blocks == nullptr) throw std::bad_alloc();
  return blocks;
}

}  // namespace

void WalFile::Free::operator()(std::byte* bytes) const { std::free(bytes); }

WalFile::WalFile(Descriptor file, Bytes content, std::size_t allocated)
    : file_(std::move(file)),
      blocks_(make_blocks(kBlocksMax * kBlock, kBlock)),
      whole_(content.size() / kBlock * kBlock),
      held_(content.size() - whole_),
      allocated_(allocated),
      zeroed_(content.size()) {
  std::copy(content.begin() + static_cast<std::ptrdiff_t>(whole_), content.end(), blocks_.get());
  set_direct(true);
}

DiskStatus WalFile::append(Bytes bytes) {
  ASSERT(file_);  // a new replica's first write is an image
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kBlocksMax * kBlock - held_);
    std::copy_n(bytes.begin(), taken, blocks_.get() + held_);
    bytes = bytes.subspan(taken);
    held_ += taken;
    const std::size_t size = (held_ + kBlock - 1) / kBlock * kBlock;
    std::fill(blocks_.get() + held_, blocks_.get() + size, std::byte{0});
    const DiskStatus written = write(whole_, {blocks_.get(), size});
    if (written != DiskStatus::ok) return written;
    const std::size_t whole = held_ / kBlock * kBlock;
    std::copy(blocks_.get() + whole, blocks_.get() + held_, blocks_.get());
    whole_ += whole;
    held_ -= whole;
  }
  return fdatasync(file_.get()) == 0 ? DiskStatus::ok
                                     : DiskStatus::failed;  // what is on the disk is not known
}

// The zeros become durable with the next append.
void WalFile::prepare() {
  const std::size_t end = whole_ + kBlock;
  if (end + kZeros / 2 <= zeroed_) return;
  if (end + kZeros > allocated_) {
    const std::size_t wanted = end + kAhead;
    if (allocate(file_.get(), allocated_, wanted - allocated_) != DiskStatus::ok) return;
    allocated_ = wanted;
  }
  static const std::unique_ptr<std::byte, Free> zeros = [] {
    std::unique_ptr<std::byte, Free> made(make_blocks(kZeros, kBlock));
    std::fill_n(made.get(), kZeros, std::byte{0});
    return made;
  }();
  const std::size_t from = std::max(end, zeroed_ / kBlock * kBlock);
  const std::size_t upto = std::min(end + kZeros, allocated_ / kBlock * kBlock);
  if (write(from, {zeros.get(), upto - from}) == DiskStatus::ok) zeroed_ = upto;
}

void WalFile::set_direct(bool direct) {
  const int flags = fcntl(file_.get(), F_GETFL);
  if (flags < 0) return;
  direct_ = fcntl(file_.get(), F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0 && direct;
}

// What may be written directly differs between file systems, and is found out only by writing.
DiskStatus WalFile::write(std::size_t offset, Bytes blocks) {
  const DiskStatus written = write_all(file_.get(), offset, blocks);
  if (written != DiskStatus::failed || errno != EINVAL || !direct_) return written;
  set_direct(false);
  return write_all(file_.get(), offset, blocks);
}

}  // namespace norn::host
