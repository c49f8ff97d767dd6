// The items that need only the world: its event loop alone, a busy one, and a copy of a small one.
#include <string>
#include <utility>

#include "replica/base/assert.h"
#include "replica/kv/command.h"

#include "sim/engine/world.h"

#include "tools/bench/items.h"
#include "tools/bench/loops.h"

namespace norn::sim::bench {
namespace {

using std::chrono::milliseconds;

constexpr const char* kClosures = "priority_queue of closures";

// A world whose clients each have one operation under way, and begin the next as soon as it is answered.
class ClosedLoop {
 public:
  ClosedLoop(std::uint8_t replicas, std::uint32_t clients) : world_(options(replicas, clients), 1) {
    for (std::uint32_t i = 0; i < clients; ++i) begin(i);
  }

  void step() {
    const std::optional<Step> step = world_.step();
    ASSERT(step.has_value());
    if (!step->is_client || world_.completions(step->client).empty()) return;
    world_.completions(step->client).clear();
    ++answered_;
    begin(step->client);
  }
  void run_until(Time until) {
    while (world_.now() < until) step();
  }
  void run_until_answered(std::uint64_t count) {
    while (answered_ < count) step();
  }
  const World& world() const { return world_; }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t datagrams() const {
    return world_.counters().replicas.delivered + world_.counters().clients.delivered;
  }

 private:
  static WorldOptions options(std::uint8_t replicas, std::uint32_t clients) {
    WorldOptions options;
    options.replicas = replicas;
    options.clients = clients;
    options.replica.cluster = {1};
    return options;
  }
  // One get for each put, of a hundred keys.
  void begin(std::uint32_t client) {
    ++begun_;
    kv::Command command;
    command.kind = begun_ % 2 == 0 ? kv::CommandKind::get : kv::CommandKind::put;
    command.pairs.push_back({"key " + std::to_string(begun_ / 2 % 100), {}});
    if (begun_ % 2 != 0) command.pairs.front().value = "value " + std::to_string(begun_);
    encoded_.clear();
    kv::encode(command, encoded_);
    ASSERT(world_.submit(client, begun_, encoded_));
  }

  World world_;
  std::uint64_t begun_ = 0;
  std::uint64_t answered_ = 0;
  Buffer encoded_;
};

}  // namespace

Item event_loop(std::size_t under_way, std::uint64_t deliveries) {
  return [=](std::uint64_t) -> std::vector<Reading> {
    const Game game{under_way, deliveries};
    const Played ours = play_pooled(game);
    const Played peer = play_closures(game);
    ASSERT(ours.digest == peer.digest);
    const double count = static_cast<double>(deliveries);
    return {{"event loop alone, " + std::to_string(under_way) + " datagrams under way", "/s",
             count / ours.seconds, count / peer.seconds, kClosures}};
  };
}

Item busy_world() {
  ClosedLoop elected(5, 200);
  elected.run_until(Time(milliseconds(1'000)));
  return [elected](std::uint64_t) -> std::vector<Reading> {
    ClosedLoop busy = elected;
    const Stopwatch watch;
    busy.run_until(elected.world().now() + milliseconds(300));
    const double seconds = watch.seconds();
    const std::uint64_t datagrams = busy.datagrams() - elected.datagrams();
    const std::uint64_t events = busy.world().counters().events - elected.world().counters().events;
    const Played peer = play_closures({busy.world().events_queued(), datagrams});
    const double delivered = static_cast<double>(datagrams);
    return {{"busy world: datagrams delivered", "/s", delivered / seconds, delivered / peer.seconds,
             "those in closures, to nobody"},
            {"busy world: events", "/s", static_cast<double>(events) / seconds},
            {"busy world: operations", "/s",
             static_cast<double>(busy.answered() - elected.answered()) / seconds}};
  };
}

Item world_copy() {
  constexpr std::uint64_t kEntries = 400;  // in the log
  constexpr int kCopies = 300;
  constexpr int kReplays = 10;
  ClosedLoop small(3, 1);
  small.run_until_answered(2 * kEntries);
  return [small](std::uint64_t) -> std::vector<Reading> {
    std::uint64_t sum = 0;
    const Stopwatch copying;
    for (int i = 0; i < kCopies; ++i) {
      const World copy = small.world();
      sum += copy.digest();
    }
    const double copied = copying.seconds() / kCopies;
    ASSERT(sum == kCopies * small.world().digest());
    const Stopwatch replaying;
    for (int i = 0; i < kReplays; ++i) {
      ClosedLoop replay(3, 1);
      replay.run_until_answered(2 * kEntries);
      ASSERT(replay.world().digest() == small.world().digest());
    }
    const double replayed = replaying.seconds() / kReplays;
    return {{"copy of a world, 3 replicas, 400 entries", "us", copied * 1e6, replayed * 1e6,
             "playing it again to there", true}};
  };
}

}  // namespace norn::sim::bench
