// The gateway: order, batches, outcomes, limits.
#include <doctest/doctest.h>

#include "tests/resp/gateway_testing.h"

namespace norn::resp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("pipelined requests take effect in order, in one entry if one of them writes") {
  TestHouse house;
  const auto id = house.open();
  house.ask(id, "GET warm\r\nSET up x\r\n");
  house.entries = 0;
  house.datagrams = 0;
  CHECK(house.ask(id, "SET x 1\r\nGET x\r\nINCR x\r\nPING\r\nGET x\r\nDEL x\r\nGET x\r\n") ==
        "+OK\r\n$1\r\n1\r\n:2\r\n+PONG\r\n$1\r\n2\r\n:1\r\n$-1\r\n");
  CHECK(house.entries == 1);
  CHECK(house.datagrams == 1);
  CHECK(house.ask(id, "GET x\r\nGET up\r\nSTRLEN up\r\n") == "$-1\r\n$1\r\nx\r\n:1\r\n");
  CHECK(house.entries == 1);
  CHECK(house.datagrams == 2);
}

TEST_CASE("what many connections ask in one turn goes as one batch of reads and one of writes") {
  TestHouse house;
  house.ask(house.open(), "SET k v\r\n");
  std::vector<ConnectionId> readers;
  std::vector<ConnectionId> writers;
  house.datagrams = 0;
  for (int i = 0; i < 50; ++i) {
    readers.push_back(house.open());
    writers.push_back(house.open());
    house.say(readers.back(), "GET k\r\n");
    house.say(writers.back(), "INCR n\r\n");
  }
  house.settle();
  CHECK(house.datagrams == 2);
  for (int i = 0; i < 50; ++i) {
    CHECK(house.hear(readers[static_cast<std::size_t>(i)]) == "$1\r\nv\r\n");
    CHECK(house.hear(writers[static_cast<std::size_t>(i)]) == ":" + std::to_string(i + 1) + "\r\n");
  }
}

TEST_CASE("a pipeline whose results do not fit one batch is answered in several, in order") {
  TestHouse house;
  const auto id = house.open();
  const std::string value(100'000, 'v');
  house.ask(id, request({"SET", "k", value}));
  std::string asked;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    asked += "GET k\r\nINCR n\r\n";
    expected += bulk(value) + ":" + std::to_string(i + 1) + "\r\n";
  }
  house.entries = 0;
  CHECK(house.ask(id, asked) == expected);
  CHECK(house.entries > 10);
  CHECK(house.entries < 30);
}

TEST_CASE("while one group is under way, what comes later waits for it") {
  TestHouse house;
  const auto id = house.open();
  house.ask(id, "SET warm up\r\n");
  house.deaf = true;
  house.say(id, "SET x 1\r\n");
  house.settle();
  house.say(id, "GET x\r\n");
  house.datagrams = 0;
  house.settle();
  CHECK(house.datagrams == 0);
  CHECK(house.hear(id).empty());
  house.deaf = false;
  house.pass(seconds(1));
  CHECK(house.hear(id) == "+OK\r\n$1\r\n1\r\n");
}

TEST_CASE("a write without an answer is unknown, a read without one changed nothing, and both say so") {
  TestHouse house;
  const auto id = house.open();
  house.ask(id, "SET x 1\r\n");
  house.mute = true;
  house.say(id, "INCR x\r\nGET x\r\nWAIT 1 0\r\n");
  house.pass(seconds(6));
  const std::string unknown =
      "-UNKNOWN no answer within the deadline: the write may have happened, or may yet\r\n";
  const std::string nothing = "-NOLEADER no leader answered within the deadline; nothing was changed\r\n";
  CHECK(house.hear(id) == unknown + nothing + ":0\r\n");
  house.say(id, "GET x\r\n");
  house.pass(seconds(6));
  CHECK(house.hear(id) == nothing);
  house.mute = false;
  house.pass(milliseconds(1));
  CHECK(house.ask(id, "SET x 3\r\nWAIT 1 0\r\n") == "+OK\r\n:1\r\n");
}

TEST_CASE("without a leader from the start, a write certainly did not happen") {
  TestHouse house;
  house.leader = {};
  const auto id = house.open();
  house.say(id, "SET x 1\r\n");
  house.pass(seconds(6));
  CHECK(house.hear(id) == "-NOLEADER no leader answered within the deadline; nothing was changed\r\n");
}

