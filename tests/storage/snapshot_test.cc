// The snapshot's file: it comes back whole or not at all.
#include "replica/storage/snapshot.h"

#include <array>
#include <doctest/doctest.h>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"
#include "replica/base/checksum.h"

namespace norn::storage {
namespace {

constexpr ClusterId kCluster{77};
constexpr EntryId kLast{{3}, {1000}};

Buffer encoded(std::string_view state) {
  Buffer out(5, std::byte{9});
  encode_snapshot(kCluster, kLast, {{1}, {2}, {9}}, as_bytes(state), out);
  return out;
}

// With the checksum of what the bytes are now.
Buffer sealed(Buffer image) {
  const Bytes covered = Bytes(image).first(image.size() - 4);
  Writer(image).patch(image.size() - 4, crc32c(covered));
  return image;
}

TEST_CASE("a snapshot comes back as it was, and its encoding replaces what the buffer held") {
  for (const std::string_view state : {"", "x", "a state of some length"}) {
    const Buffer image = encoded(state);
    const auto view = parse_snapshot(kCluster, image);
    REQUIRE(view);
    CHECK(view->last == kLast);
    CHECK(view->voters == std::vector<NodeId>{{1}, {2}, {9}});
    CHECK(as_text(view->state) == state);
  }
}

TEST_CASE("another cluster's snapshot is refused") { CHECK_FALSE(parse_snapshot({78}, encoded("state"))); }

TEST_CASE("another format's snapshot is refused, though its checksum is right") {
  Buffer image = encoded("state");
  Writer(image).patch(8, std::uint32_t{2});
  CHECK_FALSE(parse_snapshot(kCluster, sealed(image)));
}

TEST_CASE("every flipped bit is found") {
  const Buffer image = encoded("state");
  for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
    CAPTURE(bit);
    Buffer damaged = image;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    CHECK_FALSE(parse_snapshot(kCluster, damaged));
  }
}

TEST_CASE("a snapshot cut short, or with more behind it, is refused, though its checksum is right") {
  const Buffer image = encoded("state");
  for (std::size_t size = 0; size < image.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_snapshot(kCluster, Bytes(image).first(size)));
    if (size >= 4) CHECK_FALSE(parse_snapshot(kCluster, sealed(Buffer(image.begin(), image.begin() + size))));
  }
  Buffer longer = image;
  longer.insert(longer.end(), 3, std::byte{});
  CHECK_FALSE(parse_snapshot(kCluster, longer));
  CHECK_FALSE(parse_snapshot(kCluster, sealed(longer)));
}

TEST_CASE("voters that could not be a cluster's are refused, though the checksum is right") {
  constexpr std::size_t kVoters = 48;
  for (const auto& voters : {std::array<std::uint8_t, 3>{0, 1, 2}, {1, 1, 2}, {2, 1, 3}}) {
    Buffer image = encoded("state");
    for (std::size_t i = 0; i < voters.size(); ++i) Writer(image).patch(kVoters + i, voters[i]);
    CHECK_FALSE(parse_snapshot(kCluster, sealed(image)));
  }
  Buffer none = encoded("state");
  Writer(none).patch(12, std::uint32_t{0});
  Writer(none).patch(40, std::uint64_t{8});  // the voters' bytes as state
  CHECK_FALSE(parse_snapshot(kCluster, sealed(none)));
}

TEST_CASE("a term or an index beyond counting is refused, though the checksum is right") {
  for (const std::size_t at : {24u, 32u}) {
    Buffer image = encoded("state");
    Writer(image).patch(at, kCountMax);
    CHECK(parse_snapshot(kCluster, sealed(image)));
    Writer(image).patch(at, kCountMax + 1);
    CHECK_FALSE(parse_snapshot(kCluster, sealed(image)));
  }
}

TEST_CASE("sizes beyond the image are refused, though the checksum is right") {
  for (const std::uint64_t size : {std::uint64_t{6}, ~std::uint64_t{0}, ~std::uint64_t{0} - 60}) {
    Buffer image = encoded("state");
    Writer(image).patch(40, size);
    CHECK_FALSE(parse_snapshot(kCluster, sealed(image)));
  }
  Buffer image = encoded("state");
  Writer(image).patch(12, ~std::uint32_t{0});
  CHECK_FALSE(parse_snapshot(kCluster, sealed(image)));
}

TEST_CASE("a snapshot without voters is a programmer's error") {
  const AssertHandler before = set_assert_handler(throw_assertion_failure);
  Buffer out;
  CHECK_THROWS_AS(encode_snapshot(kCluster, kLast, {}, {}, out), AssertionFailure);
  set_assert_handler(before);
}

}  // namespace
}  // namespace norn::storage
