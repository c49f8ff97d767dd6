// The cost of sealing: seal_bench [--quick]. Processor time to seal and to open a datagram, beside the two
// ciphers of libsodium by themselves, and what datagrams cost that are refused. tools/bench/README.md says
// what the figures mean.
#include <cstdio>
#include <sodium.h>
#include <string>
#include <string_view>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"
#include "replica/seal/endpoint.h"

#include "tools/bench/figures.h"

namespace norn::sim::bench {
namespace {

constexpr std::uint64_t kTimes =
    2'000;  // datagrams of each kind in a round: fewer than the replay window holds
static_assert(kTimes < seal::ReplayWindow::kWidth);
constexpr Address kHere{1};
constexpr Address kThere{2};

template <typename Work>
double nanoseconds(const Work& work) {
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < kTimes; ++i) work(i);
  return watch.seconds() * 1e9 / kTimes;
}

// Two endpoints that have met, and datagrams from the one to the other.
struct Line {
  Line() {
    const Buffer hello = from_one(as_bytes("hello"));
    const Buffer answer = copy(two.open(kHere, hello).answer);
    two.open(kHere, copy(one.open(kThere, answer).answer));
  }
  static Buffer copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
  Buffer from_one(Bytes packet) { return copy(one.seal(kThere, packet)); }

  static seal::Endpoint endpoint(std::uint8_t id) {
    seal::Endpoint::Random random{};
    random.fill(static_cast<std::byte>(id));
    return {seal::Key{}, random, seal::Names{{id}, {{kHere, {1}}, {kThere, {2}}}}};
  }
  seal::Endpoint one = endpoint(1);
  seal::Endpoint two = endpoint(2);
};

// libsodium's cipher alone, of as many bytes, with its own key setup for each datagram.
template <typename Encrypt>
double cipher(std::size_t size, const Encrypt& encrypt) {
  Buffer content(size + 64);
  const seal::Key key{};
  auto* bytes = reinterpret_cast<unsigned char*>(content.data());
  return nanoseconds([&](std::uint64_t i) {
    std::array<unsigned char, 24> nonce{};
    std::memcpy(nonce.data() + 4, &i, sizeof i);
    encrypt(bytes, nullptr, bytes, size, nullptr, 0, nullptr, nonce.data(),
            reinterpret_cast<const unsigned char*>(key.bytes.data()));
  });
}

void measure_size(std::size_t size, Figures& figures) {
  Line line;
  const Buffer packet(size);
  const std::string of = ", " + std::to_string(size) + " bytes";
  const double sealing = nanoseconds([&](std::uint64_t) { line.one.seal(kThere, packet); });
  std::vector<Buffer> datagrams;
  for (std::uint64_t i = 0; i < kTimes; ++i) datagrams.push_back(line.from_one(packet));
  const double opening =
      nanoseconds([&](std::uint64_t i) { ASSERT(!line.two.open(kHere, datagrams[i]).refusal); });
  const double replayed =
      nanoseconds([&](std::uint64_t i) { ASSERT(line.two.open(kHere, datagrams[i]).refusal); });
  for (Buffer& datagram : datagrams)
    datagram[24 + 7] ^= std::byte{1};  // a counter far ahead, a tag that is wrong
  const double forged =
      nanoseconds([&](std::uint64_t i) { ASSERT(line.two.open(kHere, datagrams[i]).refusal); });

  const double chacha = cipher(size, crypto_aead_chacha20poly1305_ietf_encrypt);
  const std::string beside = "ChaCha20-Poly1305 by itself";
  figures.add({"seal" + of, "ns", sealing, chacha, beside, true});
  figures.add({"open" + of, "ns", opening, chacha, beside, true});
  figures.add({"refuse a replay" + of, "ns", replayed, 0, {}, true});
  figures.add({"refuse a forgery" + of, "ns", forged, chacha, beside, true});
  if (crypto_aead_aes256gcm_is_available() == 0) return;
  const double gcm = cipher(size, crypto_aead_aes256gcm_encrypt);
  figures.add({"AES-256-GCM by itself" + of, "ns", gcm, chacha, beside, true});
}

int bench(bool quick) {
  std::printf("on %s\n", machine().c_str());
  Figures figures;
  const int rounds = quick ? 5 : 100;
  for (int round = 0; round < rounds; ++round) {
    for (const std::size_t size : {100u, 1'400u}) measure_size(size, figures);
  }
  figures.print();
  return 0;
}

}  // namespace
}  // namespace norn::sim::bench

int main(int count, char** arguments) {
  const bool quick = count == 2 && std::string_view(arguments[1]) == "--quick";
  if (count != 1 && !quick) {
    std::fprintf(stderr, "seal_bench [--quick]\n");
    return 2;
  }
  return norn::sim::bench::bench(quick);
}
