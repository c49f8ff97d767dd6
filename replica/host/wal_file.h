// The WAL's file, open for appending: whole blocks, written past the page cache where the file system can
// (O_DIRECT), so that a sync finds nothing to write back and only has the disk flush its cache.
//
// The file is allocated ahead of its content, and written with zeros some way ahead: a block that was written
// before is written again without any change to the file's metadata, which would be a second write to wait
// for. Recovery knows zeros to be nothing.
//
// The last block of the content, where it is not whole, is kept in memory and written again with what
// follows. That puts nothing at risk that the page cache would not: it, too, writes whole pages, and a sector
// of the device is written with what it had, or with that and more.
#pragma once

#include <memory>

#include "replica/host/files.h"

namespace norn::host {

class WalFile {
 public:
  // Bytes ahead of the content: allocated; and, at a time, written with zeros.
  static constexpr std::size_t kAhead = std::size_t{4} << 20;
  static constexpr std::size_t kZeros = std::size_t{256} << 10;

  WalFile() = default;
  // With this content, all of it durable, in a file of `allocated` bytes or more. Nobody else writes to it.
  WalFile(Descriptor file, Bytes content, std::size_t allocated);

  // Appends, durably once it returns ok. After anything else the file is to be replaced.
  DiskStatus append(Bytes bytes);
  // Has room and zeros ahead, which may take a while; best done when nobody waits. Where there is no room to
  // have them there may still be enough to append.
  void prepare();

 private:
  static constexpr std::size_t kBlock = 4096;    // a multiple of every common device's
  static constexpr std::size_t kBlocksMax = 64;  // written at a time
  struct Free {
    void operator()(std::byte* bytes) const;
  };

  void set_direct(bool direct);
  DiskStatus write(std::size_t offset, Bytes blocks);

  Descriptor file_;
  bool direct_ = false;
  std::unique_ptr<std::byte, Free> blocks_;  // what is to be written, from `whole_` on
  std::size_t whole_ = 0;                    // the content's whole blocks end here
  std::size_t held_ = 0;                     // bytes of content behind them, the first in blocks_
  std::size_t allocated_ = 0;                // of the file
  std::size_t zeroed_ = 0;                   // up to here its blocks have been written
};

}  // namespace norn::host
