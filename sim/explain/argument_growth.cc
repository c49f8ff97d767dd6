// Appends and increments: what only grows tells its own order. See argument.h.
#include <algorithm>

#include "sim/explain/argument.h"
#include "sim/explain/counter.h"
#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr std::size_t kIncrementsCited = 5;

std::string_view text_of(const Operation& read) {
  return read.accesses[0].value ? std::string_view(*read.accesses[0].value) : std::string_view();
}

std::size_t count_in(std::string_view text, std::string_view token) {
  std::size_t count = 0;
  for (std::size_t at = text.find(token); at != std::string_view::npos;
       at = text.find(token, at + token.size()))
    ++count;
  return count;
}

// Gets and appends of one key that nothing else changes.
class Growth {
 public:
  explicit Growth(Draft& draft) : draft_(draft) {}

  bool argue() {
    if (!collect()) return false;
    return neither_begins_the_other() || twice() || lost() || too_early() || out_of_order();
  }

 private:
  bool collect() {
    for (const std::size_t place : draft_.certain()) {
      const Operation& operation = draft_.at(place);
      const Ledger::Key& key = draft_.ledger().key(operation.accesses[0].key);
      if (draft_.name_keys() || !key.appended || !key.only_appends) return false;
      if (operation.kind == OperationKind::append) {
        appends_.push_back(place);
      } else if (operation.kind == OperationKind::get) {
        reads_.push_back(place);
      } else {
        return false;
      }
    }
    return !reads_.empty();
  }

  bool neither_begins_the_other() {
    for (const std::size_t a : reads_) {
      for (const std::size_t b : reads_) {
        const std::string_view x = text_of(draft_.at(a));
        const std::string_view y = text_of(draft_.at(b));
        if (a < b && !x.starts_with(y) && !y.starts_with(x)) {
          draft_.say(capital(draft_.name(a)) + " and " + draft_.name(b) +
                     " saw values of which neither begins with the other.");
          draft_.say(
              "Nothing but appends changes this key, and they only add at the end: of any two values it had, "
              "the "
              "earlier is the beginning of the later.");
          draft_.draw(a, b, EdgeKind::conflict, "neither begins the other");
          return true;
        }
        if (precedes(draft_.at(a), draft_.at(b)) && y.size() < x.size()) {
          draft_.say(capital(draft_.name(a)) + " saw " + std::to_string(x.size()) + " bytes; " +
                     draft_.name(b) + " saw only the first " + std::to_string(y.size()) + " of them.");
          draft_.say("Nothing shortens this key, and " + draft_.in_time(a, b) + ".");
          draft_.draw(a, b, EdgeKind::conflict, "ended before, saw more");
          return true;
        }
      }
    }
    return false;
  }

  // A token stands in a value more often than it was appended.
  bool twice() {
    for (const std::size_t read : reads_) {
      const std::string_view text = text_of(draft_.at(read));
      std::vector<std::size_t> appends = draft_.ledger().key(draft_.at(read).accesses[0].key).changers;
      for (const std::size_t append : appends) {
        const std::string& token = draft_.at(append).accesses[0].argument;
        if (token.empty() || count_in(text, token) < 2) continue;
        const auto same = std::count_if(appends.begin(), appends.end(), [&](std::size_t other) {
          const std::string& theirs = draft_.at(other).accesses[0].argument;
          return theirs.find(token) != std::string::npos || token.find(theirs) != std::string::npos;
        });
        if (same != 1) continue;  // what else could have written a part of it
        draft_.cite(append);
        draft_.say(capital(draft_.name(read)) + " saw " + shown(std::string_view(token)) + " " +
                   std::to_string(count_in(text, token)) + " times.");
        draft_.say("Only " + draft_.name(append) + " appended it, and once.");
        draft_.draw(append, read, EdgeKind::conflict, "appended once, seen twice");
        return true;
      }
    }
    return false;
  }

  bool lost() {
    for (const std::size_t append : appends_) {
      for (const std::size_t read : reads_) {
        const std::string& token = draft_.at(append).accesses[0].argument;
        if (token.empty() || text_of(draft_.at(read)).find(token) != std::string_view::npos) continue;
        if (!precedes(draft_.at(append), draft_.at(read))) continue;
        draft_.say("First " + draft_.name(append) + ", then " + draft_.name(read) + ": " +
                   draft_.in_time(append, read) + ".");
        draft_.say("Nothing shortens this key, yet what " + draft_.letter_of(read) + " saw does not hold " +
                   shown(std::string_view(token)) + " anywhere.");
        draft_.draw(append, read, EdgeKind::conflict, "ended before, yet not seen");
        return true;
      }
    }
    return false;
  }

