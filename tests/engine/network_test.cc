// What becomes of datagrams on links.
#include "sim/engine/network.h"

#include <algorithm>
#include <bit>
#include <doctest/doctest.h>

namespace norn::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const Buffer kDatagram(100, std::byte{0});
constexpr Time kStart{};
constexpr std::uint16_t kClient = 4;  // the first client's place among three replicas

LinkModel constant(Duration delay) {
  LinkModel model;
  model.delay = {.low = delay};
  return model;
}

Network three(const LinkModel& model) { return {3, 2, model, constant(microseconds(7)), Rng(1)}; }

TEST_CASE("a plain link delivers one copy, undamaged, after its delay") {
  Network network = three(constant(microseconds(50)));
  const Passage passage = network.send(kStart, 1, 2, kDatagram);
  CHECK(passage.loss == Loss::none);
  CHECK(passage.copies == 1);
  CHECK(passage.copy[0].after == microseconds(50));
  CHECK_FALSE(passage.copy[0].corrupt);
}

TEST_CASE("loss, duplication, corruption and reordering happen as often as the model says") {
  LinkModel model = constant(microseconds(50));
  model.drop = Ratio{100'000};
  model.duplicate = Ratio{50'000};
  model.corrupt = Ratio{20'000};
  model.reorder = Ratio{30'000};
  model.reorder_delay = {.low = milliseconds(1)};
  Network network = three(model);
  int dropped = 0;
  int doubled = 0;
  int corrupt = 0;
  int late = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Passage passage = network.send(kStart, 1, 2, kDatagram);
    dropped += passage.loss == Loss::dropped;
    doubled += passage.copies == 2;
    for (std::size_t copy = 0; copy < passage.copies; ++copy) {
      corrupt += passage.copy[copy].corrupt;
      late += passage.copy[copy].after == microseconds(1050);
    }
  }
  const auto about = [](int value, int expected) { return std::abs(value - expected) * 20 < expected; };
  CHECK(about(dropped, 10'000));
  CHECK(about(doubled, 4'500));  // of those not dropped
  CHECK(about(corrupt, 1'890));  // of 94,500 copies
  CHECK(about(late, 2'835));
}

TEST_CASE("a cut is one-way, loses everything and draws nothing") {
  Network network = three(constant(microseconds(50)));
  network.cut(1, 2, true);
  CHECK(network.is_cut(1, 2));
  CHECK_FALSE(network.is_cut(2, 1));
  CHECK(network.send(kStart, 1, 2, kDatagram).loss == Loss::cut);
  CHECK(network.send(kStart, 2, 1, kDatagram).loss == Loss::none);
  network.cut(1, kClient, true);
  CHECK(network.send(kStart, 1, kClient, kDatagram).loss == Loss::cut);
  network.heal_all();
  CHECK(network.send(kStart, 1, 2, kDatagram).loss == Loss::none);
  CHECK(network.send(kStart, 1, kClient, kDatagram).loss == Loss::none);
}

TEST_CASE("a link can refuse packets by kind") {
  Network network = three(constant(microseconds(50)));
  Buffer packet = kDatagram;
  packet[6] = std::byte{2};
  network.block(1, 2, 1u << 2);
  CHECK(network.send(kStart, 1, 2, packet).loss == Loss::blocked);
  packet[6] = std::byte{3};
  CHECK(network.send(kStart, 1, 2, packet).loss == Loss::none);
  packet[6] = std::byte{2};
  CHECK(network.send(kStart, 2, 1, packet).loss == Loss::none);
  network.heal_all();
  CHECK(network.send(kStart, 1, 2, packet).loss == Loss::none);
}

TEST_CASE("each link has the model last set for it, or that of its sort") {
  Network network = three(constant(microseconds(1)));
  const auto delay = [&](std::uint16_t from, std::uint16_t to) { return network.model(from, to).delay.low; };
  CHECK(delay(kClient + 1, 3) == microseconds(7));
  CHECK(delay(3, kClient + 1) == microseconds(7));
  for (int i = 0; i < 100; ++i) network.set_link(1, 2, constant(microseconds(100 + i)));
  network.set_link(2, 3, constant(microseconds(300)));
  network.set_link(3, kClient, constant(microseconds(300)));
  CHECK(delay(1, 2) == microseconds(199));
  CHECK(delay(2, 1) == microseconds(1));
  CHECK(delay(2, 3) == microseconds(300));
  CHECK(delay(3, kClient) == microseconds(300));
  CHECK(delay(kClient, 3) == microseconds(7));
  network.clear_link(2, 3);
  network.set_replica_links(constant(microseconds(2)));
  CHECK(delay(2, 3) == microseconds(2));
  CHECK(delay(3, kClient) == microseconds(300));
  CHECK(delay(1, 2) == microseconds(199));
}

TEST_CASE("bandwidth spaces datagrams out, and a full queue loses them") {
  LinkModel model = constant(Duration{});
  model.bytes_per_second = 1'000'000;  // 100 bytes: 100 us
  model.queue_bytes = 350;
  Network network = three(model);
  CHECK(network.send(kStart, 1, 2, kDatagram).copy[0].after == microseconds(100));
  CHECK(network.send(kStart, 1, 2, kDatagram).copy[0].after == microseconds(200));
  CHECK(network.send(kStart, 1, 2, kDatagram).copy[0].after == microseconds(300));
  CHECK(network.send(kStart, 1, 2, kDatagram).loss == Loss::queue);
  CHECK(network.send(kStart, 2, 1, kDatagram).copy[0].after == microseconds(100));  // a link of its own
  const Time later = kStart + microseconds(150);
  CHECK(network.send(later, 1, 2, kDatagram).copy[0].after == microseconds(250));
  CHECK(network.send(kStart + milliseconds(9), 1, 2, kDatagram).copy[0].after == microseconds(100));
}

TEST_CASE("a clogged link holds back what is sent, and lets it all go at once") {
  Network network = three(constant(microseconds(50)));
  network.clog(1, 2, kStart + milliseconds(3));
  for (const auto sent : {microseconds(0), microseconds(900), microseconds(2999)}) {
    CHECK(network.send(kStart + sent, 1, 2, kDatagram).copy[0].after == microseconds(3050) - sent);
  }
  CHECK(network.send(kStart + milliseconds(3), 1, 2, kDatagram).copy[0].after == microseconds(50));
  CHECK(network.send(kStart, 2, 1, kDatagram).copy[0].after == microseconds(50));
}

TEST_CASE("damage flips between 1 and 32 bits, and leaves an empty datagram alone") {
  Network network = three(constant(Duration{}));
  int most = 0;
  for (int i = 0; i < 1000; ++i) {
    Buffer datagram = kDatagram;
    network.damage(datagram);
    int flipped = 0;
    for (const std::byte byte : datagram) flipped += std::popcount(static_cast<unsigned>(byte));
    REQUIRE(flipped <= 32);
    most = std::max(most, flipped);
  }
  CHECK(most > 24);
  network.damage({});
}

}  // namespace
}  // namespace norn::sim
