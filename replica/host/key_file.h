// The file of the cluster's key on this machine, and chance from the system. Only the owner may read the
// file.
#pragma once

#include <memory>
#include <string>

#include "replica/client/client.h"
#include "replica/seal/endpoint.h"

namespace norn::host {

// Writes a fresh key; throws Failure, in particular when there is a file already.
void make_key_file(const std::string& path);

// Throws Failure: cannot be read, may be read by others, is no key.
seal::Key read_key_file(const std::string& path);

// The end of a socket that speaks under the key of this file; null when the path is empty. `self` is nobody
// for a client.
std::unique_ptr<seal::Endpoint> make_endpoint(const std::string& path, NodeId self,
                                              const std::vector<client::Peer>& replicas);

// A seed from the system's chance.
std::uint64_t system_seed();

}  // namespace norn::host
