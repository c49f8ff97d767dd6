#include "sim/scenario/run.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/digest.h"

#include "sim/check/durability.h"
#include "sim/check/exactly_once.h"
#include "sim/check/liveness.h"
#include "sim/check/stream.h"
#include "sim/scenario/counters.h"
#include "sim/scenario/nemesis.h"
#include "sim/scenario/run_alarms.h"
#include "sim/scenario/run_judge.h"
#include "sim/scenario/workload.h"

namespace norn::sim {
namespace {

constexpr std::size_t kNewsMax = 256;  // of the clients, that wait to be judged

// What the stream may do before it leaves keys to the judge of whole histories, which has the log's order as
// a hint: about as much as a tenth of the run.
StreamOptions stream_options(const CheckOptions& options) {
  return {.steps_max = options.steps_max,
          .steps_first = 10'000,
          .steps_each = 2,
          .steps_at_event_max = 10'000,
          .configurations_max = 1'000};
}

ReplicaOptions replica_options(const Cluster& cluster) {
  ReplicaOptions options;
  options.cluster = {1};
  options.raft.election_timeout_min = cluster.election_timeout_min;
  options.raft.election_timeout_max = cluster.election_timeout_max;
  options.raft.heartbeat_interval = cluster.heartbeat_interval;
  options.raft.thrift_patience = cluster.thrift_patience;
  options.raft.pre_vote = cluster.pre_vote;
  options.raft.check_quorum = cluster.check_quorum;
  options.raft.read_mode = cluster.reads;
  options.raft.clock_drift_max = cluster.clock_drift_max;
  options.raft.append_size_max = cluster.append_size_max;
  options.raft.inflight_size_max = cluster.inflight_size_max;
  options.raft.snapshot_chunk_size = cluster.snapshot_chunk_size;
  options.raft.snapshot_window = cluster.snapshot_window;
  options.datagram_max = cluster.datagram_max;
  options.compact_after_bytes = cluster.compact_after_bytes;
  options.keep_bytes = cluster.keep_bytes;
  options.store.sessions_max = cluster.sessions_max;
  options.reads_max = cluster.reads_max;
  options.proposals_bytes_max = cluster.proposals_bytes_max;
  return options;
}

WorldOptions world_options(const Scenario& scenario, std::vector<Duration> clock_offsets) {
  WorldOptions options;
  options.replica = replica_options(scenario.cluster);
  options.replicas = scenario.cluster.replicas;
  options.clients = scenario.clients.count;
  options.client.attempt_timeout = scenario.clients.attempt_timeout;
  options.client.attempt_timeout_max = scenario.clients.attempt_timeout_max;
  options.client.deadline = scenario.clients.deadline;
  options.client.outstanding_max = scenario.clients.outstanding_max;
  options.client.datagram_max = scenario.cluster.datagram_max;
  options.network = scenario.network;
  options.client_network = scenario.client_network;
  options.disk = scenario.disk;
  options.clock_offsets = std::move(clock_offsets);
  options.events_max = scenario.steps_max;
  return options;
}

// While it lives, a failed ASSERT is an exception.
class ThrowingAsserts {
 public:
  ThrowingAsserts() : before_(set_assert_handler(throw_assertion_failure)) {}
  ~ThrowingAsserts() { set_assert_handler(before_); }
  ThrowingAsserts(const ThrowingAsserts&) = delete;
  ThrowingAsserts& operator=(const ThrowingAsserts&) = delete;

 private:
  AssertHandler before_;
};

void move_to_end(std::vector<TimelineEntry>& from, std::vector<TimelineEntry>& to) {
  for (TimelineEntry& entry : from) to.push_back(std::move(entry));
  from.clear();
}

}  // namespace

struct Run::Parts {
  Parts(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, RunOptions run_options);

  void follow(const Step& step);
  void look_at_all();
  void on_occasions();
  void watch_clients();
  void fail(std::string_view oracle, std::string text);
  std::uint64_t digest() const;

  RunResult judge() const;
  std::vector<Finding> judge_state() const;
  const kv::Store* store_with_all() const;

