// What comes from outside and is not what it should be: counted by reason, and without any effect.
#include <doctest/doctest.h>

#include "replica/base/checksum.h"

#include "tests/replica/alone.h"

namespace norn {
namespace {

std::uint64_t refused(Alone& alone, wire::Refusal why) {
  return alone.replica().counters().refused[static_cast<std::size_t>(why)];
}

// The datagram has no effect but to raise one counter.
void check_refused(Alone& alone, Address from, const Buffer& datagram, wire::Refusal why) {
  const raft::Raft before = alone.raft();
  const std::uint64_t store = alone.replica().store().digest();
  const std::uint64_t count = refused(alone, why);
  alone.node.hear(alone.now, from, datagram);
  CHECK(alone.turn().empty());
  CHECK(refused(alone, why) == count + 1);
  CHECK(alone.raft() == before);
  CHECK(alone.replica().store().digest() == store);
}

// A packet as it travels when datagrams are small.
std::vector<Buffer> pieces_of(Bytes packet) {
  class Pieces final : public net::Transport {
   public:
    void send(Address, Bytes bytes) override { all.emplace_back(bytes.begin(), bytes.end()); }
    std::vector<Buffer> all;
  } pieces;
  Buffer scratch;
  wire::send(pieces, address_of(kSelf), kCluster, kSecond, packet, 80, scratch);
  return std::move(pieces.all);
}

}  // namespace

TEST_CASE("malformed, foreign and truncated datagrams are counted by reason and change nothing") {
  Alone alone;
  const Address second = address_of(kSecond);
  const raft::Message message = raft::AppendEntries{{3}, {}, {}, 1, {}};
  const Buffer good = encoded(kSecond, message);

  check_refused(alone, second, Buffer(good.begin(), good.end() - 1), wire::Refusal::truncated);
  check_refused(alone, second, {}, wire::Refusal::truncated);
  Buffer other = good;
  other[5] ^= std::byte{1};
  check_refused(alone, second, other, wire::Refusal::version);
  other = good;
  other.back() ^= std::byte{1};
  check_refused(alone, second, other, wire::Refusal::checksum);
  check_refused(alone, second, encoded(kSecond, message, ClusterId{78}), wire::Refusal::cluster);
  other = good;
  other[6] = std::byte{99};  // no such kind, under a good checksum
  const std::uint32_t checksum = crc32c(Bytes(other).subspan(4));
  std::memcpy(other.data(), &checksum, sizeof checksum);
  check_refused(alone, second, other, wire::Refusal::malformed);

  alone.node.hear(alone.now, second, good);
  alone.turn();
  CHECK(alone.raft().term() == Term{3});
}

TEST_CASE("a datagram in the name of a peer is refused from any other address") {
  Alone alone;
  const Buffer good = encoded(kSecond, raft::AppendEntries{{3}, {}, {}, 1, {}});
  check_refused(alone, address_of(kThird), good, wire::Refusal::malformed);
  check_refused(alone, kClient, good, wire::Refusal::malformed);
  const raft::Message message = raft::RequestVote{{9}, {}, false, true};
  check_refused(alone, address_of(kSelf), encoded(kSelf, message), wire::Refusal::malformed);
  check_refused(alone, Address{9}, encoded({9}, message), wire::Refusal::malformed);
}

TEST_CASE("every single byte of a datagram, changed or cut, leaves no trace") {
  Alone alone;
  const Buffer good = encoded(kSecond, raft::AppendEntries{{3}, {}, {}, 1, run_of({3}, 2)});
  const raft::Raft before = alone.raft();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer bad = good;
    bad[at] ^= std::byte{0x40};
    alone.node.hear(alone.now, address_of(kSecond), bad);
    alone.node.hear(alone.now, address_of(kSecond), Buffer(good.begin(), good.begin() + at));
  }
  CHECK(alone.turn().empty());
  CHECK(alone.raft() == before);
  std::uint64_t all = 0;
  for (const std::uint64_t count : alone.replica().counters().refused) all += count;
  CHECK(all == 2 * good.size());
}

TEST_CASE("a fragment within a fragment is refused") {
  Alone alone;
  Buffer inner;
  const Buffer good = encoded(kSecond, raft::AppendEntries{{3}, {}, {}, 1, {}});
  wire::encode(kCluster, kSecond, wire::Body(wire::Fragment{1, 2000, 0, good}), inner);
  const auto pieces = pieces_of(inner);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    alone.node.hear(alone.now, address_of(kSecond), pieces[i]);
  check_refused(alone, address_of(kSecond), pieces.back(), wire::Refusal::malformed);
}

TEST_CASE("a peer's packet in pieces, too, is refused from any other address") {
  Alone alone;
  const auto pieces = pieces_of(encoded(kSecond, raft::AppendEntries{{3}, {}, {}, 1, run_of({3}, 5)}));
  for (const Address from : {kClient, address_of(kThird)}) {
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) alone.node.hear(alone.now, from, pieces[i]);
    check_refused(alone, from, pieces.back(), wire::Refusal::malformed);
  }
}

TEST_CASE("clients without number, whose packets never end, drop no piece of a peer's") {
  Alone alone;
  const auto pieces = pieces_of(encoded(kSecond, raft::AppendEntries{{3}, {}, {}, 1, run_of({3}, 5)}));
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
    alone.node.hear(alone.now, address_of(kSecond), pieces[i]);
  Buffer flood;
  wire::encode(kCluster, {}, wire::Body(wire::Fragment{1, 2000, 0, Buffer(100)}), flood);
  for (std::uint64_t i = 0; i < 2'000; ++i) alone.node.hear(alone.now, Address{10'000 + i}, flood);
  alone.node.hear(alone.now, address_of(kSecond), pieces.back());
  alone.turn();
  CHECK(alone.raft().term() == Term{3});
}

}  // namespace norn
