// Random histories and hand-made ones: see histories.h.
#include "tests/check/histories.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace norn::sim {

namespace {

struct Value {
  std::optional<std::string> text;
  std::uint64_t version = 0;
};

// The system under test, in which nothing goes wrong. Arguments are chosen when an operation takes effect, so
// that compare-and-sets often match.
class Store {
 public:
  Store(const Recipe& recipe, Rng& rng) : recipe_(recipe), rng_(rng) {}

  void run(Operation& operation, bool takes_effect) {
    for (KeyAccess& access : operation.accesses) choose(operation, access);
    if (!takes_effect) return;
    bool changed = false;
    for (KeyAccess& access : operation.accesses) changed |= take(operation, access);
    if (!changed) return;
    ++version_;
    for (KeyAccess& access : operation.accesses) access.version = map_[access.key].version = version_;
  }

 private:
  void choose(Operation& operation, KeyAccess& access) {
    switch (operation.kind) {
      case OperationKind::compare_and_set: {
        const std::uint64_t how = rng_.between(0, 5);
        if (how < 4) {
          access.expected = map_[access.key].text;
        } else if (how == 4) {
          access.expected = "1";
        }
        [[fallthrough]];
      }
      case OperationKind::put:
      case OperationKind::multi_put:
        access.argument =
            recipe_.distinct ? "v" + std::to_string(++written_) : std::to_string(rng_.between(1, 2));
        break;
      case OperationKind::append:
        access.argument =
            recipe_.distinct ? "t" + std::to_string(++written_) + ";" : std::to_string(rng_.between(1, 2));
        break;
      case OperationKind::increment:
        operation.delta = static_cast<std::int64_t>(rng_.between(1, 2));
        break;
      default:
        break;
    }
  }

  // Runs one part; true if it changed the key.
  bool take(Operation& operation, KeyAccess& access) {
    Value& value = map_[access.key];
    access.version = value.version;
    switch (operation.kind) {
      case OperationKind::get:
      case OperationKind::multi_get:
        access.value = value.text;
        return false;
      case OperationKind::put:
      case OperationKind::multi_put:
        value.text = access.argument;
        return true;
      case OperationKind::remove: {
        const bool was_there = value.text.has_value();
        value.text.reset();
        return was_there;
      }
      case OperationKind::compare_and_set:
        operation.matched = value.text == access.expected;
        if (operation.matched) {
          value.text = access.argument;
        } else {
          access.value = value.text;
        }
        return operation.matched;
      case OperationKind::append:
        value.text = value.text.value_or("") + access.argument;
        return true;
      case OperationKind::increment: {
        const std::string before = value.text.value_or("0");
        if (before.find_first_not_of("0123456789") != std::string::npos || before.size() > 15) {
          if (!is_unknown_outcome(operation)) operation.outcome = Outcome::fail;  // no number
          return false;
        }
        value.text = std::to_string(std::stoll(before) + operation.delta);
        access.value = value.text;
        return true;
      }
    }
    return false;
  }

