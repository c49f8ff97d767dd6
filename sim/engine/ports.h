// The two ports a process is handed for the length of a turn. They exist only on the stack, so that a World
// holds no reference to itself and can be copied.
#pragma once

#include "sim/engine/world.h"

namespace norn::sim {

class World::Ports final : public net::Transport, public storage::Disk {
 public:
  Ports(World& world, std::uint16_t place) : world_(world), place_(place) {}

  void send(Address to, Bytes datagram) override { world_.send(place_, world_.place(to), datagram); }
  std::optional<Buffer> read(File file) override { return disk().read(file); }
  DiskStatus append(File file, Bytes bytes) override { return disk().append(file, bytes); }
  void sync(File file, SyncTicket ticket) override {
    world_.trace_disk(TraceKind::sync, place_, file, ticket, 0);
    push(disk().sync(file, ticket), ticket);
  }
  void replace(File file, std::shared_ptr<const Buffer> bytes, SyncTicket ticket) override {
    world_.trace_disk(TraceKind::replace, place_, file, ticket, bytes->size());
    push(disk().replace(file, *bytes, ticket), ticket);
  }

 private:
  SimDisk& disk() { return world_.disks_[place_]; }
  void push(Duration after, SyncTicket ticket) {
    world_.queue_.push({.at = world_.now_ + after,
                        .payload = ticket.value,
                        .incarnation = world_.processes_[place_].incarnation,
                        .process = place_,
                        .kind = EventKind::synced});
  }

  World& world_;
  std::uint16_t place_;
};

}  // namespace norn::sim
