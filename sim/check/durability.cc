#include "sim/check/durability.h"

#include <string>

namespace norn::sim {
namespace {

std::string words(EntryId id) {
  return "entry " + std::to_string(id.index.value) + " of term " + std::to_string(id.term.value);
}

std::string name(NodeId replica) { return "replica " + std::to_string(replica.value); }

}  // namespace

std::optional<Finding> Durability::check_commit(Time now, NodeId leader, EntryId committed,
                                                const LogBook& book) const {
  const auto holds = [&](std::size_t i) { return book.leads_to(synced_[i], committed); };
  const std::size_t replicas = synced_.size() - 1;
  std::size_t holders = 0;
  for (std::size_t i = 1; i <= replicas; ++i) {
    if (!holds(i)) continue;
    if (++holders >= replicas / 2 + 1) return std::nullopt;
  }
  std::vector<NodeId> without;
  for (std::size_t i = 1; i <= replicas; ++i) {
    if (!holds(i)) without.push_back({static_cast<std::uint8_t>(i)});
  }
  return Finding{oracle::kDurability, now, std::move(without),
                 name(leader) + " committed " + words(committed) + ", which is on the synced disks of " +
                     std::to_string(holders) + " of " + std::to_string(replicas) + " replicas"};
}

std::optional<Finding> Durability::check_recovered(Time now, NodeId replica, EntryId base, EntryId last,
                                                   const LogBook& book) const {
  const EntryId synced = synced_[replica.value];
  if (synced.index <= base.index || synced.index < book.first()) return std::nullopt;
  if (book.leads_to(last, synced)) return std::nullopt;
  return Finding{oracle::kDurability,
                 now,
                 {replica},
                 name(replica) + " had synced " + words(synced) + ", and started again with a log up to " +
                     words(last) + " that does not hold it"};
}

std::vector<Finding> check_agreement(const World& world) {
  struct State {
    NodeId replica;
    Index applied;
    std::uint64_t digest;
  };
  std::vector<Finding> findings;
  std::vector<State> states;
  for (std::uint32_t i = 1; i <= world.replicas(); ++i) {
    const NodeId id{static_cast<std::uint8_t>(i)};
    const Replica* replica = world.replica(id);
    if (replica == nullptr) continue;
    const State state{id, replica->applied(), replica->store().digest()};
    for (const State& other : states) {
      if (other.applied != state.applied || other.digest == state.digest) continue;
      findings.push_back({oracle::kStateMachineSafety,
                          world.now(),
                          {other.replica, state.replica},
                          name(other.replica) + " and " + name(state.replica) + " have both applied " +
                              std::to_string(state.applied.value) + " entries, and differ"});
    }
    states.push_back(state);
  }
  return findings;
}

}  // namespace norn::sim
