// The certificate: the system's own log order, offered as a linearization and verified. Every reply carries
// its key's version, the log index of the key's last change; so the versions order a component's writes, and
// say of every read which writes it lies between. What is verified: the map run in that order gives every
// result that was seen, and the order can be kept with every operation at an instant between its call and its
// return. When both hold the component is linearizable, whoever made the versions up. A write of unknown
// outcome has no version; where what was seen needs one, it is guessed, and verified with the rest. When the
// order does not hold nothing is known: versions are the system's claim, so they never prove a violation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable_component.h"

namespace norn::sim {

// True: the component is linearizable; then the order, places in the history, is left in `order` if that is
// wanted. O(n log n), on the history's own strings.
bool certified_by_versions(const History& history, const Split& split, std::size_t component,
                           std::vector<std::uint32_t>* order = nullptr);

}  // namespace norn::sim
