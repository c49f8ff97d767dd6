// The stage of real processes: `replica serve` for each replica, the relay between them, and clients of the
// simulator's own kind, all in real time and on one thread. What cannot be done to a real process (its clock,
// its disk's speed) is done by nobody here: playable.h refuses or names it beforehand.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/client/client.h"
#include "replica/host/real_time.h"

#include "sim/engine/stage.h"
#include "sim/live/relay.h"
#include "sim/live/replica_process.h"
#include "sim/live/sniffer.h"
#include "sim/scenario/scenario.h"

namespace norn::sim {

// What is due for the stage's caller.
struct Due {
  enum class Kind : std::uint8_t { alarm, client } kind = Kind::alarm;
  std::uint64_t number = 0;  // an alarm's tag; a client's place, which has completions
};

class RealStage final : public Stage {
 public:
  // program: the path of `replica`. folder: exists; data and logs go there. There is one client more than the
  // scenario says, which is not among clients(): reader(). Throws host::Failure.
  RealStage(const Scenario& scenario, std::uint64_t seed, const std::string& program,
            const std::string& folder);

  // Lets happen what is happening, until something is due for the caller or may interest it; at most
  // kWaitMax.
  void wait();
  std::optional<Due> next_due();  // nothing: wait again

  Sniffer& sniffer() { return sniffer_; }
  const Sniffer& sniffer() const { return sniffer_; }
  std::uint32_t reader() const { return clients(); }
  // Why the first process that ended could not start; nothing: all could.
  const std::optional<std::string>& cannot_start() const { return cannot_start_; }
  // Of restarts and stops, since the caller last took them.
  std::vector<TimelineEntry>& timeline() { return timeline_; }
  const std::vector<Finding>& crashes() const { return crashes_; }
  std::uint64_t torn_tails() const { return torn_tails_; }
  Duration latest() const { return std::max(latest_, relay_->latest()); }  // anything happened after its time

  Time now() const override { return clock_.now(); }
  void set_alarm(Time at, std::uint64_t tag) override;

  bool kill(NodeId id) override;
  bool restart(NodeId id) override;
  bool pause(NodeId id) override;
  bool resume(NodeId id) override;
  void set_drift(NodeId, std::int32_t) override {}
  void jump_clock(NodeId, Duration) override {}

  void cut(Address from, Address to) override { relay_->network().cut(place(from), place(to), true); }
  void heal(Address from, Address to) override { relay_->network().cut(place(from), place(to), false); }
  void set_link(Address from, Address to, const LinkModel& model) override {
    relay_->network().set_link(place(from), place(to), model);
  }
  const LinkModel& link(Address from, Address to) const override {
    return relay_->network().model(place(from), place(to));
  }
  void set_disk(NodeId, const DiskModel&) override {}
  bool rot(NodeId id, storage::File file, Ratio where, std::uint32_t bits) override {
    return process(id).rot(file, where, bits);
  }

  bool submit(std::uint32_t client, client::Ticket ticket, Bytes command) override;
  std::vector<client::Completion>& completions(std::uint32_t client) override {
    return clients_[client].client.completions();
  }
  std::uint32_t clients() const override { return static_cast<std::uint32_t>(clients_.size() - 1); }

  std::uint8_t replicas() const override { return static_cast<std::uint8_t>(processes_.size()); }
  bool up(NodeId id) const override { return process(id).up(); }
  bool is_paused(NodeId id) const override { return process(id).paused(); }
  std::uint32_t incarnation(NodeId id) const override { return process(id).incarnation(); }
  NodeId leader() const override { return sniffer_.leader(); }
  const std::vector<Stop>& stops() const override { return stops_; }
  const StageCounters& counters() const override;

 private:
  static constexpr Duration kWaitMax = std::chrono::milliseconds(50);

  struct LiveClient {
    client::Client client;
    Time timer_at = kNever;  // of the timer event that counts
    std::uint64_t timer_arming = 0;
  };

  const ReplicaProcess& process(NodeId id) const { return *processes_[id.value - 1u]; }
  ReplicaProcess& process(NodeId id) { return *processes_[id.value - 1u]; }
  std::uint16_t place(Address address) const;
  void start_processes(const Scenario& scenario, const std::string& program, const std::string& folder);
  void start_clients(const Scenario& scenario);
  void start(NodeId id);
  void on_ended(NodeId id, Exit exit);
  void on_sent(NodeId from, std::uint16_t to, Bytes datagram);
  void on_first_word(NodeId id);
  void take(std::uint32_t client, NodeId from, Bytes datagram);
  void end_turn(std::uint32_t number);
  bool is_void(const QueuedEvent& event) const;

  mutable host::RealTime clock_;
  Rng seed_;
  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_{io_};
  Sniffer sniffer_;
  std::vector<std::unique_ptr<ReplicaProcess>> processes_;
  std::optional<Relay> relay_;
  std::vector<LiveClient> clients_;
  EventQueue queue_;                    // alarms, and clients' timers
  std::vector<std::uint32_t> touched_;  // clients that may have completions
  std::vector<Stop> stops_;
  std::optional<std::string> cannot_start_;
  std::vector<TimelineEntry> timeline_;
  std::vector<Finding> crashes_;
  std::uint64_t torn_tails_ = 0;
  Duration latest_{};
  mutable StageCounters counters_;
};

}  // namespace norn::sim
