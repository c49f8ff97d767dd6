// Specifications for the tests of sim/check/spec.h: a queue, a set, a bank, a lock; and the key-value store
// itself, as one more judge of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "replica/base/digest.h"

#include "sim/check/kv_spec.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/spec.h"

namespace norn::sim {

// First in, first out. A dequeue of nothing found it empty.
struct QueueSpec {
  using State = std::vector<int>;
  struct Operation {
    bool enqueues = false;
    std::optional<int> value;  // put in, or found
  };

  State init() const { return {}; }
  bool step(State& state, const Operation& operation, bool known) const {
    if (operation.enqueues) {
      state.push_back(*operation.value);
      return true;
    }
    std::optional<int> found;
    if (!state.empty()) found = state.front();
    if (!state.empty()) state.erase(state.begin());
    return !known || found == operation.value;
  }
  std::uint64_t hash(const State& state) const {
    Digest digest;
    for (const int value : state) digest.add(static_cast<std::uint64_t>(value));
    return digest.value();
  }
  std::uint64_t partition(const Operation& /*operation*/) const { return 0; }
  std::size_t memory(const State& state) const { return state.capacity() * sizeof(int); }
};

// Whether each of a few numbers is in: they are partitions.
struct SetSpec {
  using State = bool;
  enum class Kind : std::uint8_t { add, remove, contains };
  struct Operation {
    Kind kind = Kind::add;
    std::uint64_t item = 0;
    bool result = false;  // add: it was not there; remove, contains: it was
  };

  State init() const { return false; }
  bool step(State& state, const Operation& operation, bool known) const {
    const bool result = operation.kind == Kind::add ? !state : state;
    if (operation.kind == Kind::add) state = true;
    if (operation.kind == Kind::remove) state = false;
    return !known || result == operation.result;
  }
  std::uint64_t hash(const State& state) const { return state ? 1 : 0; }
  std::uint64_t partition(const Operation& operation) const { return operation.item; }
  bool reads(const Operation& operation) const { return operation.kind == Kind::contains; }
};

// Three accounts of 10 each; a transfer that an account cannot pay is refused.
struct BankSpec {
  using State = std::vector<int>;
  struct Operation {
    std::optional<std::pair<std::size_t, std::size_t>> transfer;  // from, to; nothing: reads all balances
    int amount = 0;
    bool paid = false;
    std::vector<int> seen;
  };

  State init() const { return {10, 10, 10}; }
  bool step(State& state, const Operation& operation, bool known) const {
    if (!operation.transfer) return !known || state == operation.seen;
    const auto [from, to] = *operation.transfer;
    const bool pays = state[from] >= operation.amount;
    if (pays) {
      state[from] -= operation.amount;
      state[to] += operation.amount;
    }
    return !known || pays == operation.paid;
  }
  std::uint64_t hash(const State& state) const {
    std::uint64_t hash = 0;
    for (const int balance : state) hash = hash * 1009 + static_cast<std::uint64_t>(balance);
    return hash;
  }
  std::uint64_t partition(const Operation& /*operation*/) const { return 0; }
  bool reads(const Operation& operation) const { return !operation.transfer.has_value(); }
};

// A lock with an owner. Whoever has it waits for itself.
struct LockSpec {
  using State = int;  // the owner; 0: free
  struct Operation {
    bool acquires = false;
    int client = 0;
  };

  State init() const { return 0; }
  bool step(State& state, const Operation& operation, bool /*known*/) const {
    if (state != (operation.acquires ? 0 : operation.client)) return false;
    state = operation.acquires ? operation.client : 0;
    return true;
  }
  std::uint64_t hash(const State& state) const { return static_cast<std::uint64_t>(state); }
  std::uint64_t partition(const Operation& /*operation*/) const { return 0; }
};

// The map of strings.
struct KvSpec {
  using State = std::map<std::string, std::string>;
  struct Operation {
    const sim::Operation* it = nullptr;
    std::uint64_t component = 0;
  };

  State init() const { return {}; }
  bool step(State& state, const Operation& operation, bool known) const {
    for (const KeyAccess& access : operation.it->accesses) {
      if (!step(state, *operation.it, access, known)) return false;
    }
    return true;
  }
  std::uint64_t hash(const State& state) const {
    Digest digest;
    for (const auto& [key, value] : state) {
      digest.add(std::as_bytes(std::span(key)));
      digest.add(std::as_bytes(std::span(value)));
    }
    return digest.value();
  }
  std::uint64_t partition(const Operation& operation) const { return operation.component; }
  bool reads(const Operation& operation) const {
    return operation.it->kind == OperationKind::get || operation.it->kind == OperationKind::multi_get;
  }

 private:
  static bool step(State& state, const sim::Operation& operation, const KeyAccess& access, bool known) {
    const auto found = state.find(access.key);
    const std::optional<std::string> now = found == state.end() ? std::nullopt : std::optional(found->second);
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        return !known || now == access.value;
      case OperationKind::put:
      case OperationKind::multi_put:
        state[access.key] = access.argument;
        return true;
      case OperationKind::remove:
        state.erase(access.key);
        return true;
      case OperationKind::compare_and_set:
        if (known && operation.matched != (now == access.expected)) return false;
        if (now == access.expected) {
          state[access.key] = access.argument;
          return true;
        }
        return !known || !operation.value_known || now == access.value;
      case OperationKind::append:
        state[access.key] += access.argument;
        return true;
      case OperationKind::increment: {
        const std::optional<std::int64_t> number = parse_number(now.value_or("0"));
        std::int64_t after = 0;
        if (!number || __builtin_add_overflow(*number, operation.delta, &after)) return !known;
        state[access.key] = std::to_string(after);
        return !known || state[access.key] == access.value;
      }
    }
    return false;
  }
};

// A history of the store for KvSpec, which must not outlive it: what did not happen is left out. `places` are
// those of its operations in the history.
inline SpecHistory<KvSpec> spec_history(const History& history, std::vector<std::uint32_t>& places) {
  const Split split = split_by_key(history);
  SpecHistory<KvSpec> made;
  for (std::size_t component = 0; component < split.components(); ++component) {
    for (std::uint32_t i = split.starts[component]; i < split.starts[component + 1]; ++i) {
      const Operation& operation = history[split.places[i]];
      places.push_back(split.places[i]);
      made.push_back({{&operation, component},
                      nanoseconds(operation.call),
                      nanoseconds(operation.back),
                      !is_unknown(operation)});
    }
  }
  return made;
}

}  // namespace norn::sim
