// Sealing and opening. What a datagram costs that is not let through: a few comparisons up to `replayed`; the
// tag, in time linear in its length, for `forged`, and a subkey if its boot is not known; an answer on top of
// that for `stale`. Nothing is remembered of any of them.
#include "replica/seal/endpoint.h"

#include <algorithm>
#include <sodium.h>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"

namespace norn::seal {
namespace {

constexpr std::uint8_t kMagic = 'S';
constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kNoTicket = 0;
constexpr std::size_t kTicketsSize = 16;
constexpr std::size_t kTagSize = crypto_aead_chacha20poly1305_IETF_ABYTES;
static_assert(kOverhead == kHeaderSize + kTicketsSize + kTagSize);

const unsigned char* raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// Under a subkey, the rest of XChaCha20's nonce of 24 bytes.
std::array<unsigned char, 12> nonce(std::uint64_t counter) {
  std::array<unsigned char, 12> bytes{};
  std::memcpy(bytes.data() + 4, &counter, sizeof counter);
  return bytes;
}

std::uint64_t word(const std::byte* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

Endpoint::Endpoint(const Key& key, const Random& random, Names names, std::size_t senders_max)
    : key_(key), key_id_(key_id(key)), names_(std::move(names)), senders_(senders_max), routes_(senders_max) {
  ASSERT(sodium_init() >= 0);  // chooses code for this processor; again and again does no harm
  std::copy_n(random.begin(), boot_.bytes.size(), boot_.bytes.begin());
  std::copy_n(random.begin() + boot_.bytes.size(), secret_.size(), secret_.begin());
  own_subkey_ = subkey(boot_);
}

Bytes Endpoint::seal(Address to, Bytes packet) {
  ASSERT(!packet.empty());
  ++counters_.sealed;
  Route& route = routes_.use(to);
  if (route.ticket == kNoTicket) route.pending.assign(packet.begin(), packet.end());
  return encrypt(to, route.ticket, packet);
}

Opened Endpoint::open(Address from, Bytes datagram) {
  Header header;
  const auto refuse = [this](Refusal why, Bytes answer = {}) {
    ++counters_.refused[static_cast<std::size_t>(why)];
    return Opened{{}, answer, why};
  };
  if (const auto why = check(from, datagram, header)) return refuse(*why);
  const Sender* sender = senders_.find(header.boot);
  if (sender != nullptr && !sender->window.fresh(header.counter)) return refuse(Refusal::replayed);
  const Subkey key = sender != nullptr ? sender->subkey : subkey(header.boot);
  if (!decrypt(key, header.counter, datagram)) return refuse(Refusal::forged);

  if (!current(word(plain_.data()), from, sender)) {
    const bool empty = datagram.size() == kOverhead;  // an answer itself
    if (empty) return refuse(Refusal::stale);
    ++counters_.answers;
    return refuse(Refusal::stale, encrypt(from, word(plain_.data() + 8), {}));
  }
  Opened opened = accept(from, header, key);
  opened.packet = Bytes(plain_).subspan(kTicketsSize, datagram.size() - kOverhead);
  return opened;
}

// What can be said of a datagram without the key.
std::optional<Refusal> Endpoint::check(Address from, Bytes datagram, Header& header) const {
  if (datagram.size() < kOverhead) return Refusal::truncated;
  Reader in(datagram);
  if (in.integer<std::uint8_t>() != kMagic) return Refusal::foreign;
  if (in.integer<std::uint8_t>() != kVersion) return Refusal::version;
  const NodeId sender{in.integer<std::uint8_t>()};
  const NodeId receiver{in.integer<std::uint8_t>()};
  if (in.integer<std::uint32_t>() != key_id_) return Refusal::key;
  if (receiver != names_.self || sender != name(from)) return Refusal::misdirected;
  const Bytes boot = in.bytes(header.boot.bytes.size());
  std::copy(boot.begin(), boot.end(), header.boot.bytes.begin());
  if (header.boot == boot_) return Refusal::reflected;
  header.counter = in.integer<std::uint64_t>();
  return std::nullopt;
}

NodeId Endpoint::name(Address address) const {
  for (const auto& [replica, id] : names_.replicas) {
    if (replica == address) return id;
  }
  return {};
}

// The ticket is good: the sender and what it wants to be shown are worth remembering.
Opened Endpoint::accept(Address from, const Header& header, const Subkey& key) {
  ++counters_.opened;
  Sender& sender = senders_.use(header.boot);
  sender.subkey = key;
  sender.address = from;
  sender.ticket = word(plain_.data());
  sender.window.mark(header.counter);
  if (sender.window.newest() != header.counter) return {};  // its grant may be out of date

  Route& route = routes_.use(from);
  route.ticket = word(plain_.data() + 8);
  if (route.pending.empty()) return {};
  ++counters_.answers;
  const Buffer pending = std::exchange(route.pending, {});
  return {{}, encrypt(from, route.ticket, pending), {}};
}

Endpoint::Subkey Endpoint::subkey(const BootId& boot) const {
  Subkey key;
  crypto_core_hchacha20(raw(key.data()), raw(boot.bytes.data()), raw(key_.bytes.data()), nullptr);
  return key;
}

// What a sender at this address has to show: only who receives there learns it, and only with the key.
std::uint64_t Endpoint::ticket(Address address, std::uint64_t generation) const {
  const std::array<std::uint64_t, 2> of{address.value, generation};
  std::array<unsigned char, crypto_shorthash_BYTES> hash;
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(of.data()), sizeof of,
                   raw(secret_.data()));
  std::uint64_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value == kNoTicket ? 1 : value;
}

// The tickets of this generation and of the one before will do, and for a known sender its own. A sender that
// was forgotten had last shown one of two generations ago or older: it was not used in the one before.
bool Endpoint::current(std::uint64_t shown, Address from, const Sender* sender) const {
  if (sender != nullptr && sender->address == from && sender->ticket == shown) return true;
  const std::uint64_t generation = senders_.generation();
  return shown == ticket(from, generation) || shown == ticket(from, generation - 1);
}

bool Endpoint::decrypt(const Subkey& key, std::uint64_t counter, Bytes datagram) {
  const Bytes sealed = datagram.subspan(kHeaderSize);
  if (plain_.size() < sealed.size()) plain_.resize(sealed.size());
  return crypto_aead_chacha20poly1305_ietf_decrypt(raw(plain_.data()), nullptr, nullptr, raw(sealed.data()),
                                                   sealed.size(), raw(datagram.data()), kHeaderSize,
                                                   nonce(counter).data(), raw(key.data())) == 0;
}

Bytes Endpoint::encrypt(Address to, std::uint64_t shown, Bytes packet) {
  ++counter_;
  sealed_.clear();
  Writer out(sealed_);
  out.integer(kMagic);
  out.integer(kVersion);
  out.integer(names_.self.value);
  out.integer(name(to).value);
  out.integer(key_id_);
  out.bytes(boot_.bytes);
  out.integer(counter_);
  out.integer(shown);
  out.integer(ticket(to, senders_.generation()));
  out.bytes(packet);
  ASSERT(sealed_.size() == kHeaderSize + kTicketsSize + packet.size());
  sealed_.resize(sealed_.size() + kTagSize);
  std::byte* const content = sealed_.data() + kHeaderSize;
  crypto_aead_chacha20poly1305_ietf_encrypt(raw(content), nullptr, raw(content), kTicketsSize + packet.size(),
                                            raw(sealed_.data()), kHeaderSize, nullptr, nonce(counter_).data(),
                                            raw(own_subkey_.data()));
  return sealed_;
}

}  // namespace norn::seal
