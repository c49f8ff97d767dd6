// Who is who in the course's protocol: an id is four upper-case hexadecimal digits, FFFF is everybody or
// nobody, and a cluster is the set of its ids. Each replica is given that set in another order; sorted, it
// gives each the same NodeId everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replica/base/types.h"

namespace norn::course {

struct Id {
  std::uint16_t value = 0xFFFF;
  friend constexpr auto operator<=>(Id, Id) = default;
};
inline constexpr Id kEverybody{};  // as a destination
inline constexpr Id kNobody{};     // as a leader

std::optional<Id> parse_id(std::string_view text);
std::string text_of(Id id);

inline constexpr std::size_t kReplicasMax = 255;  // as many as there are NodeIds

class Roster {
 public:
  // Nothing unless the ids are 1..kReplicasMax different ones, none of them FFFF.
  static std::optional<Roster> make(std::vector<Id> ids);

  NodeId node(Id id) const;           // nobody: not one of the replicas
  Id id(NodeId node) const;           // kNobody for nobody
  std::vector<NodeId> nodes() const;  // ascending

 private:
  explicit Roster(std::vector<Id> ids) : ids_(std::move(ids)) {}
  std::vector<Id> ids_;  // ascending: NodeId n is ids_[n - 1]
};

}  // namespace norn::course
