// Connections with a session of their own (NORN.SESSION): each has a client of its own for its writes. Its
// reads go with everybody's.
#include <algorithm>

#include "replica/resp/gateway.h"

namespace norn::resp {
namespace {

// What a client that is to open a session asks for, as it opens one only on the way to something else: a read
// leaves no trace, not even a sequence used.
Buffer errand() { return kv::encode(kv::Command{.kind = kv::CommandKind::ttl, .pairs = {{"norn.session"}}}); }

}  // namespace

client::Client* Gateway::own_client(ConnectionId id) const {
  Connection* connection = find(id);
  return connection == nullptr || connection->binding() == nullptr ? nullptr
                                                                   : connection->binding()->client.get();
}

void Gateway::submit_bound(Time now, Connection& connection, const Connection::Group& group) {
  ASSERT(group.count == 1);
  Binding& binding = *connection.binding();
  if (!binding.client) {
    const client::Resume resume{binding.session, binding.next};
    binding.client = std::make_unique<client::Client>(client_options_, next_stream(), now, resume);
  }
  ++house_.counters.batches;
  const bool taken = binding.client->submit(now, 0, group.commands.subspan(sizeof(std::uint32_t)));
  ASSERT(taken);
}

// Starts the clients that are to open a session, and hands on what the others were answered.
void Gateway::end_bound(Time now) {
  std::erase_if(bound_, [&](ConnectionId id) {
    const Connection* connection = find(id);
    return connection == nullptr || connection->binding() == nullptr;
  });
  for (std::size_t i = 0; i < bound_.size(); ++i) {
    const ConnectionId id = bound_[i];
    Connection& connection = *find(id);
    Binding& binding = *connection.binding();
    if (connection.opens_session() && !binding.client) {
      binding.client = std::make_unique<client::Client>(client_options_, next_stream(), now);
      binding.client->submit(now, 0, errand());
    }
    if (!binding.client) continue;
    binding.client->on_deadline(now);
    if (binding.client->completions().empty()) continue;
    const client::Completion completion = std::move(binding.client->completions().front());
    binding.client->completions().clear();
    end_own(id, connection, completion);
  }
}

void Gateway::end_own(ConnectionId id, Connection& connection, const client::Completion& completion) {
  if (connection.opens_session()) {
    const bool opened = completion.verdict == client::Verdict::done;
    connection.on_session(opened ? connection.binding()->client->session() : SessionId{});
  } else {
    const auto result =
        completion.verdict == client::Verdict::done ? kv::ResultView::parse(completion.result) : std::nullopt;
    if (result) {
      connection.on_result(*result);
    } else {
      connection.on_trouble(completion.verdict == client::Verdict::failed ? Connection::Trouble::failed
                                                                          : Connection::Trouble::unknown);
    }
    connection.end_group();
  }
  attend(id, connection);
}

Rng Gateway::next_stream() {
  const Rng stream = rng_.fork("session");
  rng_.next();
  return stream;
}

}  // namespace norn::resp
