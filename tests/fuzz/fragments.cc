// Reassembly: whatever hostile senders do, the bounds hold, what comes out has the hash that was promised,
// and an honest sender's packet, which takes no more than its share, comes out whole, once its last piece has
// arrived.
#include "replica/base/digest.h"
#include "replica/wire/fragment.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

constexpr wire::Reassembly::Limits kLimits{.bytes_max = 20'000, .packets_max = 12};
constexpr std::size_t kHostile = 3;  // senders, at addresses 1, 2 and 3; the honest one is at 0
constexpr std::size_t kPieces = 10;
constexpr std::size_t kPieceSize = 200;

class Game {
 public:
  Game() : whole_(kPieces * kPieceSize) {
    for (std::size_t i = 0; i < whole_.size(); ++i) whole_[i] = static_cast<std::byte>(i * i >> 3);
  }

  void play(Script script) {
    while (!script.empty()) {
      const std::size_t who = script.below(kHostile + 1);
      who == 0 ? honest(script.below(kPieces)) : hostile({who}, script);
      ASSERT(reassembly_.bytes() <= kLimits.bytes_max);
      ASSERT(reassembly_.packets() <= kLimits.packets_max);
    }
    for (std::size_t i = 0; i < kPieces; ++i) honest(i);
    ASSERT(wholes_ > 0);
  }

 private:
  void honest(std::size_t piece) {
    const auto offset = static_cast<std::uint32_t>(piece * kPieceSize);
    const Bytes got = reassembly_.add({0}, {Digest::hash(whole_), static_cast<std::uint32_t>(whole_.size()),
                                            offset, Bytes(whole_).subspan(offset, kPieceSize)});
    if (got.empty()) return;
    ++wholes_;
    ASSERT(equal(got, whole_));
  }

  void hostile(Address from, Script& script) {
    wire::Fragment fragment;
    fragment.size = script.number<std::uint16_t>();
    fragment.offset = static_cast<std::uint32_t>(script.below(fragment.size + 1u));
    const Bytes piece = script.bytes(script.below(1'500));
    fragment.piece = piece.first(std::min<std::size_t>(piece.size(), fragment.size - fragment.offset));
    const bool promised = script.below(2) == 0;
    fragment.identity = promised ? Digest::hash(fragment.piece) : script.below(5);
    const Bytes got = reassembly_.add(from, fragment);
    if (got.empty()) return;
    ASSERT(got.size() == fragment.size);
    ASSERT(Digest::hash(got) == fragment.identity);
  }

  Buffer whole_;
  std::size_t wholes_ = 0;
  wire::Reassembly reassembly_{kLimits};
};

}  // namespace

void fuzz(Bytes input) { Game().play(Script(input)); }

std::vector<Buffer> seeds() {
  std::vector<Buffer> all;
  for (std::size_t who = 0; who <= kHostile; ++who) {
    Writer out(all.emplace_back());
    for (std::uint16_t i = 0; i < 40; ++i) {
      out.integer(static_cast<std::uint16_t>(who));
      if (who == 0) {
        out.integer(i);
        continue;
      }
      out.integer(std::uint16_t{3'000});                           // size
      out.integer(static_cast<std::uint16_t>(i * who * 100));      // offset
      out.integer(static_cast<std::uint16_t>(who == 1 ? 10 : 1));  // length
      out.bytes(as_bytes(who == 1 ? "ten bytes." : "1"));
      out.integer(std::uint16_t{1});
      out.integer(i);  // identity
    }
  }
  return all;
}

}  // namespace norn::fuzz
