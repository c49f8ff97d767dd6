#include "replica/base/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace norn {

std::uint64_t Digest::hash(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace norn
