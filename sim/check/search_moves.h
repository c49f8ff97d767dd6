// What an operation that takes effect does to a configuration (search_frontier.h), for the search of a whole
// history and for the sweep of a stream alike. What is pruned here, and why nothing is lost, is written in
// search.cc. `Steps` knows the operations by number: step(i), parts(i) and slot(i); `open` are the numbers of
// those that are open, `words` the configuration.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/check/kv_spec.h"
#include "sim/check/search_frontier.h"

namespace norn::sim {

// The state of a configuration, a value for each key. There may be one more, which is kAbsent.
inline void load_state(const std::uint64_t* words, std::vector<ValueId>& state) {
  for (std::size_t key = 0; key < state.size(); ++key)
    state[key] = static_cast<ValueId>(words[key / 2] >> key % 2 * 32);
}

inline void store_state(const std::vector<ValueId>& state, const Layout& layout, std::uint64_t* words) {
  std::fill_n(words, layout.state_words(), 0);
  for (std::size_t key = 0; key < state.size(); ++key)
    words[key / 2] |= std::uint64_t{state[key]} << key % 2 * 32;
}

// Could an open operation tell the value that this one, on a single key, has just left?
template <typename Steps>
bool is_told(const Steps& steps, const std::vector<std::uint32_t>& open, const Layout& layout,
             const std::uint64_t* words, std::uint32_t landed, ValueId left) {
  const std::uint32_t key = steps.parts(landed)->key;
  for (const std::uint32_t other : open) {
    const KvStep& it = steps.step(other);
    if (other == landed || layout.done(words, steps.slot(other)) || is_blind(it)) continue;
    for (std::uint32_t j = 0; j < it.count; ++j) {
      const KeyStep& part = steps.parts(other)[j];
      if (part.key == key && could_tell(it, part, left)) return true;
    }
  }
  return false;
}

// Whether one writes every key of the other.
template <typename Steps>
bool covers(const Steps& steps, std::uint32_t landed, std::uint32_t other) {
  const KeyStep* const begin = steps.parts(landed);
  const KeyStep* const end = begin + steps.step(landed).count;
  const KeyStep* const parts = steps.parts(other);
  return std::all_of(parts, parts + steps.step(other).count, [&](const KeyStep& part) {
    return std::any_of(begin, end, [&](const KeyStep& covering) { return covering.key == part.key; });
  });
}

// Frees what could have stood unseen just before a blind write.
template <typename Steps>
void free_hidden(const Steps& steps, const std::vector<std::uint32_t>& open, const Layout& layout,
                 std::uint64_t* words, std::uint32_t landed) {
  for (const std::uint32_t other : open) {
    const KvStep& it = steps.step(other);
    if (it.unknown || !(is_blind(it) || it.kind == OperationKind::append)) continue;
    if (layout.done(words, steps.slot(other)) || !covers(steps, landed, other)) continue;
    layout.set_free(words, steps.slot(other));
  }
}

// Every open read that fits the state, which it leaves as it is.
template <typename Steps>
void read_at_once(const Steps& steps, const std::vector<std::uint32_t>& open, const Layout& layout,
                  std::uint64_t* words, Values& values, std::vector<ValueId>& state) {
  for (const std::uint32_t other : open) {
    if (!is_read(steps.step(other)) || layout.done(words, steps.slot(other))) continue;
    if (apply(values, state.data(), steps.step(other), steps.parts(other)))
      layout.set_done(words, steps.slot(other));
  }
}

}  // namespace norn::sim
