// Processes: started, signalled, killed, reaped; and a replica's files between its lives.
#include "sim/live/process.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <optional>
#include <string>

#include "replica/host/address.h"
#include "replica/host/failure.h"

#include "sim/live/folder.h"
#include "sim/live/replica_process.h"

namespace norn::sim {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

struct Bench {
  auto note() {
    return [this](Exit exit) { ended = exit; };
  }
  void run_until_ended() {
    io.restart();
    while (!ended) io.run_one();
  }

  Folder folder;
  std::string log = folder.path() + "/log";
  boost::asio::io_context io{1};
  std::optional<Exit> ended;
};

bool is_free(boost::asio::io_context& io, Address address) {
  boost::asio::ip::udp::socket socket(io, boost::asio::ip::udp::v4());
  boost::system::error_code error;
  socket.bind({boost::asio::ip::address_v4(host::ip_of(address)), host::port_of(address)}, error);
  return !error;
}

}  // namespace

TEST_CASE("a process that ends is reaped, and says how it ended and what it wrote") {
  Bench bench;
  Process process(bench.io, shell("echo out; echo err >&2; exit 3"), bench.log, bench.note());
  CHECK(process.running());
  bench.run_until_ended();
  CHECK(!process.running());
  CHECK(bench.ended->text() == "exit status 3");
  CHECK(content(bench.log) == "out\nerr\n");
}

TEST_CASE("one that dies of a signal says which") {
  Bench bench;
  Process process(bench.io, shell("kill -ABRT $$"), bench.log, bench.note());
  bench.run_until_ended();
  CHECK(bench.ended->text() == "signal 6 (Aborted)");
}

TEST_CASE("a killed process is gone at once, and nobody is told") {
  Bench bench;
  Process process(bench.io, {"/bin/sleep", "1000"}, bench.log, bench.note());
  const pid_t pid = process.pid();
  process.signal(SIGSTOP);
  CHECK(kill(pid, 0) == 0);
  process.kill();
  CHECK(!process.running());
  CHECK(kill(pid, 0) != 0);
  process.kill();
  bench.io.poll();
  CHECK(!bench.ended);
}

TEST_CASE("it inherits no open file") {
  Bench bench;
  boost::asio::ip::udp::socket socket(bench.io, boost::asio::ip::udp::v4());
  // 0, 1, 2, and the folder that ls itself reads.
  Process process(bench.io, shell("ls /proc/self/fd | wc -l"), bench.log, bench.note());
  bench.run_until_ended();
  CHECK(content(bench.log) == "4\n");
}

TEST_CASE("once it is started, a port that was ours is free as soon as we close it") {
  Bench bench;
  for (int i = 0; i < 50; ++i) {
    boost::asio::ip::udp::socket socket(bench.io, {boost::asio::ip::address_v4::loopback(), 0});
    const auto port = socket.local_endpoint().port();
    Process process(bench.io, {"/bin/sleep", "1000"}, bench.log, bench.note());
    socket.close();
    CHECK(is_free(bench.io, host::make_address(INADDR_LOOPBACK, port)));
  }
}

TEST_CASE("of our environment, what Norn's own programs would take for options is not handed on") {
  setenv("NORN_ID", "9", 1);
  Bench bench;
  Process process(bench.io, shell("echo $NORN_ID; test -n \"$PATH\""), bench.log, bench.note());
  unsetenv("NORN_ID");
  bench.run_until_ended();
  CHECK(content(bench.log) == "\n");
  CHECK(bench.ended->text() == "exit status 0");
}

TEST_CASE("what cannot be run is named") {
  Bench bench;
  CHECK_THROWS_WITH_AS(Process(bench.io, {"/no/such/program"}, bench.log, bench.note()),
                       "/no/such/program cannot be run: No such file or directory", host::Failure);
}

TEST_CASE("a replica keeps its port, running or not") {
  Bench bench;
  ReplicaProcess replica(bench.io, {3}, bench.folder.path(), bench.note());
  CHECK(!replica.up());
  CHECK(!is_free(bench.io, replica.home()));
  replica.set_command({"/bin/sh", "-c", "echo $0 $1; exec sleep 1000"});
  replica.start();
  CHECK(replica.up());
  CHECK(replica.incarnation() == 1);
  CHECK(is_free(bench.io, replica.home()));  // for the process to take
  replica.pause();
  CHECK(replica.paused());
  replica.kill();
  CHECK(!replica.up());
  CHECK(!replica.paused());
  CHECK(!is_free(bench.io, replica.home()));
}

TEST_CASE("what a replica wrote last is known, and what it said of its disk") {
  Bench bench;
  ReplicaProcess replica(bench.io, {3}, bench.folder.path(), bench.note());
  replica.set_command(shell("echo first; exit 1"));
  replica.start();
  bench.run_until_ended();
  CHECK(replica.last_words(5) == "first");
  CHECK(replica.recovery_note().empty());
  bench.ended.reset();
  replica.set_command(shell("echo 'time=1 recovered note=\"a torn WAL\"'; echo b; echo c; exit 1"));
  replica.start();
  bench.run_until_ended();
  CHECK(replica.incarnation() == 2);
  CHECK(replica.last_words(2) == "b | c");
  CHECK(replica.recovery_note() == "a torn WAL");
}

TEST_CASE("bits rot where the file has content") {
  Bench bench;
  const ReplicaProcess replica(bench.io, {3}, bench.folder.path(), bench.note());
  CHECK(!replica.rot(storage::File::wal, {500'000}, 1));
  const std::string path = bench.folder.path() + "/r3/wal";
  std::filesystem::create_directory(bench.folder.path() + "/r3");
  std::ofstream(path) << std::string(100, 'x') << std::string(1000, '\0');
  CHECK(replica.rot(storage::File::wal, {500'000}, 8));
  const std::string rotten = content(path);
  CHECK(rotten.size() == 1100);
  CHECK(rotten.substr(0, 50) == std::string(50, 'x'));
  CHECK(rotten[50] == static_cast<char>(~'x'));
  CHECK(rotten.substr(51, 49) == std::string(49, 'x'));
}

TEST_CASE("a folder goes with its content, unless it is kept") {
  std::string path;
  {
    const Folder folder;
    path = folder.path();
    std::ofstream(path + "/file") << "x";
  }
  CHECK(!std::filesystem::exists(path));
  {
    Folder folder;
    path = folder.path();
    folder.keep();
  }
  CHECK(std::filesystem::exists(path));
  std::filesystem::remove(path);
  CHECK_THROWS_AS(Folder("/no/such/place"), host::Failure);
}

}  // namespace norn::sim
