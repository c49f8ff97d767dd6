#include "replica/course/envelope.h"

namespace norn::course {

std::optional<Envelope> Envelope::parse(std::string_view kept) {
  Reader in(as_bytes(kept));
  Envelope envelope;
  envelope.client.value = in.integer<std::uint16_t>();
  envelope.mid = in.sized_text();
  envelope.value = as_text(in.rest());
  if (!in.ok()) return std::nullopt;
  return envelope;
}

std::string enclose(const Envelope& envelope) {
  Buffer out;
  Writer writer(out);
  writer.integer(envelope.client.value);
  writer.sized(envelope.mid);
  writer.bytes(as_bytes(envelope.value));
  return std::string(as_text(out));
}

}  // namespace norn::course
