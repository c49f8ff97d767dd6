// A ticket is the slab's number above 32 bits of the slot's.
#include "sim/engine/datagram_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "replica/base/assert.h"

namespace norn::sim {

DatagramPool::Ticket DatagramPool::add(std::uint16_t from, std::uint16_t to, Bytes bytes) {
  ASSERT(bytes.size() <= kSizeMax);
  const auto shift = std::max<std::size_t>(std::bit_width(bytes.size() - (bytes.empty() ? 0 : 1)), kSmallest);
  Slab& slab = slabs_[shift - kSmallest];
  std::uint32_t place = slab.free;
  if (place == kNone) {
    place = static_cast<std::uint32_t>(slab.slots.size());
    slab.slots.emplace_back();
    slab.bytes.resize(slab.slots.size() << shift);
  } else {
    slab.free = slab.slots[place].next_free;
  }
  slab.slots[place] = {.size = static_cast<std::uint32_t>(bytes.size()), .from = from, .to = to};
  if (!bytes.empty())
    std::memcpy(slab.bytes.data() + (std::size_t{place} << shift), bytes.data(), bytes.size());
  ++size_;
  return Ticket{shift - kSmallest} << 32 | place;
}

DatagramPool::Datagram DatagramPool::get(Ticket ticket) {
  const std::size_t number = ticket >> 32;
  const auto place = static_cast<std::uint32_t>(ticket);
  Slab& slab = slabs_[number];
  const Slot& slot = slab.slots[place];
  std::byte* start = slab.bytes.data() + (std::size_t{place} << (number + kSmallest));
  return {slot.from, slot.to, {start, slot.size}};
}

void DatagramPool::release(Ticket ticket) {
  Slab& slab = slabs_[ticket >> 32];
  const auto place = static_cast<std::uint32_t>(ticket);
  slab.slots[place].next_free = slab.free;
  slab.free = place;
  --size_;
}

}  // namespace norn::sim
