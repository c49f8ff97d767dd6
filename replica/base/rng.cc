#include "replica/base/rng.h"

namespace norn {
namespace {

// splitmix64 (Steele, Lea & Flood 2014): spreads any seed, 0 included, over the whole state.
std::uint64_t splitmix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : state_{} {
  for (auto& word : state_) word = splitmix(seed);
}

Rng Rng::fork(std::string_view stream) const {
  std::uint64_t mixed = state_[0] ^ rotate(state_[2], 29);
  for (const char c : stream) {
    mixed ^= static_cast<unsigned char>(c);
    mixed = splitmix(mixed);
  }
  return Rng(mixed);
}

}  // namespace norn
