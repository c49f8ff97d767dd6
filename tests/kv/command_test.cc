// Commands, requests and results survive their encodings, and what is beyond a limit is refused.
#include "replica/kv/command.h"

#include "replica/kv/request.h"
#include "replica/kv/result.h"

#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

bool parses(const Command& command) { return CommandView::parse(encode(command)).has_value(); }

TEST_CASE("a command of every kind comes back from its encoding") {
  const std::vector<Command> commands = {
      get("k"),
      put("k", ""),
      put("k", "value"),
      remove("k"),
      append("k", "more"),
      increment("k", -3),
      increment("k", INT64_MIN),
      compare_and_set("k", std::nullopt, "new"),
      compare_and_set("k", "", "new"),
      compare_and_set("k", "old", ""),
      multi_get({"b", "a", "c"}),
      multi_put({{"b", "1"}, {"a", ""}}),
      open_session(),
      set("k", "v", set_flag::kOnlyIfAbsent | set_flag::kWantOld, kTtlMax),
      set("k", "", set_flag::kOnlyIfPresent | set_flag::kKeepTtl),
      take("k"),
      multi_remove({"b", "a"}),
      expire("k", 1500),
      expire("k", 0),
      ttl("k"),
      count(),
      clear(),
      scan(~std::uint64_t{0}, 10, "user:*"),
      scan(0, 0, ""),
      tick(),
  };
  std::size_t reads = 0;
  for (const Command& command : commands) {
    const Buffer bytes = encode(command);
    const auto view = CommandView::parse(bytes);
    REQUIRE(view);
    CHECK(rebuilt(*view) == command);
    CHECK(view->key_count() == command.pairs.size());
    reads += view->is_read();
    if (!command.pairs.empty()) CHECK(view->key() == command.pairs[0].key);
    if (!command.pairs.empty()) CHECK(view->value() == command.pairs[0].value);
  }
  CHECK(reads == 6);  // get, multi_get, ttl, count, scan and scan
}

TEST_CASE("a key is 1 to kKeySizeMax bytes, a value at most kValueSizeMax") {
  CHECK_FALSE(parses(get("")));
  CHECK(parses(get(std::string(kKeySizeMax, 'k'))));
  CHECK_FALSE(parses(get(std::string(kKeySizeMax + 1, 'k'))));
  CHECK(parses(put("k", std::string(kValueSizeMax, 'v'))));
  CHECK_FALSE(parses(put("k", std::string(kValueSizeMax + 1, 'v'))));
  const std::string key(kKeySizeMax, 'k');
  const std::string value(kValueSizeMax, 'v');
  CHECK(parses(compare_and_set(key, value, value)));
  CHECK_FALSE(parses(compare_and_set("k", value + "v", "")));
}

TEST_CASE("a multi-key command has 1 to kMultiKeysMax keys, different ones where it writes") {
  std::vector<std::string> keys;
  CHECK_FALSE(parses(multi_get(keys)));
  for (std::size_t i = 0; i < kMultiKeysMax; ++i) keys.push_back(std::to_string(i));
  CHECK(parses(multi_get(keys)));
  keys.push_back("one more");
  CHECK_FALSE(parses(multi_get(keys)));
  CHECK(parses(multi_get({"a", "b", "a"})));
  CHECK_FALSE(parses(multi_put({{"a", "1"}, {"a", "2"}})));
}

TEST_CASE("the conditions of a set exclude each other, as do a new expiry and the old one") {
  CHECK(parses(set("k", "v", set_flag::kOnlyIfAbsent, 5)));
  CHECK_FALSE(parses(set("k", "v", set_flag::kOnlyIfAbsent | set_flag::kOnlyIfPresent)));
  CHECK_FALSE(parses(set("k", "v", set_flag::kKeepTtl, 5)));
  CHECK_FALSE(parses(set("k", "v", 16)));
  CHECK_FALSE(parses(set("k", "v", 0, kTtlMax + 1)));
  CHECK_FALSE(parses(expire("k", kTtlMax + 1)));
  CHECK_FALSE(parses(scan(0, 0, std::string(kPatternSizeMax + 1, '*'))));
}

TEST_CASE("a multi_put is at most kCommandSizeMax bytes as a whole") {
  const std::string value(kValueSizeMax, 'v');
  CHECK(parses(multi_put({{"a", value}, {"b", value}, {"c", value}})));
  CHECK_FALSE(parses(multi_put({{"a", value}, {"b", value}, {"c", value}, {"d", value}})));
}

TEST_CASE("a request comes back from its encoding, and only session 0 may open one") {
  const Buffer bytes = payload(7, 8, 6, get("k"));
  const auto request = Request::parse(bytes);
  REQUIRE(request);
  CHECK(request->session == SessionId{7});
  CHECK(request->sequence == Sequence{8});
  CHECK(request->acked == Sequence{6});
  CHECK(CommandView::parse(request->command)->key() == "k");
  CHECK(Request::parse(payload(0, 0, 0, open_session())));
  CHECK_FALSE(Request::parse(payload(7, 8, 6, open_session())));
  CHECK_FALSE(Request::parse(encode(Request{{7}, {8}, {6}, {}})));
  CHECK_FALSE(Request::parse(Bytes(bytes).first(31)));
  CHECK_FALSE(Request::parse({}));
}

TEST_CASE("a result comes back from its encoding") {
  const std::vector<Result> results = {
      {Status::ok, {{std::nullopt, 5}}},  {Status::ok, {{"value", 5}, {std::nullopt, 0}, {"", 7}}},
      {Status::mismatch, {{"found", 5}}}, {Status::too_large, {}},
      {Status::session_evicted, {}},
  };
  for (const Result& result : results) CHECK(Result::parse(encode(result)) == result);
}

TEST_CASE("a result whose items do not fit its status is refused") {
  Buffer none;
  ResultWriter(none, Status::ok, 0);
  CHECK_FALSE(Result::parse(none));
  Buffer one;
  ResultWriter(one, Status::stale_sequence, 1).item(5);
  CHECK_FALSE(Result::parse(one));
  one[0] = static_cast<std::byte>(Status::mismatch);
  CHECK(Result::parse(one));
  one[0] = static_cast<std::byte>(static_cast<int>(Status::window_exceeded) + 1);
  CHECK_FALSE(Result::parse(one));
}

}  // namespace
}  // namespace norn::kv
