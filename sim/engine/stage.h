// Where a scenario is played: the verbs by which faults and load act on a cluster and its clients, and the
// little that they must know of it. One stage is the World, in virtual time; the other one (sim/live) is made
// of real processes. Replicas and clients have the addresses below on both.
#pragma once

#include <string>
#include <vector>

#include "replica/base/types.h"
#include "replica/client/client.h"
#include "replica/storage/disk.h"

#include "sim/engine/models.h"

namespace norn::sim {

inline constexpr std::uint64_t kFirstClientAddress = 1000;  // replicas' are their ids
inline Address address(NodeId replica) { return {replica.value}; }
inline Address client_address(std::uint32_t client) { return {kFirstClientAddress + client}; }

// Datagrams of one sort. One that is lost, doubled or damaged counts as sent too.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;  // a second copy counts too
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
};

struct StageCounters {
  std::uint64_t events = 0;
  Traffic replicas;  // from replica to replica
  Traffic clients;   // from or to a client
  std::uint64_t kills = 0;
  std::uint64_t restarts = 0;
  std::uint64_t pauses = 0;
};

// A replica that stopped by itself: a failed disk, a file it refused.
struct Stop {
  Time at{};
  NodeId replica;
  std::string reason;
};

class Stage {
 public:
  virtual ~Stage() = default;

  virtual Time now() const = 0;  // since the start of the run
  // The caller of the stage is handed this tag at this time (or now, if that is past).
  virtual void set_alarm(Time at, std::uint64_t tag) = 0;

  // Processes. Each returns false, and does nothing, if the replica is not in the state it needs: up, down,
  // up and running, paused.
  virtual bool kill(NodeId id) = 0;     // what is not on its disk is gone
  virtual bool restart(NodeId id) = 0;  // a new process, from what the disk holds
  virtual bool pause(NodeId id) = 0;    // the others go on; what is sent to it waits, up to a bound
  virtual bool resume(NodeId id) = 0;

  // Clocks, of replicas.
  virtual void set_drift(NodeId id, std::int32_t ppm) = 0;
  virtual void jump_clock(NodeId id, Duration forward) = 0;

  // Links, one direction each; a datagram is lost if its link is cut when it is sent or arrives.
  virtual void cut(Address from, Address to) = 0;
  virtual void heal(Address from, Address to) = 0;
  virtual void set_link(Address from, Address to, const LinkModel& model) = 0;
  virtual const LinkModel& link(Address from, Address to) const = 0;

  // Disks.
  virtual void set_disk(NodeId id, const DiskModel& model) = 0;
  // Flips so many neighbouring bits of what is synced, at this share of the file. False: nothing is there.
  virtual bool rot(NodeId id, storage::File file, Ratio where, std::uint32_t bits) = 0;

  // Clients: a turn of the client's. False: it takes no more; nothing was taken. Look at its completions
  // after each submit and each step with its number, and clear them.
  virtual bool submit(std::uint32_t client, client::Ticket ticket, Bytes command) = 0;
  virtual std::vector<client::Completion>& completions(std::uint32_t client) = 0;
  virtual std::uint32_t clients() const = 0;

  virtual std::uint8_t replicas() const = 0;
  virtual bool up(NodeId id) const = 0;
  virtual bool is_paused(NodeId id) const = 0;
  virtual std::uint32_t incarnation(NodeId id) const = 0;  // from 1
  // The live leader with the highest term, as far as can be seen; nobody: there is none.
  virtual NodeId leader() const = 0;
  virtual const std::vector<Stop>& stops() const = 0;
  virtual const StageCounters& counters() const = 0;

 protected:
  Stage() = default;
  Stage(const Stage&) = default;
  Stage(Stage&&) = default;
  Stage& operator=(const Stage&) = default;
  Stage& operator=(Stage&&) = default;
};

}  // namespace norn::sim