  // A read that ended before the only append of something that it saw began.
  bool too_early() {
    for (const std::size_t read : reads_) {
      const std::vector<std::size_t>& all = draft_.ledger().key(draft_.at(read).accesses[0].key).changers;
      for (const std::size_t append : all) {
        const std::string& token = draft_.at(append).accesses[0].argument;
        if (token.empty() || !precedes(draft_.at(read), draft_.at(append))) continue;
        if (text_of(draft_.at(read)).find(token) == std::string_view::npos || !only_one_with(token, all))
          continue;
        draft_.cite(append);
        draft_.say(capital(draft_.name(read)) + " saw " + shown(std::string_view(token)) + ", which only " +
                   draft_.name(append) + " appended.");
        draft_.say("But " + draft_.in_time(read, append) + ".");
        draft_.draw(read, append, EdgeKind::conflict, "saw what was not yet there");
        return true;
      }
    }
    return false;
  }

  bool only_one_with(const std::string& token, const std::vector<std::size_t>& all) const {
    return 1 == std::count_if(all.begin(), all.end(), [&](std::size_t other) {
             const std::string& theirs = draft_.at(other).accesses[0].argument;
             return theirs.find(token) != std::string::npos || token.find(theirs) != std::string::npos;
           });
  }

  // One append had ended before another began, and a value has them the other way round.
  bool out_of_order() {
    for (const std::size_t early : appends_) {
      for (const std::size_t late : appends_) {
        if (!precedes(draft_.at(early), draft_.at(late))) continue;
        for (const std::size_t read : reads_) {
          const std::string_view text = text_of(draft_.at(read));
          const std::size_t first = text.find(draft_.at(early).accesses[0].argument);
          const std::size_t second = text.find(draft_.at(late).accesses[0].argument);
          if (second == std::string_view::npos || first == std::string_view::npos || first <= second)
            continue;
          draft_.say("First " + draft_.name(early) + ", then " + draft_.name(late) + ": " +
                     draft_.in_time(early, late) + ".");
          draft_.say("Yet " + draft_.name(read) + " saw " + draft_.letter_of(late) + "'s part in front of " +
                     draft_.letter_of(early) + "'s; appends only add at the end.");
          draft_.draw(early, late, EdgeKind::time, "ended before");
          draft_.draw(late, early, EdgeKind::conflict, "stands in front");
          return true;
        }
      }
    }
    return false;
  }

  Draft& draft_;
  std::vector<std::size_t> reads_;
  std::vector<std::size_t> appends_;
};

std::string way(const Reading& reading) {
  if (reading.before == reading.after) return "saw " + std::to_string(reading.after);
  return "led from " + std::to_string(reading.before) + " to " + std::to_string(reading.after);
}

}  // namespace

bool argue_appends(Draft& draft) { return Growth(draft).argue(); }

bool argue_increments(Draft& draft) {
  if (const auto high = too_high(draft.ledger(), draft.certain())) {
    const std::size_t place = high->reading.place;
    const std::vector<std::size_t>& all = draft.ledger().key(high->reading.key).changers;
    if (high->count <= kIncrementsCited) {
      for (std::size_t i = 0; i < high->count; ++i) draft.cite(all[i]);
    }
    draft.say(capital(draft.name(place)) +
              (high->reading.before == high->reading.after ? " saw the number at " : " left the number at ") +
              std::to_string(high->reading.after) + ".");
    draft.say("Nothing but increments changes the key. Until it ended, at " + clock(draft.at(place).back) +
              ", " + std::to_string(high->count) + " had begun; all together they add up to " +
              std::to_string(high->most) + ".");
    return true;
  }
  const auto pair = counter_conflict(draft.ledger(), draft.certain());
  if (!pair) return false;
  const std::size_t a = pair->first.place;
  const std::size_t b = pair->second.place;
  draft.say("Nothing but increments changes the key, and each adds something: its number only grows.");
  draft.say(capital(draft.name(a)) + " " + way(pair->first) + "; " + draft.name(b) + " " + way(pair->second) +
            ".");
  if (pair->kind == CounterConflict::went_back) {
    draft.say("But " + draft.in_time(a, b) + ", so the number was " + std::to_string(pair->first.after) +
              " at least before " + draft.letter_of(b) + ", and not " + std::to_string(pair->second.before) +
              ".");
    draft.draw(a, b, EdgeKind::time, "ended before");
    draft.draw(b, a, EdgeKind::conflict, "at a smaller number");
  } else {
    draft.say(pair->second.before == pair->second.after
                  ? draft.letter_of(a) + " steps over the number that " + draft.letter_of(b) +
                        " saw, so it never was that number."
                  : "The number takes each step once; these two cannot both have found the one that they "
                    "started from.");
    draft.draw(a, b, EdgeKind::conflict, "the same step twice");
  }
  return true;
}

}  // namespace norn::sim
