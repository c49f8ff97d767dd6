// The client's turn on a real socket.
#include "replica/cli/session.h"

#include <algorithm>

#include "replica/base/assert.h"
#include "replica/host/options.h"

namespace norn::cli {
namespace {

Address any_port_towards(const std::vector<client::Peer>& replicas) {
  return host::make_address(host::on_loopback(replicas) ? INADDR_LOOPBACK : INADDR_ANY, 0);
}

}  // namespace

Session::Session(client::Options options, std::uint64_t seed)
    : socket_(io_, any_port_towards(options.replicas)),
      client_(std::move(options), Rng(seed), clock_.now()) {}

Answer Session::ask(const kv::Command& command) {
  const bool taken = client_.submit(clock_.now(), 0, kv::encode(command));
  ASSERT(taken);
  while (client_.completions().empty()) turn(kNever);
  const client::Completion completion = std::move(client_.completions().front());
  client_.completions().clear();
  if (completion.verdict != client::Verdict::done) return {completion.verdict};
  const auto result = kv::Result::parse(completion.result);
  ASSERT(result.has_value());  // the client has looked at it
  return {completion.verdict, *result};
}

void Session::turn(Time until) {
  client_.settle(clock_.now(), socket_);
  socket_.flush();
  if (!received_) {
    constexpr Duration kAtMost = std::chrono::seconds(1);
    const Time due = std::min({until, client_.deadline(), clock_.now() + kAtMost});
    io_.run_one_until(clock_.system(due));
    io_.poll();
  }
  if (received_) {
    received_ = socket_.receive(
        1024, [&](Address from, Bytes datagram) { client_.on_datagram(clock_.now(), from, datagram); });
    if (!received_) socket_.wait([this] { received_ = true; });
  }
  client_.on_deadline(clock_.now());
}

}  // namespace norn::cli
