// What the simulated network and disks do, as values: delays as integer distributions, faults as ratios.
// Every field is off, or plain, by default. A scenario file sets them; events change them while a run goes
// on.
#pragma once

#include "replica/base/rng.h"
#include "replica/base/types.h"

namespace norn::sim {

// A distribution of durations, drawn with integers only.
struct Delay {
  enum class Shape : std::uint8_t {
    constant,     // low
    uniform,      // low..high
    exponential,  // low + exponential with the given mean, cut at high (if high > 0)
    bimodal,      // low..low+mean/8 mostly; with probability slow, high..high+mean/8
  };
  Shape shape = Shape::constant;
  Duration low{};
  Duration high{};
  Duration mean{};
  Ratio slow{};
  friend bool operator==(const Delay&, const Delay&) = default;
};
Duration draw(const Delay& delay, Rng& rng);

// One direction of one link.
struct LinkModel {
  Delay delay{Delay::Shape::uniform, std::chrono::microseconds(200), std::chrono::microseconds(800), {}, {}};
  Ratio drop{};
  Ratio duplicate{};  // a second copy arrives, after a delay drawn anew
  Ratio reorder{};    // this datagram is held back by reorder_delay more
  Delay reorder_delay{Delay::Shape::uniform, {}, std::chrono::milliseconds(5), {}, {}};
  Ratio corrupt{};  // 1..32 bits are flipped
  std::uint64_t bytes_per_second =
      0;  // 0: unlimited. What does not fit waits in a queue of queue_bytes, then is lost
  std::uint32_t queue_bytes = 1u << 20;
  friend bool operator==(const LinkModel&, const LinkModel&) = default;
};

struct DiskModel {
  Delay sync{Delay::Shape::uniform, std::chrono::microseconds(100), std::chrono::microseconds(300), {}, {}};
  Ratio stall{};  // a sync takes stall_time more
  Delay stall_time{Delay::Shape::constant, std::chrono::milliseconds(100), {}, {}, {}};
  Ratio sync_error{};          // a sync fails: the process stops
  Ratio torn{500'000};         // at a crash: the share of crashes that keep part of what was not synced
  Ratio torn_damage{};         // and damage what they keep
  std::uint64_t capacity = 0;  // bytes; 0: unlimited. An append beyond it is refused as full
  friend bool operator==(const DiskModel&, const DiskModel&) = default;
};

}  // namespace norn::sim
