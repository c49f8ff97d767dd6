// CRC32C against published check values (RFC 3720, B.4).
#include "replica/base/checksum.h"

#include <doctest/doctest.h>

#include "replica/base/bytes.h"
#include "replica/base/rng.h"

namespace norn {
namespace {

// Bit by bit, from the reflected polynomial.
std::uint32_t plain_crc32c(Bytes bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

TEST_CASE("the check values of CRC32C come out") {
  CHECK(crc32c(as_bytes("123456789")) == 0xe3069283u);
  CHECK(crc32c(Buffer(32, std::byte{0})) == 0x8a9136aau);
  CHECK(crc32c(Buffer(32, std::byte{0xff})) == 0x62a8ab43u);
  Buffer ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<std::byte>(i));
  CHECK(crc32c(ascending) == 0x46dd794eu);
  CHECK(crc32c({}) == 0u);
}

TEST_CASE("a checksum can be continued anywhere, and is that of the plain algorithm") {
  Rng chance(1);
  for (int i = 0; i < 500; ++i) {
    Buffer bytes(chance.between(0, 200));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(chance.between(0, 255));
    const std::size_t cut = chance.between(0, bytes.size());
    const std::uint32_t whole = crc32c(bytes);
    REQUIRE(whole == plain_crc32c(bytes));
    REQUIRE(crc32c(Bytes(bytes).subspan(cut), crc32c(Bytes(bytes).first(cut))) == whole);
  }
}

}  // namespace
}  // namespace norn
