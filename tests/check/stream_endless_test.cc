// Streams without an end: what is kept while millions of operations pass, what the budget does, copies.
#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <string>

#include "replica/base/rng.h"

#include "sim/check/stream.h"

#include "tests/check/generated.h"
#include "tests/check/histories.h"

namespace norn::sim {

namespace {

using enum OperationKind;

// Clients of a map in which nothing goes wrong, for as long as one likes; nothing of what is over is kept.
class Endless {
 public:
  Endless(std::vector<OperationKind> kinds, std::uint32_t clients, std::uint32_t keys, Ratio unknown)
      : kinds_(std::move(kinds)), keys_(keys), unknown_(unknown), clients_(clients) {}

  void run(HistorySink& sink, std::uint64_t operations) {
    for (const std::uint64_t until = called_ + operations; called_ < until;) {
      Client& client = clients_[rng_.between(0, clients_.size() - 1)];
      ++now_;
      if (!client.open) {
        call(client, sink);
      } else if (!client.took_effect) {
        take_effect(client.operation);
        client.took_effect = true;
      } else {
        give_back(client, sink);
      }
    }
  }

 private:
  struct Client {
    bool open = false;
    bool took_effect = false;
    std::size_t place = 0;
    Operation operation;
  };

  void call(Client& client, HistorySink& sink) {
    client.open = true;
    client.took_effect = false;
    client.place = called_++;
    client.operation = {};
    client.operation.client = static_cast<std::uint32_t>(&client - clients_.data());
    client.operation.kind = kinds_[rng_.between(0, kinds_.size() - 1)];
    client.operation.call = Time(Duration(now_));
    client.operation.delta = 1;
    const std::string key = "k" + std::to_string(rng_.between(0, keys_ - 1));
    client.operation.accesses.push_back({key, "v" + std::to_string(called_), map_[key], {}, 0});
    sink.on_call(client.place, client.operation);
  }

  void take_effect(Operation& operation) {
    KeyAccess& access = operation.accesses[0];
    std::optional<std::string>& value = map_[access.key];
    switch (operation.kind) {
      case put:
        value = access.argument;
        return;
      case remove:
        value.reset();
        return;
      case compare_and_set:
        operation.matched = value == access.expected;
        operation.matched ? value = access.argument : access.value = value;
        return;
      case increment:
        value = access.value = std::to_string(std::stoll(value.value_or("0")) + operation.delta);
        return;
      default:
        access.value = value;
        return;
    }
  }

  void give_back(Client& client, HistorySink& sink) {
    client.open = false;
    const bool known = !rng_.chance(unknown_);
    client.operation.outcome = known ? Outcome::ok : Outcome::info;
    if (known) client.operation.back = Time(Duration(now_));
    sink.on_return(client.place, client.operation);
  }

