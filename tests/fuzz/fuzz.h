// A fuzz target is a file that defines the two functions below; driver.cc makes a program of it. What it
// checks are ASSERTs and the sanitizers' errors: an input that ends the program is a finding.
#pragma once

#include <algorithm>
#include <vector>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"

namespace norn::fuzz {

// Tries one input. It must come back, whatever the input is.
void fuzz(Bytes input);

// Inputs to begin with: good ones, which chance alone would not find.
std::vector<Buffer> seeds();

inline Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline bool equal(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

// An input as a script: numbers and runs of bytes from its front. After its end everything is 0 and empty.
class Script {
 public:
  explicit Script(Bytes input) : left_(input) {}

  bool empty() const { return left_.empty(); }
  template <std::unsigned_integral T>
  T number() {
    T value{};
    const Bytes from = bytes(sizeof value);
    if (!from.empty()) std::memcpy(&value, from.data(), from.size());
    return value;
  }
  std::size_t below(std::size_t limit) { return number<std::uint16_t>() % limit; }
  Bytes bytes(std::size_t size) {
    const Bytes front = left_.first(std::min(size, left_.size()));
    left_ = left_.subspan(front.size());
    return front;
  }
  Bytes sized() { return bytes(number<std::uint16_t>()); }

 private:
  Bytes left_;
};

}  // namespace norn::fuzz
