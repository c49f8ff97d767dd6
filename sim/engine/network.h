// The network's chance and state: what becomes of a datagram that is sent over a link. A link is an ordered
// pair of processes, of which at least one is a replica. It holds no datagrams; the world does. A value.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "replica/base/rng.h"

#include "sim/engine/models.h"

namespace norn::sim {

// Why a datagram was lost.
enum class Loss : std::uint8_t {
  none,
  cut,      // the link was cut when it was sent, or when it arrived
  dropped,  // by chance
  blocked,  // a packet of a kind that the link does not carry
  queue,    // the link's queue was full
  down,     // nobody received it
  buffer,   // the receiver is paused, and its buffer full
};

// What becomes of one datagram: lost, or one or two copies, each after its own time and perhaps damaged.
struct Passage {
  struct Copy {
    Duration after{};
    bool corrupt = false;
  };
  Loss loss = Loss::none;
  std::uint8_t copies = 0;
  std::array<Copy, 2> copy;
};

class Network {
 public:
  // Places: replicas 1..replicas, clients from replicas + 1 on.
  Network(std::uint16_t replicas, std::uint32_t clients, const LinkModel& between_replicas,
          const LinkModel& to_clients, Rng rng);

  Passage send(Time now, std::uint16_t from, std::uint16_t to, Bytes datagram);
  void damage(std::span<std::byte> datagram);  // flips 1..32 bits

  void set_replica_links(const LinkModel& model) { models_[kReplicaModel].model = model; }
  void set_client_links(const LinkModel& model) { models_[kClientModel].model = model; }
  void set_link(std::uint16_t from, std::uint16_t to, const LinkModel& model);
  void clear_link(std::uint16_t from, std::uint16_t to);  // back to that of its sort
  const LinkModel& model(std::uint16_t from, std::uint16_t to) const {
    return models_[links_[link(from, to)].model].model;
  }

  void cut(std::uint16_t from, std::uint16_t to, bool is_cut) { links_[link(from, to)].cut = is_cut; }
  bool is_cut(std::uint16_t from, std::uint16_t to) const { return links_[link(from, to)].cut; }
  // The kinds of packets (bit i: kind i of the packet format) that are lost on this link.
  void block(std::uint16_t from, std::uint16_t to, std::uint16_t kinds) {
    links_[link(from, to)].blocked = kinds;
  }
  // Nothing sets out on this link before `until`. With a bandwidth, what does not fit in its queue meanwhile
  // is lost.
  void clog(std::uint16_t from, std::uint16_t to, Time until);
  void heal_all();  // nothing is cut or blocked

 private:
  static constexpr std::uint32_t kReplicaModel = 0;
  static constexpr std::uint32_t kClientModel = 1;
  struct Link {
    Time free_at{};           // when all that waits has been sent; nothing sets out before
    std::uint32_t model = 0;  // its place in models_
    std::uint16_t blocked = 0;
    bool cut = false;
    bool unused = false;
  };
  struct SharedModel {
    LinkModel model;
    std::uint32_t links = 0;  // that use it; those of the two defaults are not counted
  };

  std::size_t link(std::uint16_t from, std::uint16_t to) const;
  std::uint32_t default_model(std::uint16_t from, std::uint16_t to) const {
    return from <= replicas_ && to <= replicas_ ? kReplicaModel : kClientModel;
  }
  static std::optional<Duration> enqueue(Link& on, const LinkModel& model, Time now, std::size_t size);
  void draw_copy(const LinkModel& model, Duration queued, Passage& passage);

  std::uint16_t replicas_;
  std::vector<Link> links_;
  std::vector<SharedModel> models_;
  Rng rng_;
};

}  // namespace norn::sim
