// CRC32C (Castagnoli), as iSCSI, ext4 and RocksDB use it: of packets, WAL records and snapshots. In hardware,
// through ISA-L.
#pragma once

#include "replica/base/types.h"

namespace norn {

// Of bytes; pass the result for the bytes before to continue it: crc32c(b, crc32c(a)) is that of a then b.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0);

}  // namespace norn
