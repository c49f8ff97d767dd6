// Scans: every key that stays is seen, whatever happens between the steps.
#include <functional>
#include <set>

#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

std::vector<std::string> keys_of(const Result& result) {
  std::vector<std::string> keys;
  Reader in(as_bytes(*result.items.at(0).value));
  while (!in.done()) {
    keys.emplace_back(in.sized_text());
    REQUIRE(in.ok());
  }
  return keys;
}

std::multiset<std::string> scan_all(
    Fixture& f, std::uint32_t limit, const std::string& pattern,
    const std::function<void()>& between = [] {}) {
  std::multiset<std::string> found;
  std::uint64_t cursor = 0;
  do {
    const Result step = f.read(scan(cursor, limit, pattern));
    REQUIRE(step.status == Status::ok);
    for (const std::string& key : keys_of(step)) found.insert(key);
    REQUIRE((step.items.at(0).version == 0 || step.items.at(0).version > cursor));
    cursor = step.items.at(0).version;
    between();
  } while (cursor != 0);
  return found;
}

TEST_CASE("a scan in steps of any size lists each key once") {
  Fixture f;
  std::multiset<std::string> keys;
  for (int i = 0; i < 200; ++i) {
    const std::string key = "key " + std::to_string(i);
    f(put(key, "v"));
    if (i % 3 == 0) {
      f(remove(key));
    } else {
      keys.insert(key);
    }
  }
  for (const std::uint32_t limit : {0u, 1u, 7u, 1000u}) CHECK(scan_all(f, limit, "") == keys);
  CHECK(scan_all(f, 7, "key 1?") ==
        std::multiset<std::string>{"key 10", "key 11", "key 13", "key 14", "key 16", "key 17", "key 19"});
  CHECK(scan_all(f, 0, "none").empty());
}

TEST_CASE("a scan finds what is there all the time, while other keys come and go and the table grows") {
  Fixture f;
  std::multiset<std::string> stay;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "stays " + std::to_string(i);
    f(put(key, "v"));
    stay.insert(key);
  }
  int n = 0;
  const auto churn = [&] {
    for (int i = 0; i < 20; ++i) f(put("comes " + std::to_string(n++), "v"));
    f(remove("comes " + std::to_string(n / 2)));
  };
  CHECK(scan_all(f, 5, "stays *", churn) == stay);
}

TEST_CASE("a scan goes on on another replica, also on one restored from a snapshot") {
  Fixture f;
  for (int i = 0; i < 100; ++i) f(put("key " + std::to_string(i), "v"));
  Buffer snapshot;
  f.store.encode(snapshot);
  Fixture other;
  other.store = *Store::parse(snapshot);
  const std::uint64_t cursor = f.read(scan(0, 30, "")).items.at(0).version;
  REQUIRE(cursor != 0);
  CHECK(other.read(scan(cursor, 30, "")) == f.read(scan(cursor, 30, "")));
}

TEST_CASE("a scan stops before its result gets too large; without a limit it says so") {
  Fixture f;
  for (int i = 0; i < 70; ++i) {
    std::string key(kKeySizeMax, static_cast<char>('0' + i));
    f(put(std::move(key), ""));
  }
  CHECK(f.read(scan(0, 0, "")) == Result{Status::too_large, {}});
  const Result part = f.read(scan(0, 1000, ""));
  CHECK(keys_of(part).size() == 63);
  CHECK(part.items.at(0).version != 0);
  CHECK(scan_all(f, 1000, "").size() == 70);
}

}  // namespace
}  // namespace norn::kv
