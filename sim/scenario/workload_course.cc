#include "sim/scenario/workload_course.h"

#include <utility>

namespace norn::sim {
namespace {

constexpr std::size_t kSize = 32;      // of a key, of a value
constexpr Ratio kOverwrites{500'000};  // of the puts that could be

std::string padded(std::string text) {
  text.resize(kSize, '.');
  return text;
}

}  // namespace

Operation CourseClients::make(std::uint32_t client) {
  const bool is_get = rng_.chance(mix_);
  const std::vector<std::string>& keys = clients_[client].keys;
  if (is_get && keys.empty()) ++gets_not_generated_;
  if (!is_get || keys.empty()) return make_put(client);
  Operation operation;
  operation.client = client;
  operation.accesses.push_back({keys[rng_.between(0, keys.size() - 1)], {}, {}, {}, 0});
  return operation;
}

Operation CourseClients::make_put(std::uint32_t client) {
  OneClient& own = clients_[client];
  Operation operation;
  operation.client = client;
  operation.kind = OperationKind::put;
  std::string key;
  const bool overwrites = !own.keys.empty() && rng_.chance(kOverwrites);
  if (overwrites) {
    key = own.keys[rng_.between(0, own.keys.size() - 1)];
  } else {
    key = padded("K" + std::to_string(client) + "-" + std::to_string(++own.keys_made));
  }
  std::string value = padded(std::to_string(client) + "-" + std::to_string(++own.values_made));
  operation.accesses.push_back({std::move(key), std::move(value), {}, {}, 0});
  return operation;
}

void CourseClients::answered(const Operation& operation) {
  if (operation.outcome != Outcome::ok) return;
  OneClient& own = clients_[operation.client];
  const KeyAccess& access = operation.accesses.front();
  if (operation.kind == OperationKind::put) {
    const auto [value, is_new] = own.values.insert_or_assign(access.key, access.argument);
    if (is_new) own.keys.push_back(access.key);
  } else if (access.value != own.values[access.key]) {
    ++incorrect_;
  }
}

}  // namespace norn::sim
