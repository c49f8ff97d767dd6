// Which key an operation goes to: the distributions of Keys, drawn with integers. A value.
#pragma once

#include <memory>
#include <vector>

#include "replica/base/rng.h"

#include "sim/scenario/scenario.h"

namespace norn::sim {

class KeyChooser {
 public:
  KeyChooser(const Keys& keys, std::uint32_t clients);

  // Of 0..count-1.
  std::uint32_t choose(std::uint32_t client, Rng& rng) const;
  // `many` different ones, or all that the client may use if they are fewer.
  std::vector<std::uint32_t> choose(std::uint32_t client, std::size_t many, Rng& rng) const;

 private:
  bool own() const { return keys_.distribution == Keys::Distribution::per_client; }
  // Own keys are client, client + clients, ...
  std::uint32_t own_keys(std::uint32_t client) const {
    return (keys_.count - client + clients_ - 1) / clients_;
  }

  Keys keys_;
  std::uint32_t clients_;
  // zipf: the sums of the weights up to each key; shared, as they never change.
  std::shared_ptr<const std::vector<std::uint64_t>> sums_;
};

}  // namespace norn::sim
