// Batches: in order, in one entry, within a result's limits; and multi_size.
#include "tests/kv/random_requests.h"

namespace norn::kv {
namespace {

Command batch(std::vector<Command> commands, std::uint8_t flags = 0) {
  return {.kind = CommandKind::batch, .flags = flags, .commands = std::move(commands)};
}

bool parses(const Command& command) { return CommandView::parse(encode(command)).has_value(); }
bool is_read(const Command& command) { return CommandView::parse(encode(command))->is_read(); }

// The results in a batch's result.
std::vector<Result> unpack(const Result& result) {
  REQUIRE(result.status == Status::ok);
  REQUIRE(result.items.size() == 1);
  REQUIRE(result.items[0].value);
  std::vector<Result> results;
  Reader in(as_bytes(*result.items[0].value));
  while (!in.done()) {
    const auto one = Result::parse(in.sized());
    REQUIRE(one);
    results.push_back(*one);
  }
  return results;
}

TEST_CASE("a batch has 1 to kBatchCommandsMax commands, none of them a batch, an open_session or a tick") {
  CHECK(parses(batch({get("a"), put("a", "b")})));
  CHECK(parses(batch({get("a")}, kBatchWhole)));
  CHECK_FALSE(parses(batch({get("a")}, 2)));
  CHECK_FALSE(parses(batch({})));
  CHECK_FALSE(parses(batch({batch({get("a")})})));
  CHECK_FALSE(parses(batch({open_session()})));
  CHECK_FALSE(parses(batch({tick()})));
  CHECK_FALSE(parses(batch({get("a"), get("")})));
  CHECK(parses(batch(std::vector<Command>(kBatchCommandsMax, get("a")))));
  CHECK_FALSE(parses(batch(std::vector<Command>(kBatchCommandsMax + 1, get("a")))));
  Buffer cut = encode(batch({get("a"), get("b")}));
  cut.pop_back();
  CHECK_FALSE(CommandView::parse(cut));
}

TEST_CASE("a batch is a read if all its commands are") {
  CHECK(is_read(batch({get("a"), multi_get({"a"}), ttl("a"), count(), scan(0, 1, "")})));
  CHECK_FALSE(is_read(batch({get("a"), put("a", "b")})));
}

TEST_CASE("a batch executes its commands in order, all with the version of its entry") {
  Fixture f;
  const auto results = unpack(f(batch({put("k", "1"), get("k"), increment("k", 4), remove("k"), get("k")})));
  const std::uint64_t version = f.now();
  CHECK(results == std::vector<Result>{{Status::ok, {{std::nullopt, version}}},
                                       {Status::ok, {{"1", version}}},
                                       {Status::ok, {{"5", version}}},
                                       {Status::ok, {{std::nullopt, version}}},
                                       {Status::ok, {{std::nullopt, version}}}});
  CHECK(f.store.tombstones() == 1);
  const auto copy = [&] {
    Buffer out;
    f.store.encode(out);
    return Store::parse(out);
  }();
  REQUIRE(copy);
  CHECK(*copy == f.store);
}

TEST_CASE("a batch that is repeated is answered alike and not executed again") {
  Fixture f;
  const std::uint64_t session = f.open();
  const Command command = batch({increment("n", 1), increment("n", 1)});
  const Result first = f.apply(session, 1, 0, command);
  CHECK(f.apply(session, 1, 0, command) == first);
  CHECK(f.read(get("n")).items.at(0).value == "2");
}

TEST_CASE("a batch stops behind the command that makes its results large; a whole one does not") {
  Fixture f;
  f(put("k", std::string(kBatchResultSizeMax / 2, 'v')));
  const std::vector<Command> commands = {get("k"), increment("n", 1), get("k"), increment("n", 1), get("k")};
  CHECK(unpack(f(batch(commands))).size() == 3);
  CHECK(f.read(get("n")).items.at(0).value == "1");
  CHECK(unpack(f.read(batch({get("k"), get("k"), get("k")}))).size() == 2);
  CHECK(unpack(f(batch(commands, kBatchWhole))).size() == 5);
  CHECK(f.read(get("n")).items.at(0).value == "3");
}

TEST_CASE("what could not be answered is not executed: a batch stops before it, a whole one passes over it") {
  Fixture f;
  const std::vector<std::string> keys = {"a", "b", "c"};
  for (const std::string& key : keys) f(put(key, std::string(kValueSizeMax, 'v')));
  const std::vector<Command> commands = {get("n"), multi_get(keys), take("a"), increment("n", 1)};
  CHECK(unpack(f(batch(commands))).size() == 2);
  auto results = unpack(f(batch(commands, kBatchWhole)));
  REQUIRE(results.size() == 4);
  CHECK(results[1].items.size() == 3);
  CHECK(results[2] == Result{Status::too_large, {}});
  CHECK(results[3].items.at(0).value == "1");
  CHECK(f.read(get("a")).items.at(0).value);

  f(put("s", std::string(200'000, 'v')));
  f(put("d", std::string(kValueSizeMax - 20'000, 'v')));
  const Command large = multi_get({"a", "b", "c", "d"});
  CHECK(f.read(large).items.size() == 4);
  results = unpack(f.read(batch({large, get("n")})));
  REQUIRE(results.size() == 1);
  CHECK(results[0].items.size() == 4);
  CHECK(unpack(f.read(batch({get("s"), large, get("n")}))).size() == 1);
  f(put("d", std::string(kValueSizeMax, 'v')));
  results = unpack(f.read(batch({get("s"), large, get("n")})));
  REQUIRE(results.size() == 3);
  CHECK(results[1] == Result{Status::too_large, {}});
}

TEST_CASE("the largest results of a whole batch are still a result") {
  Fixture f;
  f(put("k", std::string(kValueSizeMax - 100, 'v')));
  const Result result = f.read(batch(std::vector<Command>(kBatchCommandsMax, get("k")), kBatchWhole));
  CHECK(unpack(result).size() == kBatchCommandsMax);
  CHECK(encode(result).size() <= kResultSizeMax);
}

TEST_CASE("multi_size answers sizes, also of keys named twice") {
  Fixture f;
  f(put("k", "four"));
  const std::uint64_t version = f.now();
  Command sizes = multi_get({"k", "none", "k"});
  sizes.kind = CommandKind::multi_size;
  CHECK(f.read(sizes) == Result{Status::ok, {{"4", version}, {std::nullopt, 0}, {"4", version}}});
  CHECK(is_read(sizes));
}

// Commands one by one, each in an entry of its own, are the stupid second implementation.
TEST_CASE("a batch answers what its commands would, one after the other, versions aside") {
  RandomRequests random(Rng(7));
  Fixture together;
  Fixture apart;
  const auto values = [](const Result& result) {
    std::vector<std::optional<std::string>> all;
    for (const Item& item : result.items) all.push_back(item.value);
    return all;
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<Command> commands;
    const std::uint64_t size = 1 + random.below(6);
    for (std::uint64_t i = 0; i < size; ++i) commands.push_back(random.command());
    together.time = apart.time = static_cast<std::uint64_t>(round) * 3;
    const auto results = unpack(together(batch(commands, random.one_in(2) ? kBatchWhole : 0)));
    REQUIRE(results.size() == commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const Result one = apart(commands[i]);
      REQUIRE(results[i].status == one.status);
      REQUIRE(values(results[i]) == values(one));
    }
  }
}

}  // namespace
}  // namespace norn::kv
