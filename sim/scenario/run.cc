#include "sim/scenario/run.h"

#include <algorithm>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/digest.h"

#include "sim/check/durability.h"
#include "sim/check/exactly_once.h"
#include "sim/check/liveness.h"
#include "sim/scenario/counters.h"
#include "sim/scenario/nemesis.h"
#include "sim/scenario/run_alarms.h"
#include "sim/scenario/run_judge.h"
#include "sim/scenario/workload.h"

namespace norn::sim {
namespace {

constexpr Duration kLivenessCheckEvery = std::chrono::milliseconds(10);
constexpr std::int64_t kRestTimeouts = 4;  // of the longest election timeout: that long it must stay at rest

ReplicaOptions replica_options(const Cluster& cluster) {
  ReplicaOptions options;
  options.cluster = {1};
  options.raft.election_timeout_min = cluster.election_timeout_min;
  options.raft.election_timeout_max = cluster.election_timeout_max;
  options.raft.heartbeat_interval = cluster.heartbeat_interval;
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

WorldOptions world_options(const Scenario& scenario, const Faults& faults) {
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
  options.clock_offsets = faults.clock_offsets();
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
  void on_alarm(Alarm alarm);
  void on_acted();
  void on_occasions();
  void on_end();
  void begin_liveness();
  void watch_liveness();
  LivenessFacts liveness_facts() const;
  std::vector<NodeId> behind() const;
  bool asks_for_rest() const { return scenario_->cluster.pre_vote && scenario_->cluster.check_quorum; }
  void fail(std::string_view oracle, std::string text);
  std::uint64_t digest() const;

  RunResult judge() const;
  void judge_state(RunResult& result) const;
  void judge_history(RunResult& result) const;

  std::shared_ptr<const Scenario> scenario_;
  std::uint64_t seed_;
  RunOptions options_;
  Rng rng_;
  NemesisPlayer nemesis_;
  World world_;
  Workload workload_;
  Observer observer_;
  std::vector<TimelineEntry> timeline_;
  std::vector<Finding> failures_;  // an assertion, a storm
  std::vector<Finding> findings_;  // all so far
  bool over_ = false;
  bool broken_ = false;  // an assertion failed: the replicas are in no state to be looked at

  struct LivenessPhase {
    std::vector<NodeId> core;
    Time began{};
    Index committed;  // when it began
    std::uint64_t leaders = 0;
    std::optional<Time> reached;
  };
  std::optional<LivenessPhase> liveness_;
  std::optional<RunResult> result_;
};

Run::Parts::Parts(std::shared_ptr<const Scenario> scenario, std::uint64_t seed, RunOptions run_options)
    : scenario_(std::move(scenario)),
      seed_(seed),
      options_(run_options),
      rng_(Rng(seed).fork("run")),
      nemesis_(scenario_, rng_.fork("nemesis")),
      world_(world_options(*scenario_, nemesis_.faults()), seed),
      workload_(scenario_, rng_.fork("workload")),
      observer_(scenario_->cluster.replicas, nemesis_) {
  set_alarm(world_, Time(scenario_->duration), {AlarmKind::end, 0});
  for (std::size_t i = 0; i < scenario_->phases.size(); ++i)
    set_alarm(world_, Time(scenario_->phases[i].at), {AlarmKind::phase, i});
  nemesis_.start(world_);
  workload_.start(world_);
  observer_.look_at_all(world_);
}

// What follows from an event of the world.
void Run::Parts::follow(const Step& step) {
  if (step.kind == StepKind::alarm) {
    on_alarm(alarm_of(step.tag));
  } else if (step.is_client) {
    if (!world_.completions(step.client).empty()) workload_.collect(world_, step.client);
  } else if (step.replica && step.kind != StepKind::lost) {
    observer_.look(world_, step.replica);
    if (!observer_.timeline().empty()) move_to_end(observer_.timeline(), timeline_);
    if (!observer_.occasions().empty()) on_occasions();
  }
}

void Run::Parts::on_alarm(Alarm alarm) {
  switch (alarm.kind) {
    case AlarmKind::arrival:
    case AlarmKind::think:
      return workload_.on_alarm(world_, alarm);
    case AlarmKind::event:
    case AlarmKind::nemesis_timer:
    case AlarmKind::nemesis_action:
    case AlarmKind::undo:
      if (nemesis_.on_alarm(world_, alarm)) on_acted();
      return;
    case AlarmKind::phase: {
      if (liveness_ || over_) return;
      const Phase& phase = scenario_->phases[alarm.number];
      timeline_.push_back({world_.now(), TimelineKind::phase, {}, {}, phase.name});
      nemesis_.faults().change_network(world_, phase.network, phase.client_network);
      return workload_.enter(world_, phase);
    }
    case AlarmKind::end:
      return on_end();
    case AlarmKind::liveness_check:
      return watch_liveness();
  }
}

// The nemesis has acted: replicas may have come and gone outside their turns.
void Run::Parts::on_acted() {
  move_to_end(nemesis_.timeline(), timeline_);
  observer_.look_at_all(world_);
  move_to_end(observer_.timeline(), timeline_);
  on_occasions();
}

void Run::Parts::on_occasions() {
  while (!observer_.occasions().empty()) {
    const std::vector<Occasion> occasions = std::exchange(observer_.occasions(), {});
    bool acted = false;
    for (const Occasion& occasion : occasions) acted = nemesis_.on_occasion(world_, occasion) || acted;
    if (!acted) continue;
    move_to_end(nemesis_.timeline(), timeline_);
    observer_.look_at_all(world_);
    move_to_end(observer_.timeline(), timeline_);
  }
}

// The end.

void Run::Parts::on_end() {
  workload_.stop();
  nemesis_.stop();
  if (scenario_->liveness.within > Duration{} && scenario_->expect.survivable) {
    begin_liveness();
  } else {
    over_ = true;
  }
}

void Run::Parts::begin_liveness() {
  LivenessPhase phase;
  const std::vector<NodeId> all = all_replicas(world_.replicas());
  Rng rng = rng_.fork("core");
  const bool majority = scenario_->liveness.core == Liveness::Core::majority;
  phase.core = pick(all, majority ? all.size() / 2 + 1 : all.size(), rng);
  phase.began = world_.now();
  phase.committed = observer_.safety().committed();
  phase.leaders = count_of(observer_.counters(), Counter::leaders);
  timeline_.push_back({world_.now(), TimelineKind::liveness, phase.core, {}, {}});
  liveness_ = std::move(phase);
  nemesis_.faults().heal_core(world_, liveness_->core);
  on_acted();
  workload_.probe(world_);
  set_alarm(world_, world_.now() + kLivenessCheckEvery, {AlarmKind::liveness_check, 0});
}

LivenessFacts Run::Parts::liveness_facts() const {
  LivenessFacts facts;
  facts.began = liveness_->began;
  facts.now = world_.now();
  facts.out_of_time = world_.now() >= liveness_->began + scenario_->liveness.within;
  if (workload_.under_way() != 0) {
    for (std::size_t i = 0; i < workload_.probes_from(); ++i) {
      if (workload_.history()[i].outcome == Outcome::pending) facts.pending.push_back(i);
    }
  }
  facts.probes_unanswered = workload_.probes_unanswered();
  facts.behind = behind();
  facts.leaders = count_of(observer_.counters(), Counter::leaders) - liveness_->leaders;
  if (asks_for_rest())
    facts.leaders_max = leaders_allowed(facts.now - facts.began, scenario_->cluster.election_timeout_max);
  return facts;
}

// Of the core, who has not applied what was committed when it was healed. A leader from outside may rightly
// lead, and be cut off from a member for good; then it is enough that clients are answered.
std::vector<NodeId> Run::Parts::behind() const {
  const std::vector<NodeId>& core = liveness_->core;
  std::vector<NodeId> found;
  const NodeId leader = leader_of(world_);
  if (leader && std::ranges::find(core, leader) == core.end()) return found;
  for (const NodeId id : core) {
    const Replica* replica = world_.replica(id);
    if (replica == nullptr || replica->applied() < liveness_->committed) found.push_back(id);
  }
  return found;
}

void Run::Parts::watch_liveness() {
  workload_.probe(world_);
  const LivenessFacts facts = liveness_facts();
  if (reached(facts) && !liveness_->reached) liveness_->reached = world_.now();
  const Duration rest = scenario_->cluster.election_timeout_max * kRestTimeouts;
  const bool at_rest = liveness_->reached && world_.now() >= liveness_->began + rest;
  over_ = facts.out_of_time || at_rest;
  if (!over_) set_alarm(world_, world_.now() + kLivenessCheckEvery, {AlarmKind::liveness_check, 0});
}

void Run::Parts::fail(std::string_view oracle, std::string text) {
  failures_.push_back({oracle, world_.now(), {}, std::move(text)});
  over_ = true;
}

std::uint64_t Run::Parts::digest() const {
  Digest digest;
  digest.add(world_.digest());
  digest.add(digest_of(workload_.history()));
  return digest.value();
}

RunResult Run::Parts::judge() const {
  RunResult result;
  result.ended = world_.now();
  result.digest = digest();
  result.counters = observer_.counters();
  count_of(result.counters, Counter::partitions) = nemesis_.partitions();
  result.timeline = timeline_;
  count_operations(*scenario_, workload_, result.ended, result);
  complete_counters(world_, workload_, result);
  result.findings = failures_;
  const auto add = [&](std::vector<Finding> findings) {
    for (Finding& finding : findings) result.findings.push_back(std::move(finding));
  };
  add(observer_.safety().findings());
  if (!broken_) judge_state(result);
  if (failures_.empty()) add(check_expectations(*scenario_, result));
  judge_history(result);
  std::ranges::stable_sort(result.findings, {}, &Finding::at);
  if (scenario_->course) result.course = grade(*scenario_->course, course_statistics(world_, workload_));
  if (!result.findings.empty()) {
    result.verdict = RunVerdict::finding;
  } else if (result.linearizable.verdict == Verdict::undecided) {
    result.verdict = RunVerdict::undecided;
  }
  return result;
}

// What the replicas hold at the end.
void Run::Parts::judge_state(RunResult& result) const {
  const auto add = [&](std::vector<Finding> findings) {
    for (Finding& finding : findings) result.findings.push_back(std::move(finding));
  };
  add(check_agreement(world_));
  add(check_bounds(world_, scenario_->cluster.sessions_max));
  if (!liveness_ || !failures_.empty()) return;
  result.liveness_reached = liveness_->reached;
  add(check_liveness(liveness_facts()));
  if (liveness_->reached) add(check_rest(world_));
}

// What the clients saw.
void Run::Parts::judge_history(RunResult& result) const {
  const Replica* ahead = nullptr;
  for (const NodeId id : all_replicas(world_.replicas())) {
    const Replica* replica = broken_ ? nullptr : world_.replica(id);
    if (replica != nullptr && (ahead == nullptr || replica->applied() > ahead->applied())) ahead = replica;
  }
  const bool has_all = ahead != nullptr && ahead->applied() >= observer_.safety().committed();
  for (Finding& finding :
       check_exactly_once(workload_.history(), has_all ? &ahead->store() : nullptr, result.ended))
    result.findings.push_back(std::move(finding));
  if (!options_.check_linearizable) return;
  result.linearizable = check_linearizable(workload_.history(), options_.check);
  if (result.linearizable.verdict != Verdict::violation || !scenario_->expect.linearizable) return;
  result.findings.push_back({oracle::kLinearizability,
                             result.ended,
                             {},
                             result.linearizable.reason,
                             result.linearizable.witnesses});
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
  if (parts.over_) return false;
  const ThrowingAsserts asserts;
  try {
    if (const std::optional<Step> step = parts.world_.step()) {
      parts.follow(*step);
      return true;
    }
    if (parts.world_.storm())
      parts.fail(oracle::kStorm, "the world did not come to an end within " +
                                     std::to_string(parts.scenario_->steps_max) + " steps");
  } catch (const AssertionFailure& failure) {
    parts.broken_ = true;
    parts.fail(oracle::kAssertion, failure.what());
  }
  parts.over_ = true;
  return false;
}

bool Run::over() const { return parts_->over_; }

const RunResult& Run::finish() {
  run_to_end();
  if (!parts_->result_) parts_->result_ = parts_->judge();
  return *parts_->result_;
}

void Run::cut_short() {
  if (parts_->over_) return;
  parts_->over_ = true;
  parts_->liveness_.reset();
}

const Scenario& Run::scenario() const { return *parts_->scenario_; }
std::shared_ptr<const Scenario> Run::shared_scenario() const { return parts_->scenario_; }
std::uint64_t Run::seed() const { return parts_->seed_; }
const World& Run::world() const { return parts_->world_; }
const History& Run::history() const { return parts_->workload_.history(); }
const std::vector<TimelineEntry>& Run::timeline() const { return parts_->timeline_; }
const Counters& Run::counters() const { return parts_->observer_.counters(); }
std::uint64_t Run::digest() const { return parts_->digest(); }
void Run::set_trace(TraceSink* sink) { parts_->world_.set_trace(sink); }

const std::vector<Finding>& Run::findings() const {
  Parts& parts = *parts_;
  const std::vector<Finding>& of_safety = parts.observer_.safety().findings();
  if (parts.findings_.size() != of_safety.size() + parts.failures_.size()) {
    parts.findings_ = of_safety;
    parts.findings_.insert(parts.findings_.end(), parts.failures_.begin(), parts.failures_.end());
  }
  return parts.findings_;
}

}  // namespace norn::sim
