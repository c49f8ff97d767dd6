// A running 64-bit digest: equal sequences of words give equal digests, with every compiler and on every
// machine. Not for adversaries; for noticing that two runs, or two replicas, are not the same.
#pragma once

#include "replica/base/types.h"

namespace norn {

class Digest {
 public:
  void add(std::uint64_t word) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{value_ ^ word ^ 0x2d358dccaa6c78a5} * 0x9e3779b97f4a7c15;
    value_ = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64) ^
             (value_ << 1 | value_ >> 63);
  }
  void add(Bytes bytes) { add(hash(bytes)); }

  std::uint64_t value() const { return value_; }
  friend bool operator==(Digest, Digest) = default;

  static std::uint64_t hash(Bytes bytes);  // XXH3, 64 bits

 private:
  std::uint64_t value_ = 0x8bb84b93962eacc9;
};

}  // namespace norn
