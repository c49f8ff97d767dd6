// What is broken at this moment, and by whom. Each action that lasts has an owner, so that faults may overlap
// and be undone in any order:
//   - a link is cut as long as any action cuts it;
//   - models of links and disks, and drifts, are those of the scenario with the changes of all actions in
//     force, in the order in which they began;
//   - a replica is restarted, or resumed, by the action that killed or paused it, if it is still that death,
//     that pause.
// A jump of a clock is not taken back: what a replica sees is a monotonic clock, which never shows an earlier
// time. So a jump backwards has no effect at all.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/engine/stage.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/targets.h"

namespace norn::sim {

class Faults {
 public:
  using Owner = std::uint64_t;
  static constexpr Owner kForever = 0;  // of what is never undone

  // What an action did: to whom, in words; cut_links: it took part in cutting some.
  struct Effect {
    std::vector<NodeId> replicas;
    std::string text;
    bool cut_links = false;
  };

  explicit Faults(std::shared_ptr<const Scenario> scenario);

  // The scenario's own links, disks and clocks, at the start.
  void set_up(Stage& stage);
  std::vector<Duration> clock_offsets() const;  // by node id, none negative

  // Nothing: it met nobody. `owner` undoes it later, unless kForever.
  std::optional<Effect> begin(Stage& stage, const Action& action, Owner owner, const TargetContext& context,
                              Rng& rng);
  // What was undone; nothing: nothing was left of it.
  std::optional<Effect> undo(Stage& stage, Owner owner);

  // A phase's change of all links between replicas, or with clients; it stays.
  void change_network(Stage& stage, const LinkChange& replicas, const LinkChange& clients);

  // The liveness phase: inside the core, and between it and the clients, everything is as at the start, and
  // nothing is lost; its members run. Outside, everything stays as it is for good.
  void heal_core(Stage& stage, const std::vector<NodeId>& core);

 private:
  using Link = std::pair<std::uint64_t, std::uint64_t>;  // addresses: from, to
  struct Process {
    NodeId id;
    std::uint32_t incarnation = 0;
    std::uint32_t pause = 0;  // the number of that pause
  };
  struct Active {
    ActionKind kind = ActionKind::heal;
    std::vector<Link> cuts;
    std::vector<Process> processes;  // killed or paused
    std::vector<NodeId> replicas;    // it met
  };
  struct LinkChanged {
    Owner owner = kForever;
    bool clients = false;  // links of `from` with the clients, both ways; else from `from` to `to`
    ReplicaSet from;
    ReplicaSet to;
    LinkChange set;
  };
  struct DiskChanged {
    Owner owner = kForever;
    ReplicaSet of;
    DiskChange set;
  };
  struct DriftChanged {
    Owner owner = kForever;
    ReplicaSet of;
    std::int32_t drift_ppm = 0;
  };

  std::optional<Effect> cut_links(Stage& stage, const Action& action, Owner owner,
                                  const std::vector<NodeId>& target, const std::vector<NodeId>& to, Rng& rng);
  std::optional<Effect> stop_processes(Stage& stage, ActionKind kind, Owner owner,
                                       const std::vector<NodeId>& target);
  std::optional<Effect> start_processes(Stage& stage, ActionKind kind, const std::vector<NodeId>& target);
  static std::optional<Effect> rot(Stage& stage, const Action& action, const std::vector<NodeId>& target);
  std::optional<Effect> change_model(Stage& stage, const Action& action, Owner owner,
                                     const std::vector<NodeId>& target, const std::vector<NodeId>& to);
  std::optional<Effect> heal(Stage& stage);
  void set_link(Stage& stage, const Link& link, bool cut);
  void change_links(Stage& stage, LinkChanged change);
  void refresh_links(Stage& stage, const LinkChanged& where) const;
  void refresh_disks(Stage& stage, const ReplicaSet& of) const;
  void refresh_drifts(Stage& stage, const ReplicaSet& of) const;
  LinkModel link_model(NodeId from, NodeId to) const;
  LinkModel client_link_model(NodeId replica) const;
  DiskModel disk_model(NodeId id) const;
  std::int32_t drift(NodeId id) const;

  std::shared_ptr<const Scenario> scenario_;
  std::map<Link, std::uint32_t> cuts_;     // how many actions cut it
  std::map<Owner, Active> active_;         // those to be undone, and the cuts that only `heal` ends
  Owner next_unowned_ = Owner{1} << 62;    // for the latter
  std::vector<std::uint32_t> pauses_;      // so far, by node id
  std::vector<LinkChanged> link_changes_;  // in force, in the order in which they began
  std::vector<DiskChanged> disk_changes_;
  std::vector<DriftChanged> drift_changes_;
  ReplicaSet core_;  // healed: see heal_core
};

}  // namespace norn::sim
