// The encoding of requests.
#include "replica/kv/request.h"

#include "replica/kv/command.h"

namespace norn::kv {

std::optional<Request> Request::parse(Bytes payload) {
  Reader in(payload);
  Request request;
  request.session.value = in.integer<std::uint64_t>();
  request.sequence.value = in.integer<std::uint64_t>();
  request.acked.value = in.integer<std::uint64_t>();
  request.time = in.integer<std::uint64_t>();
  request.command = in.rest();
  if (!in.ok() || request.command.empty()) return std::nullopt;
  const auto kind = static_cast<CommandKind>(request.command.front());
  const bool within_none = kind == CommandKind::open_session || kind == CommandKind::tick;
  if (within_none && request.session.value != 0) return std::nullopt;
  return request;
}

void encode(const Request& request, Buffer& out) {
  Writer writer(out);
  writer.integer(request.session.value);
  writer.integer(request.sequence.value);
  writer.integer(request.acked.value);
  writer.integer(request.time);
  writer.bytes(request.command);
}

Buffer encode(const Request& request) {
  Buffer out;
  encode(request, out);
  return out;
}

}  // namespace norn::kv
