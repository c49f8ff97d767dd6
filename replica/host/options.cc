// Reading and checking options. Every refusal is one line that names the option.
#include "replica/host/options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "replica/base/bytes.h"
#include "replica/base/digest.h"
#include "replica/host/failure.h"
#include "replica/seal/endpoint.h"

namespace norn::host {
namespace {

constexpr std::size_t kEthernetDatagram = 1400;    // leaves room for IP, UDP, tunnels and the seal in 1,500
constexpr std::size_t kLoopbackDatagram = 16'000;  // of the 65,536 bytes that loopback's MTU allows

struct Number {
  std::uint64_t value = 0;
  std::string_view unit;
};

// Digits and what follows them; nothing if there are no digits or too many.
std::optional<Number> split_number(std::string_view text) {
  Number number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (error != std::errc{}) return std::nullopt;
  number.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// A number with one of these units, in the smallest of them.
template <std::size_t N>
std::uint64_t parse_with_unit(const char* option, std::string_view text, const std::array<Unit, N>& units,
                              const char* example) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
  const std::optional<Number> number = split_number(text);
  for (const Unit& unit : units) {
    if (number && number->unit == unit.name && number->value <= kMost / unit.factor)
      return number->value * unit.factor;
  }
  throw Failure(std::string("--") + option + ": '" + std::string(text) + "' is not of the form " + example);
}

}  // namespace

std::vector<client::Peer> parse_peers(const char* option, std::string_view text) {
  std::vector<client::Peer> peers;
  const auto bad = [&](std::string_view piece, const std::string& what) {
    return Failure(std::string("--") + option + ": '" + std::string(piece) + "' " + what);
  };
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    const std::size_t equals = piece.find('=');
    const auto id = split_number(piece.substr(0, equals));
    if (equals == std::string_view::npos || !id || !id->unit.empty() || id->value < 1 || id->value > 255)
      throw bad(piece, "is not ID=HOST:PORT with an ID from 1 to 255");
    const Address address = parse_address(option, piece.substr(equals + 1));
    if (port_of(address) == 0) throw bad(piece, "has port 0, where nobody could be reached");
    for (const client::Peer& other : peers) {
      if (other.id.value == id->value) throw bad(piece, "names an ID that was named before");
      if (other.address == address) throw bad(piece, "has the address of another replica");
    }
    peers.push_back({{static_cast<std::uint8_t>(id->value)}, address});
  }
  std::sort(peers.begin(), peers.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return peers;
}

Duration parse_duration(const char* option, std::string_view text) {
  constexpr std::array<Unit, 4> kUnits{{{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};
  return Duration(static_cast<std::int64_t>(parse_with_unit(option, text, kUnits, "150ms, 2s or 20us")));
}

std::uint64_t parse_size(const char* option, std::string_view text) {
  constexpr std::array<Unit, 4> kUnits{{{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};
  return parse_with_unit(option, text, kUnits, "4096, 64KiB, 1MiB or 2GiB");
}

bool on_loopback(const std::vector<client::Peer>& cluster) {
  return std::all_of(cluster.begin(), cluster.end(),
                     [](const client::Peer& peer) { return is_loopback(peer.address); });
}

void check(const ServeOptions& options) {
  const auto own = std::find_if(options.cluster.begin(), options.cluster.end(),
                                [&](const client::Peer& peer) { return peer.id == options.id; });
  if (options.cluster.empty())
    throw Failure("--cluster is missing; write 1=HOST:PORT,2=HOST:PORT,3=HOST:PORT");
  if (!options.id) throw Failure("--id is missing; it is this replica's number in --cluster");
  if (own == options.cluster.end())
    throw Failure("--id: replica " + std::to_string(options.id.value) + " is not one of --cluster");
  if (options.data.empty()) throw Failure("--data is missing; name a directory for this replica's log");
  for (const char c : options.cluster_name) {
    if (static_cast<unsigned char>(c) < ' ') throw Failure("--cluster-name: has a control character in it");
  }
  for (const client::Peer& peer : options.cluster) {
    if (is_loopback(peer.address) && !on_loopback(options.cluster))
      throw Failure(
          "--cluster: " + to_text(peer.address) + " is replica " + std::to_string(peer.id.value) +
          "'s own loopback (perhaps by a line in its /etc/hosts), where the others do not reach it");
  }
  const bool local = on_loopback(options.cluster) && (!options.listen || is_loopback(*options.listen));
  if (!local && options.key_file.empty() && !options.insecure_network)
    throw Failure(
        "--cluster: has addresses beyond loopback, where anybody could speak for a replica; give all "
        "replicas "
        "the same --key-file (made by 'replica keygen'), or say --insecure-network");
  if (options.resp && !is_loopback(*options.resp) && options.requirepass.empty() && options.tls_ca.empty() &&
      !options.insecure_network)
    throw Failure(
        "--resp: " + to_text(*options.resp) +
        " can be reached by anybody; set --requirepass, or --tls-ca for client certificates, or say "
        "--insecure-network");
  if (options.redirect && options.resp_peers.empty())
    throw Failure(
        "--redirect: needs --resp-peers, where each replica serves Redis clients: 1=HOST:PORT,2=...");
  if (options.tls_cert.empty() != options.tls_key.empty())
    throw Failure("--tls-cert and --tls-key go together; one of them is missing");
  if (!options.tls_ca.empty() && options.tls_cert.empty())
    throw Failure("--tls-ca asks clients for certificates, which needs --tls-cert and --tls-key too");
  const raft::Config& raft = options.raft;
  if (raft.election_timeout_min > raft.election_timeout_max)
    throw Failure("--election-timeout-min is above --election-timeout-max");
  if (raft.heartbeat_interval <= Duration::zero() || raft.heartbeat_interval * 2 > raft.election_timeout_min)
    throw Failure("--heartbeat-interval must be above 0, and at most half of --election-timeout-min");
  if (raft.thrift_patience >= raft.heartbeat_interval)
    throw Failure(
        "--thrift must be below --heartbeat-interval, with which the others get the entries anyway");
  if (options.datagram_max != 0 && (options.datagram_max < 512 || options.datagram_max > 65'000))
    throw Failure("--datagram-max must be from 512 to 65000 bytes");
}

ClusterId cluster_id(std::string_view name) {
  Digest digest;
  digest.add(as_bytes(name));
  return {digest.value()};
}

std::size_t datagram_size(const ServeOptions& options) {
  const std::size_t seal = options.key_file.empty() ? 0 : seal::kOverhead;
  if (options.datagram_max != 0) return options.datagram_max - seal;
  return (on_loopback(options.cluster) ? kLoopbackDatagram : kEthernetDatagram) - seal;
}

ReplicaOptions replica_options(const ServeOptions& options, std::size_t receive_buffer) {
  constexpr std::size_t kHeaders = 200;  // of a packet and its message, rounded up
  ReplicaOptions replica;
  replica.cluster = cluster_id(options.cluster_name);
  replica.raft = options.raft;
  replica.raft.id = options.id;
  replica.datagram_max = datagram_size(options);
  replica.raft.append_size_max = replica.datagram_max - kHeaders;
  replica.raft.snapshot_chunk_size = replica.datagram_max - kHeaders;
  // The system counts a small datagram as several times its size.
  replica.raft.inflight_size_max = std::max<std::size_t>(receive_buffer / 4, 64u << 10);
  replica.raft.snapshot_window = static_cast<std::uint32_t>(
      std::max<std::size_t>(4, replica.raft.inflight_size_max / replica.raft.snapshot_chunk_size / 2));
  replica.compact_after_bytes = options.compact_after_bytes;
  replica.keep_bytes = options.keep_bytes;
  replica.addresses.resize(options.cluster.back().id.value + std::size_t{1});
  for (const client::Peer& peer : options.cluster) {
    replica.raft.voters.push_back(peer.id);
    replica.addresses[peer.id.value] = peer.address;
  }
  return replica;
}

}  // namespace norn::host
