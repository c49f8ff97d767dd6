#include "tests/differential/random_history.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace norn::differential {

namespace {

using sim::History;
using sim::KeyAccess;
using sim::Operation;
using sim::OperationKind;
using sim::Outcome;
using enum OperationKind;

struct Shape {
  std::string_view name;
  std::vector<OperationKind> kinds;  // drawn evenly
  bool distinct = false;             // every value written, or token appended, once
  std::uint64_t keys_max = 1;
};

const std::array<Shape, kShapes>& shapes() {
  static const std::array<Shape, kShapes> made = {{
      {"registers", {put, get, get}, true, 1},
      {"repeated values", {put, get, get, get}, false, 1},
      {"compare-and-sets", {put, get, compare_and_set, compare_and_set}, true, 1},
      {"repeated compare-and-sets", {put, get, compare_and_set, compare_and_set}, false, 1},
      {"tokens", {append, append, get}, true, 1},
      {"repeated tokens", {append, append, get, put}, false, 1},
      {"removes", {put, get, get, get, remove}, true, 1},
      {"removes and compare-and-sets", {put, get, remove, compare_and_set}, true, 1},
      {"removes, repeated values", {put, get, remove, compare_and_set, append}, false, 1},
      {"counters", {increment, increment, get}, false, 1},
      {"counters and others", {increment, increment, get, put, remove, compare_and_set}, false, 1},
      {"several keys", {multi_put, multi_get, put, get}, true, 3},
      {"all kinds", {get, put, remove, compare_and_set, append, increment, multi_get, multi_put}, false, 2},
      {"all kinds, distinct",
       {get, put, remove, compare_and_set, append, increment, multi_get, multi_put},
       true,
       2},
  }};
  return made;
}

// How one history is drawn.
struct Recipe {
  const Shape* shape = nullptr;
  std::uint64_t operations = 0;
  std::uint64_t keys = 1;
  std::uint64_t values = 2;  // where they repeat
  std::uint64_t span = 0;    // calls are in [0, span]
  std::uint64_t length = 0;  // the longest operation
  std::uint64_t skew = 0;  // how far outside its time an operation may take effect: stale reads, lost writes
  Ratio unknown{};         // half of which takes effect
  Ratio failed{};
  Ratio spoiled{};  // of results
  bool versions = true;
  bool empty_values = false;
  bool alike_tokens = false;
};

Time at(std::uint64_t nanosecond) { return Time(Duration(static_cast<std::int64_t>(nanosecond))); }

Recipe draw_recipe(const Shape& shape, Rng& rng) {
  Recipe recipe;
  recipe.shape = &shape;
  recipe.operations = rng.between(2, 7);
  recipe.operations = std::max(recipe.operations, rng.between(2, 7));
  recipe.keys = rng.between(1, shape.keys_max);
  recipe.values = rng.between(1, 3);
  recipe.span = rng.between(0, 4 * recipe.operations);
  recipe.length = rng.between(0, 8);
  recipe.skew = rng.chance(Ratio{700'000}) ? rng.between(2, 20) : 0;
  static constexpr std::array<std::uint32_t, 4> kUnknown = {0, 100'000, 200'000, 500'000};
  recipe.unknown = Ratio{kUnknown[rng.between(0, kUnknown.size() - 1)]};
  recipe.failed = Ratio{rng.chance(Ratio{200'000}) ? 150'000U : 0U};
  static constexpr std::array<std::uint32_t, 4> kSpoiled = {0, 150'000, 400'000, 800'000};
  recipe.spoiled = Ratio{kSpoiled[rng.between(0, kSpoiled.size() - 1)]};
  recipe.versions = rng.chance(Ratio{700'000});
  recipe.empty_values = rng.chance(Ratio{150'000});
  recipe.alike_tokens = rng.chance(Ratio{150'000});
  return recipe;
}

class Author {
 public:
  Author(const Recipe& recipe, Rng& rng) : recipe_(recipe), rng_(rng) {}

  History write() {
    for (std::uint64_t i = 0; i < recipe_.operations; ++i) plan();
    std::vector<std::size_t> by_instant(history_.size());
    std::iota(by_instant.begin(), by_instant.end(), 0);
    std::stable_sort(by_instant.begin(), by_instant.end(),
                     [&](std::size_t a, std::size_t b) { return instants_[a] < instants_[b]; });
    for (const std::size_t i : by_instant) run(history_[i]);
    std::stable_sort(history_.begin(), history_.end(),
                     [](const Operation& a, const Operation& b) { return a.call < b.call; });
    for (Operation& operation : history_) finish(operation);
    assign_clients();
    return std::move(history_);
  }

 private:
  struct Held {
    std::optional<std::string> text;
    std::uint64_t version = 0;
  };

  void plan() {
    Operation operation;
    operation.kind = recipe_.shape->kinds[rng_.between(0, recipe_.shape->kinds.size() - 1)];
    const std::uint64_t call = rng_.between(0, recipe_.span);
    const std::uint64_t back = call + rng_.between(0, recipe_.length);
    operation.call = at(call);
    operation.back = at(back);
    operation.outcome = Outcome::ok;
    // All instants are later by `skew`, so that this one is in [call - skew, back + skew].
    std::uint64_t instant = rng_.between(call, back + 2 * recipe_.skew);
    if (rng_.chance(recipe_.failed)) {
      operation.outcome = Outcome::fail;
    } else if (rng_.chance(recipe_.unknown)) {
      operation.outcome = rng_.chance(Ratio{500'000}) ? Outcome::info : Outcome::pending;
      operation.back = kNever;
      instant = call + recipe_.skew + rng_.between(0, 2 * recipe_.length + recipe_.span);
    }
    const bool many = operation.kind == multi_get || operation.kind == multi_put;
    const std::uint64_t first = rng_.between(0, recipe_.keys - 1);
    const std::uint64_t count = many ? rng_.between(1, recipe_.keys) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      operation.accesses.push_back({"k" + std::to_string((first + i) % recipe_.keys), {}, {}, {}, 0});
    }
    if (many && rng_.chance(Ratio{50'000}))
      operation.accesses.push_back(operation.accesses[0]);  // named twice
    history_.push_back(std::move(operation));
    instants_.push_back(instant);
  }

  // Takes effect, or not, on the map; its arguments are drawn now, so that compare-and-sets often match.
  void run(Operation& operation) {
    for (KeyAccess& access : operation.accesses) draw_arguments(operation, access);
    if (operation.outcome == Outcome::fail) return;
    if (operation.outcome != Outcome::ok && rng_.chance(Ratio{500'000})) return;
    bool changed = false;
    for (KeyAccess& access : operation.accesses) changed |= take_effect(operation, access);
    if (!changed) return;
    ++version_;
    for (KeyAccess& access : operation.accesses) access.version = map_[access.key].version = version_;
  }

  std::string drawn_value() {
    if (recipe_.shape->distinct) return std::to_string(++written_ * 100);
    const std::uint64_t value = rng_.between(recipe_.empty_values ? 0 : 1, recipe_.values);
    return value == 0 ? "" : std::to_string(value);
  }

  std::string drawn_token() {
    if (!recipe_.shape->distinct) return drawn_value();
    if (recipe_.alike_tokens) return std::string(++written_, 'a');  // each begins with all before it
    return "t" + drawn_value() + ";";
  }

  void draw_arguments(Operation& operation, KeyAccess& access) {
    switch (operation.kind) {
      case compare_and_set: {
        const std::uint64_t how = rng_.between(0, 5);
        if (how < 4) access.expected = map_[access.key].text;
        if (how == 4)
          access.expected = std::to_string(rng_.between(1, 3) * (recipe_.shape->distinct ? 100 : 1));
        access.argument = drawn_value();
        break;
      }
      case append:
        access.argument = drawn_token();
        break;
      case put:
      case multi_put:
        access.argument = drawn_value();
        break;
      case increment:
        operation.delta = static_cast<std::int64_t>(rng_.between(0, 3)) - 1;
        break;
      case get:
      case remove:
      case multi_get:
        break;
    }
  }

  // True: it changed the key.
  bool take_effect(Operation& operation, KeyAccess& access) {
    Held& held = map_[access.key];
    access.version = held.version;
    switch (operation.kind) {
      case get:
      case multi_get:
        access.value = held.text;
        return false;
      case put:
      case multi_put:
        held.text = access.argument;
        return true;
      case remove: {
        const bool was_there = held.text.has_value();
        held.text.reset();
        return was_there;
      }
      case compare_and_set:
        operation.matched = held.text == access.expected;
        if (operation.matched) {
          held.text = access.argument;
        } else {
          access.value = held.text;
        }
        return operation.matched;
      case append:
        held.text = held.text.value_or("") + access.argument;
        return true;
      case increment: {
        const std::string before = held.text.value_or("0");
        if (before.empty() || before.size() > 15 ||
            before.find_first_not_of("-0123456789") != std::string::npos) {
          if (operation.outcome == Outcome::ok) operation.outcome = Outcome::fail;  // no number
          return false;
        }
        held.text = std::to_string(std::stoll(before) + operation.delta);
        access.value = held.text;
        return true;
      }
    }
    return false;
  }

  // What the client sees of it, which may be wrong.
  void finish(Operation& operation) {
    if (operation.outcome != Outcome::ok) {
      operation.matched = false;
      for (KeyAccess& access : operation.accesses) {
        access.value.reset();
        access.version = 0;
      }
      return;
    }
    for (KeyAccess& access : operation.accesses) {
      if (!recipe_.versions) access.version = 0;
      if (rng_.chance(recipe_.spoiled)) spoil(operation, access);
    }
    const bool failed_swap = operation.kind == compare_and_set && !operation.matched;
    if (failed_swap && rng_.chance(Ratio{300'000})) forget(operation);
  }

  // What a compare-and-set found, but for that it was not what it expected.
  static void forget(Operation& operation) {
    operation.value_known = false;
    operation.accesses[0].value.reset();
    operation.accesses[0].version = 0;
  }

  void spoil(Operation& operation, KeyAccess& access) {
    const Operation& donor = history_[rng_.between(0, history_.size() - 1)];
    const KeyAccess& other = donor.accesses[rng_.between(0, donor.accesses.size() - 1)];
    const std::uint64_t how = rng_.between(0, 5);
    const bool tells = operation.kind == get || operation.kind == multi_get || operation.kind == increment ||
                       (operation.kind == compare_and_set && !operation.matched);
    if (how == 0 && operation.kind == compare_and_set) {
      operation.matched = !operation.matched;
      access.value = operation.matched ? std::nullopt : other.value;
    } else if (how == 1) {
      access.version = other.version;
    } else if (how == 2 && tells && operation.kind != increment) {
      access.value.reset();
    } else if (how == 3 && tells) {
      access.value = other.value;
    } else if (tells) {
      access.value = donor.kind == remove || other.argument.empty() ? other.value : other.argument;
    }
    if (operation.kind == increment && !access.value) access.value = "1";
  }

  // A client calls one operation at a time, and none after one of unknown outcome.
  void assign_clients() {
    std::vector<Time> free_after;
    for (Operation& operation : history_) {
      std::size_t client = 0;
      while (client < free_after.size() && free_after[client] >= operation.call) ++client;
      if (client == free_after.size()) free_after.push_back(kNever);
      free_after[client] = operation.back;
      operation.client = static_cast<std::uint32_t>(client);
    }
  }

  const Recipe& recipe_;
  Rng& rng_;
  History history_;
  std::vector<std::uint64_t> instants_;
  std::map<std::string, Held> map_;
  std::uint64_t version_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace

std::string_view name_of_shape(std::size_t shape) { return shapes()[shape].name; }

RandomHistory random_history(std::uint64_t seed, std::uint64_t number) {
  Rng seeds(seed);
  const std::uint64_t first = seeds.next();
  Rng rng(first + number);
  RandomHistory made;
  made.shape = rng.between(0, kShapes - 1);
  const Recipe recipe = draw_recipe(shapes()[made.shape], rng);
  made.history = Author(recipe, rng).write();
  return made;
}

}  // namespace norn::differential
