// A stream's violation in words, from what the stream still has of the operations.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/stream.h"
#include "sim/check/stream_component.h"

namespace norn::sim {

// The operation whose answer made it certain (`answered`), the one that returned and cannot have taken effect
// (mostly the same), what its keys could have held, and who was around it. `keys`: the texts, by number.
StreamViolation words_of(const Stuck& stuck, std::uint32_t answered, const StreamComponent& component,
                         const StreamTables& tables, const Values& keys);

}  // namespace norn::sim
