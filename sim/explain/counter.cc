#include "sim/explain/counter.h"

#include <algorithm>
#include <map>

#include "sim/check/kv_spec.h"

namespace norn::sim {

namespace {

// Some number is passed, or seen, by both: sorted by where they begin, neighbours suffice once no earlier
// pair has met. A get is where it stands; it meets an increment strictly inside of its way only.
std::optional<CounterPair> overlap(std::vector<Reading> readings) {
  std::stable_sort(readings.begin(), readings.end(), [](const Reading& a, const Reading& b) {
    return a.before != b.before ? a.before < b.before : a.after < b.after;
  });
  const Reading* widest = nullptr;  // the increment that reaches farthest so far
  for (const Reading& one : readings) {
    if (widest != nullptr && one.before < widest->after &&
        (one.after > one.before || one.before > widest->before))
      return CounterPair{CounterConflict::overlap, *widest, one};
    if (one.after > one.before && (widest == nullptr || one.after > widest->after)) widest = &one;
  }
  return std::nullopt;
}

std::optional<CounterPair> went_back(const Ledger& ledger, std::vector<Reading> by_call) {
  const auto at = [&](const Reading& one) -> const Operation& { return ledger.history()[one.place]; };
  std::vector<Reading> by_back(by_call);
  std::stable_sort(by_call.begin(), by_call.end(),
                   [&](const Reading& a, const Reading& b) { return at(a).call < at(b).call; });
  std::stable_sort(by_back.begin(), by_back.end(),
                   [&](const Reading& a, const Reading& b) { return at(a).back < at(b).back; });
  const Reading* highest = nullptr;
  auto next = by_back.begin();
  for (const Reading& one : by_call) {
    for (; next != by_back.end() && at(*next).back < at(one).call; ++next) {
      if (highest == nullptr || next->after > highest->after) highest = &*next;
    }
    if (highest != nullptr && one.before < highest->after)
      return CounterPair{CounterConflict::went_back, *highest, one};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Reading> reading_of(const Ledger& ledger, std::size_t place) {
  const Operation& operation = ledger.history()[place];
  const bool increments = operation.kind == OperationKind::increment;
  if (!returned(operation) || operation.accesses.size() != 1) return std::nullopt;
  if (!increments && operation.kind != OperationKind::get) return std::nullopt;
  const KeyAccess& access = operation.accesses[0];
  if (!ledger.key(access.key).incremented || !ledger.key(access.key).only_increments) return std::nullopt;
  const std::optional<std::int64_t> after = access.value ? parse_number(*access.value) : std::int64_t{0};
  if (!after || *after < 0 || (increments && *after < operation.delta)) return std::nullopt;
  return Reading{place, access.key, increments ? *after - operation.delta : *after, *after};
}

std::optional<TooHigh> too_high(const Ledger& ledger, const std::vector<std::size_t>& places) {
  for (const std::size_t place : places) {
    const std::optional<Reading> reading = reading_of(ledger, place);
    if (!reading) continue;
    TooHigh found{*reading, 0, 0};
    for (const std::size_t increment : ledger.key(reading->key).changers) {
      const Operation& operation = ledger.history()[increment];
      if (operation.call > ledger.history()[place].back) break;
      if (__builtin_add_overflow(found.most, operation.delta, &found.most)) return std::nullopt;
      ++found.count;
    }
    if (reading->after > found.most) return found;
  }
  return std::nullopt;
}

// By size, as long as each is at most one more than the sum of those before, every number up to that sum is
// the sum of some of them.
bool reachable(const Ledger& ledger, std::size_t place) {
  const std::optional<Reading> reading = reading_of(ledger, place);
  if (!reading) return false;
  const Operation& operation = ledger.history()[place];
  std::vector<std::int64_t> deltas;
  for (const std::size_t other : ledger.key(reading->key).changers) {
    const Operation& increment = ledger.history()[other];
    if (increment.call > operation.back) break;
    if (other != place) deltas.push_back(increment.delta);
  }
  std::sort(deltas.begin(), deltas.end());
  std::int64_t sum = 0;
  for (const std::int64_t delta : deltas) {
    if (sum >= reading->before || delta > sum + 1) break;
    sum += delta;
  }
  return sum >= reading->before;
}

std::optional<CounterPair> counter_conflict(const Ledger& ledger, const std::vector<std::size_t>& places) {
  std::map<std::string_view, std::vector<Reading>> by_key;
  for (const std::size_t place : places) {
    const std::optional<Reading> reading = reading_of(ledger, place);
    if (reading) by_key[reading->key].push_back(*reading);
  }
  for (const auto& [key, readings] : by_key) {
    if (auto pair = went_back(ledger, readings)) return pair;
    if (auto pair = overlap(readings)) return pair;
  }
  return std::nullopt;
}

}  // namespace norn::sim
