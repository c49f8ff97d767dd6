// The commands that a Redis client asks for besides: conditions, values handed back, many keys at once.
#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

Result ok(std::uint64_t version) { return {Status::ok, {{std::nullopt, version}}}; }
Result ok(std::uint64_t version, std::string value) { return {Status::ok, {{std::move(value), version}}}; }
Result mismatch(std::uint64_t version, std::optional<std::string> value = {}) {
  return {Status::mismatch, {{std::move(value), version}}};
}

// Applies the command: does it answer ok, with this entry's index as the version?
bool changes(Fixture& f, const Command& command, std::optional<std::string> value = {}) {
  const Result result = f(command);
  return result == Result{Status::ok, {{std::move(value), f.now()}}};
}

TEST_CASE("a set writes on its condition only, and hands back the old value only if asked") {
  Fixture f;
  CHECK(f(set("k", "a", set_flag::kOnlyIfPresent)) == mismatch(0));
  CHECK(changes(f, set("k", "a", set_flag::kOnlyIfAbsent)));
  const std::uint64_t version = f.now();
  CHECK(f(set("k", "b", set_flag::kOnlyIfAbsent)) == mismatch(version));
  CHECK(f(set("k", "b", set_flag::kOnlyIfAbsent | set_flag::kWantOld)) == mismatch(version, "a"));
  CHECK(f.read(get("k")) == ok(version, "a"));
  CHECK(changes(f, set("k", "b", set_flag::kOnlyIfPresent | set_flag::kWantOld), "a"));
  CHECK(changes(f, set("k", "c")));
  f(remove("k"));
  CHECK(changes(f, set("k", "d", set_flag::kWantOld)));
}

TEST_CASE("a take removes the key and hands back its value") {
  Fixture f;
  CHECK(f(take("k")) == ok(0));
  f(put("k", "v"));
  CHECK(changes(f, take("k"), "v"));
  const std::uint64_t version = f.now();
  CHECK(f(take("k")) == ok(version));
  CHECK(f.store.size() == 0);
}

TEST_CASE("a multi_remove removes its keys at one version and says which were there") {
  Fixture f({.tombstones_max = 2});
  f(multi_put({{"a", "1"}, {"b", ""}, {"c", "3"}}));
  const Result removed = f(multi_remove({"b", "never", "a", "c"}));
  const std::uint64_t now = f.now();
  CHECK(removed == Result{Status::ok, {{"", now}, {std::nullopt, 0}, {"", now}, {"", now}}});
  CHECK(f.store.size() == 0);
  CHECK(f.store.tombstones() == 2);
  CHECK(f.store.floor() == now);  // one of the three is forgotten: it is absent at the floor, as they are
  for (const char* key : {"a", "b", "c"}) CHECK(f.read(get(key)) == ok(now));
}

TEST_CASE("after a clear every key is absent at its version, those removed before as well") {
  Fixture f;
  f(put("a", "1"));
  f(remove("a"));
  f(set("b", "2", 0, 50));
  CHECK(changes(f, clear()));
  const std::uint64_t cleared = f.now();
  CHECK(f.store.size() == 0);
  CHECK(f.store.tombstones() == 0);
  CHECK(f.store.next_expiry() == std::nullopt);
  CHECK(f.read(multi_get({"a", "b", "never"})) ==
        Result{Status::ok, {{std::nullopt, cleared}, {std::nullopt, cleared}, {std::nullopt, cleared}}});
  f(put("a", "3"));
  CHECK(f.read(count()) == ok(f.now(), "1"));
}

TEST_CASE("what a clear puts aside is freed by and by, whatever is done meanwhile") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f(set("key " + std::to_string(i), "v", 0, 1000));
  for (int i = 0; i < 300; ++i) f(remove("key " + std::to_string(i)));
  f(clear());
  std::size_t rounds = 0;
  for (; f.store.untidy(); ++rounds) {
    f.store.tidy(10);
    f(put("key " + std::to_string(rounds), "w"));
  }
  CHECK(rounds >= 70);
  CHECK(rounds < 200);
  CHECK(f.store.size() == rounds);
}

TEST_CASE("a count is of the keys that are present") {
  Fixture f;
  CHECK(f.read(count()) == ok(0, "0"));
  f(multi_put({{"a", "1"}, {"b", "2"}}));
  f(remove("a"));
  CHECK(changes(f, count(), "1"));
}

}  // namespace
}  // namespace norn::kv
