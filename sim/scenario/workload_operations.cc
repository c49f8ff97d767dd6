#include "sim/scenario/workload_operations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "replica/base/assert.h"
#include "replica/kv/command.h"
#include "replica/kv/result.h"

#include "sim/check/exactly_once.h"

namespace norn::sim {
namespace {

bool uses_cas(const Scenario& scenario) {
  return scenario.clients.mix.cas != 0 || std::ranges::any_of(scenario.phases, [](const Phase& phase) {
           return phase.mix && phase.mix->cas != 0;
         });
}

kv::CommandKind command_kind(OperationKind kind) {
  switch (kind) {
    case OperationKind::get:
      return kv::CommandKind::get;
    case OperationKind::put:
      return kv::CommandKind::put;
    case OperationKind::remove:
      return kv::CommandKind::remove;
    case OperationKind::compare_and_set:
      return kv::CommandKind::compare_and_set;
    case OperationKind::append:
      return kv::CommandKind::append;
    case OperationKind::increment:
      return kv::CommandKind::increment;
    case OperationKind::multi_get:
      return kv::CommandKind::multi_get;
    case OperationKind::multi_put:
      return kv::CommandKind::multi_put;
  }
  return kv::CommandKind::get;
}

Outcome outcome_of(kv::Status status) {
  switch (status) {
    case kv::Status::ok:
    case kv::Status::mismatch:
      return Outcome::ok;
    case kv::Status::not_a_number:
    case kv::Status::overflow:
    case kv::Status::too_large:
      return Outcome::fail;
    default:  // refused by its session: what an earlier try did is not known
      return Outcome::info;
  }
}

}  // namespace

OperationMaker::OperationMaker(const Scenario& scenario, Rng rng)
    : clients_(scenario.clients),
      rng_(rng),
      keys_(scenario.clients.keys, scenario.clients.count),
      writes_(scenario.clients.count),
      remembers_(uses_cas(scenario)),
      seen_(remembers_ ? scenario.clients.count : 0) {}

Operation OperationMaker::make(std::uint32_t client, const Mix& mix) {
  Operation operation;
  operation.client = client;
  operation.kind = draw_kind(mix);
  switch (operation.kind) {
    case OperationKind::multi_get:
    case OperationKind::multi_put:
      for (const std::uint32_t key : keys_.choose(client, clients_.multi_keys, rng_)) {
        KeyAccess access{"k" + std::to_string(key), {}, {}, {}, 0};
        if (operation.kind == OperationKind::multi_put) access.argument = make_value(client);
        operation.accesses.push_back(std::move(access));
      }
      return operation;
    case OperationKind::get: {
      const bool counter = draw_counter(mix);
      operation.accesses.push_back({draw_key(client, counter), {}, {}, {}, 0});
      return operation;
    }
    case OperationKind::increment:
      operation.accesses.push_back({draw_key(client, true), {}, {}, {}, 0});
      operation.delta = static_cast<std::int64_t>(rng_.between(1, 9));
      return operation;
    default:
      break;
  }
  KeyAccess& access = operation.accesses.emplace_back(KeyAccess{draw_key(client, false), {}, {}, {}, 0});
  if (operation.kind == OperationKind::append) access.argument = make_token(client);
  if (operation.kind == OperationKind::put) access.argument = make_value(client);
  if (operation.kind == OperationKind::compare_and_set) {
    ASSERT(remembers_);
    access.argument = make_value(client);
    const auto seen = seen_[client].find(access.key);
    if (seen != seen_[client].end()) access.expected = seen->second;
  }
  return operation;
}

OperationKind OperationMaker::draw_kind(const Mix& mix) {
  const std::array<std::pair<OperationKind, std::uint32_t>, 8> shares = {
      {{OperationKind::get, mix.get},
       {OperationKind::put, mix.put},
       {OperationKind::remove, mix.remove},
       {OperationKind::compare_and_set, mix.cas},
       {OperationKind::append, mix.append},
       {OperationKind::increment, mix.increment},
       {OperationKind::multi_get, mix.multi_get},
       {OperationKind::multi_put, mix.multi_put}}};
  std::uint64_t sum = 0;
  for (const auto& [kind, share] : shares) sum += share;
  ASSERT(sum > 0);
  std::uint64_t drawn = rng_.between(0, sum - 1);
  for (const auto& [kind, share] : shares) {
    if (drawn < share) return kind;
    drawn -= share;
  }
  return OperationKind::get;
}

bool OperationMaker::draw_counter(const Mix& mix) {
  if (mix.increment == 0) return false;
  const std::uint64_t writes =
      std::uint64_t{mix.put} + mix.remove + mix.cas + mix.append + mix.increment + mix.multi_put;
  return rng_.between(0, writes - 1) < mix.increment;
}

std::string OperationMaker::draw_key(std::uint32_t client, bool counter) {
  return (counter ? "n" : "k") + std::to_string(keys_.choose(client, rng_));
}

std::string OperationMaker::make_value(std::uint32_t client) {
  const std::uint64_t size = rng_.between(clients_.value_size_min, clients_.value_size_max);
  std::string value = std::to_string(client) + "-" + std::to_string(++writes_[client]);
  if (value.size() < size) value.resize(size, '.');  // distinct even if that makes it too long
  return value;
}

std::string OperationMaker::make_token(std::uint32_t client) {
  std::string token = make_value(client);
  if (token.size() > 2 && token.ends_with("..")) token.resize(token.size() - 2);
  return kTokenBegin + token + kTokenEnd;
}

void OperationMaker::answered(const Operation& operation) {
  if (!remembers_ || operation.outcome != Outcome::ok) return;
  auto& seen = seen_[operation.client];
  for (const KeyAccess& access : operation.accesses) {
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        seen[access.key] = access.value;
        break;
      case OperationKind::put:
      case OperationKind::multi_put:
        seen[access.key] = access.argument;
        break;
      case OperationKind::remove:
        seen[access.key] = std::nullopt;
        break;
      case OperationKind::compare_and_set:
        seen[access.key] = operation.matched ? access.argument : access.value;
        break;
      case OperationKind::append:
        seen.erase(access.key);  // the value is not in the answer
        break;
      case OperationKind::increment:
        break;
    }
  }
}

void encode(const Operation& operation, Buffer& out) {
  kv::Command command;
  command.kind = command_kind(operation.kind);
  for (const KeyAccess& access : operation.accesses) command.pairs.push_back({access.key, access.argument});
  command.expected = operation.accesses.front().expected;
  command.delta = operation.delta;
  out.clear();
  kv::encode(command, out);
}

void complete(Operation& operation, const client::Completion& completion, Time now) {
  if (completion.verdict == client::Verdict::unknown) {
    operation.outcome = Outcome::info;
    return;
  }
  if (completion.verdict == client::Verdict::failed) {
    operation.outcome = Outcome::fail;
    operation.back = now;
    return;
  }
  const auto result = kv::ResultView::parse(completion.result);
  ASSERT(result.has_value());  // the client has read it
  operation.outcome = outcome_of(result->status());
  if (operation.outcome == Outcome::info) return;
  operation.back = now;
  operation.matched = operation.kind == OperationKind::compare_and_set && result->status() == kv::Status::ok;
  std::size_t at = 0;
  result->each([&](const kv::ResultView::Item& item) {
    if (at == operation.accesses.size()) return;
    KeyAccess& access = operation.accesses[at++];
    if (item.value) access.value.emplace(*item.value);
    access.version = item.version;
  });
}

}  // namespace norn::sim
