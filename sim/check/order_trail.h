// What the general search (search.h) remembers when an order is asked for: for each configuration the
// landings that led to it, as a tree of which every node knows its parent. Reads, and writes that stay
// hidden, are not in it: where they stand follows from the landings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check/linearizable_component.h"

namespace norn::sim {

// A call or a return of a step; in the order in which the search sweeps.
struct SearchEvent {
  std::int64_t at = 0;
  bool returns = false;  // calls first: equal times are concurrent
  std::uint32_t step = 0;

  friend bool operator<(const SearchEvent& a, const SearchEvent& b) {
    if (a.at != b.at) return a.at < b.at;
    return a.returns != b.returns ? b.returns : a.step < b.step;
  }
};

struct Landing {
  std::uint32_t step = 0;    // took effect
  std::uint32_t before = 0;  // just before this one returned
};

class Trail {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;

  explicit Trail(std::size_t nodes_max = kNodesMax) : nodes_max_(nodes_max), nodes_(1) {}

  Node next() const { return static_cast<Node>(nodes_.size()); }  // what add() will give
  Node add(Node parent, Landing landing) {
    nodes_.push_back({parent, landing});
    return next() - 1;
  }

  // Time to call keep(): as much was added as was left last time. So keeping costs O(1) for each node.
  bool is_crowded() const { return nodes_.size() > 2 * kept_ + kSlack; }

  // Drops what led to none of these, and gives them their new numbers. False: more is left than memory is
  // for.
  bool keep(std::vector<Node>& live);

  std::vector<Landing> path(Node node) const;

 private:
  static constexpr std::size_t kSlack = 1024;
  static constexpr std::size_t kNodesMax =
      20'000'000;  // 12 bytes each, and twice as many before they are dropped

  struct Entry {
    Node parent = kRoot;
    Landing landing;
  };
  std::size_t nodes_max_;
  std::vector<Entry> nodes_;  // a parent before its children; the first is the root
  std::size_t kept_ = 1;
};

// The order that the landings of a whole sweep give, as places in the history. The component is as made: no
// values merged.
std::vector<std::uint32_t> order_of_landings(Component& component, const std::vector<Landing>& landings);

}  // namespace norn::sim
