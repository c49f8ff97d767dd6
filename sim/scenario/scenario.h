// A scenario: a cluster, its clients, what goes wrong and when, and what must hold all the same. Plain
// values, compared with ==; parse.h reads them from JSON and writes them back, scenarios/README.md documents
// the format key by key. Nothing here draws a random number: whoever runs a scenario does, from the run's
// seed.
//
// Times are measured from the start of the run. "Cut" is a link that loses everything; "down" is killed and
// not restarted.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/types.h"
#include "replica/raft/raft.h"
#include "replica/storage/disk.h"

#include "sim/engine/models.h"
#include "sim/scenario/course_config.h"

namespace norn::sim {

// The replicas and their options; the defaults are those of raft::Config and ReplicaOptions.
struct Cluster {
  std::uint8_t replicas = 5;  // ids 1..replicas
  Duration election_timeout_min = std::chrono::milliseconds(150);
  Duration election_timeout_max = std::chrono::milliseconds(300);
  Duration heartbeat_interval = std::chrono::milliseconds(50);
  Duration thrift_patience{};  // 0: none
  bool pre_vote = true;
  bool check_quorum = true;
  raft::ReadMode reads = raft::ReadMode::read_index;
  Ratio clock_drift_max{10'000};
  std::uint32_t append_size_max = 1200;          // bytes
  std::uint32_t inflight_size_max = 256u << 10;  // bytes
  std::uint32_t snapshot_chunk_size = 1024;      // bytes
  std::uint32_t snapshot_window = 32;            // chunks
  std::uint32_t datagram_max = 1400;             // bytes; of the clients, too
  std::uint64_t compact_after_bytes = 1u << 20;
  std::uint64_t keep_bytes = 256u << 10;
  std::uint32_t sessions_max = 4096;
  std::uint32_t reads_max = 65536;
  std::uint64_t proposals_bytes_max = 64u << 20;
  friend bool operator==(const Cluster&, const Cluster&) = default;
};

// Shares of the kinds of operation, relative to their sum, which is not 0.
struct Mix {
  std::uint32_t get = 50;
  std::uint32_t put = 50;
  std::uint32_t remove = 0;
  std::uint32_t cas = 0;
  std::uint32_t append = 0;
  std::uint32_t increment = 0;
  std::uint32_t multi_get = 0;
  std::uint32_t multi_put = 0;
  friend bool operator==(const Mix&, const Mix&) = default;
};

struct Keys {
  enum class Distribution : std::uint8_t {
    uniform,     // all alike
    zipf,        // the n-th key with weight 1/n
    hot,         // one key has hot_share of the accesses, the others share the rest
    per_client,  // uniform among the client's own: the count keys are dealt out in turn, so count >= clients
  };
  std::uint32_t count = 100;
  Distribution distribution = Distribution::uniform;
  Ratio hot_share{900'000};
  friend bool operator==(const Keys&, const Keys&) = default;
};

struct Clients {
  std::uint32_t count = 8;
  // Either an open loop of `rate` operations in every `per`, over all clients and dealt out to them in turn
  // (a rate of 0: idle); or, if `think` is set, a closed loop: each client has one operation under way, and
  // pauses for `think` after each answer.
  std::uint32_t rate = 100;
  Duration per = std::chrono::seconds(1);
  enum class Arrivals : std::uint8_t {
    even,
    exponential
  } arrivals = Arrivals::even;  // open loop: the pauses between operations
  std::optional<Delay> think;
  Mix mix;
  Keys keys;
  std::uint32_t value_size_min = 16;  // bytes, uniform in min..max
  std::uint32_t value_size_max = 16;
  std::uint32_t multi_keys = 3;  // keys of a multi_get or multi_put; <= keys.count
  Duration start = std::chrono::milliseconds(500);
  std::optional<Duration> stop;                 // nothing: the scenario's duration
  Duration deadline = std::chrono::seconds(5);  // of an operation; then its outcome is unknown
  Duration attempt_timeout = std::chrono::milliseconds(100);
  Duration attempt_timeout_max = std::chrono::milliseconds(400);
  std::uint32_t outstanding_max = 256;  // per client; an operation beyond it is not sent at all
  friend bool operator==(const Clients&, const Clients&) = default;
};

// A part of a LinkModel or a DiskModel to be set; what is not named stays as it is.
struct LinkChange {
  std::optional<Delay> delay;
  std::optional<Ratio> drop;
  std::optional<Ratio> duplicate;
  std::optional<Ratio> reorder;
  std::optional<Delay> reorder_delay;
  std::optional<Ratio> corrupt;
  std::optional<std::uint64_t> bytes_per_second;
  std::optional<std::uint32_t> queue_bytes;
  friend bool operator==(const LinkChange&, const LinkChange&) = default;
};
void apply(const LinkChange& change, LinkModel& link);

struct DiskChange {
  std::optional<Delay> sync;
  std::optional<Ratio> stall;
  std::optional<Delay> stall_time;
  std::optional<Ratio> sync_error;
  std::optional<Ratio> torn;
  std::optional<Ratio> torn_damage;
  std::optional<std::uint64_t> capacity;
  friend bool operator==(const DiskChange&, const DiskChange&) = default;
};
void apply(const DiskChange& change, DiskModel& disk);

// From the start of the run; events change the same things later.
struct LinkOverride {
  NodeId from;
  NodeId to;
  bool both_ways = false;
  LinkChange set;
  friend bool operator==(const LinkOverride&, const LinkOverride&) = default;
};
struct DiskOverride {
  NodeId replica;
  DiskChange set;
  friend bool operator==(const DiskOverride&, const DiskOverride&) = default;
};
struct ClockOverride {
  NodeId replica;
  Duration offset{};           // by which it is ahead of true time
  std::int32_t drift_ppm = 0;  // the rate, beyond 1: 10'000 gains 10 ms in a second
  friend bool operator==(const ClockOverride&, const ClockOverride&) = default;
};

// Which replicas, found when the action happens. "The leader" is the live leader with the highest term; while
// there is none, a random live replica stands in for it. A target with nobody left to choose is empty, and
// the action does nothing.
struct Target {
  enum class Kind : std::uint8_t {
    ids,  // those named
    all,  // every replica, also those that are down
    leader,
    follower,              // one random live replica that is not the leader
    followers,             // all but the leader
    random,                // one random live replica
    minority,              // (n-1)/2 random ones, the leader not among them
    minority_with_leader,  // the leader and (n-1)/2 - 1 random others
    majority,              // n/2+1 random ones, the leader not among them (if n allows)
    majority_with_leader,  // the leader and n/2 random others
    any_minority,          // (n-1)/2 random ones, leader or not
    down,                  // all that are killed
    paused,                // all that are paused
    subject,               // nemeses with a trigger: the replica it happened to
    subject_and_follower,  // ... and one random live other
  };
  Kind kind = Kind::random;
  std::vector<NodeId> ids;  // ascending; of kind ids only
  friend bool operator==(const Target&, const Target&) = default;
};

enum class ActionKind : std::uint8_t {
  partition,  // target is cut off from all others, as `direction` says
  bridge,     // two halves cut off from each other, and target, one replica, linked with both
  ring,     // every replica keeps only its links to the n/2 nearest neighbours (by id, as a ring): all see a
            // majority, not the same
  cut,      // each link from target to `to` (not to itself), in that direction only
  heal,     // ends every partition, bridge, ring and cut
  kill,     // target loses its memory and what its disk has not synced
  restart,  // target, where down, starts again from its disk
  pause,    // target stands still; what arrives waits
  resume,   // target goes on
  network,  // `link` on each link from target to `to`
  client_network,  // `link` on the links of target with the clients, both ways
  disk,            // `disk` on target's
  rot,             // rot_bits neighbouring bits of what target's disk has synced flip, rot_where in rot_file
  clock,           // target's clock jumps by clock_offset, and drifts by clock_drift_ppm if given
};

enum class Direction : std::uint8_t {
  both,
  out,  // what target sends to the others is lost
  in,   // what the others send to target is lost
};

struct Action {
  ActionKind kind = ActionKind::heal;
  Target target;  // by default: all for network, client_network and disk; down for restart; paused for
                  // resume; unused by heal and ring
  Target to{Target::Kind::all, {}};       // cut, network
  Direction direction = Direction::both;  // partition
  bool clients = false;                   // partition: target is cut off from the clients, too
  LinkChange link;
  DiskChange disk;
  storage::File rot_file = storage::File::wal;
  Ratio rot_where{500'000};  // of the file
  std::uint32_t rot_bits = 1;
  Duration clock_offset{};
  std::optional<std::int32_t> clock_drift_ppm;
  friend bool operator==(const Action&, const Action&) = default;
};

// With the targets that an action has unless it names others.
Action default_action(ActionKind kind);

// `lasts`: after it the action is undone for the very replicas and links it met: cut links are linked (if no
// other action cuts them), killed replicas restarted, paused ones resumed, models set back to what they were,
// a clock's drift too (not its jump: clocks do not go back). 0: it stays.
struct Event {
  Duration at{};
  Action action;
  Duration lasts{};  // not for heal, restart, resume, rot: always 0
  friend bool operator==(const Event&, const Event&) = default;
};

enum class Trigger : std::uint8_t {
  timer,           // again and again, after pauses drawn from `every`
  leader_elected,  // a replica became leader; it is the subject
  vote_granted,    // a replica cast its vote for another; it is the subject
  leader_append,   // a leader's log grew by a proposal; it is the subject
  snapshot_sent,   // a leader began to send a snapshot; the subject is the follower it goes to
};

// A random fault: an action repeated by a timer or by what the protocol does, from `start` to `stop`.
struct Nemesis {
  Action action;
  Trigger on = Trigger::timer;
  Delay every;              // timer
  Ratio chance{kPpm};       // of each occasion
  Delay after;              // from the occasion to the action
  Delay lasts;              // as of Event; always 0: it stays
  std::uint32_t times = 0;  // at most; 0: no limit
  Duration start{};
  std::optional<Duration> stop;  // nothing: the scenario's duration
  friend bool operator==(const Nemesis&, const Nemesis&) = default;
};

// From `at` on, until the next phase, the load or the network is another; the report tells the phases apart.
struct Phase {
  Duration at{};
  std::string name;
  std::optional<std::uint32_t> rate;  // of an open loop, in every Clients::per
  std::optional<Delay> think;         // of a closed loop
  std::optional<Mix> mix;
  LinkChange network;  // stays when the phase ends
  LinkChange client_network;
  friend bool operator==(const Phase&, const Phase&) = default;
};

// At `duration` no more operations begin, no nemesis acts, and the core is healed: its links linked and set
// to the models of the scenario without loss, its members restarted, resumed, their disks and clocks as at
// the start. Everything outside the core stays as it is. Within `within` every operation whose client can
// reach the core must have been answered.
struct Liveness {
  enum class Core : std::uint8_t { all, majority } core = Core::all;  // majority: n/2+1 random replicas
  Duration within = std::chrono::seconds(5);  // 0: the run just ends at `duration`, unhealed
  friend bool operator==(const Liveness&, const Liveness&) = default;
};

// What a run counts, and a scenario may bound, to prove that it reached what it is for.
enum class Counter : std::uint8_t {
  operations,  // that clients began
  answered,    // ok
  unknown,     // given up at the deadline, or never answered
  leaders,     // elections won
  step_downs,  // leaders that became followers while alive
  kills,       // replicas killed
  restarts,
  pauses,
  partitions,   // partition, bridge, ring and cut actions that cut something
  stops,        // replicas that stopped by themselves (a failed disk)
  truncations,  // times a replica removed entries from the end of its log
  snapshots_taken,
  snapshots_installed,  // received from a leader
  torn_tails,           // restarts that found a torn or damaged tail in the WAL
  lost,  // datagrams, of replicas and clients: at random, at a cut link, in a full queue, on the way to one
         // that is down
  duplicated,
  corrupted,
};
inline constexpr std::array<std::string_view, 17> kCounterNames = {"operations",
                                                                   "answered",
                                                                   "unknown",
                                                                   "leaders",
                                                                   "step_downs",
                                                                   "kills",
                                                                   "restarts",
                                                                   "pauses",
                                                                   "partitions",
                                                                   "stops",
                                                                   "truncations",
                                                                   "snapshots_taken",
                                                                   "snapshots_installed",
                                                                   "torn_tails",
                                                                   "lost",
                                                                   "duplicated",
                                                                   "corrupted"};

// min <= count <= max, in every run.
struct Bound {
  Counter counter = Counter::operations;
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max;
  friend bool operator==(const Bound&, const Bound&) = default;
};

struct Expect {
  // False: more is broken than the protocol promises to survive. Then nothing need be answered (liveness is
  // not asked, replicas may stop), but no answer may be wrong.
  bool survivable = true;
  // False: the protocol's own assumptions are broken (a lease with clocks beyond clock_drift_max): stale
  // reads are reported, not findings.
  bool linearizable = true;
  std::optional<Ratio> answered_share_min;  // answered / operations
  std::optional<Duration>
      silence_max;            // the longest time without an answer, from clients' start to their stop
  std::vector<Bound> bounds;  // in the order of Counter, each at most once. Unless bounded: no stops
  friend bool operator==(const Expect&, const Expect&) = default;
};

struct Scenario {
  std::string name;   // the file's, without folder and ".json", unless it says otherwise
  std::string about;  // one sentence
  Duration duration = std::chrono::seconds(10);
  std::uint64_t steps_max = 50'000'000;  // of the world; a storm beyond it is a finding
  Cluster cluster;
  Clients clients;
  LinkModel network;         // between replicas
  LinkModel client_network;  // between clients and replicas
  std::vector<LinkOverride> links;
  DiskModel disk;
  std::vector<DiskOverride> disks;
  std::vector<ClockOverride> clocks;
  std::vector<Event> events;  // ascending by at
  std::vector<Nemesis> nemeses;
  std::vector<Phase> phases;  // ascending by at
  Liveness liveness;
  Expect expect;
  std::optional<CourseConfig>
      course;  // it came from a course configuration: what its statistics and grades need
  friend bool operator==(const Scenario&, const Scenario&) = default;
};

}  // namespace norn::sim
