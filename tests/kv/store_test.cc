// What each command does to a key and what it answers; versions; tombstones and the floor; chain and digest.
#include "replica/kv/store.h"

#include "replica/base/assert.h"

#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

Result ok(std::uint64_t version) { return {Status::ok, {{std::nullopt, version}}}; }
Result ok(std::uint64_t version, std::string value) { return {Status::ok, {{std::move(value), version}}}; }

// Applies the command: does it answer ok, with this entry's index as the version?
bool changes(Fixture& f, const Command& command, std::optional<std::string> value = {}) {
  const Result result = f(command);
  return result == Result{Status::ok, {{std::move(value), f.now()}}};
}

TEST_CASE("a get returns the value put last and the index of that put as version") {
  Fixture f;
  CHECK(f(get("k")) == ok(0));
  CHECK(changes(f, put("k", "one")));
  CHECK(changes(f, put("k", "two")));
  const std::uint64_t version = f.now();
  CHECK(f(get("k")) == ok(version, "two"));
  CHECK(f.read(get("k")) == ok(version, "two"));
  CHECK(f.store.size() == 1);
}

TEST_CASE("a removed key is absent at the version of its removal; removing it again changes nothing") {
  Fixture f;
  CHECK(f(remove("k")) == ok(0));
  f(put("k", "v"));
  CHECK(changes(f, remove("k")));
  const std::uint64_t version = f.now();
  CHECK(f(remove("k")) == ok(version));
  CHECK(f(get("k")) == ok(version));
  CHECK(f.store.size() == 0);
  CHECK(f.store.tombstones() == 1);
  CHECK(changes(f, put("k", "w")));
  CHECK(f.store.tombstones() == 0);
  CHECK(f.read(get("k")) == ok(f.now(), "w"));
}

TEST_CASE("a compare_and_set writes if it finds what it expects, and else returns what it found") {
  Fixture f;
  CHECK(f(compare_and_set("k", "a", "b")) == Result{Status::mismatch, {{std::nullopt, 0}}});
  CHECK(changes(f, compare_and_set("k", std::nullopt, "a")));
  const std::uint64_t version = f.now();
  CHECK(f(compare_and_set("k", std::nullopt, "b")) == Result{Status::mismatch, {{"a", version}}});
  CHECK(f(compare_and_set("k", "", "b")) == Result{Status::mismatch, {{"a", version}}});
  CHECK(changes(f, compare_and_set("k", "a", "b")));
  CHECK(f.read(get("k")) == ok(f.now(), "b"));
}

TEST_CASE("an append extends the value, an absent one from nothing, and never beyond kValueSizeMax") {
  Fixture f;
  CHECK(changes(f, append("k", "ab"), "2"));
  CHECK(changes(f, append("k", "c"), "3"));
  CHECK(f.read(get("k")) == ok(f.now(), "abc"));
  CHECK(changes(f, append("k", std::string(kValueSizeMax - 3, 'x')), std::to_string(kValueSizeMax)));
  const std::uint64_t version = f.now();
  CHECK(f(append("k", "y")) == Result{Status::too_large, {{std::nullopt, version}}});
  const Result after = f.read(get("k"));
  CHECK(after.items.at(0).version == version);
  CHECK(after.items.at(0).value->size() == kValueSizeMax);
}

TEST_CASE("an increment adds to a decimal number, counting an absent key as 0") {
  Fixture f;
  CHECK(changes(f, increment("k", 0), "0"));
  CHECK(changes(f, increment("k", 5), "5"));
  CHECK(changes(f, increment("k", -7), "-2"));
  const std::uint64_t version = f.now();
  CHECK(f(get("k")) == ok(version, "-2"));
}

TEST_CASE("an increment leaves a value that is not a canonical number as it is") {
  Fixture f;
  for (const char* text : {"", " 1", "1 ", "+1", "-0", "01", "-", "1e3", "0x1", "9223372036854775808"}) {
    f(put("k", text));
    const std::uint64_t version = f.now();
    CHECK(f(increment("k", 1)) == Result{Status::not_a_number, {{std::nullopt, version}}});
    CHECK(f.read(get("k")) == ok(version, text));
  }
}

