// The world: replicas, clients, the network between them, their disks and clocks, and one queue of events in
// virtual time. It is mechanism only: what happens when (faults, load) is decided above it, through the verbs
// below. A World is a value: a copy runs on to the same digest as the original. The same options and seed
// give the same run with every compiler and on every machine.
//
// The caller's loop:  while (auto step = world.step()) { look at it; call verbs; submit operations }
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "replica/base/digest.h"
#include "replica/client/client.h"
#include "replica/replica.h"

#include "sim/engine/clock.h"
#include "sim/engine/datagram_pool.h"
#include "sim/engine/disk.h"
#include "sim/engine/event_queue.h"
#include "sim/engine/models.h"
#include "sim/engine/network.h"
#include "sim/engine/stage.h"
#include "sim/engine/trace.h"

namespace norn::sim {

struct WorldOptions {
  ReplicaOptions replica;  // of each: id, voters and addresses are filled in
  std::uint8_t replicas = 5;
  std::uint32_t clients = 0;
  client::Options client;
  LinkModel network;         // between replicas
  LinkModel client_network;  // between clients and replicas
  DiskModel disk;
  Duration clock_offset_max{};            // each replica's clock starts somewhere between 0 and this
  std::vector<Duration> clock_offsets;    // by node id, added to that; empty: none
  std::uint64_t events_max = 50'000'000;  // a message storm ends the run, as a finding
};

// What one call of step() did.
enum class StepKind : std::uint8_t {
  delivered,  // a datagram reached a process (replica or client), which took its turn
  lost,       // it reached a process that is down or cut off
  timer,      // a deadline of a process
  synced,     // a disk's sync or replacement completed
  alarm,      // one of the caller's; tag says which
};

struct Step {
  StepKind kind = StepKind::alarm;
  NodeId replica;            // whose turn it was, or for whom the lost datagram was; nobody if not a replica
  std::uint32_t client = 0;  // its place, if it was a client (is_client)
  bool is_client = false;
  std::uint64_t tag = 0;  // alarm
};

class World final : public Stage {
 public:
  // Starts all replicas, on empty disks, and all clients, at time 0.
  World(const WorldOptions& options, std::uint64_t seed);

  // Lets the next thing happen that anybody notices. Nothing: nothing is left to happen, or it is a storm. A
  // failed ASSERT of the replica's code comes out as an exception if the caller's assert handler throws; the
  // world is then good for looking at and destroying only.
  std::optional<Step> step();
  // All steps up to and at `until`, unseen; then it is `until`. False: it became a storm. For callers without
  // alarms.
  bool run_until(Time until);
  bool storm() const { return counters_.events >= events_max_; }
  Time now() const override { return now_; }  // true time

  // step() returns an alarm at this time (or now, if that is past), with this tag.
  void set_alarm(Time at, std::uint64_t tag) override;

  // Processes.
  bool kill(NodeId id) override;  // with its machine: what its disk has not synced may be lost (DiskModel)
  bool restart(NodeId id) override;
  bool pause(
      NodeId id) override;  // its clock and disk go on; up to kPausedDatagramsMax datagrams wait for it
  bool resume(NodeId id) override;
  static constexpr std::uint32_t kPausedDatagramsMax = 512;

  // Clocks, of replicas.
  void set_drift(NodeId id, std::int32_t ppm) override;
  void jump_clock(NodeId id, Duration forward) override;

  // The network.
  void cut(Address from, Address to) override;
  void heal(Address from, Address to) override;
  void heal_all();  // also unblocks
  bool is_cut(Address from, Address to) const;
  // Packets of these kinds (bit i: kind i of the packet format, wire/packet.cc; 0: none) are lost on this
  // link.
  void block(Address from, Address to, std::uint16_t kinds);
  // What is sent on this link sets out at `until` at the earliest; so what it held back arrives nearly at
  // once.
  void clog(Address from, Address to, Time until);
  void set_network(const LinkModel& model);  // of all links between replicas but those set by themselves
  void set_client_network(const LinkModel& model);  // of those from and to clients
  void set_link(Address from, Address to, const LinkModel& model) override;
  void clear_link(Address from, Address to);  // back to the network's model
  const LinkModel& link(Address from, Address to) const override;

  // Disks: to look at, and for their faults (set_model, fail_operation, rot; wipe while the replica is down).
  void set_disk(NodeId id, const DiskModel& model) override { disk(id).set_model(model); }
  bool rot(NodeId id, File file, Ratio where, std::uint32_t bits) override {
    return disk(id).rot(file, where, bits);
  }
  SimDisk& disk(NodeId id);
  const SimDisk& disk(NodeId id) const;

