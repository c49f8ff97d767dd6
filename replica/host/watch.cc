// What is worth a line.
#include "replica/host/watch.h"

#include <utility>

#include "replica/host/log.h"

namespace norn::host {
namespace {

constexpr Duration kRefusalsEvery = std::chrono::seconds(10);

}  // namespace

void Watch::observe(Time now, const Replica& replica, const seal::Endpoint* endpoint) {
  const raft::Raft& raft = replica.raft();
  if (raft.role() == raft::Role::leader && (role_ != raft::Role::leader || term_ != raft.term()))
    spdlog::info("leads term={}", raft.term().value);
  if (role_ == raft::Role::leader && raft.role() != raft::Role::leader)
    spdlog::info("no longer leads term={}", raft.term().value);
  if (raft.leader() != leader_ && raft.leader() && raft.role() != raft::Role::leader)
    spdlog::info("follows leader={} term={}", raft.leader().value, raft.term().value);
  role_ = raft.role();
  term_ = raft.term();
  leader_ = raft.leader();
  if (replica.disk_full() != disk_full_) {
    disk_full_ = replica.disk_full();
    disk_full_ ? spdlog::error("disk full: nothing is acknowledged until there is room")
               : spdlog::warn("the disk has room again");
  }
  if (std::exchange(handovers_, replica.counters().handovers) != replica.counters().handovers)
    spdlog::warn("the disk stalls: leadership handed over");
  if (now < refusals_due_) return;
  refusals_due_ = now + kRefusalsEvery;
  observe_refusals(replica);
  if (endpoint != nullptr) observe_seals(*endpoint);
}

void Watch::observe_refusals(const Replica& replica) {
  constexpr std::string_view kWhy[wire::kRefusals] = {
      "their length is wrong", "they are of another version",
      "they are of another cluster (see --cluster-name)", "they are damaged",
      "they are malformed, or from an address that is not the peer's (see --cluster)"};
  for (std::size_t i = 0; i < wire::kRefusals; ++i) {
    const std::uint64_t more = replica.counters().refused[i] - seen_.refused[i];
    if (more > 0) spdlog::warn("refused datagrams={} because=\"{}\"", more, kWhy[i]);
  }
  seen_ = replica.counters();
}

// Stale ones are a peer's restart, and set right by themselves.
void Watch::observe_seals(const seal::Endpoint& endpoint) {
  constexpr std::string_view kWhy[seal::kRefusals] = {
      "they are too short",
      "they are not sealed: is the sender's --key-file missing?",
      "they are sealed by another version",
      "they are sealed with another key than --key-file",
      "they are for another replica, or from an address that is not the sender's (see --cluster)",
      "they are our own",
      "they were received before",
      "they are forged or damaged",
      ""};
  for (std::size_t i = 0; i < seal::kRefusals; ++i) {
    const std::uint64_t more = endpoint.counters().refused[i] - seals_seen_.refused[i];
    if (more > 0 && !kWhy[i].empty()) spdlog::warn("refused datagrams={} because=\"{}\"", more, kWhy[i]);
  }
  seals_seen_ = endpoint.counters();
}

}  // namespace norn::host
