// The compact form: events and a whole history give the same, and nothing of an operation is lost on the way.
#include "sim/check/compact.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "tests/check/generated.h"
#include "tests/check/histories.h"

namespace norn::sim {

using enum OperationKind;

TEST_CASE("values are numbered by text, whatever form they are kept in") {
  TextArena arena;
  KeyValues values;
  std::vector<std::string> texts = {"",   "0",          "-0",         "00", "7", "-7",
                                    "+7", "1073741823", "1073741824", "v",  "7 "};
  texts.push_back(std::string(254, 'x'));
  texts.push_back(std::string(255, 'x'));
  texts.push_back(std::string(70'000, 'x'));
  for (int i = 0; i < 1'000; ++i) texts.push_back("w" + std::to_string(i));
  std::vector<ValueId> ids;
  for (const std::string& text : texts) ids.push_back(values.intern(arena, text));
  std::string made;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(values.intern(arena, texts[i]) == ids[i]);
    CHECK(ids[i] == i + 2);
    CHECK(values.text(arena, ids[i], made) == texts[i]);
  }
}

TEST_CASE("what is read of a key that is appended to is kept once") {
  TextArena arena;
  KeyValues values;
  const ValueId two = values.intern_read(arena, "a;b;");
  const ValueId one = values.intern_read(arena, "a;");
  const ValueId three = values.intern_read(arena, "a;b;c;");
  const ValueId other = values.intern_read(arena, "b;");
  CHECK(values.longest() == "a;b;c;");
  CHECK(values.intern_read(arena, "a;b;") == two);
  CHECK(values.intern_read(arena, "a;") == one);
  CHECK(values.length_of(three) == 6U);
  CHECK_FALSE(values.length_of(other).has_value());
  std::string made;
  CHECK(values.text(arena, one, made) == "a;");
  CHECK(values.text(arena, other, made) == "b;");
}

TEST_CASE("an operation's call is found by its place, in whatever order the history stands") {
  Rng rng(3);
  Recipe recipe;
  recipe.kinds = {put, get, multi_put};
  recipe.operations = 200;
  recipe.keys = 3;
  History history = make_history(recipe, rng);
  for (int round = 0; round < 2; ++round) {
    const CompactHistory compact = make_compact(history);
    for (std::size_t place = 0; place < history.size(); ++place) {
      CHECK(compact.place_of(compact.call_of(place)) == place);
      if (history[place].outcome != Outcome::ok) continue;
      CHECK(compact.operation(place).accesses.size() == history[place].accesses.size());
    }
    std::reverse(history.begin(), history.end());
  }
}

TEST_CASE("the table of open operations forgets nothing, in whatever order they return") {
  OpenRows open;
  Rng rng(1);
  std::vector<std::uint32_t> inside;
  for (std::uint32_t place = 0; place < 20'000; ++place) {
    open.add(place, {place, place + 1});
    inside.push_back(place);
    while (inside.size() > 40 || (!inside.empty() && rng.between(0, 2) == 0)) {
      const std::size_t which = rng.between(0, inside.size() - 1);
      const auto at = open.take(inside[which]);
      REQUIRE(at.has_value());
      CHECK(at->row == inside[which] + 1);
      CHECK_FALSE(open.take(inside[which]).has_value());
      inside.erase(inside.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
}

TEST_CASE("an operation comes out as it went in, but for its client and its clock") {
  Recipe recipe;
  recipe.kinds = {get, put, remove, compare_and_set, append, increment, multi_get, multi_put};
  recipe.operations = 300;
  recipe.keys = 3;
  Rng rng(2);
  const History history = make_history(recipe, rng);
  const CompactHistory compact = make_compact(history);
  CHECK(compact.operations() == history.size());
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& was = history[place];
    if (was.outcome != Outcome::ok || was.accesses.size() != 1) continue;
    const Operation is = compact.operation(place);
    REQUIRE(is.accesses.size() == 1);
    CHECK(is.accesses[0].key == was.accesses[0].key);
    CHECK(is.accesses[0].value == was.accesses[0].value);
    CHECK(is.matched == was.matched);
    CHECK(is.delta == was.delta);
    if (was.kind == compare_and_set) CHECK(is.accesses[0].expected == was.accesses[0].expected);
    if (was.kind == put || was.kind == append) CHECK(is.accesses[0].argument == was.accesses[0].argument);
  }
}

TEST_CASE("events one by one make what the whole history makes") {
  Shape shape;
  shape.kinds = {put, get, compare_and_set, remove};
  shape.unknown = Ratio{100'000};
  CompactBuilder builder;
  generate(shape, 3, builder);
  const CompactHistory events = builder.take();
  HistoryKeeper kept;
  generate(shape, 3, kept);
  const CompactHistory whole = make_compact(kept.history);
  REQUIRE(events.keys().size() == whole.keys().size());
  for (std::size_t key = 0; key < events.keys().size(); ++key) {
    const KeyRows& a = events.keys()[key];
    const KeyRows& b = whole.keys()[key];
    REQUIRE(a.rows.size() == b.rows.size());
    CHECK(a.kinds == b.kinds);
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
      CHECK(a.rows[i].call() == b.rows[i].call());
      CHECK(a.rows[i].back() == b.rows[i].back());
      CHECK(a.rows[i].kind() == b.rows[i].kind());
    }
  }
}

}  // namespace norn::sim
