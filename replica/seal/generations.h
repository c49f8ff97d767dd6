// A map that forgets: of at most `most` entries it keeps those used lately, in constant time and without a
// clock. Entries in use are in the young half. When that is full, a new generation begins: the young half
// becomes the old one, and what was old, unused for a whole generation, is forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "replica/base/assert.h"

namespace norn::seal {

template <typename Name, typename Value, typename Hash>
class Generations {
 public:
  explicit Generations(std::size_t most) : half_(most / 2) { ASSERT(half_ > 0); }

  // Null if it is not here. Looking does not count as use.
  const Value* find(const Name& name) const {
    if (const auto at = young_.find(name); at != young_.end()) return &at->second;
    const auto at = old_.find(name);
    return at == old_.end() ? nullptr : &at->second;
  }

  // The entry, made if need be; the reference holds until the next use.
  Value& use(const Name& name) {
    if (const auto at = young_.find(name); at != young_.end()) return at->second;
    auto known = old_.extract(name);
    if (young_.size() == half_) {
      old_ = std::exchange(young_, {});
      ++generation_;
    }
    return known.empty() ? young_[name] : young_.insert(std::move(known)).position->second;
  }

  std::uint64_t generation() const { return generation_; }  // from 1
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  using Half = std::unordered_map<Name, Value, Hash>;  // nobody walks over one: its order is no matter
  std::size_t half_;
  std::uint64_t generation_ = 1;
  Half young_;
  Half old_;
};

}  // namespace norn::seal
