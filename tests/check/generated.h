// Histories of any length, handed on event by event: clients that each do one operation at a time, on keys
// that are changed at an instant inside each operation's time, so that the history is linearizable by
// construction; and one violation of a named kind in it, where that is wanted. Nothing is kept but what is
// open, so ten million operations take no more memory than ten.
//
// A violation is planted at rest: the clients finish what is open, one of them does the few operations that
// contradict each other on a key of its own choice, and all go on. Operations of unknown outcome may still
// be about to happen, and none of them excuses it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replica/base/rng.h"

#include "sim/check/history.h"
#include "sim/check/history_sink.h"

namespace norn::sim {

enum class Planted : std::uint8_t {
  nothing,
  stale_read,            // put x, put y, read x
  lost_write,            // put x, read absence; for histories without removes
  resurrected_delete,    // put x, remove, read x
  double_append,         // append t, read one that ends with t twice
  swap_won_twice,        // put x, two compare-and-sets from x that both won
  reordered_increments,  // two increments, one after the other, that swapped their results
};

struct Shape {
  std::vector<OperationKind> kinds;  // drawn evenly
  std::uint64_t operations = 1'000;
  std::uint32_t keys = 10;
  std::uint32_t clients = 10;
  Ratio unknown{10'000};            // half of those operations take effect
  std::uint32_t domain = 0;         // values are drawn from so many; 0: every one is new
  bool words = false;               // values are words, not numbers
  std::uint32_t appends_max = 100;  // then the key gives way to a new one: lists grow, and reads are of all
  Planted planted = Planted::nothing;
  std::uint64_t planted_at = 0;  // as many operations later
};

// The same shape and seed give the same history. Its times are the numbers of its events.
void generate(const Shape& shape, std::uint64_t seed, HistorySink& sink);

// A sink that keeps everything.
class HistoryKeeper final : public HistorySink {
 public:
  void on_call(std::size_t place, const Operation& operation) override;
  void on_return(std::size_t place, const Operation& operation) override;
  void on_end() override {}

  History history;
};

}  // namespace norn::sim