TEST_CASE("an answer for a connection that is gone harms nobody, also when its place is taken again") {
  TestHouse house;
  const auto gone = house.open();
  house.ask(gone, "SET warm up\r\n");
  house.say(gone, "INCR n\r\n");
  const auto other = house.open();
  house.say(other, "INCR n\r\n");
  house.gateway.settle(house.now, house);
  house.gateway.close(gone);
  const auto heir = house.open();
  CHECK(heir.place == gone.place);
  CHECK(house.ask(heir, "GET n\r\n") == "$1\r\n2\r\n");
  CHECK(house.hear(other) == ":2\r\n");
  house.say(gone, "PING\r\n");
  CHECK(house.hear(gone).empty());
  CHECK_FALSE(house.gateway.wants_read(gone));
}

TEST_CASE("a transaction is one entry, with one reply") {
  TestHouse house;
  const auto id = house.open();
  house.ask(id, "SET n 5\r\n");
  house.entries = 0;
  CHECK(house.ask(id, "MULTI\r\nINCR n\r\nPING\r\nGET n\r\nSET n x\r\nINCR n\r\nEXEC\r\n") ==
        "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
        "*5\r\n:6\r\n+PONG\r\n$1\r\n6\r\n+OK\r\n-ERR value is not an integer or out of range\r\n");
  CHECK(house.entries == 1);
  CHECK(house.ask(id, "MULTI\r\nNOSUCH\r\nEXEC\r\n")
            .ends_with("-EXECABORT Transaction discarded because of previous errors.\r\n"));
  CHECK(house.ask(id, "MULTI\r\nSET n 9\r\nDISCARD\r\nGET n\r\n") == "+OK\r\n+QUEUED\r\n+OK\r\n$1\r\nx\r\n");
  CHECK(house.ask(id, "EXEC\r\n") == "-ERR EXEC without MULTI\r\n");
  CHECK(house.ask(id, "MULTI\r\nEXEC\r\n") == "+OK\r\n*0\r\n");
  CHECK(house.ask(id, "MULTI\r\nPING\r\nEXEC\r\n") == "+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
}

TEST_CASE("a transaction whose values do not fit one result executes what fits, and says which did not") {
  TestHouse house;
  const auto id = house.open();
  house.ask(id, request({"SET", "k", std::string(kv::kValueSizeMax, 'v')}));
  house.say(id, "MULTI\r\nGET k\r\nGET k\r\nGET k\r\nGET k\r\nGETDEL k\r\nINCR n\r\nEXEC\r\n");
  house.settle();
  const std::string heard = house.hear(id);
  CHECK(heard.ends_with("-ERR the reply would exceed 4194304 bytes; nothing was changed\r\n:1\r\n"));
  CHECK(house.ask(id, "EXISTS k\r\n") == ":1\r\n");
}

TEST_CASE("beyond the pipeline's depth nothing is read until replies have left; then all is answered") {
  TestHouse house({.pipeline_max = 4});
  const auto id = house.open();
  house.deaf = true;
  std::string asked;
  std::string expected;
  for (int i = 1; i <= 50; ++i) {
    asked += "INCR n\r\n";
    expected += ":" + std::to_string(i) + "\r\n";
  }
  house.say(id, asked);
  CHECK_FALSE(house.gateway.wants_read(id));
  house.deaf = false;
  CHECK(house.ask(id, "") == expected);
  CHECK(house.gateway.wants_read(id));
}

TEST_CASE("when output has left and lets more be asked, the next turn is due at once") {
  TestHouse house({.output_max = 10});
  const auto id = house.open();
  house.say(id, "ECHO 0123456789\r\nGET k\r\n");
  house.settle();
  CHECK(house.gateway.deadline() > house.now);
  house.gateway.on_written(house.now, id, house.gateway.output(id).size());
  CHECK(house.gateway.deadline() == house.now);
  house.settle();
  CHECK(house.gateway.deadline() > house.now);
  CHECK(house.hear(id) == "$-1\r\n");
}

TEST_CASE("output that is not taken holds the client back, and in the end cuts it off") {
  TestHouse house({.output_max = 1000});
  const auto id = house.open();
  std::string asked;
  for (int i = 0; i < 1000; ++i) asked += "ECHO 0123456789\r\n";
  house.say(id, asked);
  CHECK_FALSE(house.gateway.wants_read(id));
  CHECK(house.gateway.output(id).size() < 1100);
  house.pass(seconds(59));
  CHECK_FALSE(house.gateway.wants_close(id));
  house.pass(seconds(3));
  CHECK(house.gateway.wants_close(id));
  CHECK(house.gateway.house().counters.connections_cut >= 1);
}

TEST_CASE("who does not take its output has no more of its requests executed") {
  TestHouse house({.output_max = 1000});
  const auto id = house.open();
  house.ask(id, request({"SET", "k", std::string(600'000, 'v')}));
  std::string asked;
  for (int i = 0; i < 100; ++i) asked += "GET k\r\n";
  house.say(id, asked);
  house.settle();
  CHECK(house.gateway.output(id).size() <= kv::kResultSizeMax);
  CHECK(house.gateway.deadline() > house.now);
  CHECK(house.hear(id).size() == 100 * bulk(std::string(600'000, 'v')).size());
}

TEST_CASE("a request begun and not completed cuts the connection off; an idle connection stays") {
  TestHouse house;
  const auto idle = house.open();
  const auto slow = house.open();
  house.say(slow, "*2\r\n$3\r\nGET\r\n");
  for (int i = 0; i < 70; ++i) {
    house.pass(seconds(1));
    house.say(slow, i == 0 ? "$9\r\n" : "");
  }
  CHECK(house.gateway.wants_close(slow));
  CHECK_FALSE(house.gateway.wants_close(idle));
}

TEST_CASE("when all connections hold too much, the largest is cut off") {
  TestHouse house({.memory_max = 200'000});
  const auto small = house.open();
  const auto large = house.open();
  house.say(large, "*2\r\n$4\r\nECHO\r\n$1000000\r\n" + std::string(300'000, 'x'));
  house.pass(seconds(2));
  CHECK(house.gateway.wants_close(large));
  CHECK_FALSE(house.gateway.wants_close(small));
}

TEST_CASE("an error of the protocol is told after the replies before it, and ends the connection") {
  TestHouse house;
  const auto id = house.open();
  house.say(id, "SET x 1\r\n*1\r\n+PING\r\nSET x 2\r\n");
  house.settle();
  CHECK_FALSE(house.gateway.wants_close(id));
  CHECK(house.hear(id) == "+OK\r\n-ERR Protocol error: expected '$', got '+'\r\n");
  CHECK(house.gateway.wants_close(id));
  CHECK(house.ask(house.open(), "GET x\r\n") == "$1\r\n1\r\n");
}

TEST_CASE("a client that sends no more is answered what it asked before it is closed") {
  TestHouse house({.pipeline_max = 2});
  const auto id = house.open();
  house.say(id, "INCR n\r\nINCR n\r\nINCR n\r\nINCR n\r\nINC");
  house.gateway.on_end(house.now, id);
  house.settle();
  CHECK_FALSE(house.gateway.wants_close(id));
  CHECK(house.hear(id) == ":1\r\n:2\r\n:3\r\n:4\r\n");
  CHECK(house.gateway.wants_close(id));
}

TEST_CASE("connections above the limit are not taken") {
  TestHouse house({.connections_max = 2});
  const auto first = house.open();
  house.open();
  CHECK_FALSE(house.gateway.open(house.now, "x").has_value());
  house.gateway.close(first);
  CHECK(house.gateway.open(house.now, "x").has_value());
}

TEST_CASE("where another replica leads, a redirecting gateway names it for commands with keys") {
  TestHouse house({.redirect = true, .gateways = {"", "a:7001", "b:7002"}});
  const auto id = house.open();
  CHECK(house.ask(id, "SET foo 1\r\n") == "+OK\r\n");
  house.gateway.status().leader = NodeId{2};
  CHECK(house.ask(id, "GET foo\r\nGET {foo}bar\r\nPING\r\nDBSIZE\r\n") ==
        "-MOVED 12182 b:7002\r\n-MOVED 12182 b:7002\r\n+PONG\r\n:1\r\n");
  house.gateway.status().leader = NodeId{3};  // whose gateway is not known
  CHECK(house.ask(id, "GET foo\r\n") == "$1\r\n1\r\n");
  house.gateway.status().leader = NodeId{1};
  CHECK(house.ask(id, "GET foo\r\n") == "$1\r\n1\r\n");
}

}  // namespace
}  // namespace norn::resp
