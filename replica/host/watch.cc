// What is worth a line.
#include "replica/host/watch.h"

#include "replica/host/log.h"

namespace norn::host {
namespace {

constexpr Duration kRefusalsEvery = std::chrono::seconds(10);

}  // namespace

void Watch::observe(Time now, const Replica& replica) {
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
  if (now >= refusals_due_) observe_refusals(now, replica);
}

void Watch::observe_refusals(Time now, const Replica& replica) {
  constexpr std::string_view kWhy[wire::kRefusals] = {
      "their length is wrong", "they are of another version",
      "they are of another cluster (see --cluster-name)", "they are damaged",
      "they are malformed, or from an address that is not the peer's (see --cluster)"};
  refusals_due_ = now + kRefusalsEvery;
  for (std::size_t i = 0; i < wire::kRefusals; ++i) {
    const std::uint64_t more = replica.counters().refused[i] - seen_.refused[i];
    if (more > 0) spdlog::warn("refused datagrams={} because=\"{}\"", more, kWhy[i]);
  }
  seen_ = replica.counters();
}

}  // namespace norn::host
