// Sealing and opening, datagram by datagram. What all of it is for is proved against an adversary in
// adversary_test.cc.
#include "replica/seal/endpoint.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include "tests/seal/sealing.h"

namespace norn::seal {
namespace {

constexpr Address kOne = Pair::kOne;
constexpr Address kTwo = Pair::kTwo;

// The datagram does nothing but raise one counter.
void check_refused(Endpoint& endpoint, Address from, Bytes datagram, Refusal why) {
  const std::uint64_t count = refused(endpoint, why);
  const std::uint64_t all = refused(endpoint);
  const std::size_t senders = endpoint.senders();
  const Opened opened = endpoint.open(from, datagram);
  CHECK(opened.refusal == why);
  CHECK(opened.packet.empty());
  if (why != Refusal::stale) CHECK(opened.answer.empty());
  CHECK(refused(endpoint, why) == count + 1);
  CHECK(refused(endpoint) == all + 1);
  CHECK(endpoint.senders() == senders);
}

constexpr std::size_t kFew = 4;  // senders to be remembered: a generation has two

// A client comes by, new each time. The datagram with which it got through to the second replica.
Buffer visit(Pair& pair) {
  Endpoint client = pair.start({});
  const Buffer hello = copy(client.seal(kTwo, as_bytes("a visit")));
  const Buffer answer = copy(pair.two.open(Pair::kClient, hello).answer);
  Buffer datagram = copy(client.open(kTwo, answer).answer);
  CHECK(as_text(pair.two.open(Pair::kClient, datagram).packet) == "a visit");
  return datagram;
}

}  // namespace

TEST_CASE(
    "a sealed datagram is XChaCha20-Poly1305 of ticket, grant and packet, as libsodium does it in one go") {
  Pair pair(1);
  pair.meet();
  const Buffer datagram = pair.from_one("the packet");
  REQUIRE(datagram.size() == kOverhead + 10);
  const auto* bytes = reinterpret_cast<const unsigned char*>(datagram.data());
  Buffer plain(datagram.size());
  unsigned long long size = 0;
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(plain.data()), &size, nullptr, bytes + kHeaderSize,
      datagram.size() - kHeaderSize, bytes, kHeaderSize, bytes + kBootAt,
      reinterpret_cast<const unsigned char*>(pair.key.bytes.data()));
  REQUIRE(opened == 0);
  CHECK(size == 16 + 10);
  CHECK(as_text(Bytes(plain).subspan(16, 10)) == "the packet");
}

TEST_CASE("at first contact the receiver asks for its ticket, and the packet is sent again by itself") {
  Pair pair(2);
  const Buffer hello = pair.from_one("hello");
  Opened opened = pair.two.open(kOne, hello);
  CHECK(opened.refusal == Refusal::stale);
  CHECK(opened.packet.empty());
  CHECK(opened.answer.size() == kOverhead);
  CHECK(pair.two.senders() == 0);

  opened = pair.one.open(kTwo, copy(opened.answer));
  CHECK_FALSE(opened.refusal);
  CHECK(opened.packet.empty());
  CHECK(opened.answer.size() == hello.size());

  opened = pair.two.open(kOne, copy(opened.answer));
  CHECK_FALSE(opened.refusal);
  CHECK(as_text(opened.packet) == "hello");
  CHECK(opened.answer.empty());

  // The other direction needs no exchange of its own.
  opened = pair.one.open(kTwo, pair.from_two("hello yourself"));
  CHECK(as_text(opened.packet) == "hello yourself");
  CHECK(opened.answer.empty());
}

TEST_CASE("packets of any size and content pass") {
  Pair pair(3);
  pair.meet();
  for (int round = 0; round < 300; ++round) {
    const Buffer packet = noise(pair.rng, pair.rng.between(1, 3000));
    const Buffer datagram = copy(pair.one.seal(kTwo, packet));
    CHECK(datagram.size() == packet.size() + kOverhead);
    CHECK(equal(pair.two.open(kOne, datagram).packet, packet));
  }
  CHECK(refused(pair.two) == 1);  // at first contact
}

