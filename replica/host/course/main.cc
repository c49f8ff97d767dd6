// 3700kvstore PORT ID PEER...: a replica as the course's simulator starts it. One UDP socket, one thread;
// silent. SIGTERM ends it at once, which needs no handler: it keeps nothing.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <cstdio>
#include <random>
#include <variant>

#include "replica/course/course_replica.h"

namespace norn {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

Time now() { return Time(std::chrono::steady_clock::now().time_since_epoch()); }

class Process {
 public:
  Process(boost::asio::io_context& io, std::uint16_t port, course::CourseReplica replica)
      : io_(io), replica_(std::move(replica)), socket_(io, udp::endpoint(kLoopback, 0)), timer_(io) {
    socket_.connect(udp::endpoint(kLoopback, port));
    socket_.non_blocking(true);
    turn();
    wait_for_datagrams();
  }

 private:
  static inline const auto kLoopback = boost::asio::ip::address_v4::loopback();
  static constexpr std::size_t kDatagramMax = 65536;
  static constexpr int kDatagramsATurn = 64;

  void wait_for_datagrams() {
    socket_.async_wait(udp::socket::wait_read, [this](error_code) {
      receive();
      turn();
      wait_for_datagrams();
    });
  }

  // All that has come, so that it shares a turn.
  void receive() {
    for (int i = 0; i < kDatagramsATurn; ++i) {
      error_code error;
      const std::size_t size = socket_.receive(boost::asio::buffer(buffer_), 0, error);
      if (error) return on_error(error);
      replica_.on_datagram(now(), std::string_view(buffer_.data(), size));
    }
  }

  void turn() {
    const Time time = now();
    if (time >= replica_.deadline()) replica_.on_deadline(time);
    replica_.settle(time, out_);
    for (const std::string& datagram : out_) {
      error_code error;
      socket_.send(boost::asio::buffer(datagram), 0, error);
      on_error(error);
    }
    out_.clear();
    wait_for_deadline();
  }

  // What cannot be sent is lost. Only when nobody has the simulator's port any more is there nothing left to
  // do.
  void on_error(error_code error) {
    if (error == boost::asio::error::connection_refused && replica_.heard()) io_.stop();
  }

  // A timer that fires too early does no harm, so a deadline that has moved away leaves it as it is.
  void wait_for_deadline() {
    const Time deadline = replica_.deadline();
    if (deadline >= armed_for_) return;
    armed_for_ = deadline;
    timer_.expires_at(std::chrono::steady_clock::time_point(deadline.time_since_epoch()));
    timer_.async_wait([this](error_code error) {
      if (error) return;  // armed anew
      armed_for_ = kNever;
      turn();
    });
  }

  boost::asio::io_context& io_;
  course::CourseReplica replica_;
  udp::socket socket_;
  boost::asio::steady_timer timer_;
  Time armed_for_ = kNever;
  std::array<char, kDatagramMax> buffer_;
  std::vector<std::string> out_;
};

int refuse(const std::string& what) {
  std::fprintf(stderr,
               "3700kvstore: %s; start it as 3700kvstore PORT ID PEER... with ids of four of 0-9A-F\n",
               what.c_str());
  return 2;
}

int run(std::span<char*> arguments) {
  if (arguments.size() < 3) return refuse("a port and an id are needed");
  const std::string_view port_text = arguments[1];
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0)
    return refuse("\"" + std::string(port_text) + "\" is not a port: 1 to 65535");
  std::vector<course::Id> ids;
  for (const char* argument : arguments.subspan(2)) {
    const auto id = course::parse_id(argument);
    if (!id) return refuse("\"" + std::string(argument) + "\" is not an id");
    ids.push_back(*id);
  }
  const course::Id self = ids.front();
  const auto roster = course::Roster::make(std::move(ids));
  if (!roster) return refuse("the ids must differ from each other and from FFFF, and be at most 255");

  std::random_device chance;
  const Rng rng = Rng(chance()).fork(course::text_of(self));
  boost::asio::io_context io(1);
  Process process(io, port, course::CourseReplica(*roster, self, rng, now()));
  io.run();
  return 0;
}

}  // namespace
}  // namespace norn

int main(int argc, char** argv) {
  try {
    return norn::run(std::span(argv, static_cast<std::size_t>(argc)));
  } catch (const std::exception& exception) {  // no socket to be had
    std::fprintf(stderr, "3700kvstore: %s\n", exception.what());
    return 1;
  }
}
