// The draft; and the arguments about one value: see argument.h.
#include "sim/explain/argument.h"

#include <algorithm>

#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr std::size_t kWritersNamed = 2;

}  // namespace

Draft::Draft(const Ledger& ledger, const std::vector<std::size_t>& certain)
    : ledger_(ledger), certain_(certain), places_(certain) {
  std::string_view key;
  bool first = true;
  for (const std::size_t place : certain_) {
    for (const KeyAccess& access : at(place).accesses) {
      name_keys_ |= !first && access.key != key;
      key = access.key;
      first = false;
    }
  }
}

bool Draft::is_certain(std::size_t place) const {
  return std::binary_search(certain_.begin(), certain_.end(), place);
}

void Draft::cite(std::size_t place) {
  const auto there = std::lower_bound(places_.begin(), places_.end(), place);
  if (there == places_.end() || *there != place) places_.insert(there, place);
}

std::vector<std::size_t> Draft::mentioned() const {
  std::vector<std::size_t> certain;
  for (const std::size_t place : certain_) {
    if (mentioned_.contains(place)) certain.push_back(place);
  }
  return certain;
}

std::string Draft::letter_of(std::size_t place) const {
  mentioned_.insert(place);
  const auto there = std::lower_bound(places_.begin(), places_.end(), place);
  return letter(static_cast<std::size_t>(there - places_.begin()));
}

std::string Draft::name(std::size_t place) const {
  return "the " + deed(at(place), name_keys_) + " by client " + std::to_string(at(place).client) + " (" +
         letter_of(place) + ")";
}

std::string Draft::in_time(std::size_t early, std::size_t late) const {
  const auto [ended, began] = clocks(at(early).back, at(late).call);
  return letter_of(early) + " had ended at " + ended + ", before " + letter_of(late) + " began at " + began;
}

void Draft::draw(std::size_t from, std::size_t to, EdgeKind kind, std::string label) {
  for (const ExplanationEdge& edge : edges_) {
    if (edge.from == from && edge.to == to && edge.kind == kind) return;
  }
  edges_.push_back({from, to, kind, std::move(label)});
}

namespace {

// One access of a certain operation, and the value that it saw.
struct Sight {
  std::size_t seer = 0;
  std::string_view key;
  MaybeText value;
};

std::vector<Sight> sights(const Draft& draft) {
  std::vector<Sight> found;
  for (const std::size_t place : draft.certain()) {
    const Operation& operation = draft.at(place);
    for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
      const std::optional<MaybeText> seen = seen_by(operation, part);
      if (seen) found.push_back({place, operation.accesses[part].key, *seen});
    }
  }
  return found;
}

bool overwrites(const Operation& operation, const Sight& sight) {
  if (!changes_something(operation)) return false;
  for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
    if (operation.accesses[part].key != sight.key) continue;
    const std::optional<MaybeText> written = written_by(operation, part);
    if (written && *written != sight.value) return true;
  }
  return false;
}

// A certain write that stands between by time; of the beginning, one that stands before the sight.
std::optional<std::size_t> between(const Draft& draft, std::optional<std::size_t> writer,
                                   const Sight& sight) {
  for (const std::size_t place : draft.certain()) {
    if (place == sight.seer || !overwrites(draft.at(place), sight)) continue;
    if (writer && !precedes(draft.at(*writer), draft.at(place))) continue;
    if (precedes(draft.at(place), draft.at(sight.seer))) return place;
  }
  return std::nullopt;
}

struct Excluded {
  std::optional<std::size_t> writer;   // nothing: the beginning
  std::optional<std::size_t> between;  // nothing: it was called too late
};

// Why none of the writers can have written what was seen; nothing: one can.
std::optional<std::vector<Excluded>> exclude(const Draft& draft, const Sight& sight) {
  const Operation& seer = draft.at(sight.seer);
  std::vector<Excluded> excluded;
  if (!sight.value) {
    const auto overwriter = between(draft, std::nullopt, sight);
    if (!overwriter) return std::nullopt;
    excluded.push_back({std::nullopt, overwriter});
  }
  for (const std::size_t writer : draft.ledger().writers(sight.key, sight.value)) {
    if (writer == sight.seer) continue;
    if (draft.at(writer).call > seer.back) {
      excluded.push_back({writer, std::nullopt});
      continue;
    }
    const auto overwriter = between(draft, writer, sight);
    if (!overwriter) return std::nullopt;
    excluded.push_back({writer, overwriter});
  }
  return excluded;
}

std::string saw(const Draft& draft, const Sight& sight) {
  const Operation& operation = draft.at(sight.seer);
  const std::string key =
      draft.name_keys() || operation.accesses.size() > 1 ? " on key " + shown(sight.key) : "";
  return "found " + shown(sight.value) + key;
}