TEST_CASE("every flipped bit is refused, and the datagram itself is still good") {
  Pair pair(4);
  pair.meet();
  const Buffer good = pair.from_one();
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Buffer bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    const std::size_t at = bit / 8;
    const Refusal why = at < kVersionAt ? Refusal::foreign
                        : at < kNamesAt ? Refusal::version
                        : at < kKeyAt   ? Refusal::misdirected
                        : at < kBootAt  ? Refusal::key
                                        : Refusal::forged;
    Refusal expected = why;
    // A changed counter may be one that was let through before.
    if (at >= kCounterAt && at < kHeaderSize && pair.two.open(kOne, bad).refusal == Refusal::replayed)
      expected = Refusal::replayed;
    check_refused(pair.two, kOne, bad, expected);
  }
  CHECK(as_text(pair.two.open(kOne, good).packet) == "packet");
}

TEST_CASE("whatever is cut off or added, the datagram is refused") {
  Pair pair(5);
  pair.meet();
  const Buffer good = pair.from_one();
  for (std::size_t size = 0; size < good.size(); ++size) {
    check_refused(pair.two, kOne, Bytes(good).first(size),
                  size < kOverhead ? Refusal::truncated : Refusal::forged);
  }
  Buffer longer = good;
  longer.push_back(std::byte{0});
  check_refused(pair.two, kOne, longer, Refusal::forged);
}

TEST_CASE("another key is told from a forgery, and so is what is not sealed at all") {
  Pair pair(6);
  Pair others(7);
  check_refused(pair.two, kOne, others.from_one(), Refusal::key);
  check_refused(pair.two, kOne, Buffer(200), Refusal::foreign);
  check_refused(pair.two, kOne, as_bytes("short"), Refusal::truncated);
}

TEST_CASE("a datagram is let through once") {
  Pair pair(8);
  pair.meet();
  const Buffer datagram = pair.from_one();
  CHECK(as_text(pair.two.open(kOne, datagram).packet) == "packet");
  for (int i = 0; i < 3; ++i) check_refused(pair.two, kOne, datagram, Refusal::replayed);
}

TEST_CASE("datagrams may overtake one another within the window, and no further") {
  Pair pair(9);
  pair.meet();
  std::vector<Buffer> datagrams;
  for (std::uint64_t i = 0; i <= ReplayWindow::kWidth; ++i) datagrams.push_back(pair.from_one());
  CHECK_FALSE(pair.two.open(kOne, datagrams.back()).packet.empty());
  check_refused(pair.two, kOne, datagrams.front(), Refusal::replayed);
  for (std::size_t i = datagrams.size() - 2; i > 0; --i) {
    CHECK_FALSE(pair.two.open(kOne, datagrams[i]).packet.empty());
  }
}

TEST_CASE("nothing comes back to its sender, nor to another replica, nor from another address") {
  Pair pair(10);
  pair.meet();
  Endpoint three = pair.start({3});
  const Buffer datagram = pair.from_one();
  check_refused(pair.one, kTwo, datagram, Refusal::misdirected);
  check_refused(three, kOne, datagram, Refusal::misdirected);
  check_refused(pair.two, Pair::kThree, datagram, Refusal::misdirected);
  check_refused(pair.two, Pair::kElsewhere, datagram, Refusal::misdirected);
  CHECK(as_text(pair.two.open(kOne, datagram).packet) == "packet");

  // To itself, through the network, nobody sends anything.
  check_refused(pair.one, kOne, copy(pair.one.seal(kOne, as_bytes("packet"))), Refusal::reflected);
}

// Found by the adversary: who redirects the first contact, both ways, could make a replica take another for
// the one it meant, and a vote for one candidate would count for its rival. Names rule it out.
TEST_CASE("a first contact that is redirected to another replica comes to nothing") {
  Pair pair(17);
  Endpoint three = pair.start({3});
  const Buffer hello = pair.from_one();
  check_refused(three, kOne, hello, Refusal::misdirected);
  Buffer answer = copy(three.seal(kOne, as_bytes("packet")));
  check_refused(pair.one, kTwo, answer, Refusal::misdirected);
}

