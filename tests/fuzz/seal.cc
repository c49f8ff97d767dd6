// Opening sealed datagrams. The input is a script: raw bytes; and datagrams made with the key, with names,
// boot, counter, ticket and packet as the script likes, the ticket often the good one. Nothing is let through
// twice, or under names that do not fit, and an answer is never longer than what it answers.
#include <set>
#include <sodium.h>

#include "replica/seal/endpoint.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

using seal::Endpoint;
using seal::Key;

constexpr NodeId kSelf{2};
constexpr Address kPeer{1};  // replica 1; the other addresses are those of clients
constexpr std::size_t kAddresses = 4;
constexpr std::size_t kBoots = 9;
constexpr std::size_t kSendersMax = 4;
constexpr std::size_t kBootAt = 8;

struct Header {
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  std::uint8_t boot = 0;
  std::uint64_t counter = 0;
};

const unsigned char* raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

Buffer made(const Key& key, const Header& header, std::uint64_t ticket, Bytes packet) {
  Buffer datagram;
  Writer out(datagram);
  out.integer(std::uint8_t{'S'});
  out.integer(std::uint8_t{1});
  out.integer(header.from);
  out.integer(header.to);
  out.integer(seal::key_id(key));
  out.integer(std::uint64_t{header.boot});
  out.integer(std::uint64_t{0});
  out.integer(header.counter);
  Buffer content;
  Writer in(content);
  in.integer(ticket);
  in.integer(std::uint64_t{99});
  in.bytes(packet);
  datagram.resize(seal::kHeaderSize + content.size() + 16);
  crypto_aead_xchacha20poly1305_ietf_encrypt(raw(datagram.data() + seal::kHeaderSize), nullptr,
                                             raw(content.data()), content.size(), raw(datagram.data()),
                                             seal::kHeaderSize, nullptr, raw(datagram.data() + kBootAt),
                                             raw(key.bytes.data()));
  return datagram;
}

// What an answer brings.
std::uint64_t grant_of(const Key& key, Bytes answer) {
  Buffer content(answer.size());
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      raw(content.data()), nullptr, nullptr, raw(answer.data() + seal::kHeaderSize),
      answer.size() - seal::kHeaderSize, raw(answer.data()), seal::kHeaderSize, raw(answer.data() + kBootAt),
      raw(key.bytes.data()));
  ASSERT(opened == 0);
  return Reader(Bytes(content).subspan(8)).integer<std::uint64_t>();
}

class Game {
 public:
  void play(Script script) {
    while (!script.empty()) {
      const Address from{script.below(kAddresses)};
      if (script.below(4) == 0) {
        check(from, script.sized());
        continue;
      }
      Header header;
      header.from = from == kPeer ? 1 : 0;
      header.to = kSelf.value;
      if (script.below(8) == 0) header.from = script.number<std::uint8_t>();
      if (script.below(8) == 0) header.to = script.number<std::uint8_t>();
      header.boot = static_cast<std::uint8_t>(script.below(kBoots));
      header.counter = script.below(2) == 0 ? script.below(5'000) : script.number<std::uint64_t>();
      const std::uint64_t ticket =
          script.below(4) == 0 ? script.number<std::uint64_t>() : tickets_[from.value];
      const Buffer datagram = made(key_, header, ticket, script.bytes(script.below(100)));
      if (!check(from, datagram)) continue;
      ASSERT(header.to == kSelf.value);
      ASSERT(header.from == (from == kPeer ? 1 : 0));
      ASSERT(through_.insert(datagram).second);
    }
  }

 private:
  bool check(Address from, Bytes datagram) {
    const seal::Opened opened = endpoint_.open(from, datagram);
    ASSERT(endpoint_.senders() <= kSendersMax);
    if (opened.refusal) {
      ASSERT(opened.packet.empty());
      ASSERT(opened.answer.size() <= datagram.size());
      if (!opened.answer.empty()) tickets_[from.value] = grant_of(key_, opened.answer);
    }
    return !opened.refusal;
  }

  Key key_{};
  Endpoint endpoint_{key_, Endpoint::Random{std::byte{200}}, seal::Names{kSelf, {{kPeer, {1}}}}, kSendersMax};
  std::array<std::uint64_t, kAddresses> tickets_{};
  std::set<Buffer> through_;
};

}  // namespace

void fuzz(Bytes input) { Game().play(Script(input)); }

std::vector<Buffer> seeds() {
  Buffer contact;
  Writer out(contact);
  for (std::uint16_t i = 0; i < 60; ++i) {
    const std::uint16_t fields[] = {static_cast<std::uint16_t>(i % kAddresses),
                                    1,  // made
                                    1,  // good names
                                    1,
                                    static_cast<std::uint16_t>(i / 8 % kBoots),
                                    0,  // a small counter
                                    static_cast<std::uint16_t>(i + 1),
                                    1,  // the good ticket
                                    4};
    for (const std::uint16_t field : fields) out.integer(field);
    out.bytes(as_bytes("data"));
  }
  Buffer foreign;
  Writer bytes(foreign);
  for (std::uint16_t i = 0; i < 3; ++i) {
    bytes.integer(std::uint16_t{1});
    bytes.integer(std::uint16_t{0});
    bytes.integer(std::uint16_t{100});
    bytes.bytes(Buffer(100));
  }
  return {contact, foreign};
}

}  // namespace norn::fuzz
