// The process's ports: the queue within it, and sockets sealed or open.
#include "replica/host/ports.h"

#include <doctest/doctest.h>
#include <string>

#include "replica/base/bytes.h"
#include "replica/host/key_file.h"

#include "tests/host/host_testing.h"
#include "tests/host/loop.h"

namespace norn::host {
namespace {

using Texts = std::vector<std::string>;

TEST_CASE("the queue keeps order, and what is sent during delivery waits for the next one") {
  LocalQueue queue;
  queue.push({1}, {2}, as_bytes("first"));
  queue.push({1}, {2}, {});
  queue.push({3}, {2}, as_bytes("third"));
  Texts seen;
  queue.drain([&](Address from, Address to, Bytes datagram) {
    CHECK(to == Address{2});
    seen.push_back(std::to_string(from.value) + std::string(as_text(datagram)));
    queue.push({2}, {1},
               as_bytes(std::string(1000, 'x')));  // its growth leaves what is being delivered alone
  });
  CHECK(seen == Texts{"1first", "1", "3third"});
  CHECK_FALSE(queue.empty());
  std::size_t answers = 0;
  queue.drain([&](Address, Address to, Bytes datagram) {
    CHECK(to == Address{1});
    CHECK(datagram.size() == 1000);
    ++answers;
  });
  CHECK(answers == 3);
  CHECK(queue.empty());
}

struct Party {
  Party(Loop& loop, LocalQueue& queue, const std::string& key, NodeId self,
        const std::vector<client::Peer>& replicas)
      : socket(loop.io, make_address(INADDR_LOOPBACK, 0)),
        port(socket.local(), socket, queue, make_endpoint(key, self, replicas)) {}
  void send(Address to, std::string_view text) {
    port.send(to, as_bytes(text));
    socket.flush();
  }
  Texts receive(Loop& loop) {
    Texts texts;
    REQUIRE(loop.await(socket));
    port.receive(100, [&](Address, Bytes packet) { texts.emplace_back(as_text(packet)); });
    socket.flush();  // an answer to first contact
    return texts;
  }
  UdpSocket socket;
  Port port;
};

TEST_CASE("parties of one process reach each other without a socket, others through it") {
  Loop loop;
  LocalQueue queue;
  LocalQueue elsewhere;
  Party one(loop, queue, "", {1}, {});
  Party two(loop, queue, "", {}, {});
  Party far(loop, elsewhere, "", {}, {});
  one.send(two.port.self(), "near");
  one.send(far.port.self(), "far");
  CHECK(one.socket.counters().sent == 1);
  Texts near;
  queue.drain([&](Address from, Address to, Bytes datagram) {
    CHECK(from == one.port.self());
    CHECK(to == two.port.self());
    near.emplace_back(as_text(datagram));
  });
  CHECK(near == Texts{"near"});
  CHECK(far.receive(loop) == Texts{"far"});
}

struct Sealed {
  TemporaryDirectory at;
  Loop loop;
  LocalQueue queue;
  LocalQueue elsewhere;
  std::string key = at.file("key");
  UdpSocket socket{loop.io, make_address(INADDR_LOOPBACK, 0)};
  std::vector<client::Peer> replicas{{{1}, socket.local()}};
  Sealed() { make_key_file(key); }
};

TEST_CASE("with a key, a client's first packet arrives after one round of introductions") {
  Sealed sealed;
  Port replica(sealed.socket.local(), sealed.socket, sealed.queue,
               make_endpoint(sealed.key, {1}, sealed.replicas));
  Party client(sealed.loop, sealed.elsewhere, sealed.key, {}, sealed.replicas);
  const auto replica_receives = [&] {
    Texts texts;
    REQUIRE(sealed.loop.await(sealed.socket));
    replica.receive(100, [&](Address from, Bytes packet) {
      CHECK(from == client.port.self());
      texts.emplace_back(as_text(packet));
    });
    sealed.socket.flush();
    return texts;
  };
  client.send(replica.self(), "hello");
  CHECK(replica_receives() == Texts{});
  CHECK(client.receive(sealed.loop) == Texts{});
  CHECK(replica_receives() == Texts{"hello"});
  replica.send(client.port.self(), as_bytes("welcome"));
  sealed.socket.flush();
  CHECK(client.receive(sealed.loop) == Texts{"welcome"});
}

TEST_CASE("with a key, neither the keyless nor those with another key are heard or answered") {
  Sealed sealed;
  Port replica(sealed.socket.local(), sealed.socket, sealed.queue,
               make_endpoint(sealed.key, {1}, sealed.replicas));
  make_key_file(sealed.at.file("other"));
  Party keyless(sealed.loop, sealed.elsewhere, "", {}, sealed.replicas);
  Party stranger(sealed.loop, sealed.elsewhere, sealed.at.file("other"), {}, sealed.replicas);
  keyless.send(replica.self(), "a packet long enough to be no fragment of a sealed datagram, in plain text");
  stranger.send(replica.self(), "hello");
  for (std::size_t seen = 0; seen < 2; seen = sealed.socket.counters().received) {
    REQUIRE(sealed.loop.await(sealed.socket));
    replica.receive(100, [&](Address, Bytes) { FAIL("it was let through"); });
  }
  sealed.socket.flush();
  CHECK(sealed.socket.counters().sent == 0);
  const auto& refused = replica.endpoint()->counters().refused;
  CHECK(refused[static_cast<std::size_t>(seal::Refusal::foreign)] == 1);
  CHECK(refused[static_cast<std::size_t>(seal::Refusal::key)] == 1);
}

}  // namespace
}  // namespace norn::host
