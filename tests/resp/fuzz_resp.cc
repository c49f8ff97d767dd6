#include "tests/resp/fuzz_resp.h"

#include <algorithm>

#include "tests/resp/gateway_testing.h"

namespace norn::resp {

Heard hear(Bytes sent, std::size_t piece) {
  // Limits small enough to be met by small inputs.
  TestHouse house({.parser = {.arguments_max = 64, .bulk_size_max = 4096, .inline_size_max = 512},
                   .pipeline_max = 8,
                   .pipeline_bytes_max = 2048,
                   .output_max = 512,
                   .batch_commands_max = 5,
                   .batch_bytes_max = 200});
  const auto id = house.open();
  Heard heard;
  const std::size_t step = piece == 0 ? std::max<std::size_t>(sent.size(), 1) : piece;
  for (std::size_t at = 0; at < sent.size(); at += step) {
    house.gateway.on_bytes(house.now, id, sent.subspan(at, std::min(step, sent.size() - at)));
    house.settle();
    heard.text += house.hear(id);
  }
  house.gateway.on_end(house.now, id);
  house.settle();
  heard.text += house.hear(id);
  heard.closed = house.gateway.wants_close(id);
  return heard;
}

int fuzz_resp(Bytes input) {
  if (input.empty()) return 0;
  const auto piece = static_cast<std::size_t>(input[0]) % 33;
  const Heard pieces = hear(input.subspan(1), piece);
  ASSERT(pieces.closed);
  // What INFO, CLIENT and NORN.SESSION tell of the connection and of the log does depend on the pieces.
  const std::string text = lower(as_text(input));
  const bool tells = text.find("info") != std::string::npos || text.find("client") != std::string::npos ||
                     text.find("session") != std::string::npos;
  ASSERT(tells || pieces == hear(input.subspan(1), 0));
  return 0;
}

}  // namespace norn::resp
