// The draws of a datagram's passage, in this order: drop, duplicate; then for each copy: delay, reorder,
// corrupt.
#include "sim/engine/network.h"

#include <algorithm>

#include "replica/base/assert.h"

namespace norn::sim {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::size_t kKindAt = 6;  // of the packet's kind in a datagram (wire/packet.cc)

bool is_blocked(std::uint16_t kinds, Bytes datagram) {
  if (kinds == 0 || datagram.size() <= kKindAt) return false;
  const auto kind = static_cast<std::uint8_t>(datagram[kKindAt]);
  return kind < 16 && (kinds >> kind & 1) != 0;
}

}  // namespace

Network::Network(std::uint16_t replicas, std::uint32_t clients, const LinkModel& between_replicas,
                 const LinkModel& to_clients, Rng rng)
    : replicas_(replicas), rng_(rng) {
  models_ = {{between_replicas}, {to_clients}};
  links_.resize(std::size_t{replicas} * replicas + 2 * std::size_t{clients} * replicas);
  const std::size_t between = std::size_t{replicas} * replicas;
  for (std::size_t i = between; i < links_.size(); ++i) links_[i].model = kClientModel;
}

// Links between replicas row by row, then each client's with each replica, there and back.
std::size_t Network::link(std::uint16_t from, std::uint16_t to) const {
  const std::size_t replicas = replicas_;
  if (from <= replicas && to <= replicas) return (from - 1u) * replicas + (to - 1u);
  ASSERT(from <= replicas || to <= replicas);
  const bool is_to_client = to > replicas;
  const std::size_t client = (is_to_client ? to : from) - replicas - 1;
  const std::size_t replica = (is_to_client ? from : to) - 1u;
  return replicas * replicas + 2 * (client * replicas + replica) + (is_to_client ? 1 : 0);
}

Passage Network::send(Time now, std::uint16_t from, std::uint16_t to, Bytes datagram) {
  Link& on = links_[link(from, to)];
  const LinkModel& model = models_[on.model].model;
  Passage passage;
  if (on.cut) {
    passage.loss = Loss::cut;
  } else if (is_blocked(on.blocked, datagram)) {
    passage.loss = Loss::blocked;
  } else if (rng_.chance(model.drop)) {
    passage.loss = Loss::dropped;
  }
  if (passage.loss != Loss::none) return passage;
  const bool duplicate = rng_.chance(model.duplicate);
  const std::optional<Duration> queued = enqueue(on, model, now, datagram.size());
  if (!queued) {
    passage.loss = Loss::queue;
    return passage;
  }
  draw_copy(model, *queued, passage);
  if (duplicate) draw_copy(model, *queued, passage);
  return passage;
}

// How long the datagram waits for what is queued before it, and takes to be sent itself; nothing: the queue
// is full.
std::optional<Duration> Network::enqueue(Link& on, const LinkModel& model, Time now, std::size_t size) {
  on.free_at = std::max(on.free_at, now);
  if (model.bytes_per_second == 0) return on.free_at - now;
  const auto wait = static_cast<std::uint64_t>((on.free_at - now).count());
  const Wide waiting = Wide{wait} * model.bytes_per_second / kNanosecondsPerSecond;  // bytes
  if (waiting + size > model.queue_bytes) return std::nullopt;
  const Wide sending = Wide{size} * kNanosecondsPerSecond / model.bytes_per_second;
  on.free_at += Duration(static_cast<std::int64_t>(sending));
  return on.free_at - now;
}

void Network::draw_copy(const LinkModel& model, Duration queued, Passage& passage) {
  Passage::Copy& copy = passage.copy[passage.copies++];
  copy.after = queued + draw(model.delay, rng_);
  if (rng_.chance(model.reorder)) copy.after += draw(model.reorder_delay, rng_);
  copy.corrupt = rng_.chance(model.corrupt);
}

void Network::damage(std::span<std::byte> datagram) {
  if (datagram.empty()) return;
  const std::uint64_t flips = rng_.between(1, 32);
  for (std::uint64_t i = 0; i < flips; ++i) {
    const std::uint64_t bit = rng_.between(0, datagram.size() * 8 - 1);
    datagram[bit / 8] ^= std::byte{1} << (bit % 8);
  }
}

void Network::set_link(std::uint16_t from, std::uint16_t to, const LinkModel& model) {
  clear_link(from, to);
  std::size_t place = kClientModel + 1;
  while (place < models_.size() && models_[place].model != model) ++place;
  if (place ==
      models_.size()) {  // a new one: where no link uses the old one any more, if there is such a place
    place = kClientModel + 1;
    while (place < models_.size() && models_[place].links != 0) ++place;
    if (place == models_.size()) models_.emplace_back();
    models_[place].model = model;
  }
  ++models_[place].links;
  links_[link(from, to)].model = static_cast<std::uint32_t>(place);
}

void Network::clear_link(std::uint16_t from, std::uint16_t to) {
  Link& on = links_[link(from, to)];
  if (on.model > kClientModel) --models_[on.model].links;
  on.model = default_model(from, to);
}

void Network::clog(std::uint16_t from, std::uint16_t to, Time until) {
  Link& on = links_[link(from, to)];
  on.free_at = std::max(on.free_at, until);
}

void Network::heal_all() {
  for (Link& on : links_) {
    on.cut = false;
    on.blocked = 0;
  }
}

}  // namespace norn::sim
