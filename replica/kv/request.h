// A request: a command within a client's session, as the payload of a log entry. The empty payload is no
// request but an entry that the log itself needs (a new leader's no-op, a configuration).
//
//   payload = | request
//   request = session:u64 sequence:u64 acked:u64 time:u64 command
#pragma once

#include <optional>

#include "replica/base/bytes.h"

namespace norn::kv {

struct Request {
  SessionId session;  // 0 for open_session and tick, and for no other
  Sequence sequence;  // numbers the session's requests from 1; a retry keeps the number
  Sequence acked;     // the client has every result up to here and asks for none of them again
  Bytes command;      // an encoded command; a view, living as long as what it was made or parsed from
  // Milliseconds of the cluster's time, stamped by the leader that proposes it: the store's clock never goes
  // by any other.
  std::uint64_t time = 0;

  // Checks the layout only; the command is checked by CommandView::parse, except that an open_session or a
  // tick within a session is refused here.
  static std::optional<Request> parse(Bytes payload);
};

void encode(const Request& request, Buffer& out);  // appends
Buffer encode(const Request& request);

}  // namespace norn::kv