TEST_CASE("an increment reaches both ends of 64 bits and goes beyond neither") {
  Fixture f;
  f(put("high", "9223372036854775806"));
  CHECK(changes(f, increment("high", 1), "9223372036854775807"));
  std::uint64_t version = f.now();
  CHECK(f(increment("high", 1)) == Result{Status::overflow, {{std::nullopt, version}}});
  CHECK(changes(f, increment("low", INT64_MIN), "-9223372036854775808"));
  version = f.now();
  CHECK(f(increment("low", -1)) == Result{Status::overflow, {{std::nullopt, version}}});
  CHECK(f.read(get("low")) == ok(version, "-9223372036854775808"));
}

TEST_CASE("a multi_put writes all its keys at one version, and a multi_get reads in the order asked") {
  Fixture f;
  const Result written = f(multi_put({{"b", "1"}, {"a", "2"}}));
  const std::uint64_t version = f.now();
  CHECK(written == Result{Status::ok, {{std::nullopt, version}, {std::nullopt, version}}});
  const Result read{Status::ok, {{"2", version}, {std::nullopt, 0}, {"1", version}}};
  CHECK(f.read(multi_get({"a", "none", "b"})) == read);
  CHECK(f(multi_get({"a", "none", "b"})) == read);
}

TEST_CASE("a multi_get of values that no result can carry is answered too_large") {
  Fixture f;
  for (const char* key : {"a", "b", "c", "d"}) f(put(key, std::string(kValueSizeMax, 'v')));
  CHECK(f.read(multi_get({"a", "b", "c"})).items.size() == 3);
  CHECK(f.read(multi_get({"a", "b", "c", "d"})) == Result{Status::too_large, {}});
}

TEST_CASE("the oldest tombstone is forgotten first, and then absent keys are at the floor") {
  Fixture f({.tombstones_max = 2});
  for (const char* key : {"a", "b", "c"}) f(put(key, "v"));
  f(remove("b"));
  const std::uint64_t first = f.now();
  f(remove("a"));
  const std::uint64_t second = f.now();
  CHECK(f.store.floor() == 0);
  CHECK(f.read(get("never")) == ok(0));
  f(remove("c"));
  const std::uint64_t third = f.now();
  CHECK(f.store.floor() == first);
  CHECK(f.store.tombstones() == 2);
  CHECK(
      f.read(multi_get({"a", "b", "c", "never"})) ==
      Result{Status::ok,
             {{std::nullopt, second}, {std::nullopt, first}, {std::nullopt, third}, {std::nullopt, first}}});
}

TEST_CASE("an empty payload advances the index and the chain, and changes and answers nothing else") {
  Fixture f;
  f(put("k", "v"));
  const std::uint64_t before = f.store.chain();
  CHECK(f.apply_raw({}).empty());
  CHECK(f.store.chain() != before);
  CHECK(f.store.applied() == Index{3});
  CHECK(f.read(get("k")) == ok(2, "v"));
}

TEST_CASE("the chain tells apart other bytes, another order and another number of entries") {
  const Buffer a = payload(1, 1, 0, put("k", "a"));
  const Buffer b = payload(1, 2, 0, put("k", "b"));
  const auto chain = [](std::vector<Buffer> entries) {
    Fixture f;
    f.open();
    for (const Buffer& entry : entries) f.apply_raw(entry);
    return f.store.chain();
  };
  CHECK(chain({a, b}) == chain({a, b}));
  CHECK(chain({a, b}) != chain({b, a}));
  CHECK(chain({a, b}) != chain({a}));
  CHECK(chain({a}) != chain({b}));
  CHECK(chain({a}) != chain({a, {}}));
}

TEST_CASE("a copy of a store goes its own way") {
  Fixture f;
  f(put("k", "v"));
  Fixture copy = f;
  CHECK(copy.store == f.store);
  CHECK(copy.store.digest() == f.store.digest());
  copy(put("k", "w"));
  CHECK(copy.store.digest() != f.store.digest());
  CHECK(f.read(get("k")).items.at(0).value == "v");
}

TEST_CASE("an entry out of order, or one that the gate would have refused, is a programmer's error") {
  const AssertHandler before = set_assert_handler(throw_assertion_failure);
  Store store;
  Buffer out;
  CHECK_THROWS_AS(store.apply(Index{2}, {}, out), AssertionFailure);
  CHECK_THROWS_AS(store.apply(Index{1}, as_bytes("short"), out), AssertionFailure);
  set_assert_handler(before);
}

}  // namespace
}  // namespace norn::kv
