// A world with a few words for tests: run for a while, who leads, put and get.
#pragma once

#include <doctest/doctest.h>
#include <optional>
#include <string>

#include "replica/kv/command.h"
#include "replica/kv/result.h"

#include "sim/engine/world.h"

namespace norn::sim {

inline WorldOptions small_world(std::uint8_t replicas = 3, std::uint32_t clients = 1) {
  WorldOptions options;
  options.replicas = replicas;
  options.clients = clients;
  options.replica.cluster = {7};
  options.events_max = 5'000'000;
  return options;
}

inline void run_for(World& world, Duration duration) { REQUIRE(world.run_until(world.now() + duration)); }

inline NodeId elect(World& world) {
  for (int i = 0; i < 100 && !world.leader(); ++i) run_for(world, std::chrono::milliseconds(100));
  REQUIRE(world.leader());
  return world.leader();
}

inline NodeId another(const World& world, NodeId than) {
  return {static_cast<std::uint8_t>(than.value % world.replicas() + 1)};
}

// One operation of the first client from start to end; nothing if its outcome is not known.
inline std::optional<kv::Result> perform(World& world, const kv::Command& command) {
  REQUIRE(world.submit(0, 1, kv::encode(command)));
  while (world.completions(0).empty()) REQUIRE(world.step());
  const client::Completion completion = world.completions(0).front();
  world.completions(0).clear();
  if (completion.verdict != client::Verdict::done) return std::nullopt;
  return kv::Result::parse(completion.result);
}

inline bool put(World& world, const std::string& key, const std::string& value) {
  const auto result = perform(world, {.kind = kv::CommandKind::put, .pairs = {{key, value}}});
  return result && result->status == kv::Status::ok;
}

inline std::string get(World& world, const std::string& key) {
  const auto result = perform(world, {.kind = kv::CommandKind::get, .pairs = {{key}}});
  if (!result) return "(unknown)";
  return result->items.at(0).value.value_or("(absent)");
}

inline bool same_state(const World& a, const World& b) {
  bool same = a.now() == b.now() && a.digest() == b.digest();
  for (std::uint8_t i = 1; i <= a.replicas(); ++i) {
    const NodeId id{i};
    same = same && a.up(id) == b.up(id) && a.incarnation(id) == b.incarnation(id);
    if (same && a.up(id)) same = a.replica(id)->raft() == b.replica(id)->raft();
    const Bytes left = a.disk(id).content(File::wal);
    const Bytes right = b.disk(id).content(File::wal);
    same = same && std::equal(left.begin(), left.end(), right.begin(), right.end());
  }
  return same;
}

}  // namespace norn::sim