void say_early(Draft& draft, const Sight& sight, const std::vector<Excluded>& excluded) {
  const bool alone = excluded.size() == 1;
  std::size_t overwritten = 0;
  for (const Excluded& one : excluded) {
    if (!one.between) continue;
    if (!one.writer) {
      draft.say("In the beginning the key had no value, but " + draft.name(*one.between) +
                " gave it one: " + draft.in_time(*one.between, sight.seer) + ".");
      draft.draw(sight.seer, *one.between, EdgeKind::conflict, "found nothing, so precedes");
    } else if (++overwritten <= kWritersNamed) {
      const std::string in_time =
          draft.in_time(*one.writer, *one.between) + ", and " + draft.in_time(*one.between, sight.seer) + ".";
      if (alone) {
        draft.say("Only " + draft.name(*one.writer) + " ever left " + shown(sight.value) + " there.");
        draft.say("But " + draft.name(*one.between) + " came after it: " + in_time);
      } else {
        draft.say(shown(sight.value) + " was left by " + draft.name(*one.writer) + ", and overwritten by " +
                  draft.name(*one.between) + ": " + in_time);
      }
      draft.draw(*one.writer, *one.between, EdgeKind::time, "ended before");
      draft.draw(*one.writer, sight.seer, EdgeKind::conflict, "found, though overwritten");
    }
    draft.draw(*one.between, sight.seer, EdgeKind::time, "ended before");
  }
  if (overwritten > kWritersNamed) {
    draft.say("The same is true of " + std::to_string(overwritten - kWritersNamed) +
              " other operations that left it: each was overwritten before " + draft.letter_of(sight.seer) +
              " began.");
  }
}

void say_late(Draft& draft, const Sight& sight, const std::vector<Excluded>& excluded) {
  std::size_t late = 0;
  std::optional<std::size_t> first;
  for (const Excluded& one : excluded) {
    if (!one.writer || one.between) continue;
    ++late;
    if (!first) first = one.writer;
  }
  if (!first) return;
  draft.say((excluded.size() == 1
                 ? "Only " + draft.name(*first) + " ever left " + shown(sight.value) + " there"
             : late == 1 ? capital(draft.name(*first)) + " is too late"
                         : "The " + std::to_string(late) + " others are too late, the first of them being " +
                               draft.name(*first)) +
            ": " + draft.in_time(sight.seer, *first) + ".");
  draft.draw(sight.seer, *first, EdgeKind::time, "ended before");
  draft.draw(*first, sight.seer, EdgeKind::conflict, "found, though not yet written");
}

}  // namespace

bool argue_unwritten(Draft& draft) {
  for (const Sight& sight : sights(draft)) {
    const Operation& seer = draft.at(sight.seer);
    if (seer.kind == OperationKind::compare_and_set && !seer.matched &&
        seer.accesses[0].expected == seer.accesses[0].value) {
      draft.say(capital(draft.name(sight.seer)) + " found just what it expected, yet did not match.");
      return true;
    }
    if (!draft.ledger().key(sight.key).is_plain()) continue;
    const auto excluded = exclude(draft, sight);
    if (!excluded) continue;
    std::size_t cited = 0;
    bool late = false;
    for (const Excluded& one : *excluded) {
      if (!one.writer) continue;
      if (one.between ? ++cited <= kWritersNamed : !late) draft.cite(*one.writer);
      late |= !one.between;
    }
    draft.say(capital(draft.name(sight.seer)) + " took place " + span(seer) + " and " + saw(draft, sight) +
              ".");
    if (excluded->empty())
      draft.say("No operation of the history ever left " + shown(sight.value) + " there.");
    say_early(draft, sight, *excluded);
    say_late(draft, sight, *excluded);
    const std::string seer_letter = draft.letter_of(sight.seer);
    if (excluded->size() == 1 && !(*excluded)[0].writer) {
      draft.say("No operation of the history removes the key, so " + seer_letter +
                " could not find it without a value.");
    } else if (excluded->size() == 1) {
      draft.say("So " + seer_letter + " could not find " + shown(sight.value) + ".");
    } else if (!excluded->empty()) {
      draft.say("No other operation of the history left " + shown(sight.value) + " there, so " + seer_letter +
                " could not find it.");
    }
    return true;
  }
  return false;
}

// Two compare-and-sets that both replaced a value which was there once.
bool argue_two_winners(Draft& draft) {
  const std::vector<Sight> all = sights(draft);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const Operation& a = draft.at(all[i].seer);
      const Operation& b = draft.at(all[j].seer);
      if (a.kind != OperationKind::compare_and_set || b.kind != a.kind || !a.matched || !b.matched) continue;
      if (all[i].key != all[j].key || all[i].value != all[j].value) continue;
      if (!overwrites(a, all[i]) || !overwrites(b, all[j]) || !draft.ledger().key(all[i].key).is_plain())
        continue;
      const auto& writers = draft.ledger().writers(all[i].key, all[i].value);
      if (writers.size() + (all[i].value ? 0 : 1) != 1) continue;
      if (!writers.empty()) draft.cite(writers[0]);
      const std::string value = shown(all[i].value);
      draft.say(writers.empty()
                    ? "The key had no value in the beginning, and never again after: nothing removes it."
                    : value + " was written only once, by " + draft.name(writers[0]) + ".");
      draft.say("Both " + draft.name(all[i].seer) + " and " + draft.name(all[j].seer) + " found " + value +
                " and replaced it.");
      draft.say(
          "Whichever of the two came second must have found what the other one, or somebody after it, left; "
          "that was not " +
          value + ".");
      if (!writers.empty()) {
        draft.draw(writers[0], all[i].seer, EdgeKind::value, "found " + value);
        draft.draw(writers[0], all[j].seer, EdgeKind::value, "found " + value);
      }
      draft.draw(all[i].seer, all[j].seer, EdgeKind::conflict, "both replaced it");
      return true;
    }
  }
  return false;
}

}  // namespace norn::sim
