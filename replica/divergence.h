// Compares the replicas' states: each tells the others the digest of its state at certain indexes, where all
// that applied the same entries must have the same. Raft cannot see a state that went wrong (a bad memory
// cell, a command that is not deterministic, a snapshot that is not what it was): the log is the same. Who is
// contradicted by a majority must not answer any more.
//
// A value. Memory is bounded: a few digests of each replica.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "replica/base/types.h"

namespace norn {

struct StateAt {
  Index index;
  std::uint64_t digest = 0;
  friend bool operator==(const StateAt&, const StateAt&) = default;
};

class Divergence {
 public:
  explicit Divergence(NodeId self) : self_(self) {}

  // What a replica, this one or another, says of its state. Only voters are asked for their opinion.
  void note(NodeId who, const StateAt& state, const std::vector<NodeId>& voters);

  // A majority of the voters agrees with one another on another state than this replica's own.
  struct Odd {
    StateAt own;
    std::uint64_t theirs = 0;
  };
  const std::optional<Odd>& odd() const { return odd_; }
  // How often another replica was found to differ from a majority that this one is of.
  std::uint64_t others() const { return others_; }

 private:
  static constexpr std::size_t kKept = 8;  // of each replica, the latest
  struct Said {
    StateAt state{};
    bool counted = false;
  };
  using Sayings = std::array<Said, kKept>;

  Said* find(NodeId who, Index index);
  void judge(Index index, const std::vector<NodeId>& voters);

  NodeId self_;
  std::vector<Sayings> said_;  // by node id
  std::optional<Odd> odd_;
  std::uint64_t others_ = 0;
};

}  // namespace norn