  bool submit(std::uint32_t client, client::Ticket ticket, Bytes command) override;
  std::vector<client::Completion>& completions(std::uint32_t client) override {
    return clients_[client].completions();
  }
  const client::Client& client(std::uint32_t client) const { return clients_[client]; }
  std::uint32_t clients() const override { return static_cast<std::uint32_t>(clients_.size()); }

  // Observers. A replica's address in memory changes when it restarts and when the world is copied or moved.
  std::uint8_t replicas() const override { return static_cast<std::uint8_t>(replicas_.size() - 1); }
  const Replica* replica(NodeId id) const;  // null when down
  Replica* replica(NodeId id);              // for Replica::take_log_changed_from
  bool up(NodeId id) const override { return replica(id) != nullptr; }
  bool is_paused(NodeId id) const override { return process(id).paused; }
  std::uint32_t incarnation(NodeId id) const override { return process(id).incarnation; }
  NodeId leader() const override;
  Time local_time(NodeId id) const { return process(id).clock.local(now_); }
  const std::vector<Stop>& stops() const override { return stops_; }
  const StageCounters& counters() const override { return counters_; }
  std::size_t datagrams_under_way() const { return pool_.size(); }
  std::size_t events_queued() const { return queue_.size(); }
  // Of every event and every datagram sent so far.
  std::uint64_t digest() const { return digest_.value(); }

  // From now on, records go there; null: nowhere. The caller keeps the sink alive. A copy has none.
  void set_trace(TraceSink* sink) { sink_.value = sink; }

 private:
  class Ports;
  // A replica or a client, whatever runs there.
  struct Process {
    LocalClock clock;
    Time timer_at = kNever;          // of the timer event that counts
    std::uint32_t timer_arming = 0;  // and which one that is
    std::uint32_t incarnation = 0;
    bool paused = false;
    std::uint32_t held_datagrams = 0;
    std::vector<QueuedEvent> held;  // what waits for a paused process, in order
  };
  // A pointer that moves with the world and is null in a copy.
  struct SinkPointer {
    SinkPointer() = default;
    SinkPointer(const SinkPointer&) {}
    SinkPointer(SinkPointer&&) = default;
    SinkPointer& operator=(SinkPointer other) {
      std::swap(value, other.value);
      return *this;
    }
    ~SinkPointer() = default;
    TraceSink* value = nullptr;
  };

  std::uint16_t place(Address address) const;
  Address address_at(std::uint16_t place) const;
  bool is_replica(std::uint16_t place) const { return place < replicas_.size(); }
  Traffic& traffic(std::uint16_t from, std::uint16_t to);
  const Process& process(NodeId id) const;
  Process& process(NodeId id);

  void start(NodeId id);
  void discard(NodeId id);  // the process is gone
  void end_turn(std::uint16_t place);
  void arm_timer(std::uint16_t place);
  void rearm_timer(NodeId id);
  client::Client& client_at(std::uint16_t place) { return clients_[place - replicas_.size()]; }
  void note(const QueuedEvent& event, std::uint64_t word);
  void send(std::uint16_t from, std::uint16_t to, Bytes datagram);
  void hold(Process& process, const QueuedEvent& event);
  // Each returns what the caller sees of the event: nothing if it was void.
  std::optional<Step> happen(const QueuedEvent& event);
  std::optional<Step> on_datagram(const QueuedEvent& event);
  std::optional<Step> on_timer(const QueuedEvent& event);
  std::optional<Step> on_synced(const QueuedEvent& event);
  Step lose(const QueuedEvent& event, Loss loss);
  Step step_of(StepKind kind, std::uint16_t place) const;
  void trace(TraceKind kind, Address process, std::uint64_t ticket = 0, std::string what = {},
             std::size_t bytes = 0);
  void trace_disk(TraceKind kind, std::uint16_t place, File file, SyncTicket ticket, std::size_t bytes);
  void trace_link(TraceKind kind, Address from, Address to);
  void trace_datagram(TraceKind kind, std::uint16_t from, std::uint16_t to, Bytes datagram,
                      Loss loss = Loss::none);

  ReplicaOptions replica_options_;
  std::uint64_t events_max_;
  Rng seed_;
  Time now_{};
  EventQueue queue_;
  DatagramPool pool_;
  Network network_;
  std::vector<Process> processes_;                // by place; [0] is nobody
  std::vector<std::optional<Replica>> replicas_;  // by node id; nothing: down
  std::vector<SimDisk> disks_;                    // by node id
  std::vector<client::Client> clients_;
  Buffer arriving_;  // the datagram of this turn: the pool may move while the turn sends
  std::vector<Stop> stops_;
  StageCounters counters_;
  Digest digest_;
  SinkPointer sink_;
};

}  // namespace norn::sim