  const Recipe& recipe_;
  Rng& rng_;
  std::map<std::string, Value> map_;
  std::uint64_t version_ = 0;
  std::uint64_t written_ = 0;
};

struct Planned {
  Operation operation;
  std::int64_t instant = 0;
  bool takes_effect = true;
};

Time at(std::int64_t nanosecond) { return Time(Duration(nanosecond)); }

std::vector<Planned> plan(const Recipe& recipe, Rng& rng) {
  std::vector<Planned> planned;
  std::vector<std::int64_t> free_at(recipe.clients, 0);
  for (std::size_t i = 0; i < recipe.operations; ++i) {
    const auto client = static_cast<std::uint32_t>(rng.between(0, recipe.clients - 1));
    Planned one;
    one.operation.client = client;
    one.operation.kind = recipe.kinds[rng.between(0, recipe.kinds.size() - 1)];
    const std::int64_t call = free_at[client] + static_cast<std::int64_t>(rng.between(0, recipe.pause));
    const std::int64_t back = call + static_cast<std::int64_t>(rng.between(0, recipe.length));
    one.operation.call = at(call);
    one.operation.back = at(back);
    one.operation.outcome = Outcome::ok;
    one.instant = call + static_cast<std::int64_t>(rng.between(0, static_cast<std::uint64_t>(back - call)));
    const bool many =
        one.operation.kind == OperationKind::multi_get || one.operation.kind == OperationKind::multi_put;
    const std::uint64_t first = rng.between(0, recipe.keys - 1);
    const std::uint64_t count = many ? rng.between(1, recipe.keys) : 1;
    for (std::uint64_t j = 0; j < count; ++j) {
      one.operation.accesses.push_back({"k" + std::to_string((first + j) % recipe.keys), {}, {}, {}, 0});
    }
    if (rng.chance(recipe.unknown)) {
      one.operation.outcome = rng.chance(Ratio{500'000}) ? Outcome::info : Outcome::pending;
      one.operation.back = kNever;
      one.takes_effect = rng.chance(Ratio{500'000});
      one.instant = call + static_cast<std::int64_t>(rng.between(0, recipe.length * 3));
    }
    free_at[client] = back + 1;
    planned.push_back(std::move(one));
  }
  return planned;
}

}  // namespace

History make_history(const Recipe& recipe, Rng& rng) {
  std::vector<Planned> planned = plan(recipe, rng);
  const auto by_instant = [](const Planned& a, const Planned& b) { return a.instant < b.instant; };
  std::stable_sort(planned.begin(), planned.end(), by_instant);
  Store store(recipe, rng);
  History history;
  for (Planned& one : planned) {
    store.run(one.operation, one.takes_effect);
    if (is_unknown_outcome(one.operation)) {  // nothing of a reply was seen
      one.operation.matched = false;
      for (KeyAccess& access : one.operation.accesses) {
        access.value.reset();
        access.version = 0;
      }
    }
    history.push_back(std::move(one.operation));
  }
  std::stable_sort(history.begin(), history.end(),
                   [](const Operation& a, const Operation& b) { return a.call < b.call; });
  return history;
}

bool is_unknown_outcome(const Operation& operation) {
  return operation.outcome == Outcome::info || operation.outcome == Outcome::pending;
}

void corrupt(History& history, Rng& rng) {
  Operation& victim = history[rng.between(0, history.size() - 1)];
  KeyAccess& access = victim.accesses[rng.between(0, victim.accesses.size() - 1)];
  const Operation& donor = history[rng.between(0, history.size() - 1)];
  const std::uint64_t how = rng.between(0, 6);
  if (how == 0) {
    access.value.reset();
  } else if (how == 1) {
    access.value = donor.accesses[0].value;
  } else if (how == 2) {
    access.value = donor.accesses[0].argument;
  } else if (how == 3 && victim.kind == OperationKind::compare_and_set) {
    victim.matched = !victim.matched;
  } else if (how == 4) {
    access.version = donor.accesses[0].version;
  } else if (how == 5) {
    access.argument = donor.accesses[0].argument;
  } else {  // the whole operation at another time
    const auto later = Duration(static_cast<std::int64_t>(rng.between(0, 12)) - 6);
    victim.call += later;
    if (victim.back != kNever) victim.back += later;
    std::stable_sort(history.begin(), history.end(),
                     [](const Operation& a, const Operation& b) { return a.call < b.call; });
  }
}

bool corrupt_read(History& history, std::size_t near, const std::string& value) {
  for (std::size_t i = near; i < history.size(); ++i) {
    Operation& operation = history[i];
    if (operation.kind != OperationKind::get || operation.outcome != Outcome::ok) continue;
    if (operation.accesses[0].value == value) continue;
    operation.accesses[0].value = value;
    return true;
  }
  return false;
}

std::string transcript(const History& history) {
  std::string text;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const Operation& operation = history[place];
    text += "\n  " + std::to_string(place) + ": client " + std::to_string(operation.client) + " kind " +
            std::to_string(int(operation.kind)) + " outcome " + std::to_string(int(operation.outcome)) +
            (operation.matched ? " matched" : "") + (operation.value_known ? "" : " did not tell") +
            " delta " + std::to_string(operation.delta) + " [" +
            std::to_string(operation.call.time_since_epoch().count()) + ", " +
            (operation.back == kNever ? "never" : std::to_string(operation.back.time_since_epoch().count())) +
            "]";
    for (const KeyAccess& access : operation.accesses) {
      text += " " + access.key + " argument " + access.argument + " expected " +
              access.expected.value_or("-") + " value " + access.value.value_or("-") + " version " +
              std::to_string(access.version);
    }
  }
  return text;
}

std::uint64_t deep() {
  const char* const times = std::getenv("NORN_DEEP");
  return times != nullptr ? std::max<std::uint64_t>(1, std::strtoull(times, nullptr, 10)) : 1;
}

namespace by_hand {

Operation operation(std::uint32_t client, OperationKind kind, std::int64_t call, std::int64_t back,
                    std::string key, std::string argument) {
  Operation made;
  made.client = client;
  made.kind = kind;
  made.outcome = Outcome::ok;
  made.call = at(call);
  made.back = at(back);
  made.accesses.push_back({std::move(key), std::move(argument), {}, {}, 0});
  return made;
}

Operation put(std::uint32_t client, std::int64_t call, std::int64_t back, std::string value,
              std::string key) {
  return operation(client, OperationKind::put, call, back, std::move(key), std::move(value));
}

Operation get(std::uint32_t client, std::int64_t call, std::int64_t back, std::optional<std::string> value,
              std::string key) {
  Operation made = operation(client, OperationKind::get, call, back, std::move(key));
  made.accesses[0].value = std::move(value);
  return made;
}

Operation swap(std::uint32_t client, std::int64_t call, std::int64_t back,
               std::optional<std::string> expected, std::string value) {
  Operation made = operation(client, OperationKind::compare_and_set, call, back, "k", std::move(value));
  made.accesses[0].expected = std::move(expected);
  made.matched = true;
  return made;
}

Operation increment(std::uint32_t client, std::int64_t call, std::int64_t back, std::int64_t delta,
                    std::string after) {
  Operation made = operation(client, OperationKind::increment, call, back, "k");
  made.delta = delta;
  made.accesses[0].value = std::move(after);
  return made;
}

Operation append(std::uint32_t client, std::int64_t call, std::int64_t back, std::string token) {
  return operation(client, OperationKind::append, call, back, "k", std::move(token));
}

Operation remove(std::uint32_t client, std::int64_t call, std::int64_t back) {
  return operation(client, OperationKind::remove, call, back, "k");
}

Operation unknown(Operation operation) {
  operation.outcome = Outcome::info;
  operation.back = kNever;
  for (KeyAccess& access : operation.accesses) access.value.reset();
  return operation;
}

}  // namespace by_hand

}  // namespace norn::sim
