// Two loops, one game.
#include "tools/bench/loops.h"

#include <array>
#include <cstring>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "replica/base/digest.h"
#include "replica/base/rng.h"
#include "replica/base/types.h"

#include "sim/engine/datagram_pool.h"
#include "sim/engine/event_queue.h"

#include "tools/bench/figures.h"

namespace norn::sim::bench {
namespace {

// What happens at an arrival, whoever runs the loop.
template <class Loop>
class Player {
 public:
  Player() : rng_(1) {}

  void send(Loop& loop) {
    ++sent_;
    std::memcpy(content_.data(), &sent_, sizeof sent_);
    // Sizes as in a world: most datagrams are acknowledgements and heartbeats, some are full.
    const bool full = rng_.chance(Ratio{60'000});
    const std::uint64_t size = full ? rng_.between(1'000, 1'400) : rng_.between(50, 120);
    const Duration delay(static_cast<std::int64_t>(rng_.between(200'000, 800'000)));
    loop.send(delay, Bytes(content_).first(size));
  }
  void arrive(Loop& loop, Time now, Bytes datagram) {
    std::uint64_t word = 0;
    std::memcpy(&word, datagram.data(), sizeof word);
    digest_.add(word ^ static_cast<std::uint64_t>(now.time_since_epoch().count()));
    ++arrived_;
    send(loop);
  }
  std::uint64_t arrived() const { return arrived_; }
  std::uint64_t digest() const { return digest_.value(); }

 private:
  Rng rng_;
  Digest digest_;
  std::uint64_t sent_ = 0;
  std::uint64_t arrived_ = 0;
  std::array<std::byte, 1'400> content_{};
};

class PooledLoop {
 public:
  void send(Duration delay, Bytes datagram) {
    const DatagramPool::Ticket ticket = pool_.add(1, 2, datagram);
    queue_.push({.at = now_ + delay, .payload = ticket, .process = 2, .kind = EventKind::datagram});
  }
  void step() {
    const QueuedEvent event = queue_.pop();
    now_ = event.at;
    const DatagramPool::Datagram datagram = pool_.get(event.payload);
    arriving_.assign(datagram.bytes.begin(), datagram.bytes.end());
    pool_.release(event.payload);
    player.arrive(*this, now_, arriving_);
  }
  Player<PooledLoop> player;

 private:
  Time now_{};
  EventQueue queue_;
  DatagramPool pool_;
  Buffer arriving_;
};

class ClosureLoop {
 public:
  void send(Duration delay, Bytes datagram) {
    const Time at = now_ + delay;
    queue_.push({at, ++sequence_, [this, at, held = Buffer(datagram.begin(), datagram.end())] {
                   player.arrive(*this, at, held);
                 }});
  }
  void step() {
    // Moved out, as pop() gives nothing back; what decides the order stays.
    const std::function<void()> act = std::move(const_cast<Waiting&>(queue_.top()).act);
    now_ = queue_.top().at;
    queue_.pop();
    act();
  }
  Player<ClosureLoop> player;

 private:
  struct Waiting {
    Time at;
    std::uint64_t sequence = 0;
    std::function<void()> act;
    friend bool operator>(const Waiting& a, const Waiting& b) {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };
  Time now_{};
  std::uint64_t sequence_ = 0;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> queue_;
};

template <class Loop>
Played play(const Game& game) {
  Loop loop;
  const Stopwatch watch;
  for (std::size_t i = 0; i < game.under_way; ++i) loop.player.send(loop);
  while (loop.player.arrived() < game.deliveries) loop.step();
  return {watch.seconds(), loop.player.digest()};
}

}  // namespace

Played play_pooled(const Game& game) { return play<PooledLoop>(game); }
Played play_closures(const Game& game) { return play<ClosureLoop>(game); }

}  // namespace norn::sim::bench