  std::vector<OperationKind> kinds_;
  std::uint32_t keys_;
  Ratio unknown_;
  Rng rng_{4242};
  std::vector<Client> clients_;
  std::map<std::string, std::optional<std::string>> map_;
  std::uint64_t called_ = 0;
  std::int64_t now_ = 0;
};

// Runs so many operations in ten parts; the most that was kept after any of them.
StreamSizes most_kept(Endless endless, std::uint64_t operations) {
  StreamChecker checker;
  StreamSizes most;
  for (int part = 0; part < 10; ++part) {
    endless.run(checker, operations / 10);
    const StreamSizes now = checker.sizes();
    most.operations = std::max(most.operations, now.operations);
    most.configurations = std::max(most.configurations, now.configurations);
    most.values = std::max(most.values, now.values);
    most.bytes = std::max(most.bytes, now.bytes);
  }
  CHECK(checker.verdict() == Verdict::linearizable);
  return most;
}

}  // namespace

TEST_CASE("stream: puts and gets by fifty clients on one key leave nothing behind") {
  const StreamSizes few = most_kept({{put, get, get}, 50, 1, Ratio{0}}, 100'000);
  const StreamSizes many = most_kept({{put, get, get}, 50, 1, Ratio{0}}, 1'000'000 * deep());
  CHECK(many.operations <= 60);
  CHECK(many.configurations <= 60);
  CHECK(many.values <= few.values + 1'000);
  CHECK(many.bytes <= few.bytes + 20'000);
}

TEST_CASE("stream: every kind on single keys leaves nothing behind") {
  const std::vector<OperationKind> kinds = {put, get, get, remove, compare_and_set};
  const StreamSizes few = most_kept({kinds, 8, 5, Ratio{0}}, 50'000);
  const StreamSizes many = most_kept({kinds, 8, 5, Ratio{0}}, 500'000 * deep());
  CHECK(many.operations <= 60);
  CHECK(many.configurations <= few.configurations * 4 + 100);
  CHECK(many.values <= few.values + 5'000);
  CHECK(many.bytes <= few.bytes * 2);
  const StreamSizes counters = most_kept({{increment, get}, 6, 3, Ratio{0}}, 200'000 * deep());
  CHECK(counters.operations <= 40);
  CHECK(counters.bytes <= 300'000);
}

// A write of unknown outcome may take effect at any later time: it has to be kept, and nothing else.
TEST_CASE("stream: of puts with unknown outcome those are kept that nobody has seen") {
  const StreamSizes kept = most_kept({{put, get, get}, 20, 1, Ratio{10'000}}, 300'000);
  CHECK(kept.operations > 100);
  CHECK(kept.operations < 1'500);  // one in a hundred of a third
}

TEST_CASE("stream: the budget is honoured, and only the keys that need more are undecided") {
  for (const std::uint64_t budget : {0U, 1U, 100U, 1'000U}) {
    StreamOptions options;
    options.steps_max = budget;
    StreamChecker checker(options);
    Endless({put, get, compare_and_set, remove}, 20, 1, Ratio{10'000}).run(checker, 2'000);
    CHECK(checker.verdict() == Verdict::undecided);
    CHECK(checker.steps() <= budget);
    REQUIRE(checker.undecided_keys().size() == 1);
    CHECK(checker.undecided_keys()[0] == "k0");
    CHECK(checker.undecided("k0"));
    CHECK(checker.sizes().operations == 0);
    // Another key needs no steps.
    const std::int64_t end = 1'000'000;
    Operation put_it = by_hand::put(0, end, end + 1, "a", "other");
    Operation get_it = by_hand::get(0, end + 2, end + 3, std::nullopt, "other");
    checker.on_call(1'000'000, put_it);
    checker.on_return(1'000'000, put_it);
    checker.on_call(1'000'001, get_it);
    checker.on_return(1'000'001, get_it);
    checker.on_end();
    CHECK(checker.verdict() == Verdict::violation);
    CHECK(checker.violation()->place == 1'000'001);
    CHECK(checker.violation()->at == get_it.back);
  }
}

// Found by a run: operations that were open in the zones came back to keys that had been given up, and were
// taken for violations.
TEST_CASE("stream: what is open when the budget runs out between zones and sweeps says nothing later") {
  for (const std::uint64_t budget : {0U, 1U, 3U, 10U, 100U}) {
    StreamOptions options;
    options.steps_at_event_max = budget;
    StreamChecker checker(options);
    constexpr std::size_t kPuts = 40;
    std::vector<Operation> puts;
    for (std::size_t place = 0; place < kPuts; ++place) {
      const auto at = static_cast<std::int64_t>(place);
      puts.push_back(by_hand::put(0, at, 1'000 + at, "v" + std::to_string(place)));
      checker.on_call(place, puts.back());
    }
    for (std::size_t i = 0; i < kPuts / 4; ++i) {  // each sees another put
      const auto at = static_cast<std::int64_t>(100 + i);
      const Operation read = by_hand::get(1, at, at + 100, "v" + std::to_string(3 * i));
      checker.on_call(kPuts + i, read);
      checker.on_return(kPuts + i, read);
    }
    for (std::size_t i = 0; i < 5; ++i) {  // called after a read returned
      puts.push_back(by_hand::put(0, 400, 2'000, "w" + std::to_string(i)));
      checker.on_call(3 * kPuts + i, puts.back());
    }
    const Operation removal = by_hand::remove(2, 500, 501);
    checker.on_call(2 * kPuts, removal);
    checker.on_return(2 * kPuts, removal);
    for (std::size_t place = 0; place < kPuts; ++place) checker.on_return(place, puts[place]);
    for (std::size_t i = 0; i < 5; ++i) checker.on_return(3 * kPuts + i, puts[kPuts + i]);
    checker.on_end();
    CHECK(checker.verdict() != Verdict::violation);
    CHECK((budget >= 100 || checker.verdict() == Verdict::undecided));
    CHECK(checker.sizes().operations <= kPuts + 5);
  }
}

TEST_CASE("stream: a copy goes on by itself") {
  const auto get_by = [](std::size_t place, StreamChecker& checker, std::string value) {
    const std::int64_t at = 10 * static_cast<std::int64_t>(place);
    const Operation read = by_hand::get(0, at, at + 1, std::move(value));
    checker.on_call(place, read);
    checker.on_return(place, read);
    checker.on_end();
  };
  StreamChecker checker;
  const Operation first = by_hand::put(0, 1, 2, "a long value, of more bytes than a string has inside");
  checker.on_call(0, first);
  checker.on_return(0, first);
  StreamChecker copy = checker;
  get_by(1, copy, "another");
  CHECK(copy.verdict() == Verdict::violation);
  CHECK(checker.verdict() == Verdict::linearizable);
  get_by(1, checker, first.accesses[0].argument);
  CHECK(checker.verdict() == Verdict::linearizable);
  copy = checker;
  get_by(2, copy, first.accesses[0].argument);
  CHECK(copy.verdict() == Verdict::linearizable);
}

TEST_CASE("stream: what waits for too long is not waited for, and undecides its key if it returns") {
  for (const bool removes : {false, true}) {  // with zones, and without
    StreamChecker checker;
    Operation late = by_hand::get(0, 0, 1'000'000, "v1");
    checker.on_call(0, late);
    std::size_t place = 1;
    for (std::int64_t i = 1; i < 6'000; ++i, ++place) {
      Operation operation = by_hand::put(1, 10 * i, 10 * i + 1, "v" + std::to_string(i));
      if (removes && i == 1) operation = by_hand::remove(1, 10, 11);
      checker.on_call(place, operation);
      checker.on_return(place, operation);
    }
    CHECK(checker.verdict() == Verdict::linearizable);
    CHECK(checker.sizes().operations < 10'000);
    checker.on_return(0, late);
    CHECK(checker.verdict() == Verdict::undecided);
  }
}

// The generator never tells that an answer will not come.
StreamChecker generated(std::vector<OperationKind> kinds, std::uint32_t keys, std::uint64_t operations,
                        Ratio unknown, Planted planted = Planted::nothing) {
  Shape shape;
  shape.kinds = std::move(kinds);
  shape.keys = keys;
  shape.operations = operations;
  shape.unknown = unknown;
  shape.planted = planted;
  shape.planted_at = operations - operations / 20;
  StreamChecker checker;
  generate(shape, 7, checker);
  return checker;
}

TEST_CASE("stream: appends that few read, or nobody, are decided") {
  for (const std::uint32_t ppm : {0U, 10'000U}) {
    const StreamChecker few = generated({append, append, append, append, get}, 3, 2'000, Ratio{ppm});
    CHECK(few.verdict() == Verdict::linearizable);
    CHECK(few.steps() < 1'000'000);
    CHECK(generated({append}, 3, 2'000, Ratio{ppm}).verdict() == Verdict::linearizable);
    CHECK(generated({append, append, get}, 3, 2'000, Ratio{ppm}, Planted::double_append).verdict() ==
          Verdict::violation);
  }
}

TEST_CASE("stream: operations whose answers never come hold nothing up") {
  const std::vector<std::vector<OperationKind>> mixes = {
      {increment, get}, {put, get, get, remove}, {put, get, compare_and_set}};
  for (const std::vector<OperationKind>& kinds : mixes) {
    const StreamChecker checker = generated(kinds, 1, 1'500, Ratio{5'000});
    CHECK(checker.verdict() == Verdict::linearizable);
    CHECK(checker.steps() < 5'000'000);
  }
  CHECK(generated({increment, get}, 1, 1'500, Ratio{5'000}, Planted::reordered_increments).verdict() ==
        Verdict::violation);
}

// Those that came too late for what they expect are looked at, and cost nothing else.
TEST_CASE("stream: of unknown outcome there may be many compare-and-sets") {
  const StreamChecker checker =
      generated({put, get, compare_and_set, compare_and_set}, 3, 5'000, Ratio{10'000});
  CHECK(checker.verdict() == Verdict::linearizable);
  CHECK(checker.steps() < 2'000'000);
}

}  // namespace norn::sim
