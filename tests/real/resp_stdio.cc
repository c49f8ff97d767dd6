// The gateway on standard input and output, over a store without Raft: what tests/real/redis_replies compares
// with a real Redis, before there are sockets, and faster.
#include <array>
#include <chrono>
#include <cstdio>
#include <unistd.h>

#include "tests/resp/gateway_testing.h"

int main() {
  norn::resp::TestHouse house;
  const auto id = house.open();
  const auto started = std::chrono::steady_clock::now();
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t size = read(0, piece.data(), piece.size());
    if (size <= 0) return 0;
    const auto passed = std::chrono::steady_clock::now() - started;
    house.clock = 1000 + static_cast<std::uint64_t>(
                             std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
    const std::string reply = house.ask(id, {piece.data(), static_cast<std::size_t>(size)});
    std::fwrite(reply.data(), 1, reply.size(), stdout);
    std::fflush(stdout);
    if (house.gateway.wants_close(id)) return 0;
  }
}
