// The gateway under arbitrary bytes, for fuzzers and for the property tests.
#pragma once

#include <string>

#include "replica/base/types.h"

namespace norn::resp {

// What a client hears that sends these bytes in pieces of the size given (0: all at once), and whether it is
// hung up on in the end. The store is new each time; time stands still.
struct Heard {
  std::string text;
  bool closed = false;
  friend bool operator==(const Heard&, const Heard&) = default;
};
Heard hear(Bytes sent, std::size_t piece);

// The entry point for a fuzzer: aborts (ASSERT) if it finds something. The first byte is the size of the
// pieces; what is heard must not depend on it.
int fuzz_resp(Bytes input);

}  // namespace norn::resp
