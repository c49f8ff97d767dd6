#include "sim/check/liveness.h"

#include <string>

#include "replica/wire/fragment.h"

namespace norn::sim {
namespace {

std::string in_milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

template <class T>
std::string plural(T count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

bool reached(const LivenessFacts& facts) {
  return facts.pending.empty() && facts.probes_unanswered.empty() && facts.behind.empty();
}

std::vector<Finding> check_liveness(const LivenessFacts& facts) {
  std::vector<Finding> findings;
  const std::string after = in_milliseconds(facts.now - facts.began) + " after the core was healed";
  if (facts.out_of_time && !facts.pending.empty())
    findings.push_back({oracle::kLiveness,
                        facts.now,
                        {},
                        plural(facts.pending.size(), "operation") + " unanswered " + after,
                        facts.pending});
  if (facts.out_of_time && !facts.probes_unanswered.empty())
    findings.push_back({oracle::kLiveness,
                        facts.now,
                        {},
                        plural(facts.probes_unanswered.size(), "client") + ", the first of them client " +
                            std::to_string(facts.probes_unanswered.front()) +
                            ", could not write and read back " + after});
  if (facts.out_of_time && !facts.behind.empty())
    findings.push_back({oracle::kLiveness, facts.now, facts.behind,
                        plural(facts.behind.size(), "replica") + " had not caught up " + after});
  if (facts.leaders_max != 0 && facts.leaders > facts.leaders_max)
    findings.push_back(
        {oracle::kLiveness,
         facts.now,
         {},
         plural(facts.leaders, "election") + " won within " + after + ": the cluster does not come to rest"});
  return findings;
}

std::uint64_t leaders_allowed(Duration since_healed, Duration election_timeout_max) {
  constexpr std::uint64_t kToSettle = 3;
  constexpr std::int64_t kTimeouts = 5;
  return kToSettle + static_cast<std::uint64_t>(since_healed / (election_timeout_max * kTimeouts));
}

std::vector<Finding> check_bounds(const World& world, std::size_t sessions_max) {
  std::vector<Finding> findings;
  const auto bound = [&](NodeId id, const std::string& what, std::size_t size, std::size_t most) {
    if (size <= most) return;
    findings.push_back({oracle::kLeak,
                        world.now(),
                        {id},
                        "replica " + std::to_string(id.value) + " holds " + std::to_string(size) + " " +
                            what + ", and " + std::to_string(most) + " is the most"});
  };
  const wire::Reassembly::Limits limits;
  for (std::uint32_t i = 1; i <= world.replicas(); ++i) {
    const NodeId id{static_cast<std::uint8_t>(i)};
    const Replica* replica = world.replica(id);
    if (replica == nullptr) continue;
    bound(id, "sessions", replica->store().sessions().size(), sessions_max);
    for (const auto* pieces : {&replica->peer_pieces(), &replica->client_pieces()}) {
      bound(id, "bytes for reassembly", pieces->bytes(), limits.bytes_max);
      bound(id, "packets for reassembly", pieces->packets(), limits.packets_max);
    }
  }
  return findings;
}

std::vector<Finding> check_rest(const World& world) {
  // Far above what heartbeats put under way, far below what a message storm does.
  constexpr std::size_t kPerReplica = 1000;
  const std::size_t most = kPerReplica * world.replicas();
  if (world.datagrams_under_way() <= most) return {};
  return {{oracle::kLeak,
           world.now(),
           {},
           std::to_string(world.datagrams_under_way()) + " datagrams are under way in a cluster at rest"}};
}

}  // namespace norn::sim
