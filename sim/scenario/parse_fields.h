// The format of scenario files: every structure's keys, in the order in which they are written, with their
// limits. What a key means is said in scenario.h and, for those who write files, in scenarios/README.md.
#pragma once

#include "replica/kv/command.h"

#include "sim/scenario/json_fields.h"

namespace norn::sim {

inline constexpr std::uint8_t kReplicasMax = 25;
inline constexpr std::uint32_t kClientsMax = 10'000;
inline constexpr Duration kCourseTimeMax = std::chrono::hours(6);  // of each of its three parts

template <class V, class S>
void fields(V& v, S& s, const Cluster& d) {
  constexpr Within kBytes{1, 1u << 30};
  v.field("replicas", s.replicas, d.replicas, Within{1, kReplicasMax});
  v.range("election_timeout", s.election_timeout_min, s.election_timeout_max, d.election_timeout_min,
          d.election_timeout_max, Lasting{std::chrono::milliseconds(1)});
  v.field("heartbeat", s.heartbeat_interval, d.heartbeat_interval, Lasting{std::chrono::microseconds(100)});
  v.field("thrift", s.thrift_patience, d.thrift_patience, Lasting{});
  v.field("pre_vote", s.pre_vote, d.pre_vote);
  v.field("check_quorum", s.check_quorum, d.check_quorum);
  v.field("reads", s.reads, d.reads);
  v.field("clock_drift_max", s.clock_drift_max, d.clock_drift_max);
  v.field("append_size_max", s.append_size_max, d.append_size_max, kBytes);
  v.field("inflight_size_max", s.inflight_size_max, d.inflight_size_max, kBytes);
  v.field("snapshot_chunk_size", s.snapshot_chunk_size, d.snapshot_chunk_size, kBytes);
  v.field("snapshot_window", s.snapshot_window, d.snapshot_window, Within{1, 65536});
  v.field("datagram_max", s.datagram_max, d.datagram_max, Within{512, 65507});
  v.field("compact_after_bytes", s.compact_after_bytes, d.compact_after_bytes, kBytes);
  v.field("keep_bytes", s.keep_bytes, d.keep_bytes, Within{0, kBytes.max});
  v.field("sessions_max", s.sessions_max, d.sessions_max, Within{1, 1u << 20});
  v.field("reads_max", s.reads_max, d.reads_max, Within{1, 1u << 20});
  v.field("proposals_bytes_max", s.proposals_bytes_max, d.proposals_bytes_max, kBytes);
}

template <class V, class S>
void fields(V& v, S& s, const Mix& d) {
  constexpr Within kShare{0, kPpm};
  v.field("get", s.get, d.get, kShare);
  v.field("put", s.put, d.put, kShare);
  v.field("remove", s.remove, d.remove, kShare);
  v.field("cas", s.cas, d.cas, kShare);
  v.field("append", s.append, d.append, kShare);
  v.field("increment", s.increment, d.increment, kShare);
  v.field("multi_get", s.multi_get, d.multi_get, kShare);
  v.field("multi_put", s.multi_put, d.multi_put, kShare);
}

template <class V, class S>
void fields(V& v, S& s, const Keys& d) {
  v.field("count", s.count, d.count, Within{1, 10'000'000});
  v.field("distribution", s.distribution, d.distribution);
  if (s.distribution == Keys::Distribution::hot)
    v.field("hot_share", s.hot_share, d.hot_share);
  else
    v.excluded("hot_share", "is only for the distribution hot");
}

template <class V, class S>
void fields(V& v, S& s, const Clients& d) {
  constexpr std::string_view kClosed = "is only for an open loop, and think makes it a closed one";
  v.field("count", s.count, d.count, Within{1, kClientsMax});
  v.field("think", s.think, d.think);
  if (s.think) {
    for (const std::string_view key : {"rate", "per", "arrivals"}) v.excluded(key, kClosed);
  } else {
    v.field("rate", s.rate, d.rate, Within{0, 1'000'000});
    v.field("per", s.per, d.per, Lasting{std::chrono::milliseconds(1)});
    v.field("arrivals", s.arrivals, d.arrivals);
  }
  v.field("mix", s.mix, d.mix);
  v.field("keys", s.keys, d.keys);
  v.range("value_size", s.value_size_min, s.value_size_max, d.value_size_min, d.value_size_max,
          Within{0, kv::kValueSizeMax});
  v.field("multi_keys", s.multi_keys, d.multi_keys, Within{1, kv::kMultiKeysMax});
  v.field("start", s.start, d.start);
  v.field("stop", s.stop, d.stop, Lasting{});
  v.field("deadline", s.deadline, d.deadline, Lasting{std::chrono::milliseconds(1)});
  v.field("attempt_timeout", s.attempt_timeout, d.attempt_timeout, Lasting{std::chrono::milliseconds(1)});
  v.field("attempt_timeout_max", s.attempt_timeout_max, d.attempt_timeout_max,
          Lasting{std::chrono::milliseconds(1)});
  v.field("outstanding_max", s.outstanding_max, d.outstanding_max, Within{1, 65536});
}

// Of a LinkModel, or of a LinkChange, whose fields have the same names.
template <class V, class S, class D>
void link_fields(V& v, S& s, const D& d) {
  v.field("delay", s.delay, d.delay);
  v.field("drop", s.drop, d.drop);
  v.field("duplicate", s.duplicate, d.duplicate);
  v.field("reorder", s.reorder, d.reorder);
  v.field("reorder_delay", s.reorder_delay, d.reorder_delay);
  v.field("corrupt", s.corrupt, d.corrupt);
  v.field("bytes_per_second", s.bytes_per_second, d.bytes_per_second, Within{});
  v.field("queue_bytes", s.queue_bytes, d.queue_bytes, Within{1, 1u << 30});
}
template <class V, class S>
void fields(V& v, S& s, const LinkModel& d) {
  link_fields(v, s, d);
}
template <class V, class S>
void fields(V& v, S& s, const LinkChange& d) {
  link_fields(v, s, d);
}

template <class V, class S, class D>
void disk_fields(V& v, S& s, const D& d) {
  v.field("sync", s.sync, d.sync);
  v.field("stall", s.stall, d.stall);
  v.field("stall_time", s.stall_time, d.stall_time);
  v.field("sync_error", s.sync_error, d.sync_error);
  v.field("torn", s.torn, d.torn);
  v.field("torn_damage", s.torn_damage, d.torn_damage);
  v.field("capacity", s.capacity, d.capacity, Within{});
}
template <class V, class S>
void fields(V& v, S& s, const DiskModel& d) {
  disk_fields(v, s, d);
}
template <class V, class S>
void fields(V& v, S& s, const DiskChange& d) {
  disk_fields(v, s, d);
}

template <class V, class S>
void fields(V& v, S& s, const LinkOverride& d) {
  v.required("from", s.from);
  v.required("to", s.to);
  v.field("both_ways", s.both_ways, d.both_ways);
  v.required("set", s.set);
}

template <class V, class S>
void fields(V& v, S& s, const DiskOverride&) {
  v.required("replica", s.replica);
  v.required("set", s.set);
}

template <class V, class S>
void fields(V& v, S& s, const ClockOverride& d) {
  v.required("replica", s.replica);
  v.field("offset", s.offset, d.offset);
  v.drift("drift", s.drift_ppm, d.drift_ppm);
}

// Whether `for` makes sense: there is something to undo.
inline bool can_last(ActionKind kind) {
  return kind != ActionKind::heal && kind != ActionKind::restart && kind != ActionKind::resume &&
         kind != ActionKind::rot;
}

// An action's fields stand among those of its event or nemesis.
template <class V, class S>
void action_fields(V& v, S& s) {
  v.required("type", s.kind);
  const Action d = default_action(s.kind);
  if constexpr (!std::is_const_v<S>) s = d;
  switch (s.kind) {
    case ActionKind::partition:
      v.required("side", s.target);
      v.field("direction", s.direction, d.direction);
      v.field("clients", s.clients, d.clients);
      break;
    case ActionKind::cut:
      v.required("from", s.target);
      v.field("to", s.to, d.to);
      break;
    case ActionKind::heal:
    case ActionKind::ring:
      break;
    case ActionKind::bridge:
    case ActionKind::restart:
    case ActionKind::resume:
      v.field("target", s.target, d.target);
      break;
    case ActionKind::kill:
    case ActionKind::pause:
      v.required("target", s.target);
      break;
    case ActionKind::network:
      v.field("from", s.target, d.target);
      v.field("to", s.to, d.to);
      v.required("set", s.link);
      break;
    case ActionKind::client_network:
      v.field("target", s.target, d.target);
      v.required("set", s.link);
      break;
    case ActionKind::disk:
      v.field("target", s.target, d.target);
      v.required("set", s.disk);
      break;
    case ActionKind::rot:
      v.required("target", s.target);
      v.field("file", s.rot_file, d.rot_file);
      v.field("where", s.rot_where, d.rot_where);
      v.field("bits", s.rot_bits, d.rot_bits, Within{1, 1024});
      break;
    case ActionKind::clock:
      v.required("target", s.target);
      v.field("offset", s.clock_offset, d.clock_offset);
      v.drift("drift", s.clock_drift_ppm, d.clock_drift_ppm);
      break;
  }
}

constexpr std::string_view kNothingToUndo = "is not for what is never undone";

template <class V, class S>
void fields(V& v, S& s, const Event& d) {
  v.required("at", s.at);
  action_fields(v, s.action);
  if (can_last(s.action.kind))
    v.field("for", s.lasts, d.lasts);
  else
    v.excluded("for", kNothingToUndo);
}

template <class V, class S>
void fields(V& v, S& s, const Nemesis& d) {
  action_fields(v, s.action);
  v.field("on", s.on, d.on);
  if (s.on == Trigger::timer)
    v.required("every", s.every);
  else
    v.excluded("every", "is only for a nemesis on timer");
  v.field("chance", s.chance, d.chance);
  v.field("after", s.after, d.after);
  if (can_last(s.action.kind))
    v.field("for", s.lasts, d.lasts);
  else
    v.excluded("for", kNothingToUndo);
  v.field("times", s.times, d.times, Within{});
  v.field("start", s.start, d.start);
  v.field("stop", s.stop, d.stop, Lasting{});
}

template <class V, class S>
void fields(V& v, S& s, const Phase& d) {
  v.required("at", s.at);
  v.required("name", s.name);
  v.field("rate", s.rate, d.rate, Within{0, 1'000'000});
  v.field("think", s.think, d.think);
  v.field("mix", s.mix, d.mix);
  v.field("network", s.network, d.network);
  v.field("client_network", s.client_network, d.client_network);
}

template <class V, class S>
void fields(V& v, S& s, const Liveness& d) {
  v.field("core", s.core, d.core);
  v.field("within", s.within, d.within);
}

template <class V, class S>
void fields(V& v, S& s, const Expect& d) {
  v.field("survivable", s.survivable, d.survivable);
  v.field("linearizable", s.linearizable, d.linearizable);
  v.field("answered_share_min", s.answered_share_min, d.answered_share_min);
  v.field("silence_max", s.silence_max, d.silence_max, Lasting{});
  v.bounds("counts", s.bounds, d.bounds);
}

template <class V, class S>
void fields(V& v, S& s, const CourseEvent&) {
  v.required("type", s.kind);
  v.required("time", s.at, Seconds{});
}

// The course's own keys, unchanged; top-level fractions and "wait" are in some of its files, and its
// simulator does not look at them.
template <class V, class S>
void fields(V& v, S& s, const CourseConfig& d) {
  v.required("lifetime", s.lifetime, Seconds{std::chrono::seconds(5), kCourseTimeMax});
  v.required("replicas", s.replicas, Within{3, 21});
  v.required("requests", s.requests, Within{1, 1'000'000});
  v.field("mix", s.mix, d.mix);
  v.field("drops", s.drops, d.drops);
  v.field("start_wait", s.start_wait, d.start_wait, Seconds{{}, kCourseTimeMax});
  v.field("end_wait", s.end_wait, d.end_wait, Seconds{{}, kCourseTimeMax});
  v.field("max_packets", s.max_packets, d.max_packets, Within{1, 1'000'000'000});
  v.field("seed", s.seed, d.seed, Within{});
  v.field("events", s.events, d.events);
  v.group("tests", [&](auto& tests) {
    tests.group("benchmarks", [&](auto& benchmarks) {
      benchmarks.required("total_msgs", s.total_msgs);
      benchmarks.required("failures", s.failures);
      benchmarks.required("duplicates", s.duplicates);
      benchmarks.required("median_latency", s.median_latency, Seconds{});
    });
    tests.field("maximum_get_fail_fraction", s.get_fail_max, d.get_fail_max);
    tests.field("maximum_put_fail_fraction", s.put_fail_max, d.put_fail_max);
    tests.field("maximum_get_generation_fail_fraction", s.get_generation_fail_max, d.get_generation_fail_max);
    tests.field("maximum_appends_batched_fraction", s.appends_batched_max, d.appends_batched_max);
  });
  v.ignored("maximum_get_fail_fraction");
  v.ignored("maximum_put_fail_fraction");
  v.ignored("maximum_get_generation_fail_fraction");
  v.ignored("maximum_appends_batched_fraction");
  v.ignored("wait");
}

template <class V, class S>
void fields(V& v, S& s, const Scenario& d) {
  v.field("name", s.name, d.name);
  v.field("about", s.about, d.about);
  v.required("duration", s.duration, Lasting{std::chrono::milliseconds(100)});
  v.field("steps_max", s.steps_max, d.steps_max, Within{1});
  v.field("cluster", s.cluster, d.cluster);
  v.field("clients", s.clients, d.clients);
  v.field("network", s.network, d.network);
  v.field("client_network", s.client_network, d.client_network);
  v.field("links", s.links, d.links);
  v.field("disk", s.disk, d.disk);
  v.field("disks", s.disks, d.disks);
  v.field("clocks", s.clocks, d.clocks);
  v.field("events", s.events, d.events);
  v.field("nemeses", s.nemeses, d.nemeses);
  v.field("phases", s.phases, d.phases);
  v.field("liveness", s.liveness, d.liveness);
  v.field("expect", s.expect, d.expect);
  v.field("course", s.course, d.course);
}

}  // namespace norn::sim
