// The general search (search.h) as something that events are handed to one by one: the configurations that
// some order of the operations so far leads to, and what a call and a return do to them. A StreamComponent
// has two: one that follows the history, exactly, as far as every result is known, and one that has run ahead
// to the present (stream_component.h says how they differ). What is pruned, and why nothing is lost, is
// written in search.cc: reads at once, hidden writes, landing for somebody, twins, dominance. Of that only
// the merging of unseen values is missing, for it takes the whole history to know them; for keys that are
// only appended to and read there is Sweep::shown instead.
//
// Three things can happen to an operation here that cannot there:
//
//   has no answer yet  a blind write or an append has no result to wait for, so it is carried along like one
//                      that will return; nothing obliges it to land before it does
//   is unknown         it never returns: from then on whatever has it pending dominates what has it landed
//   did not happen     no configuration in which it landed remains; one in which it is free does, as that
//                      says it may never have been seen
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check/kv_spec.h"
#include "sim/check/search_frontier.h"

namespace norn::sim {

inline constexpr std::uint32_t kNoOperation = ~std::uint32_t{0};

// An operation while the stream needs it.
struct StreamOperation {
  KvStep step;                 // first and place are not used
  std::vector<KeyStep> parts;  // key: within the component
  std::size_t place = 0;
  std::uint32_t client = 0;
  std::uint32_t key = 0;  // its first one's number among all
  std::uint32_t slot = 0;
  std::uint64_t event = 0;                   // the component's, of its call
  std::uint32_t twin_before = kNoOperation;  // of unknown outcome: the equal one called before
  std::uint32_t twin_assumed =
      kNoOperation;  // the same where those that are assumed to be unknown count, too
  Outcome outcome = Outcome::pending;
  bool dropped = false;    // says nothing: it did not happen, or is a read without an answer
  bool abandoned = false;  // no answer is waited for any more, though one may come
  bool committed = false;  // its call is in the exact sweep
  bool shown = false;      // an append: of a value that was read, as it seems, or not waited for any more
  std::size_t looked = 0;  // an append: the length of the value that it was not seen in
  bool assumed = false;    // it is of unknown outcome to the middle sweep; its answer may come
};

// What a stream may spend. A step is an operation tried, or a configuration carried along beyond the first.
struct StreamBudget {
  std::uint64_t steps_max = 0;    // in all
  std::uint64_t steps_first = 0;  // from the start; the rest is earned, so many with each event
  std::uint64_t steps_each = 0;
  std::uint64_t steps_at_event_max = 0;  // of one event
  std::size_t configurations_max = 0;    // at once
  std::uint64_t steps = 0;               // taken so far, never more
  std::uint64_t may = 0;                 // be taken until this event is over

  void begin_event(std::uint64_t events) {
    const std::uint64_t earned =
        steps_each > (steps_max - steps_first) / events ? steps_max : steps_first + steps_each * events;
    may = std::min(std::min(earned, steps_max), steps + std::min(steps_at_event_max, steps_max - steps));
    may = std::max(may, steps);
  }
  bool afford(std::uint64_t more) {
    if (more > may - steps) return false;
    steps += more;
    return true;
  }
};

// Configurations, and the operations open in them.
struct Sweep {
  std::vector<std::uint64_t> words;  // one configuration after the other
  SlotKinds kinds;
  std::vector<std::uint32_t> open;  // by call
  // Of a key that is only appended to and read: the longest value that a read has found; kAbsent: none.
  // Nothing shortens the value, so in every order each value begins with this one or this one with it, and
  // configurations with others are dropped.
  ValueId shown = kAbsent;

  std::size_t size(const Layout& layout) const { return words.size() / layout.words(); }
  bool is_open(std::uint32_t operation) const;
};

enum class Swept : std::uint8_t {
  fits,
  contradicts,  // no configuration is left: the sweep is as it was before
  spent,        // the budget ran out: the sweep is worthless
};

// Does the work, for one sweep at a time; keeps only scratch space.
class Sweeper {
 public:
  Sweeper(Values& values, std::vector<StreamOperation>& operations, StreamBudget& budget)
      : values_(values), operations_(operations), budget_(budget) {}

  // While it is on, a return keeps only some of the configurations that are possible: each for sure, and as a
  // rule one that goes on, but none left means nothing.
  void set_hasty(bool hasty) { hasty_ = hasty; }

  // While it is on, operations that are assumed to be of unknown outcome are.
  void set_assuming(bool assuming) { assuming_ = assuming; }

  // The sweep before the first event: every key absent.
  static void begin(Sweep& sweep, const Layout& layout);
  void call(Sweep& sweep, const Layout& layout, std::uint32_t called);
  Swept give_back(Sweep& sweep, const Layout& layout, std::uint32_t returned);
  // It is open, and will never return.
  void forget(Sweep& sweep, const Layout& layout, std::uint32_t unknown);
  // It is open, and did not happen.
  Swept take_out(Sweep& sweep, const Layout& layout, std::uint32_t operation);
  // A read that is open and not in the sweep turns out to have seen something: done where it fits now.
  void see(Sweep& sweep, const Layout& layout, std::uint32_t read);
  // It is done in all of them, or its slot is to be free whatever they say.
  static void release(Sweep& sweep, const Layout& layout, std::uint32_t operation, std::uint32_t slot);

  const KvStep& step(std::uint32_t i) const { return operations_[i].step; }
  const KeyStep* parts(std::uint32_t i) const { return operations_[i].parts.data(); }
  std::uint32_t slot(std::uint32_t i) const { return operations_[i].slot; }

 private:
  using State = std::vector<ValueId>;

  bool at_once(Sweep& sweep, const Layout& layout, std::uint32_t returned, Swept& swept);
  bool explore(const Sweep& sweep, const Layout& layout, std::uint32_t returned);
  void list_told(const Sweep& sweep);
  bool may_be_told(std::uint32_t candidate) const;
  bool overshoots(std::uint32_t candidate, std::uint32_t returned);
  bool land(const Sweep& sweep, const Layout& layout, std::uint32_t candidate, std::uint32_t returned,
            const std::uint64_t* from);
  bool expects_another(std::uint32_t candidate, const std::uint64_t* words) const;
  bool fits_shown(const Sweep& sweep, ValueId value) const;
  void load(const Layout& layout, const std::uint64_t* words);

  Values& values_;
  std::vector<StreamOperation>& operations_;
  StreamBudget& budget_;

  State state_;  // unpacked
  std::vector<std::uint64_t> trial_;
  Frontier visited_{Layout()};
  Frontier next_{Layout()};
  std::uint64_t compared_ = 0;  // so many comparisons of both have been paid for
  bool hasty_ = false;
  bool assuming_ = false;
  // Of the open operations, when a return is tried: what they could tell, as key and value, sorted; keys of
  // which they tell every value; keys on which something else is open than reads and counting upwards.
  std::vector<std::uint64_t> told_;
  std::vector<std::uint32_t> all_told_;
  std::vector<std::uint32_t> not_counters_;
};

}  // namespace norn::sim
