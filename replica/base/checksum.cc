#include "replica/base/checksum.h"

#include <isa-l/crc.h>

namespace norn {

std::uint32_t crc32c(Bytes bytes, std::uint32_t before) {
  // ISA-L's interface takes a mutable pointer and an int, reads only, and leaves both inversions to the
  // caller.
  auto* at = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  std::uint32_t crc = ~before;
  std::size_t left = bytes.size();
  constexpr std::size_t kStep = 1u << 30;
  while (left > kStep) {
    crc = crc32_iscsi(at, static_cast<int>(kStep), crc);
    at += kStep;
    left -= kStep;
  }
  return ~crc32_iscsi(at, static_cast<int>(left), crc);
}

}  // namespace norn
