// A course configuration as a scenario: times shifted by start_wait, its events as ours, its loopback as our
// network.
#include "sim/scenario/course_config.h"

#include <algorithm>

#include "sim/scenario/scenario.h"

namespace norn::sim {
namespace {

constexpr std::uint32_t kCourseClients = 8;
constexpr std::uint32_t kKeysPerClient =
    32;  // the course's clients make new keys without limit; enough is as good
constexpr std::uint32_t kValueSize = 32;  // an MD5 in hexadecimal

Event event_of(ActionKind kind, Target::Kind target, Duration at) {
  Event event{at, default_action(kind), {}};
  event.action.target.kind = target;
  return event;
}

// The side that is not the chosen majority is cut off. A new partition takes the place of the one before it.
void add_partition(Target::Kind side, Duration at, std::vector<Event>& events) {
  events.push_back(event_of(ActionKind::heal, Target::Kind::random, at));
  events.push_back(event_of(ActionKind::partition, side, at));
}

std::vector<Event> events_of(const CourseConfig& course) {
  std::vector<CourseEvent> given = course.events;
  std::ranges::stable_sort(given, {}, &CourseEvent::at);
  std::vector<Event> events;
  for (const CourseEvent& event : given) {
    const Duration at = course.start_wait + event.at;
    switch (event.kind) {
      case CourseEventKind::kill_leader:
        events.push_back(event_of(ActionKind::kill, Target::Kind::leader, at));
        break;
      case CourseEventKind::kill_non_leader:
        events.push_back(event_of(ActionKind::kill, Target::Kind::follower, at));
        break;
      case CourseEventKind::part_easy:
        add_partition(Target::Kind::minority, at, events);
        break;
      case CourseEventKind::part_hard:
        add_partition(Target::Kind::any_minority, at, events);
        break;
      case CourseEventKind::part_end:
        events.push_back(event_of(ActionKind::heal, Target::Kind::random, at));
        break;
    }
  }
  return events;
}

}  // namespace

Scenario course_scenario(const CourseConfig& course) {
  Scenario scenario;
  scenario.about = "A configuration of the course's simulator.";
  scenario.duration = course.start_wait + course.lifetime + course.end_wait;
  scenario.cluster.replicas = course.replicas;
  // The course counts every message between replicas, and all clocks are those of one machine: slow
  // heartbeats, and reads by lease.
  scenario.cluster.heartbeat_interval = std::chrono::milliseconds(500);
  scenario.cluster.election_timeout_min = std::chrono::milliseconds(1200);
  scenario.cluster.election_timeout_max = std::chrono::milliseconds(1800);
  scenario.cluster.reads = raft::ReadMode::lease;

  Clients& clients = scenario.clients;
  clients.count = kCourseClients;
  clients.rate = course.requests;
  clients.per = course.lifetime;
  clients.mix = {};
  clients.mix.get = course.mix.ppm;
  clients.mix.put = kPpm - course.mix.ppm;
  clients.keys.count = kCourseClients * kKeysPerClient;
  clients.keys.distribution = Keys::Distribution::per_client;
  clients.value_size_min = clients.value_size_max = kValueSize;
  clients.start = course.start_wait;
  clients.stop = course.start_wait + course.lifetime;
  clients.deadline = scenario.duration;  // never, as the run ends before it

  constexpr auto kLow = std::chrono::microseconds(30);  // a loopback socket on a quiet machine
  constexpr auto kHigh = std::chrono::microseconds(80);
  const Delay loopback{Delay::Shape::uniform, kLow, kHigh, {}, {}};
  scenario.client_network.delay = loopback;
  scenario.network.delay = loopback;
  scenario.network.drop = course.drops;
  scenario.disk.sync = Delay{Delay::Shape::constant, std::chrono::microseconds(1), {}, {}, {}};

  scenario.events = events_of(course);
  scenario.liveness.within = Duration{};  // the run just ends, with what is unanswered then
  scenario.course = course;
  return scenario;
}

}  // namespace norn::sim
