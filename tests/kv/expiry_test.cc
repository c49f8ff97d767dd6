// Keys expire by the times in the log, and by nothing else.
#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

std::optional<std::string> value_of(const Fixture& f, const std::string& key) {
  return f.read(get(key)).items.at(0).value;
}
std::string ttl_of(const Fixture& f, const std::string& key) {
  return f.read(ttl(key)).items.at(0).value.value_or("(absent)");
}

TEST_CASE(
    "a key is there until an entry carries a time past its expiry, and then it is removed at that entry") {
  Fixture f;
  f.tick_at(1000);
  f(set("k", "v", 0, 50));
  CHECK(f.store.next_expiry() == 1050);
  f.tick_at(1050);  // up to a millisecond later than that, but the key may have been set as much later
  CHECK(value_of(f, "k") == "v");
  f.time = 2000;  // the leader's time alone changes nothing
  CHECK(value_of(f, "k") == "v");
  CHECK(ttl_of(f, "k") == "1");
  f.tick_at(1051);
  CHECK(f.read(get("k")) == Result{Status::ok, {{std::nullopt, f.now()}}});
  CHECK(f.store.next_expiry() == std::nullopt);
  CHECK(f.store.tombstones() == 1);
}

TEST_CASE("an entry sees what its own time leaves") {
  Fixture f;
  f(set("k", "v", 0, 50));
  f.time = 51;
  CHECK(f(append("k", "w")).items.at(0).value == "1");
  CHECK(ttl_of(f, "k") == "-1");
}

TEST_CASE("the clock does not go back with a leader that is behind") {
  Fixture f;
  f.tick_at(1000);
  f.time = 10;
  f(set("k", "v", 0, 50));
  CHECK(f.store.clock() == 1000);
  CHECK(f.store.next_expiry() == 1050);
  CHECK(ttl_of(f, "k") == "50");
}

TEST_CASE("what changes a value in place keeps its expiry, and what writes another ends it") {
  const auto after = [](const Command& command) {
    Fixture f;
    f(set("k", "1", 0, 50));
    f(command);
    return ttl_of(f, "k");
  };
  CHECK(after(append("k", "2")) == "50");
  CHECK(after(increment("k", 1)) == "50");
  CHECK(after(set("k", "2", set_flag::kKeepTtl)) == "50");
  CHECK(after(set("k", "2", set_flag::kOnlyIfAbsent)) == "50");  // nothing happens
  CHECK(after(compare_and_set("k", "2", "3")) == "50");
  CHECK(after(set("k", "2")) == "-1");
  CHECK(after(set("k", "2", 0, 70)) == "70");
  CHECK(after(put("k", "2")) == "-1");
  CHECK(after(multi_put({{"k", "2"}})) == "-1");
  CHECK(after(compare_and_set("k", "1", "3")) == "-1");
  CHECK(after(remove("k")) == "(absent)");
}

TEST_CASE("a removed key's expiry is not that of the next value") {
  Fixture f;
  f(set("k", "1", 0, 50));
  f(remove("k"));
  f(set("k", "2", set_flag::kKeepTtl));
  CHECK(ttl_of(f, "k") == "-1");
  f.tick_at(100);
  CHECK(value_of(f, "k") == "2");
}

TEST_CASE("an expire gives a key a new expiry or takes it away, and says when there is nothing to do") {
  Fixture f;
  CHECK(f(expire("k", 50)).status == Status::mismatch);
  f(put("k", "v"));
  const std::uint64_t version = f.now();
  CHECK(f(expire("k", 0)) == Result{Status::mismatch, {{std::nullopt, version}}});
  CHECK(f(expire("k", 50)) == Result{Status::ok, {{std::nullopt, version + 2}}});
  CHECK(f(expire("k", 70)).status == Status::ok);
  CHECK(f.store.next_expiry() == 70);
  f.tick_at(50);
  CHECK(ttl_of(f, "k") == "20");
  CHECK(f(expire("k", 0)).status == Status::ok);
  f.tick_at(70);
  CHECK(value_of(f, "k") == "v");
}

TEST_CASE("of many keys that are due, an entry takes only so many") {
  Fixture f;
  const std::size_t keys = 2 * kExpiriesMax + 10;
  for (std::size_t i = 0; i < keys; ++i) f(set("key " + std::to_string(i), "v", 0, 5));
  f.tick_at(6);
  CHECK(f.store.size() == keys - kExpiriesMax);
  CHECK(*f.store.next_expiry() < f.store.clock());
  f.tick_at(6);
  f(get("x"));
  CHECK(f.store.size() == 0);
}

// Two keys of one XXH3 hash: with one half of sixteen bytes chosen so that the product in it vanishes, the
// hash is the other half and a constant.
const std::string kTwin("\xb9\x39\x42\xea\x7b\x73\x82\x67\x0e\x40\x96\x09\x3b\xbc\x56\xaf", 16);
const std::string kOtherTwin("\xb9\x39\x42\xea\x7b\x73\x90\x53\x3a\x52\x96\x09\x3b\xbc\x56\xaf", 16);

TEST_CASE("keys whose hashes collide are two keys, also when they expire together") {
  REQUIRE(hash_of(kTwin) == hash_of(kOtherTwin));
  Fixture f;
  f(multi_put({{kTwin, "1"}, {kOtherTwin, "2"}}));
  CHECK(value_of(f, kTwin) == "1");
  CHECK(value_of(f, kOtherTwin) == "2");
  f(expire(kTwin, 50));
  f(expire(kOtherTwin, 50));
  SUBCASE("both") {
    f.tick_at(51);
    CHECK(f.store.size() == 0);
  }
  SUBCASE("one was made to stay") {
    f(expire(kTwin, 0));
    f.tick_at(51);
    CHECK(value_of(f, kTwin) == "1");
    CHECK(value_of(f, kOtherTwin) == std::nullopt);
  }
  CHECK(f.store.next_expiry() == std::nullopt);
  // A scan gives all keys of one hash together.
  f(multi_put({{kTwin, "1"}, {kOtherTwin, "2"}}));
  const auto all = f.read(scan(0, 1, ""));
  CHECK(all.items.at(0).version == 0);
  CHECK(all.items.at(0).value->size() == 2 * (4 + 16));
}

}  // namespace
}  // namespace norn::kv