TEST_CASE("what was recorded before a restart is refused after it, and the peers find each other again") {
  Pair pair(11);
  pair.meet();
  std::vector<Buffer> recorded;
  for (int i = 0; i < 20; ++i) recorded.push_back(pair.from_one());
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(pair.two.open(kOne, recorded[static_cast<std::size_t>(i)]).refusal);
  pair.two = pair.start({2});
  for (const Buffer& datagram : recorded) check_refused(pair.two, kOne, datagram, Refusal::stale);

  // The first datagram to one that has restarted is lost, but for bringing the ticket.
  const Opened refusal = pair.two.open(kOne, pair.from_one());
  CHECK(refusal.refusal == Refusal::stale);
  CHECK_FALSE(pair.one.open(kTwo, copy(refusal.answer)).refusal);
  CHECK(as_text(pair.two.open(kOne, pair.from_one()).packet) == "packet");
  CHECK(as_text(pair.one.open(kTwo, pair.from_two()).packet) == "packet");
}

TEST_CASE("a client whose address has changed is let through again after one exchange") {
  Pair pair(12);
  pair.one = pair.start({});
  const Buffer answer = copy(pair.two.open(Pair::kClient, pair.from_one()).answer);
  CHECK(as_text(pair.two.open(Pair::kClient, copy(pair.one.open(kTwo, answer).answer)).packet) == "packet");
  const Opened refusal = pair.two.open(Pair::kElsewhere, pair.from_one());
  CHECK(refusal.refusal == Refusal::stale);
  CHECK_FALSE(pair.one.open(kTwo, copy(refusal.answer)).refusal);
  CHECK(as_text(pair.two.open(Pair::kElsewhere, pair.from_one()).packet) == "packet");
  CHECK(pair.two.senders() == 1);
}

TEST_CASE("a late datagram does not bring back a ticket that is out of date") {
  Pair pair(13);
  pair.two = pair.start({2}, kFew);
  pair.meet();
  const Buffer late = pair.from_two();
  while (pair.two.senders() < kFew) visit(pair);
  for (std::size_t i = 0; i < kFew; ++i) visit(pair);  // and now the replica has forgotten the other
  CHECK_FALSE(pair.one.open(kTwo, pair.from_two()).refusal);
  CHECK_FALSE(pair.one.open(kTwo, late).refusal);
  CHECK_FALSE(pair.two.open(kOne, pair.from_one()).refusal);
}

TEST_CASE("a ticket is good for the rest of its generation and for the next one") {
  for (const int visits : {0, 1, 2, 3, 4, 5, 6}) {
    Pair pair(18);
    pair.two = pair.start({2}, kFew);
    const Buffer hello = pair.from_one();
    const Buffer answer = copy(pair.two.open(kOne, hello).answer);
    for (int i = 0; i < visits; ++i) visit(pair);
    const Opened opened = pair.two.open(kOne, copy(pair.one.open(kTwo, answer).answer));
    CHECK(opened.refusal.has_value() == (visits > 4));
  }
}

TEST_CASE("an answer is no longer than what it answers, and is never answered itself") {
  Pair pair(14);
  const Buffer hello = copy(pair.one.seal(kTwo, Buffer(1)));
  const Buffer answer = copy(pair.two.open(kOne, hello).answer);
  CHECK(answer.size() <= hello.size());
  pair.one = pair.start({1});
  const Opened opened = pair.one.open(kTwo, answer);
  CHECK(opened.refusal == Refusal::stale);
  CHECK(opened.answer.empty());
}

TEST_CASE("senders are forgotten one generation after their last datagram, and memory is bounded") {
  Pair pair(15);
  pair.two = pair.start({2}, kFew);
  pair.meet();
  std::vector<Buffer> recorded;
  for (int i = 0; i < 500; ++i) {
    recorded.push_back(visit(pair));
    CHECK(as_text(pair.two.open(kOne, pair.from_one()).packet) == "packet");
    CHECK(pair.two.senders() <= kFew);
  }
  // Who keeps on talking is not forgotten: it needed its first exchange only.
  CHECK(pair.two.counters().answers == 501);
  for (const Buffer& datagram : recorded) CHECK(pair.two.open(Pair::kClient, datagram).packet.empty());
}

}  // namespace norn::seal
