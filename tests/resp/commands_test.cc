// Commands whose replies a real Redis cannot be asked to compare with (tests/real/redis_replies does the
// rest).
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>

#include "replica/resp/slot.h"
#include "replica/resp/table.h"

#include "tests/resp/gateway_testing.h"

namespace norn::resp {
namespace {

using std::chrono::seconds;

TEST_CASE("keys expire by the cluster's clock") {
  TestHouse house;
  const auto id = house.open();
  CHECK(house.ask(id, "SET k v PX 1700\r\nTTL k\r\nPTTL k\r\n") == "+OK\r\n:2\r\n:1700\r\n");
  house.clock += 1300;
  CHECK(house.ask(id, "PTTL k\r\nTTL k\r\nEXPIRE k 100\r\nTTL k\r\n") == ":400\r\n:0\r\n:1\r\n:100\r\n");
  house.clock += 100'001;
  house.ask(id, "SET other x\r\n");  // any entry lets the time pass
  CHECK(house.ask(id, "GET k\r\nTTL k\r\nDBSIZE\r\n") == "$-1\r\n:-2\r\n:1\r\n");
}

TEST_CASE("what the store cannot hold is an error, and nothing else") {
  TestHouse house;
  const auto id = house.open();
  const std::string key(kv::kKeySizeMax + 1, 'k');
  const std::string value(kv::kValueSizeMax + 1, 'v');
  CHECK(house.ask(id, request({"SET", key, "v"})) == "-ERR a key has 1 to 65536 bytes\r\n");
  CHECK(house.ask(id, request({"GET", ""})) == "-ERR a key has 1 to 65536 bytes\r\n");
  CHECK(house.ask(id, request({"SET", "k", value})) == "-ERR a value has at most 1048576 bytes\r\n");
  CHECK(house.ask(id, request({"APPEND", "k", value})) == "-ERR a value has at most 1048576 bytes\r\n");
  house.ask(id, request({"SET", "k", std::string(kv::kValueSizeMax, 'v')}));
  CHECK(house.ask(id, "APPEND k x\r\n") == "-ERR string exceeds maximum allowed size (1048576 bytes)\r\n");
  std::string many = "*130\r\n" + bulk("DEL");
  for (int i = 0; i < 129; ++i) many += bulk("key" + std::to_string(i));
  CHECK(house.ask(id, many) == "-ERR a command names at most 128 keys\r\n");
  std::string large = "*11\r\n" + bulk("MSET");
  for (int i = 0; i < 5; ++i)
    large += bulk("key" + std::to_string(i)) + bulk(std::string(kv::kValueSizeMax, 'v'));
  CHECK(house.ask(id, large) == "-ERR MSET takes at most 4194304 bytes\r\n");
  CHECK(house.ask(id, request({"KEYS", std::string(5000, '*')})) ==
        "-ERR a pattern has at most 4096 bytes\r\n");
  CHECK(house.ask(id, "DBSIZE\r\n") == ":1\r\n");
}

TEST_CASE("SCAN lists each key once, whatever COUNT is") {
  TestHouse house;
  const auto id = house.open();
  for (int i = 0; i < 100; ++i) house.ask(id, "SET key" + std::to_string(i) + " v\r\n");
  for (const char* count : {"1", "7", "1000"}) {
    std::size_t keys = 0;
    std::string cursor = "0";
    do {
      const std::string reply = house.ask(id, "SCAN " + cursor + " COUNT " + count + "\r\n");
      const std::size_t at = reply.find("\r\n", 4) + 2;
      cursor = reply.substr(at, reply.find('\r', at) - at);
      for (std::size_t key = reply.find("key"); key != std::string::npos; key = reply.find("key", key + 1))
        ++keys;
    } while (cursor != "0");
    CHECK(keys == 100);
  }
}

TEST_CASE("with a password, little may be said before it, and that little is heard") {
  TestHouse house({.password = "secret"});
  const auto id = house.open();
  const std::string asks = "-NOAUTH Authentication required.\r\n";
  const std::string wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  CHECK(house.ask(id, "GET k\r\nPING\r\nCLIENT ID\r\n") == asks + asks + asks);
  CHECK(house.ask(id, "AUTH secreT\r\nAUTH secretsecret\r\nAUTH \"\"\r\nAUTH s\r\n") ==
        wrong + wrong + wrong + wrong);
  CHECK(house.ask(id, "AUTH other secret\r\n") == wrong);
  CHECK(house.ask(id, "HELLO 3\r\n").starts_with("-NOAUTH HELLO must be called"));
  CHECK(house.ask(id, "HELLO 3 AUTH default wrong\r\n") == wrong);
  CHECK(house.ask(id, "HELLO 2 AUTH default secret\r\n").starts_with("*14\r\n$6\r\nserver\r\n"));
  CHECK(house.ask(id, "PING\r\n") == "+PONG\r\n");
  CHECK(house.ask(id, "RESET\r\nPING\r\n") == "+RESET\r\n" + asks);
  CHECK(house.ask(id, "AUTH secret\r\nPING\r\n") == "+OK\r\n+PONG\r\n");
  const auto stranger = house.open();
  CHECK(house.ask(stranger, "*100\r\n") == "-ERR Protocol error: unauthenticated multibulk length\r\n");
  CHECK(house.gateway.wants_close(stranger));
  const auto guest = house.open();
  CHECK(house.ask(guest, "QUIT\r\nPING\r\n") == "+OK\r\n");
  CHECK(house.gateway.wants_close(guest));
}

TEST_CASE("HELLO 3 changes the replies to what is asked after it, not before") {
  TestHouse house;
  const auto id = house.open();
  const std::string heard = house.ask(id, "GET none\r\nHELLO 3\r\nGET none\r\n");
  CHECK(heard.starts_with("$-1\r\n%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
  CHECK(heard.ends_with("*0\r\n_\r\n"));
  CHECK(house.ask(id, "INFO server\r\n").starts_with("="));
  CHECK(house.ask(id, "COMMAND INFO get nosuch\r\n") ==
        "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n~2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n~1\r\n+@string\r\n"
        "*0\r\n*0\r\n*0\r\n_\r\n");
  CHECK(house.ask(id, "COMMAND DOCS get\r\n").starts_with("%1\r\n$3\r\nget\r\n%3\r\n"));
  CHECK(house.ask(id, "CONFIG GET save\r\n") == "%1\r\n$4\r\nsave\r\n$0\r\n\r\n");
}

TEST_CASE("INFO tells of the gateway and of Raft, as a whole or by section") {
  TestHouse house({.port = 7001});
  house.gateway.status().role = "leader";
  house.gateway.status().leader = NodeId{2};
  house.gateway.status().term = Term{9};
  house.gateway.status().keys = 4;
  const auto id = house.open();
  const std::string all = house.ask(id, "INFO\r\n");
  for (const char* line :
       {"# Server\r\n", "redis_version:7.0.15\r\n", "tcp_port:7001\r\n", "connected_clients:1\r\n",
        "raft_role:leader\r\n", "raft_leader:2\r\n", "raft_term:9\r\n", "db0:keys=4\r\n"}) {
    CAPTURE(line);
    CHECK(all.find(line) != std::string::npos);
  }
  const std::string raft = house.ask(id, "INFO Raft\r\n");
  CHECK(raft.find("# Raft\r\n") != std::string::npos);
  CHECK(raft.find("# Server") == std::string::npos);
  CHECK(house.ask(id, "INFO nosuch\r\n") == "$0\r\n\r\n");
}

TEST_CASE("CLIENT lists connections, and hangs up on one") {
  TestHouse house;
  const auto first = house.open();
  const auto second = *house.gateway.open(house.now, "10.0.0.9:77");
  house.pass(seconds(3));
  house.ask(second, "CLIENT SETNAME worker\r\nGET k\r\n");
  const std::string list = house.ask(first, "CLIENT LIST\r\n");
  CHECK(list.find("id=1 addr=127.0.0.1:1 name= age=3 idle=0 flags=N") != std::string::npos);
  CHECK(list.find("id=2 addr=10.0.0.9:77 name=worker age=3 idle=0") != std::string::npos);
  CHECK(list.find("cmd=get") != std::string::npos);
  CHECK(house.ask(first, "CLIENT LIST ID 2\r\n").find("id=1 ") == std::string::npos);
  house.gateway.touched().clear();
  CHECK(house.ask(first, "CLIENT KILL ID 2\r\n") == ":1\r\n");
  CHECK(house.gateway.wants_close(second));
  const auto& touched = house.gateway.touched();
  CHECK(std::find(touched.begin(), touched.end(), second) != touched.end());
  const auto third = house.open();
  house.gateway.touched().clear();
  CHECK(house.ask(first, "CLIENT KILL ID 3\r\nCLIENT KILL ID 99\r\n") == ":1\r\n:0\r\n");
  CHECK(std::find(touched.begin(), touched.end(), third) != touched.end());  // though the last killed nobody
  CHECK(house.ask(first, "CLIENT KILL 127.0.0.1:1\r\nPING\r\n") == "+OK\r\n");
  CHECK(house.gateway.wants_close(first));
}

TEST_CASE("CLIENT REPLY drops replies, of one command or until it is on again") {
  TestHouse house;
  const auto id = house.open();
  CHECK(house.ask(id, "CLIENT REPLY SKIP\r\nSET k 1\r\nGET k\r\n") == "$1\r\n1\r\n");
  CHECK(house.ask(id, "CLIENT REPLY OFF\r\nINCR k\r\nNOSUCH\r\nPING\r\nCLIENT REPLY ON\r\nGET k\r\n") ==
        "+OK\r\n$1\r\n2\r\n");
  CHECK(house.ask(id, "MULTI\r\nCLIENT REPLY OFF\r\nEXEC\r\n") ==
        "+OK\r\n+QUEUED\r\n*1\r\n-ERR Command not allowed inside a transaction\r\n");
}

TEST_CASE("a browser's request is hung up on") {
  TestHouse house;
  const auto id = house.open();
  CHECK(house.ask(id, "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n").find("+OK") ==
        std::string::npos);
  CHECK(house.gateway.wants_close(id));
  CHECK(house.ask(house.open(), "GET k\r\n") == "$-1\r\n");
}

TEST_CASE("a transaction that is too large is refused before it is executed") {
  TestHouse house;
  const auto id = house.open();
  std::string asked = "MULTI\r\n";
  for (int i = 0; i < 1030; ++i) asked += "INCR n\r\n";
  const std::string heard = house.ask(id, asked + "EXEC\r\n");
  CHECK(heard.find("-ERR a transaction is limited to 1024 commands") != std::string::npos);
  CHECK(heard.ends_with("-EXECABORT Transaction discarded because of previous errors.\r\n"));
  CHECK(house.ask(id, "GET n\r\n") == "$-1\r\n");
}

TEST_CASE("slots are those of Redis Cluster") {
  CHECK(crc16("123456789") == 0x31C3);  // the specification's own example
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("{user1000}.following") == slot_of("{user1000}.followers"));
  CHECK(slot_of("foo{}{bar}") == crc16("foo{}{bar}") % 16384);
  CHECK(slot_of("foo{{bar}}zap") == slot_of("{bar"));
}

TEST_CASE("every command answers with as few words as it takes, and refuses fewer and too many") {
  // Found by fuzzing: NORN.SESSION took no argument and read past what there was.
  for (const Entry& entry : commands()) {
    CAPTURE(entry.name);
    const std::size_t least = static_cast<std::size_t>(std::abs(entry.arity));
    for (std::size_t words = 1; words <= 9; ++words) {
      CAPTURE(words);
      TestHouse house;
      const auto id = house.open();
      std::string text(entry.name);
      for (std::size_t word = 1; word < words; ++word) text += " 1";
      const std::string heard = house.ask(id, text + "\r\n");
      REQUIRE(!heard.empty());
      const bool fits = entry.arity < 0 ? words >= least : words == least;
      if (!fits) REQUIRE(heard.starts_with("-ERR wrong number of arguments for '"));
    }
  }
}

}  // namespace
}  // namespace norn::resp
