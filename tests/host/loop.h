// A loop for the tests' sockets. Waits are bounded only so that a test that fails ends.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "replica/host/udp_socket.h"

namespace norn::host {

struct Loop {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};

  // Whether something can be received.
  bool await(UdpSocket& socket) {
    const auto ready = std::make_shared<bool>(false);
    socket.wait([ready] { *ready = true; });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!*ready && std::chrono::steady_clock::now() < end) io.run_one_until(end);
    return *ready;
  }
};

}  // namespace norn::host
