// What `replica serve` is told: by arguments, environment and file, and what it refuses.
#include "replica/host/options.h"

#include <doctest/doctest.h>
#include <functional>

#include "replica/seal/endpoint.h"

#include "tests/host/host_testing.h"

namespace norn::host {
namespace {

ServeOptions good() {
  ServeOptions options;
  options.id = {2};
  options.cluster = parse_peers("cluster", "1=127.0.0.1:7101,2=127.0.0.1:7102,3=127.0.0.1:7103");
  options.data = "data";
  options.raft.election_timeout_min = std::chrono::milliseconds(500);
  options.raft.election_timeout_max = std::chrono::seconds(1);
  options.raft.heartbeat_interval = std::chrono::milliseconds(100);
  return options;
}

ServeOptions on_a_network() {
  ServeOptions options = good();
  options.cluster = parse_peers("cluster", "1=10.0.0.1:7101,2=10.0.0.2:7101,3=10.0.0.3:7101");
  options.key_file = "key";
  return options;
}

std::string refused(ServeOptions options, const std::function<void(ServeOptions&)>& change) {
  change(options);
  return refusal([&] { check(options); });
}

TEST_CASE("durations and sizes have units, and say what they should look like") {
  CHECK(parse_duration("deadline", "150ms") == std::chrono::milliseconds(150));
  CHECK(parse_duration("deadline", "2s") == std::chrono::seconds(2));
  CHECK(parse_duration("deadline", "20us") == std::chrono::microseconds(20));
  CHECK(parse_duration("deadline", "0ns") == Duration::zero());
  CHECK(parse_size("keep-bytes", "4096") == 4096);
  CHECK(parse_size("keep-bytes", "64KiB") == 65'536);
  CHECK(parse_size("keep-bytes", "1MiB") == 1u << 20);
  CHECK(parse_size("keep-bytes", "2GiB") == std::uint64_t{2} << 30);
  for (const char* bad :
       {"", "s", "150", "1.5s", "-1s", "1 s", "1m", "1152921505s", "99999999999999999999s"}) {
    CHECK(refusal([&] { parse_duration("deadline", bad); }) ==
          "--deadline: '" + std::string(bad) + "' is not of the form 150ms, 2s or 20us");
  }
  for (const char* bad : {"", "KiB", "1kB", "-1", "1.5MiB", "1073741825GiB"})
    CHECK(contains(refusal([&] { parse_size("keep-bytes", bad); }), "--keep-bytes: '" + std::string(bad)));
}

TEST_CASE("peers come in order of their ids, whatever order they were given in") {
  const auto peers = parse_peers("cluster", "255=127.0.0.1:3,1=127.0.0.1:1,20=127.0.0.1:2");
  REQUIRE(peers.size() == 3);
  CHECK(peers[0].id == NodeId{1});
  CHECK(peers[1].id == NodeId{20});
  CHECK(peers[2].id == NodeId{255});
  CHECK(to_text(peers[2].address) == "127.0.0.1:3");
  CHECK(parse_peers("cluster", "").empty());
}

TEST_CASE("a bad peer is refused by its own words") {
  const auto peers = [](const char* text) { return refusal([&] { parse_peers("cluster", text); }); };
  for (const char* bad :
       {"0=127.0.0.1:1", "256=127.0.0.1:1", "x=127.0.0.1:1", "127.0.0.1:1", "=127.0.0.1:1", ","})
    CHECK(contains(peers(bad), "is not ID=HOST:PORT with an ID from 1 to 255"));
  CHECK(contains(peers("1=127.0.0.1:1,1=127.0.0.1:2"), "'1=127.0.0.1:2' names an ID that was named before"));
  CHECK(contains(peers("1=127.0.0.1:1,2=127.0.0.1:1"), "has the address of another replica"));
  CHECK(contains(peers("1=127.0.0.1:0"), "has port 0"));
  CHECK(contains(peers("1=127.0.0.1"), "--cluster: '127.0.0.1' is no address"));
}

TEST_CASE("what can be served is not refused") {
  CHECK(refused(good(), [](auto&) {}) == "");
  CHECK(refused(on_a_network(), [](auto&) {}) == "");
}

TEST_CASE("a replica says what it lacks") {
  CHECK(contains(refused(good(), [](auto& o) { o.cluster.clear(); }), "--cluster is missing"));
  CHECK(contains(refused(good(), [](auto& o) { o.id = {}; }), "--id is missing"));
  CHECK(contains(refused(good(), [](auto& o) { o.id = {4}; }), "--id: replica 4 is not one of --cluster"));
  CHECK(contains(refused(good(), [](auto& o) { o.data.clear(); }), "--data is missing"));
  CHECK(contains(refused(good(), [](auto& o) { o.redirect = true; }), "--redirect: needs --resp-peers"));
}

TEST_CASE("beyond loopback a key or plain words are needed") {
  CHECK(contains(refused(on_a_network(), [](auto& o) { o.key_file.clear(); }), "--key-file"));
  CHECK(refused(on_a_network(), [](auto& o) {
          o.key_file.clear();
          o.insecure_network = true;
        }) == "");
  const Address everywhere = make_address(0, 7102);
  CHECK(contains(refused(good(), [&](auto& o) { o.listen = everywhere; }), "--key-file"));
}

TEST_CASE("Redis clients from anywhere need a password or a certificate, or plain words") {
  const auto open = [](ServeOptions& o) { o.resp = make_address(0x0a000002, 7001); };
  CHECK(contains(refused(good(), open), "--resp: 10.0.0.2:7001 can be reached by anybody"));
  CHECK(refused(good(), [&](auto& o) {
          open(o);
          o.requirepass = "secret";
        }) == "");
  CHECK(refused(good(), [&](auto& o) {
          open(o);
          o.tls_cert = o.tls_key = o.tls_ca = "file";
        }) == "");
  CHECK(contains(refused(good(),
                         [&](auto& o) {
                           open(o);
                           o.tls_cert = o.tls_key = "file";  // encrypted, but for anybody
                         }),
                 "can be reached by anybody"));
}

TEST_CASE("the files of TLS go together") {
  CHECK(contains(refused(good(), [](auto& o) { o.tls_cert = "file"; }), "--tls-cert and --tls-key"));
  CHECK(contains(refused(good(), [](auto& o) { o.tls_key = "file"; }), "--tls-cert and --tls-key"));
  CHECK(contains(refused(good(), [](auto& o) { o.tls_ca = "file"; }), "--tls-ca asks clients"));
}

TEST_CASE("a cluster half on loopback is refused: the others would not reach that half") {
  const auto half = [](ServeOptions& o) {
    o.cluster = parse_peers("cluster", "1=127.0.1.1:7101,2=10.0.0.2:7101,3=10.0.0.3:7101");
  };
  CHECK(contains(refused(on_a_network(), half), "127.0.1.1:7101 is replica 1's own loopback"));
}

TEST_CASE("times and sizes that no cluster could live with are refused") {
  using std::chrono::milliseconds;
  CHECK(contains(refused(good(), [](auto& o) { o.raft.election_timeout_min = milliseconds(1001); }),
                 "--election-timeout-min"));
  CHECK(contains(refused(good(), [](auto& o) { o.raft.heartbeat_interval = milliseconds(251); }),
                 "--heartbeat-interval"));
  CHECK(contains(refused(good(), [](auto& o) { o.raft.heartbeat_interval = {}; }), "--heartbeat-interval"));
  CHECK(contains(refused(good(), [](auto& o) { o.raft.thrift_patience = milliseconds(100); }), "--thrift"));
  for (const std::size_t size : {1u, 511u, 65'001u})
    CHECK(contains(refused(good(), [&](auto& o) { o.datagram_max = size; }), "--datagram-max"));
  CHECK(contains(refused(good(), [](auto& o) { o.cluster_name = "a\nreplica 1 of 1"; }), "--cluster-name"));
}

TEST_CASE("a datagram with its seal is as large as was asked for, and a message fits in it") {
  CHECK(datagram_size(good()) == 16'000);
  CHECK(datagram_size(on_a_network()) == 1400 - seal::kOverhead);
  ServeOptions options = on_a_network();
  options.datagram_max = 512;
  CHECK(datagram_size(options) == 512 - seal::kOverhead);
  const ReplicaOptions replica = replica_options(options, 200'000);
  CHECK(replica.datagram_max == datagram_size(options));
  CHECK(replica.raft.append_size_max < replica.datagram_max);
  CHECK(replica.raft.snapshot_chunk_size < replica.datagram_max);
}

TEST_CASE("the replica learns who it is and where the others are") {
  const ReplicaOptions replica = replica_options(good(), 1u << 20);
  CHECK(replica.raft.id == NodeId{2});
  CHECK(replica.raft.voters == std::vector<NodeId>{{1}, {2}, {3}});
  REQUIRE(replica.addresses.size() == 4);
  CHECK(to_text(replica.addresses[3]) == "127.0.0.1:7103");
  CHECK(replica.cluster == cluster_id("norn"));
  CHECK(replica.cluster != cluster_id("other"));
}

}  // namespace
}  // namespace norn::host
