#include "sim/scenario/workload_keys.h"

#include <algorithm>

#include "replica/base/assert.h"

namespace norn::sim {

KeyChooser::KeyChooser(const Keys& keys, std::uint32_t clients)
    : keys_(keys), clients_(std::max(clients, 1u)) {
  ASSERT(keys.count >= 1);
  if (keys.distribution != Keys::Distribution::zipf) return;
  constexpr std::uint64_t kFirstWeight = std::uint64_t{1} << 32;
  std::vector<std::uint64_t> sums;
  std::uint64_t sum = 0;
  for (std::uint64_t n = 1; n <= keys.count; ++n) {
    sum += std::max<std::uint64_t>(kFirstWeight / n, 1);
    sums.push_back(sum);
  }
  sums_ = std::make_shared<const std::vector<std::uint64_t>>(std::move(sums));
}

std::uint32_t KeyChooser::choose(std::uint32_t client, Rng& rng) const {
  const std::uint32_t count = keys_.count;
  switch (keys_.distribution) {
    case Keys::Distribution::uniform:
      break;
    case Keys::Distribution::zipf: {
      const std::uint64_t drawn = rng.between(1, sums_->back());
      return static_cast<std::uint32_t>(std::ranges::lower_bound(*sums_, drawn) - sums_->begin());
    }
    case Keys::Distribution::hot: {
      const bool hot = rng.chance(keys_.hot_share);
      if (hot || count == 1) return 0;
      return static_cast<std::uint32_t>(rng.between(1, count - 1));
    }
    case Keys::Distribution::per_client: {
      const std::uint64_t nth = rng.between(0, own_keys(client) - 1);
      return static_cast<std::uint32_t>(client + nth * clients_);
    }
  }
  return static_cast<std::uint32_t>(rng.between(0, count - 1));
}

// One that is taken already gives way to the next free one: the keys stay likely where they were.
std::vector<std::uint32_t> KeyChooser::choose(std::uint32_t client, std::size_t many, Rng& rng) const {
  const std::uint32_t usable = own() ? own_keys(client) : keys_.count;
  many = std::min<std::size_t>(many, usable);
  std::vector<std::uint32_t> chosen;
  while (chosen.size() < many) {
    std::uint32_t key = choose(client, rng);
    while (std::ranges::find(chosen, key) != chosen.end()) {
      if (own()) {
        key = key + clients_ < keys_.count ? key + clients_ : client;
      } else {
        key = (key + 1) % keys_.count;
      }
    }
    chosen.push_back(key);
  }
  return chosen;
}

}  // namespace norn::sim
