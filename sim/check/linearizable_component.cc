// The split by key and the interned component: see linearizable_component.h.
#include "sim/check/linearizable_component.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "replica/base/assert.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

bool says_nothing(const Operation& operation) {
  if (operation.outcome == Outcome::fail || operation.accesses.empty()) return true;
  const bool reads_only = operation.kind == OperationKind::get || operation.kind == OperationKind::multi_get;
  return reads_only && is_unknown(operation);
}

// Union-find over the keys; a set's root is its smallest key, so the result does not depend on the order of
// joins.
class Sets {
 public:
  void resize(std::size_t size) {
    while (parents_.size() < size) parents_.push_back(static_cast<std::uint32_t>(parents_.size()));
  }
  std::uint32_t root(std::uint32_t key) {
    while (parents_[key] != key) key = parents_[key] = parents_[parents_[key]];
    return key;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t root_a = root(a);
    const std::uint32_t root_b = root(b);
    parents_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }

 private:
  std::vector<std::uint32_t> parents_;
};

Sets number_keys(const History& history, Split& split) {
  Values names;  // key strings interned; 2 is the first number it gives
  Sets sets;
  split.first_access.reserve(history.size());
  split.key_of.reserve(history.size());
  for (const Operation& operation : history) {
    split.first_access.push_back(static_cast<std::uint32_t>(split.key_of.size()));
    if (says_nothing(operation)) {
      split.key_of.insert(split.key_of.end(), operation.accesses.size(), kNone);
      continue;
    }
    for (const KeyAccess& access : operation.accesses) {
      const std::uint32_t key = names.intern(access.key) - 2;
      if (key == split.keys.size()) split.keys.push_back(access.key);
      sets.resize(split.keys.size());
      if (&access != operation.accesses.data()) sets.join(split.key_of.back(), key);
      split.key_of.push_back(key);
    }
  }
  return sets;
}

}  // namespace

Split split_by_key(const History& history) {
  Split split;
  Sets sets = number_keys(history, split);

  std::vector<std::uint32_t> members(split.keys.size(), 0);
  for (std::uint32_t key = 0; key < split.keys.size(); ++key)
    split.local_of.push_back(members[sets.root(key)]++);

  std::vector<std::uint32_t> component_of_root(split.keys.size(), kNone);
  std::vector<std::uint32_t> component_of(history.size(), kNone);
  split.starts.push_back(0);
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (says_nothing(history[place])) continue;
    std::uint32_t& component = component_of_root[sets.root(split.key_of[split.first_access[place]])];
    if (component == kNone) {
      component = static_cast<std::uint32_t>(split.components());
      split.starts.push_back(0);
    }
    component_of[place] = component;
    ++split.starts[component + 1];
  }
  std::partial_sum(split.starts.begin(), split.starts.end(), split.starts.begin());
  split.places.resize(split.starts.back());
  std::vector<std::uint32_t> next(split.starts);
  for (std::size_t place = 0; place < history.size(); ++place) {
    if (component_of[place] != kNone)
      split.places[next[component_of[place]]++] = static_cast<std::uint32_t>(place);
  }

  const auto by_call = [&](std::uint32_t a, std::uint32_t b) { return history[a].call < history[b].call; };
  for (std::size_t i = 0; i < split.components(); ++i) {
    const auto begin = split.places.begin() + split.starts[i];
    const auto end = split.places.begin() + split.starts[i + 1];
    if (!std::is_sorted(begin, end, by_call)) std::stable_sort(begin, end, by_call);
  }
  return split;
}

}  // namespace norn::sim
