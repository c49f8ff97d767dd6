// Addresses as text and back.
#include "replica/host/address.h"

#include <doctest/doctest.h>

#include "tests/host/host_testing.h"

namespace norn::host {
namespace {

TEST_CASE("an address is what its words say, in all three forms") {
  const Address address = parse_address("resp", "10.1.2.255:65535");
  CHECK(address.value == 0x0a01'02ff'ffff);
  CHECK(to_text(address) == "10.1.2.255:65535");
  CHECK(from_socket(to_socket(address)) == address);
  CHECK(ntohs(to_socket(address).sin_port) == 65535);
  CHECK(to_text(parse_address("resp", "0.0.0.0:0")) == "0.0.0.0:0");
}

TEST_CASE("a host's name is looked up") {
  CHECK(is_loopback(parse_address("resp", "localhost:7001")));
  CHECK(port_of(parse_address("resp", "localhost:7001")) == 7001);
}

TEST_CASE("all of 127.0.0.0/8 is loopback, and nothing else") {
  CHECK(is_loopback(parse_address("resp", "127.255.0.9:1")));
  CHECK_FALSE(is_loopback(parse_address("resp", "128.0.0.1:1")));
  CHECK_FALSE(is_loopback(parse_address("resp", "0.0.0.0:1")));
}

TEST_CASE("a bad address is refused by the option's name and what is wrong") {
  const auto refused = [](std::string_view text) { return refusal([&] { parse_address("resp", text); }); };
  for (const char* none : {"", ":", ":7001", "127.0.0.1"}) {
    CHECK(refused(none) ==
          "--resp: '" + std::string(none) + "' is no address; write HOST:PORT, as in 127.0.0.1:7101");
  }
  for (const char* port : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:7x", "127.0.0.1: 7"})
    CHECK(contains(refused(port), "has no port from 0 to 65535"));
  for (const char* host : {"[::1]:7001", "256.0.0.1:7001", "no host:7001"})
    CHECK(contains(refused(host), "names a host without an IPv4 address"));
}

}  // namespace
}  // namespace norn::host
