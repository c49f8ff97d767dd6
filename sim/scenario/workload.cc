#include "sim/scenario/workload.h"

#include <algorithm>
#include <set>
#include <utility>

namespace norn::sim {
namespace {

__extension__ using Wide = unsigned __int128;

}  // namespace

Workload::Workload(std::shared_ptr<const Scenario> scenario, Rng rng)
    : scenario_(std::move(scenario)),
      rng_(rng.fork("pauses")),
      maker_(*scenario_, rng.fork("operations")),
      rate_(scenario_->clients.rate),
      think_(scenario_->clients.think),
      mix_(scenario_->clients.mix),
      answered_(Time(scenario_->clients.start)),
      probes_(scenario_->clients.count) {
  if (scenario_->course) course_.emplace(*scenario_->course, scenario_->clients.count, rng.fork("course"));
}

void Workload::start(Stage& stage) {
  arrivals_from_ = Time(scenario_->clients.start);
  if (!closed_loop()) return arm_arrival(stage);
  for (std::uint32_t client = 0; client < stage.clients(); ++client)
    set_alarm(stage, arrivals_from_, {AlarmKind::think, client});
}

void Workload::on_alarm(Stage& stage, Alarm alarm) {
  if (stopped_ || stage.now() >= ends()) return;
  if (alarm.kind == AlarmKind::think) {
    const auto client = static_cast<std::uint32_t>(alarm.number);
    begin(stage, course_ ? course_->make(client) : maker_.make(client, mix_));
  } else if (alarm.number == arming_) {
    on_arrival(stage);
  }
}

// Even arrivals are computed from the first one, so that rounding does not add up.
void Workload::arm_arrival(Stage& stage) {
  if (rate_ == 0 || stage.clients() == 0) return;
  const auto per = static_cast<std::uint64_t>(scenario_->clients.per.count());
  Time at = arrivals_from_;
  if (scenario_->clients.arrivals == Clients::Arrivals::even) {
    at += Duration(static_cast<std::int64_t>(Wide{arrivals_} * per / rate_));
  } else {
    const Delay pause{
        Delay::Shape::exponential, {}, {}, std::max(scenario_->clients.per / rate_, Duration(1)), {}};
    at = std::max(at, stage.now()) + draw(pause, rng_);
  }
  if (at < ends()) set_alarm(stage, at, {AlarmKind::arrival, arming_});
}

void Workload::on_arrival(Stage& stage) {
  if (course_ && stage.counters().replicas.sent >= scenario_->course->max_packets) return;
  const std::uint32_t client = next_client_;
  next_client_ = (next_client_ + 1) % stage.clients();
  ++arrivals_;
  arm_arrival(stage);
  if (!begin(stage, course_ ? course_->make(client) : maker_.make(client, mix_))) ++refused_;
}

void Workload::enter(Stage& stage, const Phase& phase) {
  const Clients& clients = scenario_->clients;
  mix_ = phase.mix.value_or(clients.mix);
  if (closed_loop()) {
    think_ = phase.think ? phase.think : clients.think;
    return;
  }
  const std::uint32_t rate = phase.rate.value_or(clients.rate);
  if (rate == rate_) return;
  rate_ = rate;
  arrivals_from_ = std::max(stage.now(), Time(clients.start));
  arrivals_ = 0;
  ++arming_;
  arm_arrival(stage);
}

bool Workload::begin(Stage& stage, Operation operation) {
  const std::uint32_t client = operation.client;
  operation.call = stage.now();
  encode(operation, command_);
  const std::size_t place = history_.size();
  history_.push_back(std::move(operation));
  ++under_way_;
  if (!stage.submit(client, place, command_)) {
    history_.pop_back();
    --under_way_;
    return false;
  }
  if (keeps_news_) news_.push_back({stage.now(), place, false});
  if (!stage.completions(client).empty()) collect(stage, client);
  return true;
}

void Workload::collect(Stage& stage, std::uint32_t client) {
  std::vector<client::Completion>& completions = stage.completions(client);
  while (!completions.empty()) {  // what comes back may begin another, whose turn may complete more
    std::vector<client::Completion> taken;
    taken.swap(completions);
    for (const client::Completion& completion : taken) on_back(stage, completion.ticket, completion);
  }
}

void Workload::on_back(Stage& stage, std::size_t place, const client::Completion& completion) {
  complete(history_[place], completion, stage.now());
  if (keeps_news_) news_.push_back({stage.now(), place, true});
  --under_way_;
  const Operation& operation = history_[place];
  if (read_back_ && place >= read_back_->from) {
    --read_back_->under_way;
    return read_next(stage);
  }
  if (probing_ && place >= probes_from_) {
    const Operation copy = operation;  // the history grows
    return on_probe(stage, copy);
  }
  if (operation.outcome == Outcome::ok && answered_ < ends()) {
    const Time now = std::min(stage.now(), ends());
    silence_ = std::max(silence_, now - answered_);
    answered_ = std::max(answered_, now);
  }
  course_ ? course_->answered(operation) : maker_.answered(operation);
  if (closed_loop()) think(stage, operation.client);
}

void Workload::think(Stage& stage, std::uint32_t client) {
  const Time at = stage.now() + draw(*think_, rng_);
  if (!stopped_ && at < ends()) set_alarm(stage, at, {AlarmKind::think, client});
}

Duration Workload::silence(Time now) const {
  const Time until = std::min(now, ends());
  return std::max(silence_, until - std::min(answered_, until));
}

// Probes.

void Workload::probe(Stage& stage) {
  if (!probing_) {
    probing_ = true;
    probes_from_ = history_.size();
  }
  for (std::uint32_t client = 0; client < stage.clients(); ++client) {
    if (probes_[client] == Probe::none) begin_probe(stage, client, OperationKind::put);
  }
}

void Workload::begin_probe(Stage& stage, std::uint32_t client, OperationKind kind) {
  Operation operation;
  operation.client = client;
  operation.kind = kind;
  KeyAccess access{"p" + std::to_string(client), {}, {}, {}, 0};
  // A probe whose outcome remained unknown is made anew, with another value.
  if (kind == OperationKind::put)
    access.argument = "probe " + std::to_string(client) + "-" + std::to_string(history_.size());
  operation.accesses.push_back(std::move(access));
  probes_[client] = kind == OperationKind::put ? Probe::put : Probe::get;
  if (!begin(stage, std::move(operation))) probes_[client] = Probe::none;
}

void Workload::on_probe(Stage& stage, const Operation& operation) {
  Probe& probe = probes_[operation.client];
  if (operation.outcome != Outcome::ok) {
    probe = Probe::none;
  } else if (probe == Probe::put) {
    begin_probe(stage, operation.client, OperationKind::get);
  } else {
    probe = Probe::done;
  }
}

std::vector<std::uint32_t> Workload::probes_unanswered() const {
  std::vector<std::uint32_t> clients;
  for (std::uint32_t client = 0; client < probes_.size(); ++client) {
    if (probes_[client] != Probe::done) clients.push_back(client);
  }
  return clients;
}

// Reading back.

void Workload::read_back(Stage& stage, std::uint32_t client) {
  constexpr std::size_t kAtOnce = 16;
  std::set<std::string> keys;
  for (const Operation& operation : history_) {
    for (const KeyAccess& access : operation.accesses) keys.insert(access.key);
  }
  read_back_.emplace(ReadBack{client, history_.size(), {keys.begin(), keys.end()}});
  for (std::size_t i = 0; i < kAtOnce; ++i) read_next(stage);
}

void Workload::read_next(Stage& stage) {
  if (read_back_->begun == read_back_->keys.size()) return;
  Operation operation;
  operation.client = read_back_->client;
  operation.kind = OperationKind::get;
  operation.accesses.push_back({read_back_->keys[read_back_->begun++], {}, {}, {}, 0});
  ++read_back_->under_way;
  if (!begin(stage, std::move(operation))) --read_back_->under_way;
}

std::map<std::string, std::optional<std::string>> Workload::values_read_back() const {
  std::map<std::string, std::optional<std::string>> values;
  for (std::size_t i = read_back_ ? read_back_->from : history_.size(); i < history_.size(); ++i) {
    const Operation& operation = history_[i];
    if (operation.outcome != Outcome::ok) continue;
    values.emplace(operation.accesses.front().key, operation.accesses.front().value);
  }
  return values;
}

}  // namespace norn::sim
