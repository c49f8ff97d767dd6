// A violation in words: operations, values and times as the reasons of linearizable.h spell them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable_component.h"

namespace norn::sim {

// "1.203 s"; as many decimals as it takes, at least three.
std::string seconds(std::int64_t time);

// Quoted, and shortened when long; bytes that do not print are escaped. kAbsent: "nothing".
std::string quoted(std::string_view text);
std::string words_of(const Values& values, ValueId value);

const char* name_of(OperationKind kind);  // "get", "compare-and-set"

// 'get of "k" by client 3 (called 1.1 s, ok 1.203 s) returned "v2"'.
std::string words_of(const History& history, std::size_t place);
std::string words_of(const Operation& operation, const std::string& who, const std::string& when);

// Who tells of operations, each known by its place in the history.
class Narrator {
 public:
  Narrator() = default;
  Narrator(const Narrator&) = delete;
  Narrator& operator=(const Narrator&) = delete;
  virtual ~Narrator() = default;

  virtual std::string words(std::size_t place) const = 0;
  virtual std::int64_t call(std::size_t place) const = 0;
};

// Tells of a history that is at hand.
class HistoryNarrator final : public Narrator {
 public:
  explicit HistoryNarrator(const History& history) : history_(history) {}
  std::string words(std::size_t place) const override { return words_of(history_, place); }
  std::int64_t call(std::size_t place) const override { return nanoseconds(history_[place].call); }

 private:
  const History& history_;
};

// Leaves a mark where an operation's words belong, as long as no history is at hand whose places are in the
// order of the calls; in_words() puts them there.
class MarkingNarrator final : public Narrator {
 public:
  std::string words(std::size_t place) const override;
  std::int64_t call(std::size_t place) const override { return static_cast<std::int64_t>(place); }
};

std::string in_words(std::string_view marked, const History& history);

// The same for several, joined by "; ".
std::string words_of(const Narrator& narrator, const std::vector<std::size_t>& places);

// Sorts by call time and drops repetitions.
std::vector<std::size_t> in_order(const Narrator& narrator, std::vector<std::size_t> places);

}  // namespace norn::sim
