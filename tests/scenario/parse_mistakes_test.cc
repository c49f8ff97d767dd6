// The exact line for each mistake in a scenario file: a table, so that whoever changes a message sees all of
// them.
#include <doctest/doctest.h>

#include "sim/scenario/parse.h"

namespace norn::sim {
namespace {

struct Mistake {
  std::string text;  // of the file, without the outermost braces
  std::string line;  // after the file's name
};

std::string error_of(std::string_view text) {
  const auto result = parse_scenario(text, "x.json");
  const auto* error = std::get_if<ParseError>(&result);
  return error ? error->line() : "accepted";
}

void check(const std::vector<Mistake>& mistakes, const std::string& before) {
  for (const Mistake& mistake : mistakes)
    CHECK(error_of("{" + before + mistake.text + "}") == "x.json: " + mistake.line);
}

TEST_CASE("a mistake on the top level is one line that names the file and the key") {
  const std::vector<Mistake> mistakes = {
      {R"()", R"(duration: is missing)"},
      {R"("duration": 10)", R"(duration: 10 is not a duration such as "150ms")"},
      {R"("duration": "10 s")", R"(duration: "10 s" is not a duration such as "150ms")"},
      {R"("duration": "0s")", R"(duration: "0s" is not between 100ms and 86400s)"},
      {R"("duration": "1s", "durations": 1)",
       R"(durations: is not a known key; known are name, about, duration, steps_max, cluster, clients, network, client_network, links, disk, disks, clocks, events, nemeses, phases, liveness, expect, course)"},
      {R"("duration": "1s", "duration": "2s")", R"(duration: is given twice)"},
      {R"("duration": "1s", "about": 3)", R"(about: 3 is not a string)"},
      {R"("duration": "1s", "name": "")", R"(name: is empty)"},
      {R"("duration": "1s", "steps_max": 0)",
       R"(steps_max: 0 is not a whole number in 1..999999999999999999)"},
  };
  check(mistakes, "");
}

TEST_CASE("a mistake in the description of the network is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("network": {"drop": 1.7})", R"(network.drop: 1.7 is not a probability)"},
      {R"("network": {"drop": -0.1})", R"(network.drop: -0.1 is not a probability)"},
      {R"("network": {"drop": "0.1"})", R"(network.drop: "0.1" is not a probability)"},
      {R"("network": {"drop": 0.0000001})",
       R"(network.drop: 0.0000001 is not a probability of at most 6 decimals)"},
      {R"("network": {"drop": null})", R"(network.drop: null is not a probability)"},
      {R"("network": {"drop": [0.1]})", R"(network.drop: a list is not a probability)"},
      {R"("network": {"drop": 0.1, "drop": 0.2})", R"(network.drop: is given twice)"},
      {R"("network": 5)", R"(network: 5 is not an object)"},
      {R"("network": {"dorp": 0.1})",
       R"(network.dorp: is not a known key; known are delay, drop, duplicate, reorder, reorder_delay, corrupt, bytes_per_second, queue_bytes)"},
      {R"("network": {"delay": 5})",
       R"(network.delay: 5 is not a delay: "5ms", or an object with one of uniform, exponential, bimodal)"},
      {R"("network": {"delay": "5"})",
       R"(network.delay: "5" is not a delay: "5ms", or an object with one of uniform, exponential, bimodal)"},
      {R"("network": {"delay": "-5ms"})", R"(network.delay: "-5ms" is not between 0s and 86400s)"},
      {R"("network": {"delay": {"gauss": "1ms"}})",
       R"(network.delay: an object is not a delay: "5ms", or an object with one of uniform, exponential, bimodal)"},
      {R"("network": {"delay": {"uniform": ["2ms", "1ms"]}})",
       R"(network.delay.uniform: the first of the two is above the second)"},
      {R"("network": {"delay": {"uniform": ["2ms"]}})",
       R"(network.delay.uniform: a list is not a list of 2)"},
      {R"("network": {"delay": {"exponential": {"min": "1ms"}}})",
       R"(network.delay.exponential.mean: is missing)"},
      {R"("network": {"delay": {"exponential": {"mean": "1ms", "min": "2ms", "max": "1ms"}}})",
       R"(network.delay.exponential: max is below min)"},
      {R"("network": {"delay": {"bimodal": {"fast": "2ms", "slow": "1ms", "slow_share": 0.1}}})",
       R"(network.delay.bimodal: slow is below fast)"},
      {R"("network": {"queue_bytes": 1.5})",
       R"(network.queue_bytes: 1.5 is not a whole number in 1..1073741824)"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE("a mistake in the description of the cluster is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("cluster": {"replicas": 0})", R"(cluster.replicas: 0 is not a whole number in 1..25)"},
      {R"("cluster": {"replicas": 26})", R"(cluster.replicas: 26 is not a whole number in 1..25)"},
      {R"("cluster": {"pre_vote": 1})", R"(cluster.pre_vote: 1 is not true or false)"},
      {R"("cluster": {"reads": "fast"})", R"(cluster.reads: "fast" is not one of read_index, lease)"},
      {R"("cluster": {"election_timeout": ["300ms", "150ms"]})",
       R"(cluster.election_timeout: the first of the two is above the second)"},
      {R"("cluster": {"election_timeout": ["40ms", "300ms"]})",
       R"(cluster.election_timeout: 40ms is not above the heartbeat (50ms))"},
      {R"("cluster": {"election_timeout": "200ms"})",
       R"(cluster.election_timeout: a range without width lets candidates tie for ever)"},
      {R"("cluster": {"reads": "lease", "clock_drift_max": 0.3})",
       R"(cluster.clock_drift_max: 0.3 leaves no lease: it must be below 0.25)"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE("a mistake in the description of the clients is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("clients": {"count": 1e6})", R"(clients.count: 1e6 is not a whole number in 1..10000)"},
      {R"("clients": {"rate": -1})", R"(clients.rate: -1 is not a whole number in 0..1000000)"},
      {R"("clients": {"rate": 10, "think": "1ms"})",
       R"(clients.rate: is only for an open loop, and think makes it a closed one)"},
      {R"("clients": {"mix": {"get": 0, "put": 0}})", R"(clients.mix: all shares are 0)"},
      {R"("clients": {"mix": {"scan": 1}})",
       R"(clients.mix.scan: is not a known key; known are get, put, remove, cas, append, increment, multi_get, multi_put)"},
      {R"("clients": {"keys": {"hot_share": 0.5}})",
       R"(clients.keys.hot_share: is only for the distribution hot)"},
      {R"("clients": {"keys": {"count": 3, "distribution": "per_client"}})",
       R"(clients.keys.count: 3 is less than one for each client)"},
      {R"("clients": {"keys": {"count": 2}, "mix": {"multi_get": 1}})",
       R"(clients.multi_keys: 3 is more than there are keys)"},
      {R"("clients": {"mix": {"multi_put": 1}, "value_size": 1000000, "multi_keys": 10})",
       R"(clients.multi_keys: 10 values of this size are too large for one command)"},
      {R"("clients": {"value_size": 2000000})",
       R"(clients.value_size: 2000000 is not a whole number in 0..1048576)"},
      {R"("clients": {"start": "13s"})", R"(clients.start: 13s is not before their stop (10s))"},
      {R"("clients": {"stop": "20s"})", R"(clients.stop: 20s is after the end (10s))"},
      {R"("clients": {"attempt_timeout": "2s"})",
       R"(clients.attempt_timeout: 2s is above attempt_timeout_max (400ms))"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE("a mistake in the description of links, disks and clocks is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("links": {})", R"(links: an object is not a list)"},
      {R"("links": [{"from": 1, "to": 1, "set": {"drop": 1}}])",
       R"(links[0]: a replica has no link to itself)"},
      {R"("links": [{"from": 1, "to": 9, "set": {"drop": 1}}])",
       R"(links[0].to: 9 is not a replica: there are 5)"},
      {R"("links": [{"from": 1, "to": 2}])", R"(links[0].set: is missing)"},
      {R"("links": [{"from": 1, "to": 2, "set": {}}])", R"(links[0].set: changes nothing)"},
      {R"("disks": [{"replica": 6, "set": {"stall": 1}}])",
       R"(disks[0].replica: 6 is not a replica: there are 5)"},
      {R"("clocks": [{"replica": 1}])", R"(clocks[0]: has neither offset nor drift)"},
      {R"("clocks": [{"replica": 1, "drift": 0.7}])",
       R"(clocks[0].drift: 0.7 is not a drift in -0.5..0.5 of at most 6 decimals)"},
      {R"("clocks": [{"replica": 1, "offset": "-1s"}])",
       R"(clocks[0].offset: "-1s" is not between 0s and 86400s)"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE("a mistake in the description of events is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("events": [{"type": "heal"}])", R"(events[0].at: is missing)"},
      {R"("events": [{"at": "1s"}])", R"(events[0].type: is missing)"},
      {R"("events": [{"at": "1s", "type": "explode"}])",
       R"(events[0].type: "explode" is not one of partition, bridge, ring, cut, heal, kill, restart, pause, resume, network, client_network, disk, rot, clock)"},
      {R"("events": [{"at": "11s", "type": "heal"}])", R"(events[0].at: 11s is after the end (10s))"},
      {R"("events": [{"at": "2s", "type": "heal"}, {"at": "1s", "type": "heal"}])",
       R"(events[1].at: 1s is before the event above it (2s))"},
      {R"("events": [{"at": "1s", "type": "heal", "for": "1s"}])",
       R"(events[0].for: is not for what is never undone)"},
      {R"("events": [{"at": "1s", "type": "kill"}])", R"(events[0].target: is missing)"},
      {R"("events": [{"at": "1s", "type": "kill", "target": 7}])",
       R"(events[0].target: 7 is not a replica: there are 5)"},
      {R"("events": [{"at": "1s", "type": "kill", "target": 0}])",
       R"(events[0].target: 0 is not a whole number in 1..255)"},
      {R"("events": [{"at": "1s", "type": "kill", "target": []}])",
       R"(events[0].target: a list is not a replica, a list of some, or such as "leader")"},
      {R"("events": [{"at": "1s", "type": "kill", "target": [1, 1]}])",
       R"(events[0].target: names a replica twice)"},
      {R"("events": [{"at": "1s", "type": "kill", "target": "boss"}])",
       R"(events[0].target: "boss" is not one of all, leader, follower, followers, random, minority, minority_with_leader, majority, majority_with_leader, any_minority, down, paused, subject, subject_and_follower)"},
      {R"("events": [{"at": "1s", "type": "kill", "target": "subject"}])",
       R"(events[0].target: only a nemesis on something other than timer has a subject)"},
      {R"("events": [{"at": "1s", "type": "partition", "side": "all"}])",
       R"(events[0].side: leaves nobody on the other side)"},
      {R"("events": [{"at": "1s", "type": "partition", "side": "leader", "direction": "up"}])",
       R"(events[0].direction: "up" is not one of both, out, in)"},
      {R"("events": [{"at": "1s", "type": "bridge", "target": "minority"}])",
       R"(events[0].target: a bridge is one replica)"},
      {R"("events": [{"at": "1s", "type": "cut", "from": 1, "to": 1}])",
       R"(events[0].to: a replica has no link to itself)"},
      {R"("events": [{"at": "1s", "type": "network", "set": {}}])", R"(events[0].set: changes nothing)"},
      {R"("events": [{"at": "1s", "type": "disk", "set": {"speed": 1}}])",
       R"(events[0].set.speed: is not a known key; known are sync, stall, stall_time, sync_error, torn, torn_damage, capacity)"},
      {R"("events": [{"at": "1s", "type": "clock", "target": 1}])",
       R"(events[0]: has neither offset nor drift)"},
      {R"("cluster": {"replicas": 2}, "events": [{"at": "1s", "type": "kill", "target": "minority"}])",
       R"(events[0].target: a minority of 2 is nobody)"},
      {R"("cluster": {"replicas": 2}, "events": [{"at": "1s", "type": "ring"}])",
       R"(events[0].type: needs 3 replicas or more)"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE("a mistake in the description of nemeses is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("nemeses": [{"type": "kill", "target": "random"}])", R"(nemeses[0].every: is missing)"},
      {R"("nemeses": [{"type": "kill", "target": "random", "every": "0s"}])",
       R"(nemeses[0].every: is too often: 1ms is the least)"},
      {R"("nemeses": [{"type": "kill", "target": "subject", "every": "1s"}])",
       R"(nemeses[0].target: only a nemesis on something other than timer has a subject)"},
      {R"("nemeses": [{"type": "kill", "target": "subject", "on": "vote_granted", "every": "1s"}])",
       R"(nemeses[0].every: is only for a nemesis on timer)"},
      {R"("nemeses": [{"type": "heal", "every": "1s", "chance": 0}])", R"(nemeses[0].chance: 0 means never)"},
      {R"("nemeses": [{"type": "heal", "every": "1s", "start": "5s", "stop": "4s"}])",
       R"(nemeses[0].start: 5s is not before its stop (4s))"},
      {R"("nemeses": [{"type": "heal", "every": "1s", "stop": "40s"}])",
       R"(nemeses[0].stop: 40s is after the end (10s))"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

TEST_CASE(
    "a mistake in the description of phases, liveness and expectations is one line that names the place") {
  const std::vector<Mistake> mistakes = {
      {R"("phases": [{"at": "1s"}])", R"(phases[0].name: is missing)"},
      {R"("phases": [{"at": "1s", "name": ""}])", R"(phases[0].name: is empty)"},
      {R"("phases": [{"at": "1s", "name": "x", "think": "1s"}])",
       R"(phases[0].think: is not for the open loop of clients.rate)"},
      {R"("phases": [{"at": "2s", "name": "x"}, {"at": "1s", "name": "y"}])",
       R"(phases[1].at: 1s is before the phase above it (2s))"},
      {R"("clients": {"think": "1ms"}, "phases": [{"at": "1s", "name": "x", "rate": 5}])",
       R"(phases[0].rate: is not for the closed loop that clients.think makes)"},
      {R"("liveness": {"core": "some"})", R"(liveness.core: "some" is not one of all, majority)"},
      {R"("expect": {"linearizable": false})",
       R"(expect.linearizable: false is only for cluster.reads lease: nothing else may break it)"},
      {R"("expect": {"counts": {"leaders": {}}})", R"(expect.counts.leaders: has neither min nor max)"},
      {R"("expect": {"counts": {"leaders": {"min": 3, "max": 2}}})",
       R"(expect.counts.leaders: min is above max)"},
      {R"("expect": {"counts": {"elections": {"min": 3}}})",
       R"(expect.counts.elections: is not a known key; known are operations, answered, unknown, leaders, step_downs, kills, restarts, pauses, partitions, stops, truncations, snapshots_taken, snapshots_installed, torn_tails, lost, duplicated, corrupted)"},
      {R"("course": {})", R"(course.lifetime: is missing)"},
  };
  check(mistakes, "\"duration\": \"10s\", ");
}

}  // namespace
}  // namespace norn::sim
