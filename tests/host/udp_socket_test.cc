// Batches of datagrams over loopback.
#include "replica/host/udp_socket.h"

#include <doctest/doctest.h>
#include <string>

#include "replica/base/bytes.h"

#include "tests/host/host_testing.h"
#include "tests/host/loop.h"

namespace norn::host {
namespace {

struct Datagram {
  Address from;
  std::string text;
};

struct Pair {
  Loop loop;
  UdpSocket one{loop.io, make_address(INADDR_LOOPBACK, 0)};
  UdpSocket two{loop.io, make_address(INADDR_LOOPBACK, 0)};

  std::vector<Datagram> received(std::size_t count) {
    std::vector<Datagram> all;
    while (all.size() < count) {
      REQUIRE(loop.await(two));
      two.receive(count, [&](Address from, Bytes bytes) {
        all.push_back({from, std::string(as_text(bytes))});
      });
    }
    return all;
  }
};

TEST_CASE("datagrams of many batches arrive whole, in order, from where they were sent") {
  Pair pair;
  for (int i = 0; i < 150; ++i) pair.one.send(pair.two.local(), as_bytes(std::to_string(i)));
  CHECK(pair.one.counters().sent == 0);  // sending queues
  pair.one.flush();
  CHECK(pair.one.counters().sent == 150);
  const auto all = pair.received(150);
  REQUIRE(all.size() == 150);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].text == std::to_string(i));
    CHECK(all[i].from == pair.one.local());
  }
  CHECK(pair.two.counters().received == 150);
  pair.one.flush();  // nothing is sent twice
  CHECK(pair.one.counters().sent == 150);
}

TEST_CASE("sizes from nothing to the largest of all are kept, side by side") {
  Pair pair;
  const std::vector<std::size_t> sizes{0, 1, 65'507, 2, 40'000, 0, 1400};
  for (const std::size_t size : sizes) pair.one.send(pair.two.local(), as_bytes(std::string(size, 'x')));
  pair.one.flush();
  const auto all = pair.received(sizes.size());
  REQUIRE(all.size() == sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(all[i].text == std::string(sizes[i], 'x'));
}

TEST_CASE("about as many are taken as were asked for; the rest waits") {
  Pair pair;
  for (int i = 0; i < 200; ++i) pair.one.send(pair.two.local(), as_bytes("x"));
  pair.one.flush();
  REQUIRE(pair.loop.await(pair.two));
  std::size_t taken = 0;
  const auto count = [&](Address, Bytes) { ++taken; };
  CHECK(pair.two.receive(100, count));
  CHECK(taken >= 100);
  CHECK(taken < 200);
  CHECK_FALSE(pair.two.receive(1000, count));
  CHECK(taken == 200);
  CHECK_FALSE(pair.two.receive(1000, count));
}

TEST_CASE("what the system does not take is counted, and what comes after it leaves") {
  Pair pair;
  pair.one.send(pair.two.local(), as_bytes(std::string(65'508, 'x')));  // larger than a datagram can be
  pair.one.send(make_address(INADDR_BROADCAST, 9), as_bytes("x"));      // not allowed
  pair.one.send(pair.two.local(), as_bytes("last"));
  pair.one.flush();
  CHECK(pair.one.counters().dropped == 2);
  CHECK(pair.one.counters().sent == 1);
  CHECK(pair.received(1).at(0).text == "last");
}

TEST_CASE("nobody at the other end is no error") {
  Pair pair;
  const Address gone = UdpSocket(pair.loop.io, make_address(INADDR_LOOPBACK, 0)).local();
  for (int i = 0; i < 3; ++i) {
    pair.two.send(gone, as_bytes("x"));
    pair.two.flush();
  }
  pair.one.send(pair.two.local(), as_bytes("still here"));
  pair.one.flush();
  CHECK(pair.received(1).at(0).text == "still here");
}

TEST_CASE("a port in use, and an address of another machine, are refused in a sentence") {
  Pair pair;
  const std::string taken = to_text(pair.one.local());
  CHECK(refusal([&] { const UdpSocket again(pair.loop.io, pair.one.local()); }) ==
        "UDP port " + taken + " is in use by another process; stop it, or choose another port");
  CHECK(refusal([&] { const UdpSocket foreign(pair.loop.io, make_address(0xc0000201, 0)); }) ==
        "UDP 192.0.2.1:0 is no address of this machine; see --cluster and --listen");
}

}  // namespace
}  // namespace norn::host
