// Sets of configurations: see search_frontier.h.
#include "sim/check/search_frontier.h"

#include <algorithm>

#include "replica/base/digest.h"

namespace norn::sim {

namespace {

std::uint64_t hash_of(const std::uint64_t* words, std::size_t count) {
  Digest digest;
  for (std::size_t i = 0; i < count; ++i) digest.add(words[i]);
  return digest.value();
}

}  // namespace

void Frontier::clear() {
  words_.clear();
  links_.clear();
  if (states_.size() > kTableKept || states_.empty()) {
    states_ = std::vector<std::uint32_t>(kTableMin, kNone);
    all_ = std::vector<std::uint32_t>(kTableMin, kNone);
  } else {
    std::fill(states_.begin(), states_.end(), kNone);
    std::fill(all_.begin(), all_.end(), kNone);
  }
  any_dominated_ = false;
}

bool Frontier::insert(const std::uint64_t* configuration, const SlotKinds& kinds, std::uint32_t node) {
  Links links;
  links.node = node;
  links.state_hash = hash_of(configuration, layout_.state_words());
  links.hash = hash_of(configuration, layout_.words());
  if (contains(configuration, links.hash)) return false;
  int compared = 0;
  for (std::uint32_t i = states_[links.state_hash & (states_.size() - 1)];
       i != kNone && compared < kCompareMax; i = links_[i].next_of_state) {
    if (links_[i].state_hash != links.state_hash || links_[i].dominated) continue;
    ++compared;
    ++compared_;
    if (dominates(at(i), configuration, kinds)) return false;
    if (dominates(configuration, at(i), kinds)) links_[i].dominated = any_dominated_ = true;
  }
  words_.insert(words_.end(), configuration, configuration + layout_.words());
  links_.push_back(links);
  if (links_.size() > states_.size()) {
    states_.resize(states_.size() * 4);
    all_.resize(states_.size());
    link_all();
  } else {
    link(static_cast<std::uint32_t>(links_.size() - 1));
  }
  return true;
}

void Frontier::prune() {
  if (!any_dominated_) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (links_[i].dominated) continue;
    if (i != kept) std::copy_n(at(i), layout_.words(), at(kept));
    links_[kept++] = links_[i];
  }
  words_.resize(kept * layout_.words());
  links_.resize(kept);
  any_dominated_ = false;
  link_all();
}

bool Frontier::contains(const std::uint64_t* configuration, std::uint64_t hash) const {
  for (std::uint32_t i = all_[hash & (all_.size() - 1)]; i != kNone; i = links_[i].next) {
    if (links_[i].hash == hash && std::equal(configuration, configuration + layout_.words(), at(i)))
      return true;
  }
  return false;
}

void Frontier::link(std::uint32_t i) {
  std::uint32_t& state = states_[links_[i].state_hash & (states_.size() - 1)];
  std::uint32_t& all = all_[links_[i].hash & (all_.size() - 1)];
  links_[i].next_of_state = state;
  links_[i].next = all;
  state = all = i;
}

void Frontier::link_all() {
  std::fill(states_.begin(), states_.end(), kNone);
  std::fill(all_.begin(), all_.end(), kNone);
  for (std::uint32_t i = 0; i < links_.size(); ++i) link(i);
}

bool Frontier::dominates(const std::uint64_t* a, const std::uint64_t* b, const SlotKinds& kinds) const {
  if (!std::equal(a, a + layout_.state_words(), b)) return false;
  const std::size_t n = layout_.slot_words();
  const std::uint64_t* const done_a = a + layout_.state_words();
  const std::uint64_t* const done_b = b + layout_.state_words();
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t free_a = done_a[n + i];
    const std::uint64_t differ = (done_a[i] ^ done_b[i]) | (free_a ^ done_b[n + i]);
    const std::uint64_t better = free_a | (kinds.unknown[i] & ~done_a[i]) | (kinds.reads[i] & done_a[i]);
    if ((differ & ~better) != 0) return false;
  }
  return true;
}

}  // namespace norn::sim
