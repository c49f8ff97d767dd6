// The event loop alone, ours and its peer: datagrams that are sent, lie in the queue for a while, and arrive,
// at receivers that do next to nothing. The peer is the loop as such simulators are usually written: a
// std::priority_queue of times and std::functions, each datagram a vector captured by its closure. Both play
// the same game: every arrival sends one datagram, of a size and after a delay that the generator draws.
#pragma once

#include <cstddef>
#include <cstdint>

namespace norn::sim::bench {

struct Game {
  std::size_t under_way = 32;    // datagrams, at any time
  std::uint64_t deliveries = 0;  // to play
};

struct Played {
  double seconds = 0;
  std::uint64_t digest = 0;  // of what arrived, in order: the same for both
};

Played play_pooled(const Game& game);    // EventQueue and DatagramPool
Played play_closures(const Game& game);  // std::priority_queue and std::function

}  // namespace norn::sim::bench
