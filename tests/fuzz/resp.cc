// The Redis gateway under one hostile connection: what it says does not depend on how its bytes are cut into
// pieces, and it is hung up on in the end. tests/resp/fuzz_resp.cc plays it; the input's first byte is the
// size of the pieces.
#include "tests/fuzz/fuzz.h"
#include "tests/resp/fuzz_resp.h"

namespace norn::fuzz {

void fuzz(Bytes input) { resp::fuzz_resp(input); }

std::vector<Buffer> seeds() {
  constexpr std::string_view texts[] = {
      "\x05*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nping\r\n",
      "\x01*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n1\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\nget k\r\n",
      "\x03set a 1 ex 10 nx get\r\nget a\r\nttl a\r\nappend a 23\r\nmget a b c\r\ndel a b\r\n",
      "\x07mset a 1 b 2\r\nkeys *\r\nscan 0 match [a-b]* count 1\r\ndbsize\r\nexists a b c\r\nflushall\r\n",
      "\x02multi\r\nset x \"a\\x00b\"\r\nget x\r\nexec\r\nhello 3\r\ngetset x y\r\nwatch x\r\nquit\r\n",
      "\x09norn.session new\r\nset a 1\r\nclient list\r\ninfo raft\r\ncommand docs get\r\nwait 2 0\r\n"};
  std::vector<Buffer> all;
  for (const std::string_view text : texts) all.push_back(copy(as_bytes(text)));
  return all;
}

}  // namespace norn::fuzz
