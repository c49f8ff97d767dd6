// A client of a cluster as a program uses it: asks one thing, waits for the answer.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "replica/client/client.h"
#include "replica/host/real_time.h"
#include "replica/host/udp_socket.h"
#include "replica/kv/command.h"
#include "replica/kv/result.h"

namespace norn::cli {

struct Answer {
  client::Verdict verdict = client::Verdict::unknown;
  kv::Result result{};  // if done
};

class Session {
 public:
  // Throws host::Failure.
  Session(client::Options options, std::uint64_t seed);

  Answer ask(const kv::Command& command);

  // For many at once: submit as the client does, then run turns; each waits until something has happened, or
  // until `until`.
  client::Client& client() { return client_; }
  Time now() { return clock_.now(); }
  void turn(Time until);

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  host::RealTime clock_;
  host::UdpSocket socket_;
  client::Client client_;
  bool received_ = true;
};

}  // namespace norn::cli
