// NORN.SESSION: writes that a client may repeat on another connection.
#include <doctest/doctest.h>

#include "tests/resp/gateway_testing.h"

namespace norn::resp {
namespace {

using std::chrono::seconds;

// Opens a session on the connection; its id, as text.
std::string open_session(TestHouse& house, ConnectionId id) {
  const std::string reply = house.ask(id, "NORN.SESSION NEW\r\n");
  REQUIRE(reply.starts_with(':'));
  return reply.substr(1, reply.size() - 3);
}

TEST_CASE("a write repeated in its session with its sequence is answered alike and happens once") {
  TestHouse house;
  const auto first = house.open();
  const std::string session = open_session(house, first);
  CHECK(house.ask(first, "INCR n\r\nGET n\r\nINCR n\r\n") == ":1\r\n$1\r\n1\r\n:2\r\n");
  house.mute = true;
  house.say(first, "INCR n\r\n");
  house.pass(seconds(6));
  CHECK(house.hear(first).starts_with("-UNKNOWN"));
  house.mute = false;
  house.gateway.close(first);

  const auto second = house.open();
  CHECK(house.ask(second, "NORN.SESSION USE " + session + " 2\r\nINCR n\r\nINCR n\r\nINCR n\r\nGET n\r\n") ==
        "+OK\r\n:2\r\n:3\r\n:4\r\n$1\r\n4\r\n");
}

TEST_CASE("commands behind NORN.SESSION wait until it is bound, and those before it are not in it") {
  TestHouse house;
  const auto id = house.open();
  const std::string heard =
      house.ask(id, "INCR n\r\nNORN.SESSION NEW\r\nINCR n\r\nMULTI\r\nINCR n\r\nINCR n\r\nEXEC\r\n");
  CHECK(heard.starts_with(":1\r\n:"));
  CHECK(heard.ends_with("\r\n:2\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:3\r\n:4\r\n"));
  const std::string session = heard.substr(5, heard.find('\r', 5) - 5);
  // A transaction was one sequence, the second.
  CHECK(
      house.ask(id, "NORN.SESSION USE " + session + " 2\r\nMULTI\r\nINCR n\r\nINCR n\r\nEXEC\r\nGET n\r\n") ==
      "+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:3\r\n:4\r\n$1\r\n4\r\n");
  CHECK(house.ask(id, "NORN.SESSION NONE\r\nINCR n\r\n") == "+OK\r\n:5\r\n");
}

TEST_CASE("another session's results are not given, and an unknown session is an error") {
  TestHouse house;
  const auto id = house.open();
  CHECK(house.ask(id, "NORN.SESSION USE 999 1\r\nINCR n\r\n").starts_with("+OK\r\n-SESSION evicted:"));
  CHECK(house.ask(id, "GET n\r\n") == "$-1\r\n");
  CHECK(house.ask(id, "NORN.SESSION USE 0 1\r\n").starts_with("-ERR"));
  CHECK(house.ask(id, "NORN.SESSION USE x 1\r\n").starts_with("-ERR"));
  CHECK(house.ask(id, "NORN.SESSION WHAT\r\n") ==
        "-ERR unknown subcommand 'WHAT'. Try NORN.SESSION HELP.\r\n");
}

TEST_CASE("the last 1024 writes of a session can be repeated, and no older one") {
  TestHouse house;
  const auto id = house.open();
  const std::string session = open_session(house, id);
  std::string asked;
  for (int i = 0; i < 1030; ++i) asked += "INCR n\r\n";
  CHECK(house.ask(id, asked).ends_with(":1030\r\n"));
  CHECK(house.ask(id, "NORN.SESSION USE " + session + " 7\r\nINCR n\r\n") == "+OK\r\n:7\r\n");
  CHECK(house.ask(id, "NORN.SESSION USE " + session + " 6\r\nINCR n\r\n")
            .starts_with("+OK\r\n-SESSION stale:"));
  CHECK(house.ask(id, "NORN.SESSION USE " + session + " 3000\r\nINCR n\r\nGET n\r\n") ==
        "+OK\r\n:1031\r\n$4\r\n1031\r\n");
}

TEST_CASE("a repeated sequence with another command has some reply, and no effect") {
  TestHouse house;
  const auto id = house.open();
  const std::string session = open_session(house, id);
  house.ask(id, request({"SET", "k", "v"}));
  for (const char* command : {"GETDEL k", "INCR k", "DEL k", "EXPIRE k 5", "MSET a 1 b 2", "FLUSHALL"}) {
    const std::string heard =
        house.ask(id, "NORN.SESSION USE " + session + " 1\r\n" + command + "\r\nGET k\r\n");
    CAPTURE(command);
    CHECK(heard.starts_with("+OK\r\n"));
    CHECK(heard.ends_with("$1\r\nv\r\n"));
  }
}

TEST_CASE("without a leader no session is bound") {
  TestHouse house;
  house.leader = {};
  const auto id = house.open();
  house.say(id, "NORN.SESSION NEW\r\nPING\r\n");
  house.pass(seconds(6));
  CHECK(house.hear(id) ==
        "-NOLEADER no leader answered within the deadline; no session was bound\r\n+PONG\r\n");
}

TEST_CASE("sessions of connections are limited, and given back") {
  TestHouse house({.sessions_max = 1});
  const auto first = house.open();
  open_session(house, first);
  const auto second = house.open();
  CHECK(house.ask(second, "NORN.SESSION NEW\r\n").starts_with("-ERR max number"));
  house.ask(first, "RESET\r\n");
  open_session(house, second);
}

}  // namespace
}  // namespace norn::resp
