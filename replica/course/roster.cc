#include "replica/course/roster.h"

#include <algorithm>

#include "replica/base/assert.h"

namespace norn::course {

std::optional<Id> parse_id(std::string_view text) {
  if (text.size() != 4) return std::nullopt;
  std::uint16_t value = 0;
  for (const char digit : text) {
    const bool decimal = digit >= '0' && digit <= '9';
    if (!decimal && (digit < 'A' || digit > 'F')) return std::nullopt;
    value = static_cast<std::uint16_t>(value << 4 | (decimal ? digit - '0' : digit - 'A' + 10));
  }
  return Id{value};
}

std::string text_of(Id id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text(4, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = kDigits[id.value >> (12 - 4 * i) & 0xF];
  return text;
}

std::optional<Roster> Roster::make(std::vector<Id> ids) {
  std::ranges::sort(ids);
  if (ids.empty() || ids.size() > kReplicasMax || ids.back() == kEverybody) return std::nullopt;
  if (std::ranges::adjacent_find(ids) != ids.end()) return std::nullopt;
  return Roster(std::move(ids));
}

std::vector<NodeId> Roster::nodes() const {
  std::vector<NodeId> nodes;
  for (const Id id : ids_) nodes.push_back(node(id));
  return nodes;
}

NodeId Roster::node(Id id) const {
  const auto at = std::ranges::lower_bound(ids_, id);
  if (at == ids_.end() || *at != id) return {};
  return {static_cast<std::uint8_t>(at - ids_.begin() + 1)};
}

Id Roster::id(NodeId node) const {
  if (!node) return kNobody;
  ASSERT(node.value <= ids_.size());
  return ids_[node.value - 1];
}

}  // namespace norn::course
