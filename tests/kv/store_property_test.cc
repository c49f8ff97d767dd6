// Over thousands of random logs: the store answers as the oracle does, and a store restored from a snapshot
// at any moment goes on exactly as the one it was taken from.
#include <array>

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
      const Result got = f.apply(draw.session, draw.sequence, draw.acked, draw.command);
      const Result expected = oracle.apply(index, draw.session, draw.sequence, draw.acked, draw.command);
      REQUIRE(got == expected);
      ++seen[static_cast<std::size_t>(got.status)];
      REQUIRE(f.store.sessions().size() <= tight().sessions_max);
      REQUIRE(f.store.sessions().kept_bytes() <= tight().kept_bytes_max);
      REQUIRE(f.store.tombstones() <= tight().tombstones_max);
    }
    const Command all = multi_get({"a", "b", "c", "d", "e", "never"});
    REQUIRE(f.read(all) == oracle.execute(all));
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
      const Buffer entry = payload(draw.session, draw.sequence, draw.acked, draw.command);
      const Buffer answer = original.apply_raw(entry);
      if (index > moment) {
        REQUIRE(restored.apply_raw(entry) == answer);
        REQUIRE(restored.store.chain() == original.store.chain());
        REQUIRE(restored.store.digest() == original.store.digest());
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

}  // namespace
}  // namespace norn::kv
