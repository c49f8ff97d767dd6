// MULTI, EXEC and DISCARD: what is queued becomes one entry of the log (connection.h).
#include "replica/resp/connection.h"

namespace norn::resp::handler {

void multi(Call& call) {
  if (call.connection.in_transaction()) return call.error("ERR MULTI calls can not be nested");
  call.connection.begin_transaction();
  call.reply.ok();
}

void discard(Call& call) {
  if (!call.connection.in_transaction()) return call.error("ERR DISCARD without MULTI");
  call.connection.discard_transaction();
  call.reply.ok();
}

void exec(Call& call) {
  if (!call.connection.in_transaction()) return call.error("ERR EXEC without MULTI");
  call.connection.execute_transaction(call);
}

}  // namespace norn::resp::handler
