// Datagrams under way. Their bytes lie in slabs, one for each power of two, each slab a single run of memory
// with a free list: in a steady state nothing is allocated, and a copy of the pool is a few large copies. A
// value.
#pragma once

#include <array>
#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

class DatagramPool {
 public:
  using Ticket = std::uint64_t;

  struct Datagram {
    std::uint16_t from = 0;  // places of processes
    std::uint16_t to = 0;
    std::span<std::byte> bytes;  // lives until the next add
  };

  // At most kSizeMax bytes.
  static constexpr std::size_t kSizeMax = std::size_t{1} << 24;
  Ticket add(std::uint16_t from, std::uint16_t to, Bytes bytes);
  Datagram get(Ticket ticket);
  void release(Ticket ticket);

  std::size_t size() const { return size_; }  // datagrams held

 private:
  static constexpr std::size_t kSmallest = 6;  // 64 bytes
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Slot {
    std::uint32_t size = 0;
    std::uint32_t next_free = kNone;
    std::uint16_t from = 0;
    std::uint16_t to = 0;
  };
  struct Slab {
    Buffer bytes;  // slots.size() << shift
    std::vector<Slot> slots;
    std::uint32_t free = kNone;
  };

  std::array<Slab, 19> slabs_;  // by size: 2^6 .. 2^24 bytes
  std::size_t size_ = 0;
};

}  // namespace norn::sim
