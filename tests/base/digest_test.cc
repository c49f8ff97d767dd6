// Digests are compared between builds and machines, and stand in reports: they may never change unnoticed.
#include "replica/base/digest.h"

#include <doctest/doctest.h>
#include <set>

#include "replica/base/bytes.h"

namespace norn {
namespace {

std::uint64_t digest_of(std::initializer_list<std::uint64_t> words) {
  Digest digest;
  for (const std::uint64_t word : words) digest.add(word);
  return digest.value();
}

TEST_CASE("digests have their golden values") {
  CHECK(Digest::hash({}) == 0x2d06800538d394c2u);  // XXH3 of nothing, seed 0
  CHECK(digest_of({}) == 0x8bb84b93962eacc9u);
  CHECK(digest_of({0}) == 0x2b95888e7065bfacu);
  CHECK(digest_of({1, 2, 3}) == 0x47b813e77d0d8512u);
  Digest text;
  text.add(as_bytes("norn"));
  CHECK(text.value() == 0x703b5b9eff4b13acu);
}

TEST_CASE("a digest tells order, length and every bit apart") {
  CHECK(digest_of({1, 2}) != digest_of({2, 1}));
  CHECK(digest_of({0}) != digest_of({0, 0}));
  std::set<std::uint64_t> seen;
  for (int bit = 0; bit < 64; ++bit) seen.insert(digest_of({std::uint64_t{1} << bit, 5}));
  CHECK(seen.size() == 64);
  Digest a;
  Digest b;
  a.add(as_bytes("ab"));
  a.add(as_bytes("c"));
  b.add(as_bytes("a"));
  b.add(as_bytes("bc"));
  CHECK_FALSE(a == b);
}

}  // namespace
}  // namespace norn
