// Addresses in words and in the system's structures.
#include "replica/host/address.h"

#include <charconv>
#include <cstring>
#include <netdb.h>

#include "replica/host/failure.h"

namespace norn::host {

Address from_socket(const sockaddr_in& name) {
  return make_address(ntohl(name.sin_addr.s_addr), ntohs(name.sin_port));
}

sockaddr_in to_socket(Address address) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(ip_of(address));
  name.sin_port = htons(port_of(address));
  return name;
}

Address parse_address(std::string_view text) {
  const auto bad = [&](const char* what) {
    return Failure("'" + std::string(text) + "' " + what + "; write HOST:PORT, as in 127.0.0.1:7101");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) throw bad("is no address");
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) throw bad("has no port from 0 to 65535");

  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string name(text.substr(0, colon));
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0 || found == nullptr)
    throw bad("names a host without an IPv4 address");
  sockaddr_in address{};
  std::memcpy(&address, found->ai_addr, sizeof address);
  freeaddrinfo(found);
  return make_address(ntohl(address.sin_addr.s_addr), port);
}

std::string to_text(Address address) {
  const std::uint32_t ip = ip_of(address);
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string((ip >> shift) & 0xff) + (shift == 0 ? ":" : ".");
  }
  return text + std::to_string(port_of(address));
}

}  // namespace norn::host
