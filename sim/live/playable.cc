#include "sim/live/playable.h"

#include <algorithm>

#include "sim/scenario/json_values.h"

namespace norn::sim {
namespace {

constexpr std::uint32_t kClientsMax = 1000;  // each has a socket

std::string refusal_of(const Action& action) {
  switch (action.kind) {
    case ActionKind::disk:
      return "a real disk cannot be made slow, full or faulty from here";
    case ActionKind::clock:
      return "a real process reads the system's monotonic clock, which nobody can change";
    default:
      return {};
  }
}

std::string refusal_of(const DiskModel& disk) {
  const DiskModel plain;
  const auto no = [](const std::string& key) {
    return "disk." + key + ": a real disk cannot be told to do that";
  };
  if (disk.stall != plain.stall) return no("stall");
  if (disk.sync_error != plain.sync_error) return no("sync_error");
  if (disk.capacity != plain.capacity) return no("capacity");
  if (disk.torn != plain.torn || disk.torn_damage != plain.torn_damage)
    return "disk.torn: SIGKILL takes a process, not what it has given to the system";
  return {};
}

std::string refusal_of(const Scenario& scenario) {
  const auto place = [](const char* list, std::size_t i) { return list + ("[" + std::to_string(i)) + "]"; };
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    const std::string why = refusal_of(scenario.events[i].action);
    if (!why.empty()) return place("events", i) + ": " + why;
  }
  for (std::size_t i = 0; i < scenario.nemeses.size(); ++i) {
    const std::string why = refusal_of(scenario.nemeses[i].action);
    if (!why.empty()) return place("nemeses", i) + ": " + why;
  }
  for (std::size_t i = 0; i < scenario.clocks.size(); ++i) {
    if (scenario.clocks[i].drift_ppm != 0)
      return place("clocks", i) + ".drift: a real process reads the system's clock, whose rate is its own";
  }
  if (!scenario.disks.empty()) return "disks: real disks are as fast as they are";
  if (!scenario.cluster.pre_vote) return "cluster.pre_vote: the program always asks before it campaigns";
  if (!scenario.cluster.check_quorum) return "cluster.check_quorum: the program always checks it";
  if (scenario.clients.count > kClientsMax)
    return "clients.count: more than " + std::to_string(kClientsMax) + " are too many sockets";
  return scenario.course ? std::string() : refusal_of(scenario.disk);
}

std::vector<std::string> notes_of(const Scenario& scenario) {
  std::vector<std::string> notes;
  const Cluster& cluster = scenario.cluster;
  const Cluster plain;
  const auto own = [&](bool differs, const char* key) {
    if (differs) notes.push_back(std::string("cluster.") + key + " is the program's own");
  };
  own(cluster.append_size_max != plain.append_size_max, "append_size_max");
  own(cluster.inflight_size_max != plain.inflight_size_max, "inflight_size_max");
  own(cluster.snapshot_chunk_size != plain.snapshot_chunk_size, "snapshot_chunk_size");
  own(cluster.snapshot_window != plain.snapshot_window, "snapshot_window");
  own(cluster.sessions_max != plain.sessions_max, "sessions_max");
  own(cluster.reads_max != plain.reads_max, "reads_max");
  own(cluster.proposals_bytes_max != plain.proposals_bytes_max, "proposals_bytes_max");
  if (scenario.disk.sync != DiskModel{}.sync) notes.push_back("disk.sync is the real disk's own");
  if (!scenario.clocks.empty()) notes.push_back("clocks.offset means nothing to processes of one machine");
  return notes;
}

// What shows only inside of a replica; and in a cluster of one, whose member sends nothing, also who leads.
bool is_unseen(Counter counter, std::uint8_t replicas) {
  switch (counter) {
    case Counter::truncations:
    case Counter::snapshots_taken:
      return true;
    case Counter::leaders:
    case Counter::step_downs:
      return replicas == 1;
    default:
      return false;
  }
}

}  // namespace

Playable playable(const Scenario& scenario) {
  Playable result;
  result.refusal = refusal_of(scenario);
  if (!result.refusal.empty()) return result;
  result.notes = notes_of(scenario);
  for (const Bound& bound : scenario.expect.bounds) {
    if (!is_unseen(bound.counter, scenario.cluster.replicas)) continue;
    result.unseen.push_back(bound.counter);
    result.notes.push_back("expect.counts." + std::string(name_of(bound.counter)) +
                           " is not judged: it shows only inside of a replica");
  }
  return result;
}

std::vector<std::string> replica_options(const Cluster& cluster) {
  return {"--election-timeout-min",
          write_duration(cluster.election_timeout_min),
          "--election-timeout-max",
          write_duration(cluster.election_timeout_max),
          "--heartbeat-interval",
          write_duration(cluster.heartbeat_interval),
          "--read-mode",
          std::string(name_of(cluster.reads)),
          "--clock-drift-max",
          std::to_string(cluster.clock_drift_max.ppm),
          "--datagram-max",
          std::to_string(cluster.datagram_max),
          "--compact-after-bytes",
          std::to_string(cluster.compact_after_bytes),
          "--keep-bytes",
          std::to_string(cluster.keep_bytes)};
}

}  // namespace norn::sim
