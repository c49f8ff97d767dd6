// bytes: what replica/base/bytes.h promises.
#include "replica/base/bytes.h"

#include <doctest/doctest.h>
#include <string>

namespace norn {
namespace {

TEST_CASE("what the writer writes, the reader reads, least significant byte first") {
  Buffer out;
  Writer writer(out);
  writer.integer(std::uint16_t{0x0102});
  writer.sized(std::string_view("key"));
  writer.integer(std::uint64_t{7});
  writer.bytes(as_bytes("end"));
  CHECK(writer.size() == 2 + 4 + 3 + 8 + 3);
  CHECK(out[0] == std::byte{2});
  CHECK(out[1] == std::byte{1});
  Reader reader(out);
  CHECK(reader.integer<std::uint16_t>() == 0x0102);
  CHECK(reader.sized_text() == "key");
  CHECK(reader.integer<std::uint64_t>() == 7);
  CHECK_FALSE(reader.done());
  CHECK(as_text(reader.rest()) == "end");
  CHECK(as_text(reader.bytes(3)) == "end");
  CHECK(reader.ok());
  CHECK(reader.done());
  CHECK(reader.at() == out.size());
}

TEST_CASE("a patch changes the integer it is meant for, and no other") {
  Buffer out;
  Writer writer(out);
  writer.integer(std::uint8_t{1});
  writer.integer(std::uint32_t{0});
  writer.integer(std::uint8_t{2});
  writer.patch(1, std::uint32_t{0xdddddddd});
  Reader reader(out);
  CHECK(reader.integer<std::uint8_t>() == 1);
  CHECK(reader.integer<std::uint32_t>() == 0xdddddddd);
  CHECK(reader.integer<std::uint8_t>() == 2);
  CHECK(reader.done());
}

TEST_CASE("a reader never passes the end: every prefix of a message fails, and goes on failing") {
  Buffer out;
  Writer writer(out);
  writer.integer(std::uint32_t{5});
  writer.sized(std::string_view("value"));
  for (std::size_t size = 0; size < out.size(); ++size) {
    CAPTURE(size);
    Reader reader(Bytes(out).first(size));
    reader.integer<std::uint32_t>();
    reader.sized();
    REQUIRE_FALSE(reader.ok());
    REQUIRE_FALSE(reader.done());
    REQUIRE(reader.integer<std::uint8_t>() == 0);
    REQUIRE(reader.bytes(0).empty());
    REQUIRE_FALSE(reader.ok());
    REQUIRE(reader.at() <= size);
  }
}

TEST_CASE("a length beyond what there is fails, however large") {
  Buffer out;
  Writer(out).integer(~std::uint32_t{0});
  Reader reader(out);
  CHECK(reader.sized().empty());
  CHECK_FALSE(reader.ok());
  Reader whole(out);
  CHECK(whole.bytes(~std::size_t{0}).empty());
  CHECK_FALSE(whole.ok());
}

}  // namespace
}  // namespace norn
