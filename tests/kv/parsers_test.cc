// Damaged bytes are refused or mean something else, but never crash: every bit flipped and every truncation
// of encoded commands, requests, results and snapshots (run it under the sanitizers too). What a parser
// accepts, it accepts in one spelling only: encoding it again gives the same bytes.
#include <functional>

#include "tests/kv/random_requests.h"

namespace norn::kv {
namespace {

// Calls judge with every variant of the bytes that is one flipped bit or one truncation away, each in an
// allocation of exactly its size, so that AddressSanitizer sees a read beyond it. Judge says "accepted".
std::size_t count_accepted(const Buffer& bytes, const std::function<bool(Bytes)>& judge) {
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Buffer damaged(bytes);
    damaged[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    if (judge(damaged)) ++accepted;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(judge(cut));
  }
  Buffer longer(bytes);
  longer.push_back(std::byte{0});
  CHECK_FALSE(judge(longer));
  return accepted;
}

bool same(Bytes a, Bytes b) { return as_text(a) == as_text(b); }

bool command_accepted(Bytes bytes) {
  const auto view = CommandView::parse(bytes);
  if (!view) return false;
  CHECK(same(encode(rebuilt(*view)), bytes));
  return true;
}

TEST_CASE("every damaged command is refused or is another command") {
  RandomRequests requests{Rng(1)};
  std::size_t accepted = 0;
  for (int i = 0; i < 100; ++i) accepted += count_accepted(encode(requests.command()), command_accepted);
  CHECK(accepted > 0);  // a flipped bit of a value is another value
}

TEST_CASE("every damaged request is refused or is another request") {
  RandomRequests requests{Rng(2)};
  const auto judge = [](Bytes bytes) {
    const auto request = Request::parse(bytes);
    if (!request) return false;
    CHECK(same(encode(*request), bytes));
    return command_accepted(request->command);
  };
  for (int i = 0; i < 50; ++i) CHECK(count_accepted(payload(7, 8, 6, requests.command()), judge) > 0);
}

TEST_CASE("every damaged result is refused or is another result") {
  RandomRequests requests{Rng(3)};
  Fixture f(tight());
  const auto judge = [](Bytes bytes) {
    const auto result = Result::parse(bytes);
    if (!result) return false;
    CHECK(same(encode(*result), bytes));
    return true;
  };
  std::size_t accepted = 0;
  for (std::uint64_t index = 1; index <= 200; ++index) {
    const Draw draw = requests.draw(index);
    const Buffer entry = payload(draw.session, draw.sequence, draw.acked, draw.command, draw.time);
    accepted += count_accepted(f.apply_raw(entry), judge);
  }
  CHECK(accepted > 0);
}

TEST_CASE("every damaged snapshot is refused or is another state, which still works") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    RandomRequests requests{Rng(seed)};
    Fixture f(tight());
    for (std::uint64_t index = 1; index <= 100; ++index) {
      const Draw draw = requests.draw(index);
      f.time = draw.time;
      f.apply(draw.session, draw.sequence, draw.acked, draw.command);
    }
    Buffer snapshot;
    f.store.encode(snapshot);
    const Draw next = requests.draw(101);
    const Buffer entry = payload(next.session, next.sequence, next.acked, next.command, next.time);
    const auto judge = [&](Bytes bytes) {
      auto store = Store::parse(bytes, tight());
      if (!store) return false;
      Buffer again;
      store->encode(again);
      CHECK(same(again, bytes));
      CHECK(store->digest() != f.store.digest());
      Buffer out;
      store->apply(store->applied().next(), entry, out);
      CHECK(Result::parse(out));
      return true;
    };
    CHECK(count_accepted(snapshot, judge) > 0);
  }
}

TEST_CASE("a snapshot that its options could not have led to is refused") {
  Fixture f;
  for (const char* key : {"a", "b", "c"}) f(put(key, "v"));
  for (const char* key : {"a", "b", "c"}) f(remove(key));
  f.open();
  Buffer snapshot;
  f.store.encode(snapshot);
  CHECK(Store::parse(snapshot));
  CHECK(Store::parse(snapshot, {.sessions_max = 2, .tombstones_max = 3}));
  CHECK_FALSE(Store::parse(snapshot, {.sessions_max = 1, .tombstones_max = 3}));
  CHECK_FALSE(Store::parse(snapshot, {.sessions_max = 2, .tombstones_max = 2}));
  CHECK_FALSE(Store::parse(snapshot, {.session_bytes_max = 10}));
}

// A snapshot by hand at applied = 9: one tombstone, and one session that keeps one result.
struct Written {
  std::uint64_t floor = 4;
  std::uint64_t removed = 5;
  std::uint64_t opened = 6;
  std::uint64_t used = 7;
  std::uint64_t acked = 2;
  std::uint64_t sequence = 3;

  bool parses() const {
    Buffer out;
    Writer writer(out);
    writer.integer(std::uint8_t{2});
    for (const std::uint64_t word : {std::uint64_t{9}, std::uint64_t{0}, floor, std::uint64_t{0}})
      writer.integer(word);
    writer.integer(std::uint64_t{1});
    for (const std::uint64_t word : {opened, used, acked}) writer.integer(word);
    writer.integer(std::uint32_t{1});
    writer.integer(sequence);
    writer.sized(encode(Result{Status::ok, {{std::nullopt, 7}}}));
    writer.integer(std::uint64_t{1});
    writer.integer(removed);
    writer.integer(std::uint8_t{0});
    writer.sized("k");
    return Store::parse(out).has_value();
  }
};

TEST_CASE("a snapshot whose parts contradict one another is refused") {
  CHECK(Written{}.parses());
  CHECK_FALSE(Written{.floor = 6}.parses());  // a tombstone below the floor
  CHECK_FALSE(Written{.floor = 10}.parses());
  CHECK_FALSE(Written{.removed = 10}.parses());  // changed after the last applied entry
  CHECK_FALSE(Written{.opened = 0}.parses());
  CHECK_FALSE(Written{.opened = 8}.parses());  // used before it was opened
  CHECK_FALSE(Written{.used = 10}.parses());
  CHECK_FALSE(Written{.sequence = 2}.parses());  // kept although acknowledged
  CHECK(Written{.sequence = 2 + kWindow}.parses());
  CHECK_FALSE(Written{.sequence = 3 + kWindow}.parses());
}

}  // namespace
}  // namespace norn::kv
