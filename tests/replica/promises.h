// What a datagram promises, and whether a disk keeps it. The oracle knows nothing of how the replica orders
// its writes: it recovers from what is durable at the moment the datagram leaves, and looks.
#pragma once

#include <optional>
#include <string>

#include "replica/replica.h"

#include "tests/replica/scripted_disk.h"

namespace norn {

// A sentence if the sender's disk, were the power to fail now, would not keep what the packet says:
//   a term it has reached, and the vote it asks for or gives in it;
//   entries acknowledged: it has them, with the same terms as the sender's log.
std::optional<std::string> broken_promise(const ReplicaOptions& options, const Replica& sender,
                                          const ScriptedDisk& disk, NodeId to, const wire::Packet& packet);

}  // namespace norn
