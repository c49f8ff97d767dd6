// Exactly-once: retries, reordering, acknowledgement, the window, and which sessions are evicted.
#include "replica/kv/sessions.h"

#include "tests/kv/kv_testing.h"

namespace norn::kv {
namespace {

const Result kEvicted{Status::session_evicted, {}};
const Result kStale{Status::stale_sequence, {}};

std::string value_of(const Fixture& f, const std::string& key) {
  return f.read(get(key)).items.at(0).value.value_or("(absent)");
}

TEST_CASE("a session's id is the index of the entry that opened it") {
  Fixture f;
  CHECK(f.open() == 1);
  f.apply_raw({});
  CHECK(f.open() == 3);
  CHECK(f.store.sessions().size() == 2);
}

TEST_CASE("a retry is answered as the first time and not applied again") {
  Fixture f;
  const std::uint64_t session = f.open();
  const Result first = f.apply(session, 1, 0, append("k", "x"));
  f.apply(session, 2, 0, append("k", "y"));
  CHECK(f.apply(session, 1, 0, append("k", "x")) == first);
  CHECK(value_of(f, "k") == "xy");
}

TEST_CASE("a retried get through the log returns what was read the first time") {
  Fixture f;
  const std::uint64_t session = f.open();
  f.apply(session, 1, 0, put("k", "old"));
  const Result read = f.apply(session, 2, 0, get("k"));
  f.apply(session, 3, 0, put("k", "new"));
  CHECK(f.apply(session, 2, 0, get("k")) == read);
}

TEST_CASE("requests of a session may arrive in any order, each applied once") {
  Fixture f;
  const std::uint64_t session = f.open();
  for (const std::uint64_t sequence : {3u, 1u, 3u, 2u, 1u}) {
    f.apply(session, sequence, 0, append("k", std::to_string(sequence)));
  }
  CHECK(value_of(f, "k") == "312");
}

TEST_CASE("the same sequence in two sessions is two requests") {
  Fixture f;
  const std::uint64_t one = f.open();
  const std::uint64_t two = f.open();
  f.apply(one, 1, 0, append("k", "1"));
  f.apply(two, 1, 0, append("k", "2"));
  CHECK(value_of(f, "k") == "12");
}

TEST_CASE("an acknowledged sequence is stale, applied before or not, and acknowledgements do not go back") {
  Fixture f;
  const std::uint64_t session = f.open();
  f.apply(session, 1, 0, append("k", "1"));
  f.apply(session, 4, 3, append("k", "4"));
  CHECK(f.apply(session, 1, 0, append("k", "1")) == kStale);
  CHECK(f.apply(session, 3, 0, append("k", "3")) == kStale);
  CHECK(f.apply(session, 5, 5, append("k", "5")) == kStale);
  CHECK(value_of(f, "k") == "14");
}

TEST_CASE("an acknowledgement frees what was kept") {
  Fixture f;
  const std::uint64_t session = f.open();
  for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) f.apply(session, sequence, 0, put("k", "v"));
  const std::size_t before = f.store.sessions().kept_bytes();
  f.apply(session, 11, 10, put("k", "v"));
  CHECK(f.store.sessions().kept_bytes() == before / 10);
}

TEST_CASE("a sequence is applied up to kWindow ahead of the acknowledged, and not one further") {
  Fixture f;
  const std::uint64_t session = f.open();
  CHECK(f.apply(session, kWindow, 0, append("k", "a")).status == Status::ok);
  CHECK(f.apply(session, kWindow + 1, 0, append("k", "b")) == Result{Status::window_exceeded, {}});
  CHECK(f.apply(session, kWindow + 1, 1, append("k", "c")).status == Status::ok);
  CHECK(f.apply(session, UINT64_MAX, 1, append("k", "d")).status == Status::window_exceeded);
  CHECK(f.apply(session, UINT64_MAX, UINT64_MAX - 1, append("k", "e")).status == Status::ok);
  CHECK(value_of(f, "k") == "ace");
}

TEST_CASE("nothing is applied for a session that is not open") {
  Fixture f;
  CHECK(f.apply(0, 1, 0, put("k", "v")) == kEvicted);
  CHECK(f.apply(99, 1, 0, put("k", "v")) == kEvicted);
  CHECK(value_of(f, "k") == "(absent)");
}

TEST_CASE("one session too many evicts the least recently used") {
  Fixture f({.sessions_max = 2});
  const std::uint64_t one = f.open();
  const std::uint64_t two = f.open();
  f.apply(one, 1, 0, append("k", "1"));
  const std::uint64_t three = f.open();
  CHECK(f.store.sessions().size() == 2);
  CHECK(f.apply(two, 1, 0, append("k", "2")) == kEvicted);
  CHECK(f.apply(one, 2, 0, append("k", "1")).status == Status::ok);
  CHECK(f.apply(three, 1, 0, append("k", "3")).status == Status::ok);
  CHECK(value_of(f, "k") == "113");
}

TEST_CASE("a repeated or refused request is a use of its session too") {
  for (const std::uint64_t sequence : {std::uint64_t{1}, kWindow * 9}) {
    Fixture f({.sessions_max = 2});
    const std::uint64_t one = f.open();
    f.apply(one, 1, 0, put("k", "v"));
    const std::uint64_t two = f.open();
    f.apply(one, sequence, 0, put("k", "v"));
    f.open();
    CHECK(f.apply(one, 2, 0, put("k", "v")).status == Status::ok);
    CHECK(f.apply(two, 1, 0, put("k", "v")) == kEvicted);
  }
}

TEST_CASE("a session that keeps more bytes than one may is evicted, after its last answer") {
  Fixture f({.session_bytes_max = 1000, .kept_bytes_max = 100000});
  const std::uint64_t one = f.open();
  const std::uint64_t two = f.open();
  f.apply(two, 1, 0, put("k", std::string(400, 'v')));
  CHECK(f.apply(one, 1, 0, get("k")).status == Status::ok);
  CHECK(f.apply(one, 2, 0, get("k")).status == Status::ok);
  CHECK(f.apply(one, 3, 0, get("k")).items.at(0).value->size() == 400);
  CHECK(f.apply(one, 4, 3, get("k")) == kEvicted);
  CHECK(f.apply(two, 2, 1, get("k")).status == Status::ok);
}

TEST_CASE("too many bytes kept in all evict the least recently used sessions") {
  Fixture f({.session_bytes_max = 1000, .kept_bytes_max = 1000});
  const std::uint64_t one = f.open();
  const std::uint64_t two = f.open();
  f.apply(two, 1, 0, put("k", std::string(400, 'v')));
  f.apply(one, 1, 0, get("k"));
  f.apply(two, 2, 1, get("k"));
  f.apply(two, 3, 1, get("k"));
  CHECK(f.store.sessions().kept_bytes() <= 1000);
  CHECK(f.apply(one, 1, 0, get("k")) == kEvicted);
  CHECK(f.apply(two, 3, 1, get("k")).status == Status::ok);
}

}  // namespace
}  // namespace norn::kv
