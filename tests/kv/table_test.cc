// The table against an ordered map, through growth.
#include "replica/kv/table.h"

#include <doctest/doctest.h>
#include <map>
#include <string>

#include "replica/base/rng.h"

namespace norn::kv {
namespace {

using Model = std::map<std::pair<std::uint64_t, std::string>, std::string>;

void check_same(const Table& table, const Model& model) {
  REQUIRE(table.size() == model.size());
  auto at = table.walk();
  for (const auto& [place, value] : model) {
    REQUIRE(at);
    REQUIRE(at->hash == place.first);
    REQUIRE(at->slot.key() == place.second);
    REQUIRE(at->slot.value() == value);
    ++at;
  }
  REQUIRE_FALSE(at);
}

TEST_CASE("a table holds what a map holds, in the same order, while it grows and shrinks") {
  Rng rng(1);
  Table table;
  Model model;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(rng.between(0, 3000));
    // Few hashes, some of them next to one another, and all the rest.
    const std::uint64_t hash = key.size() < 3 ? key.size() << 62 | key.size() : hash_of(key);
    const std::pair place{hash, key};
    Slot* const found = table.find(hash, key);
    REQUIRE((found != nullptr) == model.contains(place));
    if (found != nullptr && rng.between(0, 2) == 0) {
      const Slot removed = table.remove(hash, key);
      REQUIRE(removed.value() == model[place]);
      model.erase(place);
    } else {
      const std::string value(rng.between(0, 100), 'v');
      Slot& slot = found != nullptr ? *found : table.insert(hash, Slot(key));
      slot.assign(value);
      model[place] = value;
    }
    if (i % 1000 == 0) check_same(table, model);
    if (i % 100 != 0) continue;
    const std::uint64_t from = rng.next();
    const auto at = table.walk(from);
    const auto expected = model.lower_bound({from, ""});
    REQUIRE(static_cast<bool>(at) == (expected != model.end()));
    if (at) REQUIRE(at->slot.key() == expected->first.second);
  }
  check_same(table, model);
  const Table copy = table;
  CHECK(copy == table);
  std::size_t rounds = 1;
  while (table.free_some(100)) ++rounds;
  CHECK(rounds > model.size() / 200);
  check_same(copy, model);
}

TEST_CASE("a slot's value grows, shrinks and goes, and a copy is its own") {
  Slot slot("key");
  CHECK_FALSE(slot.present());
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    slot.append("part ");
    expected += "part ";
    REQUIRE(slot.value() == expected);
  }
  slot.set_version(7);
  slot.set_expiry(9);
  const Slot copy = slot;
  slot.assign("short");
  CHECK(slot.value() == "short");
  CHECK(slot.version() == 7);
  CHECK(copy.value() == expected);
  slot.remove();
  CHECK_FALSE(slot.present());
  CHECK(slot.expiry() == 0);
  CHECK(slot.key() == "key");
  slot.assign("");
  CHECK(slot.present());
  CHECK(copy.expiry() == 9);
  CHECK(copy != slot);
}

}  // namespace
}  // namespace norn::kv
