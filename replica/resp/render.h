// From what the store answered to what a Redis client reads.
#pragma once

#include "replica/kv/result.h"
#include "replica/resp/plan.h"
#include "replica/resp/reply.h"

namespace norn::resp {

// Any well-formed result has some reply in any form (a session's retry may bring the result of another
// command than the one sent now): one that does not fit is an error, too.
void render(Form form, const kv::ResultView& result, Reply& reply);

// The reply of each command of a transaction, from its packed results.
void render_transaction(Plan& plan, const kv::ResultView& result, Reply& reply);

}  // namespace norn::resp
