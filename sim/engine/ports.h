// The two ports a process is handed for the length of a turn. They exist only on the stack, so that a World
// holds no reference to itself and can be copied.
#pragma once

#include "sim/engine/world.h"

namespace norn::sim {

struct World::Ports final : net::Transport, storage::Disk {
  Ports(World& in, std::uint16_t of) : world(in), place(of) {}

  void send(Address to, Bytes datagram) override { world.send(place, world.place(to), datagram); }
  std::optional<Buffer> read(File file) override { return disk().read(file); }
  DiskStatus append(File file, Bytes bytes) override { return disk().append(file, bytes); }
  void sync(File file, SyncTicket ticket) override {
    world.trace_disk(TraceKind::sync, place, file, ticket, 0);
    push(disk().sync(file, ticket), ticket);
  }
  void replace(File file, Bytes bytes, SyncTicket ticket) override {
    world.trace_disk(TraceKind::replace, place, file, ticket, bytes.size());
    push(disk().replace(file, bytes, ticket), ticket);
  }

 private:
  SimDisk& disk() { return world.disks_[place]; }
  void push(Duration after, SyncTicket ticket) {
    world.queue_.push({.at = world.now_ + after,
                       .payload = ticket.value,
                       .incarnation = world.processes_[place].incarnation,
                       .process = place,
                       .kind = EventKind::synced});
  }

  World& world;
  std::uint16_t place;
};

}  // namespace norn::sim
