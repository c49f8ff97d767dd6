// One component of a history, by who wrote and who saw what: the facts that shrinking and the argument rest
// on. Strings are views into the history, which must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace norn::sim {

using MaybeText = std::optional<std::string_view>;  // a key's value; nothing: absent

// What an ok operation saw of its access number `part` before it took effect; nothing: it does not tell. Not
// of increments, which tell the number after them.
std::optional<MaybeText> seen_by(const Operation& operation, std::size_t part);

// What it leaves there, if it took effect and that does not depend on what was there; nothing: it depends, or
// it writes nothing. An operation of unknown outcome counts as one that took effect.
std::optional<MaybeText> written_by(const Operation& operation, std::size_t part);

bool changes_something(const Operation& operation);  // it took effect, or may have
bool returned(const Operation& operation);           // with outcome ok

// a had ended before b began.
bool precedes(const Operation& a, const Operation& b);

class Ledger {
 public:
  // The component that this operation is in.
  Ledger(const History& history, std::size_t place);

  struct Key {
    std::map<MaybeText, std::vector<std::size_t>> writers;  // by what they leave; by call time
    std::vector<std::size_t> changers;                      // all that change it, by call time
    bool appended = false;                                  // by any operation
    bool incremented = false;
    bool swapped = false;         // by a compare-and-set
    bool only_increments = true;  // nothing else changes it, and all add something
    bool only_appends = true;
    bool untold = false;  // a compare-and-set found any value but one, so that no write can be left out
    // What is left never depends on what was, and what is seen is known.
    bool is_plain() const { return !appended && !incremented && !untold; }
  };

  const History& history() const { return history_; }
  const std::vector<std::size_t>& places() const { return places_; }  // by call time
  const Key& key(std::string_view name) const;
  std::size_t keys() const { return keys_.size(); }

  // Who leaves this value on the key; by call time.
  const std::vector<std::size_t>& writers(std::string_view key, MaybeText value) const;

 private:
  const History& history_;
  std::vector<std::size_t> places_;
  std::map<std::string_view, Key> keys_;
};

}  // namespace norn::sim
