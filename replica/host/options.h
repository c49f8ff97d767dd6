// What a replica's process is told: by the command line, the environment and a file, all with the same names
// (main.cc reads them), checked here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/client/client.h"
#include "replica/host/address.h"
#include "replica/replica.h"

namespace norn::host {

struct ServeOptions {
  NodeId id;
  std::vector<client::Peer> cluster;  // ascending by id
  std::string cluster_name = "norn";
  std::string data;               // the data directory
  std::optional<Address> listen;  // bound instead of the replica's own address in `cluster`
  std::string key_file;           // empty: datagrams are neither encrypted nor authenticated
  bool insecure_network = false;  // may use addresses other than loopback all the same

  std::optional<Address> resp;
  std::vector<client::Peer> resp_peers;  // where the others' gateways are, for --redirect
  bool redirect = false;
  std::string requirepass;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca;
  std::size_t resp_connections_max = 20'000;

  raft::Config raft;
  std::size_t datagram_max = 0;  // 0: by the network, see datagram_size
  std::uint64_t compact_after_bytes = std::uint64_t{64} << 20;
  std::uint64_t keep_bytes = std::uint64_t{4} << 20;
};

// "1=127.0.0.1:7101,2=..." Throws Failure, naming the option and the piece that is wrong.
std::vector<client::Peer> parse_peers(const char* option, std::string_view text);
// "150ms", "2s", "20us". Throws Failure.
Duration parse_duration(const char* option, std::string_view text);
// "4096", "64KiB", "1MiB", "2GiB". Throws Failure.
std::uint64_t parse_size(const char* option, std::string_view text);

// Throws Failure unless the options can be served together.
void check(const ServeOptions& options);

// All the addresses of the cluster are on this machine's loopback.
bool on_loopback(const std::vector<client::Peer>& cluster);

ClusterId cluster_id(std::string_view name);

// The largest datagram to be sent: what an Ethernet passes whole, or much more on loopback, where every
// datagram costs a system call's share and none is cut.
std::size_t datagram_size(const ServeOptions& options);

// `receive_buffer` is what the socket can hold: more than a part of it under way to one replica would be
// lost.
ReplicaOptions replica_options(const ServeOptions& options, std::size_t receive_buffer);

}  // namespace norn::host
