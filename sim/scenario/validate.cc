// The first problem wins; they are looked for in the order of the file format.
#include "sim/scenario/validate.h"

#include <algorithm>

#include "replica/kv/command.h"

#include "sim/scenario/json_values.h"

namespace norn::sim {
namespace {

using Problem = std::optional<JsonProblem>;
using Kind = Target::Kind;

constexpr Duration kEveryMin = std::chrono::milliseconds(1);

Problem wrong(std::string where, std::string what) { return JsonProblem{std::move(where), std::move(what)}; }

std::string in(std::string_view object, std::string_view key) { return member_path(object, key); }

// Finds the first problem among elements, each checked with its path.
template <class T, class Check>
Problem first_of(std::string_view list, const std::vector<T>& elements, Check check) {
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (Problem problem = check(elements[i], element_path(list, i))) return problem;
  return {};
}

Problem check_replica(NodeId id, const Scenario& s, const std::string& path) {
  if (id.value >= 1 && id.value <= s.cluster.replicas) return {};
  return wrong(
      path, std::to_string(id.value) + " is not a replica: there are " + std::to_string(s.cluster.replicas));
}

// By how far a duration is too long, or nothing.
Problem check_not_after(Duration time, Duration end, std::string_view what, const std::string& path) {
  if (time <= end) return {};
  return wrong(path,
               write_duration(time) + " is after " + std::string(what) + " (" + write_duration(end) + ")");
}

Problem check_mix(const Mix& mix, const std::string& path) {
  const std::uint64_t sum = std::uint64_t{mix.get} + mix.put + mix.remove + mix.cas + mix.append +
                            mix.increment + mix.multi_get + mix.multi_put;
  if (sum == 0) return wrong(path, "all shares are 0");
  return {};
}

Problem check_cluster(const Cluster& c) {
  if (c.election_timeout_min <= c.heartbeat_interval)
    return wrong("cluster.election_timeout", write_duration(c.election_timeout_min) +
                                                 " is not above the heartbeat (" +
                                                 write_duration(c.heartbeat_interval) + ")");
  if (c.thrift_patience != Duration{} && c.thrift_patience >= c.heartbeat_interval)
    return wrong("cluster.thrift", write_duration(c.thrift_patience) + " is not below the heartbeat (" +
                                       write_duration(c.heartbeat_interval) + ")");
  if (c.election_timeout_max <= c.election_timeout_min && c.replicas > 1)
    return wrong("cluster.election_timeout", "a range without width lets candidates tie for ever");
  if (c.reads == raft::ReadMode::lease && c.clock_drift_max.ppm >= kPpm / 4)
    return wrong("cluster.clock_drift_max",
                 unscaled(c.clock_drift_max.ppm, 6) + " leaves no lease: it must be below 0.25");
  return {};
}

Problem check_clients(const Scenario& s) {
  const Clients& c = s.clients;
  if (Problem problem = check_mix(c.mix, "clients.mix")) return problem;
  if (c.keys.distribution == Keys::Distribution::per_client && c.keys.count < c.count)
    return wrong("clients.keys.count", std::to_string(c.keys.count) + " is less than one for each client");
  if (c.multi_keys > c.keys.count && (c.mix.multi_get != 0 || c.mix.multi_put != 0))
    return wrong("clients.multi_keys", std::to_string(c.multi_keys) + " is more than there are keys");
  if (c.mix.multi_put != 0 && std::uint64_t{c.multi_keys} * (c.value_size_max + 256) > kv::kCommandSizeMax)
    return wrong("clients.multi_keys",
                 std::to_string(c.multi_keys) + " values of this size are too large for one command");
  const Duration stop = c.stop.value_or(s.duration);
  if (Problem problem = check_not_after(stop, s.duration, "the end", "clients.stop")) return problem;
  if (c.start >= stop)
    return wrong("clients.start",
                 write_duration(c.start) + " is not before their stop (" + write_duration(stop) + ")");
  if (c.attempt_timeout > c.attempt_timeout_max)
    return wrong("clients.attempt_timeout", write_duration(c.attempt_timeout) +
                                                " is above attempt_timeout_max (" +
                                                write_duration(c.attempt_timeout_max) + ")");
  return {};
}

Problem check_overrides(const Scenario& s) {
  const auto link = [&](const LinkOverride& l, const std::string& path) -> Problem {
    if (Problem problem = check_replica(l.from, s, in(path, "from"))) return problem;
    if (Problem problem = check_replica(l.to, s, in(path, "to"))) return problem;
    if (l.from == l.to) return wrong(path, "a replica has no link to itself");
    if (l.set == LinkChange{}) return wrong(in(path, "set"), "changes nothing");
    return {};
  };
  if (Problem problem = first_of("links", s.links, link)) return problem;
  const auto disk = [&](const DiskOverride& d, const std::string& path) -> Problem {
    if (d.set == DiskChange{}) return wrong(in(path, "set"), "changes nothing");
    return check_replica(d.replica, s, in(path, "replica"));
  };
  if (Problem problem = first_of("disks", s.disks, disk)) return problem;
  return first_of("clocks", s.clocks, [&](const ClockOverride& c, const std::string& path) -> Problem {
    if (c.offset == Duration{} && c.drift_ppm == 0) return wrong(path, "has neither offset nor drift");
    return check_replica(c.replica, s, in(path, "replica"));
  });
}

// Where an action stands.
struct Place {
  const Scenario& scenario;
  std::string path;
  bool triggered = false;  // it has a subject
};

Problem check_target(const Target& target, const Place& place, std::string_view key) {
  const std::string path = in(place.path, key);
  const std::uint8_t replicas = place.scenario.cluster.replicas;
  if (target.kind == Kind::ids && target.ids.empty()) return wrong(path, "is nobody");
  for (const NodeId id : target.ids)
    if (Problem problem = check_replica(id, place.scenario, path)) return problem;
  const bool subject = target.kind == Kind::subject || target.kind == Kind::subject_and_follower;
  if (subject && !place.triggered)
    return wrong(path, "only a nemesis on something other than timer has a subject");
  const bool minority = target.kind == Kind::minority || target.kind == Kind::any_minority ||
                        target.kind == Kind::minority_with_leader;
  if (minority && replicas < 3)
    return wrong(path, "a minority of " + std::to_string(replicas) + " is nobody");
  return {};
}

bool is_one(const Target& target) {
  return target.kind == Kind::leader || target.kind == Kind::follower || target.kind == Kind::random ||
         target.kind == Kind::subject || (target.kind == Kind::ids && target.ids.size() == 1);
}

Problem check_action(const Action& action, const Place& place) {
  const auto set_something = [&](bool nothing) -> Problem {
    if (nothing) return wrong(in(place.path, "set"), "changes nothing");
    return {};
  };
  const auto target = [&](std::string_view key) { return check_target(action.target, place, key); };
  switch (action.kind) {
    case ActionKind::heal:
      return {};
    case ActionKind::ring:
    case ActionKind::bridge:
      if (place.scenario.cluster.replicas < 3)
        return wrong(in(place.path, "type"), "needs 3 replicas or more");
      if (action.kind == ActionKind::ring) return {};
      if (!is_one(action.target)) return wrong(in(place.path, "target"), "a bridge is one replica");
      return target("target");
    case ActionKind::partition:
      if (action.target.kind == Kind::all)
        return wrong(in(place.path, "side"), "leaves nobody on the other side");
      return target("side");
    case ActionKind::cut:
    case ActionKind::network:
      if (action.kind == ActionKind::network)
        if (Problem problem = set_something(action.link == LinkChange{})) return problem;
      if (is_one(action.target) && action.target.kind == Kind::ids && action.target == action.to)
        return wrong(in(place.path, "to"), "a replica has no link to itself");
      if (Problem problem = target("from")) return problem;
      return check_target(action.to, place, "to");
    case ActionKind::client_network:
      if (Problem problem = set_something(action.link == LinkChange{})) return problem;
      return target("target");
    case ActionKind::disk:
      if (Problem problem = set_something(action.disk == DiskChange{})) return problem;
      return target("target");
    case ActionKind::clock:
      if (action.clock_offset == Duration{} && !action.clock_drift_ppm)
        return wrong(place.path, "has neither offset nor drift");
      return target("target");
    case ActionKind::rot:
    case ActionKind::kill:
    case ActionKind::restart:
    case ActionKind::pause:
    case ActionKind::resume:
      return target("target");
  }
  return {};
}

Problem check_events(const Scenario& s) {
  Duration before{};
  return first_of("events", s.events, [&](const Event& event, const std::string& path) -> Problem {
    if (Problem problem = check_not_after(event.at, s.duration, "the end", in(path, "at"))) return problem;
    if (event.at < before)
      return wrong(in(path, "at"), write_duration(event.at) + " is before the event above it (" +
                                       write_duration(before) + ")");
    before = event.at;
    return check_action(event.action, {s, path});
  });
}

// The time a delay takes at least half of the time, roughly: what keeps a timer from firing without end.
Duration typical(const Delay& delay) {
  switch (delay.shape) {
    case Delay::Shape::uniform:
      return delay.high;
    case Delay::Shape::exponential:
      return delay.high == Duration{} ? delay.low + delay.mean : std::min(delay.low + delay.mean, delay.high);
    default:
      return delay.low;
  }
}

Problem check_nemesis(const Nemesis& n, const Scenario& s, const std::string& path) {
  if (Problem problem = check_action(n.action, {s, path, n.on != Trigger::timer})) return problem;
  if (n.on == Trigger::timer && typical(n.every) < kEveryMin)
    return wrong(in(path, "every"), "is too often: " + write_duration(kEveryMin) + " is the least");
  const Duration stop = n.stop.value_or(s.duration);
  if (Problem problem = check_not_after(stop, s.duration, "the end", in(path, "stop"))) return problem;
  if (n.start >= stop)
    return wrong(in(path, "start"),
                 write_duration(n.start) + " is not before its stop (" + write_duration(stop) + ")");
  if (n.chance.ppm == 0) return wrong(in(path, "chance"), "0 means never");
  return {};
}

Problem check_phases(const Scenario& s) {
  Duration before{};
  return first_of("phases", s.phases, [&](const Phase& phase, const std::string& path) -> Problem {
    if (Problem problem = check_not_after(phase.at, s.duration, "the end", in(path, "at"))) return problem;
    if (phase.at < before)
      return wrong(in(path, "at"), write_duration(phase.at) + " is before the phase above it (" +
                                       write_duration(before) + ")");
    before = phase.at;
    if (phase.name.empty()) return wrong(in(path, "name"), "is empty");
    if (phase.rate && s.clients.think)
      return wrong(in(path, "rate"), "is not for the closed loop that clients.think makes");
    if (phase.think && !s.clients.think)
      return wrong(in(path, "think"), "is not for the open loop of clients.rate");
    if (phase.mix) return check_mix(*phase.mix, in(path, "mix"));
    return {};
  });
}

Problem check_expect(const Scenario& s) {
  if (!s.expect.linearizable && s.cluster.reads != raft::ReadMode::lease)
    return wrong("expect.linearizable", "false is only for cluster.reads lease: nothing else may break it");
  for (const Bound& bound : s.expect.bounds)
    if (bound.max && *bound.max < bound.min)
      return wrong(in("expect.counts", name_of(bound.counter)), "min is above max");
  return {};
}

template <class T>
bool ascending(const Tiers<T>& tiers) {
  return std::ranges::is_sorted(tiers);
}

}  // namespace

std::optional<JsonProblem> validate(const Scenario& s) {
  if (s.name.empty()) return wrong("name", "is empty");
  if (Problem problem = check_cluster(s.cluster)) return problem;
  if (Problem problem = check_clients(s)) return problem;
  if (Problem problem = check_overrides(s)) return problem;
  if (Problem problem = check_events(s)) return problem;
  const auto nemesis = [&](const Nemesis& n, const std::string& path) { return check_nemesis(n, s, path); };
  if (Problem problem = first_of("nemeses", s.nemeses, nemesis)) return problem;
  if (Problem problem = check_phases(s)) return problem;
  if (Problem problem = check_expect(s)) return problem;
  if (!s.course) return {};
  Problem problem = validate(*s.course);
  if (problem) problem->where = in("course", problem->where);
  return problem;
}

std::optional<JsonProblem> validate(const CourseConfig& course) {
  const auto event = [&](const CourseEvent& e, const std::string& path) {
    return check_not_after(e.at, course.lifetime, "the lifetime", in(path, "time"));
  };
  if (Problem problem = first_of("events", course.events, event)) return problem;
  constexpr const char* kWhat = "thresholds are not ascending";
  if (!ascending(course.total_msgs)) return wrong("tests.benchmarks.total_msgs", kWhat);
  if (!ascending(course.failures)) return wrong("tests.benchmarks.failures", kWhat);
  if (!ascending(course.duplicates)) return wrong("tests.benchmarks.duplicates", kWhat);
  if (!ascending(course.median_latency)) return wrong("tests.benchmarks.median_latency", kWhat);
  return {};
}

}  // namespace norn::sim
