// Random histories for the checker's tests: clients call operations that take effect on a real map at an
// instant inside their time, so a history is linearizable by construction; corrupt() then spoils it, or may.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replica/base/rng.h"

#include "sim/check/history.h"

namespace norn::sim {

struct Recipe {
  std::vector<OperationKind> kinds;  // drawn evenly
  std::size_t operations = 6;
  std::uint32_t clients = 3;
  std::uint32_t keys = 1;
  bool distinct = true;      // every written value, or token appended, once per history
  Ratio unknown{200'000};    // outcomes that stay unknown; half of those operations take effect
  std::uint64_t length = 6;  // an operation's longest time, in nanoseconds
  std::uint64_t pause = 3;   // the longest between two of a client
};

History make_history(const Recipe& recipe, Rng& rng);

bool is_unknown_outcome(const Operation& operation);  // info, or pending

// Changes one thing: a result, an outcome, an argument or a time.
void corrupt(History& history, Rng& rng);

// As above, but only results of reads: never what was written nor when.
bool corrupt_read(History& history, std::size_t near, const std::string& value);

// Everything in it, an operation a line, for what a failing test says.
std::string transcript(const History& history);

// How many times more random cases than by default: the environment variable NORN_DEEP.
std::uint64_t deep();

// Operations made by hand.
namespace by_hand {

Operation operation(std::uint32_t client, OperationKind kind, std::int64_t call, std::int64_t back,
                    std::string key, std::string argument = {});
Operation put(std::uint32_t client, std::int64_t call, std::int64_t back, std::string value,
              std::string key = "k");
Operation get(std::uint32_t client, std::int64_t call, std::int64_t back, std::optional<std::string> value,
              std::string key = "k");
Operation swap(std::uint32_t client, std::int64_t call, std::int64_t back,
               std::optional<std::string> expected, std::string value);
Operation increment(std::uint32_t client, std::int64_t call, std::int64_t back, std::int64_t delta,
                    std::string after);
Operation append(std::uint32_t client, std::int64_t call, std::int64_t back, std::string token);
Operation remove(std::uint32_t client, std::int64_t call, std::int64_t back);
Operation unknown(Operation operation);  // the same, but no reply came

}  // namespace by_hand

}  // namespace norn::sim
