#include "replica/divergence.h"

#include <algorithm>

namespace norn {

void Divergence::note(NodeId who, const StateAt& state, const std::vector<NodeId>& voters) {
  if (said_.size() <= who.value) said_.resize(who.value + std::size_t{1});
  Sayings& of_who = said_[who.value];
  // The latest stay: a replica that has fallen behind may say what is long past.
  const auto oldest = std::ranges::min_element(of_who, {}, [](const Said& said) { return said.state.index; });
  if (find(who, state.index) != nullptr || state.index < oldest->state.index) return;
  *oldest = {.state = state};
  judge(state.index, voters);
}

Divergence::Said* Divergence::find(NodeId who, Index index) {
  if (said_.size() <= who.value) return nullptr;
  for (Said& said : said_[who.value]) {
    if (said.state.index == index) return &said;
  }
  return nullptr;
}

void Divergence::judge(Index index, const std::vector<NodeId>& voters) {
  const Said* const own = find(self_, index);
  if (own == nullptr) return;
  const auto agreeing = [&](std::uint64_t digest) {
    const auto count = std::ranges::count_if(voters, [&](NodeId id) {
      const Said* const said = find(id, index);
      return said != nullptr && said->state.digest == digest;
    });
    return static_cast<std::size_t>(count);
  };
  const bool in_majority = agreeing(own->state.digest) > voters.size() / 2;
  for (const NodeId id : voters) {
    Said* const other = find(id, index);
    if (other == nullptr || other->state.digest == own->state.digest) continue;
    if (agreeing(other->state.digest) > voters.size() / 2) odd_ = Odd{own->state, other->state.digest};
    if (!in_majority || other->counted) continue;
    other->counted = true;
    ++others_;
  }
}

}  // namespace norn
