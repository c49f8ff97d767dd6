// What the clients saw: a list of operations, each with the time it was called and, if its outcome became
// known, the time it returned. Recorded while a run goes on, judged by linearizable.h, kept as JSON Lines
// (sim/formats/history_file.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replica/base/types.h"

namespace norn::sim {

enum class OperationKind : std::uint8_t {
  get,
  put,
  remove,
  compare_and_set,
  append,
  increment,
  multi_get,
  multi_put,
};

// In Jepsen's words: ok happened, fail did not happen, info may have happened at any time after the call, or
// may yet, or never will.
enum class Outcome : std::uint8_t { pending, ok, fail, info };

// One key's part of an operation: all kinds but the multi-key ones have exactly one.
struct KeyAccess {
  std::string key;
  std::string argument;                 // put, append, compare_and_set: the value written or appended
  std::optional<std::string> expected;  // compare_and_set: the value it must find; nothing: absence
  // Of an ok operation:
  std::optional<std::string> value;  // get: what was read (nothing: absent); failed compare_and_set: what was
                                     // found; increment: the number after it, in decimal
  std::uint64_t version = 0;         // the key's version with the reply
};

struct Operation {
  std::uint32_t client = 0;
  OperationKind kind = OperationKind::get;
  Outcome outcome = Outcome::pending;
  bool matched = false;     // compare_and_set, ok: it found what it expected, and wrote
  bool value_known = true;  // compare_and_set, ok, not matched: false: all that is known of what it found is
                            // that it was not what it expected
  std::int64_t delta = 0;   // increment
  Time call{};
  Time back = kNever;  // unless ok or fail
  std::vector<KeyAccess> accesses;
};

// In order of call time. A pending operation at the end counts as info.
using History = std::vector<Operation>;

}  // namespace norn::sim
