// Addresses on sockets: an IPv4 address and a port in the number that the replica's layers pass on unread.
#pragma once

#include <netinet/in.h>
#include <string>
#include <string_view>

#include "replica/base/types.h"

namespace norn::host {

constexpr Address make_address(std::uint32_t ip, std::uint16_t port) {
  return {(std::uint64_t{ip} << 16) | port};
}
constexpr std::uint32_t ip_of(Address address) { return static_cast<std::uint32_t>(address.value >> 16); }
constexpr std::uint16_t port_of(Address address) { return static_cast<std::uint16_t>(address.value); }
constexpr bool is_loopback(Address address) { return ip_of(address) >> 24 == 127; }

Address from_socket(const sockaddr_in& name);
sockaddr_in to_socket(Address address);

// "127.0.0.1:7101", or a host's name instead of the number, which is looked up now. Throws Failure, naming
// the text.
Address parse_address(std::string_view text);
std::string to_text(Address address);

}  // namespace norn::host
