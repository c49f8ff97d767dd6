// Over thousands of random logs: the store answers as the oracle does, and a store restored from a snapshot
// at any moment goes on exactly as the one it was taken from.
#include <array>

#include "replica/kv/restore.h"

#include "tests/kv/oracle.h"
#include "tests/kv/random_requests.h"

namespace norn::kv {
namespace {

TEST_CASE(
    "the store answers every random log as the oracle does, whatever is retried, reordered or evicted") {
  std::array<std::uint64_t, 8> seen{};  // by status
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    RandomRequests requests{Rng(seed)};
    Fixture f(tight());
    Oracle oracle(tight());
    for (std::uint64_t index = 1; index <= 60; ++index) {
      CAPTURE(index);
      const Draw draw = requests.draw(index);
      f.time = draw.time;
      const Result got = f.apply(draw.session, draw.sequence, draw.acked, draw.command);
      const Result expected =
          oracle.apply(index, draw.session, draw.sequence, draw.acked, draw.command, draw.time);
      REQUIRE(got == expected);
      ++seen[static_cast<std::size_t>(got.status)];
      REQUIRE(f.store.sessions().size() <= tight().sessions_max);
      REQUIRE(f.store.sessions().kept_bytes() <= tight().kept_bytes_max);
      REQUIRE(f.store.tombstones() <= tight().tombstones_max);
    }
    const Command all = multi_get({"a", "b", "c", "d", "e", "never"});
    REQUIRE(f.read(all) == oracle.execute(all));
    REQUIRE(f.read(count()).items.at(0).value == oracle.execute(count()).items.at(0).value);
  }
  // The requests are random enough to see all but the two that need large values or numbers.
  for (const Status status : {Status::ok, Status::mismatch, Status::not_a_number, Status::session_evicted,
                              Status::stale_sequence, Status::window_exceeded}) {
    CHECK(seen[static_cast<std::size_t>(status)] > 100);
  }
}

TEST_CASE("a store restored from a snapshot at a random moment continues identically") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    RandomRequests requests{Rng(seed)};
    Fixture original(tight());
    const std::uint64_t moment = requests.below(80);
    Fixture restored(tight());
    for (std::uint64_t index = 1; index <= 120; ++index) {
      CAPTURE(index);
      const Draw draw = requests.draw(index);
      const Buffer entry = payload(draw.session, draw.sequence, draw.acked, draw.command, draw.time);
      const Buffer answer = original.apply_raw(entry);
      if (index > moment) {
        REQUIRE(restored.apply_raw(entry) == answer);
        REQUIRE(restored.store.chain() == original.store.chain());
        REQUIRE(restored.store.digest() == original.store.digest());
        REQUIRE(restored.store.state_digest() == original.store.state_digest());
      }
      if (index != moment) continue;
      Buffer snapshot;
      original.store.encode(snapshot);
      auto store = Store::parse(snapshot, tight());
      REQUIRE(store);
      restored.store = std::move(*store);
    }
    // Without a moment (0), both applied the whole log.
    REQUIRE(restored.store == original.store);
  }
}

TEST_CASE("a snapshot taken in pieces while the store goes on is the one of the moment it began") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    RandomRequests requests{Rng(seed)};
    Fixture f(tight());
    const auto go_on = [&](std::uint64_t entries) {
      for (std::uint64_t i = 0; i < entries; ++i) {
        const Draw draw = requests.draw(f.now() + 1);
        f.apply_raw(payload(draw.session, draw.sequence, draw.acked, draw.command, draw.time));
      }
    };
    go_on(requests.below(80));
    Buffer whole;
    f.store.encode(whole);
    Fixture untouched = f;
    Buffer pieces;
    const std::size_t to_come = f.store.begin_snapshot(pieces);
    REQUIRE(pieces.size() + to_come == whole.size());
    const std::size_t step = 1 + requests.below(60);
    std::size_t steps = 0;
    do {
      go_on(requests.below(6));
      ++steps;
    } while (!f.store.continue_snapshot(step, pieces));
    REQUIRE(as_text(pieces) == as_text(whole));
    REQUIRE(steps <= to_come / step + 1);
    while (f.store.untidy()) f.store.tidy(3);
    go_on(5);
    // And it leaves no trace in the store.
    Fixture parsed(tight());
    f.store.encode(whole = {});
    parsed.store = *Store::parse(whole, tight());
    REQUIRE(parsed.store == f.store);
  }
}

TEST_CASE("a snapshot of many keys is of its moment, while keys come, go, and are cleared at once") {
  for (const bool cleared : {false, true}) {
    Rng rng(7);
    Fixture f({.tombstones_max = 50});
    const auto go_on = [&](int entries) {
      for (int i = 0; i < entries; ++i) {
        const std::string key = "key " + std::to_string(rng.between(0, 3000));
        f(rng.between(0, 3) == 0 ? remove(key) : put(key, std::string(rng.between(0, 40), 'v')));
      }
    };
    go_on(4000);
    Buffer whole;
    f.store.encode(whole);
    Buffer pieces;
    f.store.begin_snapshot(pieces);
    for (int step = 0; !f.store.continue_snapshot(1000, pieces); ++step) {
      go_on(100);
      if (cleared && step == 20) f(clear());
    }
    CHECK(as_text(pieces) == as_text(whole));
  }
}

TEST_CASE("a snapshot is read in pieces of any size") {
  RandomRequests requests{Rng(1)};
  Fixture f(tight());
  for (std::uint64_t index = 1; index <= 100; ++index) {
    const Draw draw = requests.draw(index);
    f.apply_raw(payload(draw.session, draw.sequence, draw.acked, draw.command, draw.time));
  }
  Buffer whole;
  f.store.encode(whole);
  using Progress = Store::Restore::Progress;
  for (std::size_t step = 1; step <= whole.size(); ++step) {
    Store::Restore restore(whole, tight());
    Progress progress = Progress::more;
    while (progress == Progress::more) progress = restore.step(step);
    REQUIRE(progress == Progress::done);
    REQUIRE(restore.take() == f.store);
  }
}

}  // namespace
}  // namespace norn::kv
