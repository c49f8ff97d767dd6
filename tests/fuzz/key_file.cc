// Key files: what is taken for a key is exactly what would be written of it; each mistake gets one line. An
// id that fits is put in, too, since no chance finds it.
#include <string>

#include "replica/seal/key.h"

#include "tests/fuzz/fuzz.h"

namespace norn::fuzz {
namespace {

void check(std::string_view text) {
  const auto parsed = seal::parse_key(text);
  if (const auto* key = std::get_if<seal::Key>(&parsed)) {
    ASSERT(seal::format_key(*key) == text);
  } else {
    const auto& error = std::get<std::string>(parsed);
    ASSERT(!error.empty());
    ASSERT(error.find('\n') == std::string::npos);
  }
}

}  // namespace

void fuzz(Bytes input) {
  check(as_text(input));
  seal::Key key{};
  std::copy_n(input.begin(), std::min(input.size(), key.bytes.size()), key.bytes.begin());
  const std::string good = seal::format_key(key);
  check(good);
  check(good.substr(0, good.size() / 2).append(as_text(input)));
}

std::vector<Buffer> seeds() { return {copy(as_bytes(seal::format_key(seal::Key{})))}; }

}  // namespace norn::fuzz