  std::shared_ptr<const Scenario> scenario_;
  std::uint64_t seed_;
  RunOptions options_;
  Play play_;
  World world_;
  Observer observer_;
  std::optional<StreamChecker> stream_;
  std::vector<Finding> not_linearizable_;  // at most one: what the stream found, if that is one
  std::vector<Finding> failures_;          // an assertion, a storm
  std::vector<Finding> findings_;          // all so far
  bool broken_ = false;  // an assertion failed: the replicas are in no state to be looked at
  std::optional<RunResult> result_;
};

Run::Parts::Parts(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, RunOptions run_options)
    : scenario_(std::move(scenario)),
      seed_(seed),
      options_(run_options),
      play_(scenario_, Rng(seed).fork("run")),
      world_(world_options(*scenario_, play_.clock_offsets()), seed),
      observer_(scenario_->cluster.replicas, play_.nemesis(), options_.oracles) {
  if (!options_.oracles.liveness) play_.ask_no_liveness();
  if (options_.oracles.linearizability) {
    stream_.emplace(stream_options(options_.check));
    play_.workload().keep_news();
  }
  play_.start(world_);
  observer_.look_at_all(world_);
}

// What follows from an event of the world.
void Run::Parts::follow(const Step& step) {
  if (step.kind == StepKind::alarm) {
    if (play_.on_alarm(world_, observer_, alarm_of(step.tag))) {
      look_at_all();
      on_occasions();
    }
  } else if (step.is_client) {
    if (!world_.completions(step.client).empty()) play_.collect(world_, step.client);
  } else if (step.replica && step.kind != StepKind::lost) {
    observer_.look(world_, step.replica);
    if (!observer_.timeline().empty()) move_to_end(observer_.timeline(), play_.timeline());
    if (!observer_.occasions().empty()) on_occasions();
  }
}

// Hands what the clients did and saw to the stream, which notices a violation at the response that makes it
// certain: here, in virtual time. Many events at once, which takes less of a seed's time; nobody can tell, as
// it is done before findings are shown.
void Run::Parts::watch_clients() {
  if (!stream_) return;
  std::vector<Workload::News>& news = play_.workload().news();
  const History& history = play_.workload().history();
  for (const Workload::News& one : news) {
    stream_->advance(one.at);
    one.returned ? stream_->on_return(one.place, history[one.place])
                 : stream_->on_call(one.place, history[one.place]);
  }
  news.clear();
  stream_->advance(world_.now());
  if (stream_->violation() && not_linearizable_.empty() && scenario_->expect.linearizable)
    not_linearizable_.push_back(finding_of(*stream_->violation(), history, options_.check));
}

// The nemesis has acted: replicas may have come and gone outside their turns.
void Run::Parts::look_at_all() {
  observer_.look_at_all(world_);
  move_to_end(observer_.timeline(), play_.timeline());
}

void Run::Parts::on_occasions() {
  while (!observer_.occasions().empty()) {
    const std::vector<Occasion> occasions = std::exchange(observer_.occasions(), {});
    bool acted = false;
    for (const Occasion& occasion : occasions) acted = play_.on_occasion(world_, occasion) || acted;
    if (acted) look_at_all();
  }
}

void Run::Parts::fail(std::string_view oracle, std::string text) {
  failures_.push_back({oracle, world_.now(), {}, std::move(text)});
  play_.end();
}

std::uint64_t Run::Parts::digest() const {
  Digest digest;
  digest.add(world_.digest());
  digest.add(digest_of(play_.workload().history()));
  return digest.value();
}

RunResult Run::Parts::judge() const {
  RunResult result;
  result.ended = world_.now();
  result.digest = digest();
  result.counters = observer_.counters();
  play_.count(world_, result);
  result.findings = failures_;
  const auto add = [&](std::vector<Finding> findings) {
    for (Finding& finding : findings) result.findings.push_back(std::move(finding));
  };
  add(observer_.safety().findings());
  if (!broken_) add(judge_state());
  if (failures_.empty() && options_.oracles.expectations) add(check_expectations(*scenario_, result));
  const History& history = play_.workload().history();
  if (options_.oracles.exactly_once) {
    const kv::Store* const store = store_with_all();
    const FinalValue final_value = store != nullptr ? values_in(*store) : FinalValue();
    add(check_exactly_once(history, final_value, result.ended));
  }
  if (stream_) judge_linearizability(*scenario_, history, options_.check, &*stream_, result);
  if (scenario_->course)
    result.course = grade(*scenario_->course, course_statistics(world_, play_.workload()));
  conclude(result);
  return result;
}

// What the replicas hold at the end.
std::vector<Finding> Run::Parts::judge_state() const {
  const Oracles& oracles = options_.oracles;
  std::vector<Finding> findings = oracles.durability ? check_agreement(world_) : std::vector<Finding>{};
  const auto add = [&](std::vector<Finding> more) {
    for (Finding& finding : more) findings.push_back(std::move(finding));
  };
  if (oracles.bounds) add(check_bounds(world_, scenario_->cluster.sessions_max));
  if (!failures_.empty()) return findings;
  if (oracles.liveness) add(play_.check_liveness(world_, observer_));
  if (oracles.bounds && play_.liveness_reached()) add(check_rest(world_));
  return findings;
}

// Of a replica that has applied all that was committed; null: there is none.
const kv::Store* Run::Parts::store_with_all() const {
  const Replica* ahead = nullptr;
  for (const NodeId id : all_replicas(world_.replicas())) {
    const Replica* replica = broken_ ? nullptr : world_.replica(id);
    if (replica != nullptr && (ahead == nullptr || replica->applied() > ahead->applied())) ahead = replica;
  }
  return ahead != nullptr && ahead->applied() >= observer_.committed() ? &ahead->store() : nullptr;
}

Run::Run(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, RunOptions options) {
  const ThrowingAsserts asserts;
  parts_ = std::make_unique<Parts>(std::move(scenario), seed, options);
}
Run::Run(const Run& other) : parts_(std::make_unique<Parts>(*other.parts_)) {}
Run::Run(Run&& other) noexcept = default;
Run& Run::operator=(const Run& other) {
  if (this != &other) parts_ = std::make_unique<Parts>(*other.parts_);
  return *this;
}
Run& Run::operator=(Run&& other) noexcept = default;
Run::~Run() = default;

bool Run::step() {
  Parts& parts = *parts_;
  if (parts.play_.over()) return false;
  const ThrowingAsserts asserts;
  try {
    if (const std::optional<Step> step = parts.world_.step()) {
      parts.follow(*step);
      if (parts.play_.workload().news().size() >= kNewsMax) parts.watch_clients();
      return true;
    }
    if (parts.world_.storm())
      parts.fail(oracle::kStorm, "the world did not come to an end within " +
                                     std::to_string(parts.scenario_->steps_max) + " steps");
  } catch (const AssertionFailure& failure) {
    parts.broken_ = true;
    parts.fail(oracle::kAssertion, failure.what());
  }
  parts.play_.end();
  return false;
}

bool Run::over() const { return parts_->play_.over(); }

const RunResult& Run::finish() {
  run_to_end();
  if (!parts_->result_) {
    parts_->watch_clients();
    if (parts_->stream_) parts_->stream_->on_end();
    parts_->result_ = parts_->judge();
  }
  return *parts_->result_;
}

void Run::cut_short() {
  if (!parts_->play_.over()) parts_->play_.cut_short();
}

const Scenario& Run::scenario() const { return *parts_->scenario_; }
std::shared_ptr<const Scenario> Run::shared_scenario() const { return parts_->scenario_; }
std::uint64_t Run::seed() const { return parts_->seed_; }
const World& Run::world() const { return parts_->world_; }
const History& Run::history() const { return parts_->play_.workload().history(); }
const std::vector<TimelineEntry>& Run::timeline() const { return parts_->play_.timeline(); }
const Counters& Run::counters() const { return parts_->observer_.counters(); }
std::uint64_t Run::digest() const { return parts_->digest(); }
void Run::set_trace(TraceSink* sink) { parts_->world_.set_trace(sink); }

const std::vector<Finding>& Run::findings() const {
  Parts& parts = *parts_;
  parts.watch_clients();
  const std::vector<Finding>& of_safety = parts.observer_.safety().findings();
  const std::vector<Finding>& of_clients = parts.not_linearizable_;
  if (parts.findings_.size() != of_safety.size() + parts.failures_.size() + of_clients.size()) {
    parts.findings_ = of_safety;
    parts.findings_.insert(parts.findings_.end(), parts.failures_.begin(), parts.failures_.end());
    parts.findings_.insert(parts.findings_.end(), of_clients.begin(), of_clients.end());
  }
  return parts.findings_;
}

}  // namespace norn::sim
