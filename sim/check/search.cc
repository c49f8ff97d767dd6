// The general search: see search.h. What it prunes, and why nothing is lost:
//
// - Unseen values. A value that no operation could ever tell (no read found it, no compare-and-set expected
//   it, and no such value begins with it, if there are appends) is kUnseen, one for all. A write of unknown
//   outcome that leaves only such values is dropped, unless a compare-and-set saw no more than that a value
//   was not the one it expected, as any of these is. Not where there are increments, for their results tell.
// - Reads at once. A read that fits the state takes effect the moment it can: it changes nothing, and
//   everything it must follow has returned, so is done. Wherever else it stood in an order, it could stand
//   here.
// - Hidden writes. When a blind write lands, an open put, remove or append of no other keys could have
//   stood just before it, unseen. Such an operation becomes free: it counts as done, and may still land
//   visibly instead until it returns.
// - Landing for somebody. Before the returning operation, a blind or append or unknown operation on one key
//   lands only if an open operation could tell its value next. Otherwise, in any sequence, either a blind
//   write of the key comes before anyone tells (then it could hide there, or if unknown not happen), or
//   nothing else touches the key (then it could wait until after the return). An append that leaves kUnseen
//   waits in the same way: whatever can follow it can follow the value it would have appended to, for nobody
//   sees kUnseen. Not where a compare-and-set, open or still to be called, saw no more than that a value was
//   not the one it expected: that is true of kUnseen, and may not be of what the appends spell in another
//   order.
// - Twins. Of equal operations of unknown outcome the one called first lands first: neither has a return.
// - Dominated configurations (search_frontier.h).
#include "sim/check/search.h"

#include <algorithm>
#include <limits>

#include "sim/check/linearizable_words.h"
#include "sim/check/search_frontier.h"
#include "sim/check/search_moves.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kWitnessesMax = 6;
constexpr std::size_t kConfigurationsMax = 2'000'000;  // at once

class Search {
 public:
  Search(const Narrator& history, Component& component, std::uint64_t steps_max, std::uint64_t& steps,
         std::vector<Landing>* landings)
      : history_(history),
        component_(component),
        steps_max_(steps_max),
        taken_(steps),
        landings_(landings),
        slot_of_(component.steps.size(), kNone),
        twin_before_(component.steps.size(), kNone) {}

  Judgement judge() {
    if (!component_.has_increment) merge_unseen();
    make_events();
    find_twins();
    layout_ = Layout(component_.keys.size(), slots_);
    kinds_.unknown.assign(layout_.slot_words(), 0);
    kinds_.reads.assign(layout_.slot_words(), 0);
    state_.resize(component_.keys.size());
    trial_.assign(layout_.words(), 0);

    visited_ = Frontier(layout_);
    Frontier now(layout_);
    Frontier next(layout_);
    now.insert(trial_.data(), kinds_);  // every key absent: kAbsent is 0
    for (const Event& event : events_) {
      if (!afford(now.size() - 1)) return {Verdict::undecided, "", {}};
      if (!event.returns) {
        call(event.step, now);
        continue;
      }
      next.clear();
      if (!give_back(event.step, now, next)) return {Verdict::undecided, "", {}};
      if (next.size() == 0) return describe(event.step, now);
      next.prune();
      std::swap(now, next);
      if (landings_ != nullptr && trail_.is_crowded() && !clear_trail(now))
        return {Verdict::undecided, "", {}};
    }
    if (landings_ != nullptr) *landings_ = trail_.path(now.node(0));
    return {Verdict::linearizable, "", {}};
  }

  const KvStep& step(std::uint32_t i) const { return component_.steps[i]; }
  const KeyStep* parts(std::uint32_t i) const { return component_.parts_of(component_.steps[i]); }
  std::uint32_t slot(std::uint32_t i) const { return slot_of_[i]; }

 private:
  using Event = SearchEvent;

  // ---- before the sweep

  void merge_unseen() {
    std::vector<ValueId> seen;
    for (std::uint32_t i = 0; i < component_.steps.size(); ++i) {
      for (std::uint32_t j = 0; j < step(i).count; ++j) {
        const bool reads = is_read(step(i)) && !sees_another(step(i));
        if (reads) seen.push_back(parts(i)[j].value);
        if (step(i).kind == OperationKind::compare_and_set && !reads) seen.push_back(parts(i)[j].expected);
      }
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const ValueId value : seen) {
      if (value > kUnseen) seen_texts_.push_back(component_.values.text(value));
    }
    std::sort(seen_texts_.begin(), seen_texts_.end());
    merges_ = true;
    tells_apart_ = std::any_of(component_.steps.begin(), component_.steps.end(), sees_another);
    for (const KvStep& it : component_.steps) {
      const bool puts = it.kind == OperationKind::put || it.kind == OperationKind::multi_put ||
                        it.kind == OperationKind::compare_and_set;
      for (std::uint32_t j = 0; puts && j < it.count; ++j) {
        ValueId& argument = component_.parts[it.first + j].argument;
        argument = merged(argument);
      }
    }
  }

  // The value, or kUnseen if nobody can tell it.
  ValueId merged(ValueId value) {
    if (!merges_ || value <= kUnseen) return value;
    if (value >= telling_.size()) telling_.resize(component_.values.size(), unasked);
    if (telling_[value] == unasked) {
      const std::string_view text = component_.values.text(value);
      const auto found = std::lower_bound(seen_texts_.begin(), seen_texts_.end(), text);
      const bool seen =
          found != seen_texts_.end() && (component_.has_append ? found->starts_with(text) : *found == text);
      telling_[value] = seen ? told : never_told;
    }
    return telling_[value] == told ? value : kUnseen;
  }

  bool is_pointless(const KvStep& it) const {
    if (!it.unknown || it.kind == OperationKind::append || it.kind == OperationKind::remove ||
        it.kind == OperationKind::increment || tells_apart_) {
      return false;
    }
    const KeyStep* const begin = component_.parts_of(it);
    return std::all_of(begin, begin + it.count, [](const KeyStep& part) { return part.argument == kUnseen; });
  }

  // Also gives the slots: an operation has the lowest that is free while it is open; of unknown outcome, for
  // good.
  void make_events() {
    for (std::uint32_t i = 0; i < component_.steps.size(); ++i) {
      if (is_pointless(step(i))) continue;
      events_.push_back({step(i).call, false, i});
      if (!step(i).unknown) events_.push_back({step(i).back, true, i});
    }
    std::sort(events_.begin(), events_.end());
    std::vector<std::uint32_t> released;
    for (const Event& event : events_) {
      if (event.returns) {
        released.push_back(slot_of_[event.step]);
      } else if (released.empty()) {
        slot_of_[event.step] = static_cast<std::uint32_t>(slots_++);
      } else {
        slot_of_[event.step] = released.back();
        released.pop_back();
      }
    }
  }

  void find_twins() {
    std::vector<std::uint32_t> unknown;
    for (std::uint32_t i = 0; i < component_.steps.size(); ++i) {
      if (step(i).unknown && slot_of_[i] != kNone) unknown.push_back(i);
    }
    std::stable_sort(unknown.begin(), unknown.end(), [&](auto a, auto b) { return compare(a, b) < 0; });
    for (std::size_t i = 1; i < unknown.size(); ++i) {
      if (compare(unknown[i - 1], unknown[i]) == 0) twin_before_[unknown[i]] = unknown[i - 1];
    }
  }

  // Of two operations of unknown outcome: 0 if they are equal but for their calls.
  int compare(std::uint32_t a, std::uint32_t b) const {
    const KvStep& x = step(a);
    const KvStep& y = step(b);
    if (x.kind != y.kind) return x.kind < y.kind ? -1 : 1;
    if (x.delta != y.delta) return x.delta < y.delta ? -1 : 1;
    if (x.count != y.count) return x.count < y.count ? -1 : 1;
    for (std::uint32_t j = 0; j < x.count; ++j) {
      const KeyStep& p = parts(a)[j];
      const KeyStep& q = parts(b)[j];
      if (p.key != q.key) return p.key < q.key ? -1 : 1;
      if (p.argument != q.argument) return p.argument < q.argument ? -1 : 1;
      if (p.expected != q.expected) return p.expected < q.expected ? -1 : 1;
    }
    return 0;
  }

  // ---- the sweep

  // Takes steps from the budget. False: it is spent.
  bool afford(std::uint64_t steps) {
    if (steps > steps_max_ - taken_) return false;
    taken_ += steps;
    return true;
  }

  void call(std::uint32_t called, Frontier& now) {
    const std::uint32_t slot = slot_of_[called];
    const std::uint64_t bit = std::uint64_t{1} << slot % 64;
    open_.push_back(called);
    if (step(called).unknown) {
      kinds_.unknown[slot / 64] |= bit;
    } else {
      kinds_.unknown[slot / 64] &= ~bit;
    }
    if (!is_read(step(called))) {
      kinds_.reads[slot / 64] &= ~bit;
      return;
    }
    kinds_.reads[slot / 64] |= bit;
    for (std::size_t i = 0; i < now.size(); ++i) {
      load_state(now.at(i), state_);
      if (apply(component_.values, state_.data(), step(called), parts(called)))
        layout_.set_done(now.at(i), slot);
    }
  }

  // Leaves in `next` every configuration in which the operation has taken effect. False: the budget ran out.
  bool give_back(std::uint32_t returned, Frontier& now, Frontier& next) {
    const std::uint32_t slot = slot_of_[returned];
    visited_.clear();
    for (std::size_t i = 0; i < now.size(); ++i) {
      const bool done = layout_.done(now.at(i), slot);
      if (!done)
        visited_.insert(now.at(i), kinds_, now.node(i));  // a free one may still land, or stay unseen
      if (!done && !layout_.free(now.at(i), slot)) continue;
      trial_.assign(now.at(i), now.at(i) + layout_.words());
      layout_.clear(trial_.data(), slot);
      next.insert(trial_.data(), kinds_, now.node(i));
    }
    for (std::size_t i = 0; i < visited_.size(); ++i) {
      for (const std::uint32_t candidate : open_) {
        if (visited_.dominated(i)) break;
        if (layout_.done(visited_.at(i), slot_of_[candidate]) || is_read(step(candidate))) continue;
        if (twin_before_[candidate] != kNone &&
            !layout_.done(visited_.at(i), slot_of_[twin_before_[candidate]])) {
          continue;
        }
        if (!afford(1) || visited_.size() + next.size() > kConfigurationsMax) return false;
        if (!land(candidate, returned, visited_.at(i))) continue;
        const bool arrived = layout_.done(trial_.data(), slot);
        if (arrived) layout_.clear(trial_.data(), slot);
        Frontier& into = arrived ? next : visited_;
        const bool added = into.insert(trial_.data(), kinds_, trail_.next());
        if (added && landings_ != nullptr) trail_.add(visited_.node(i), {candidate, returned});
      }
    }
    open_.erase(std::find(open_.begin(), open_.end(), returned));
    return true;
  }

  // False: what led to the configurations alive is too much to remember.
  bool clear_trail(Frontier& now) {
    std::vector<Trail::Node> live(now.size());
    for (std::size_t i = 0; i < now.size(); ++i) live[i] = now.node(i);
    const bool fits = trail_.keep(live);
    for (std::size_t i = 0; i < now.size(); ++i) now.set_node(i, live[i]);
    return fits;
  }

  // Lets an operation take effect in a configuration; the outcome is in trial_. False: it cannot, or need
  // not.
  bool land(std::uint32_t candidate, std::uint32_t returned, const std::uint64_t* from) {
    const KvStep& it = step(candidate);
    load_state(from, state_);
    if (!apply(component_.values, state_.data(), it, parts(candidate))) return false;
    if (it.kind == OperationKind::append) {
      ValueId& value = state_[parts(candidate)->key];
      value = merged(value);
      if (value == kUnseen && candidate != returned && !tells_apart_) return false;
    }
    const bool may_wait = it.count == 1 && (it.unknown || is_blind(it) || it.kind == OperationKind::append);
    trial_.assign(from, from + layout_.words());
    if (may_wait && candidate != returned &&
        !is_told(*this, open_, layout_, trial_.data(), candidate, state_[parts(candidate)->key]))
      return false;
    store_state(state_, layout_, trial_.data());
    layout_.set_done(trial_.data(), slot_of_[candidate]);
    if (is_blind(it)) free_hidden(*this, open_, layout_, trial_.data(), candidate);
    read_at_once(*this, open_, layout_, trial_.data(), component_.values, state_);
    return true;
  }

  // ---- what went wrong

  // The operation that returned and cannot have taken effect, what the keys could have held, and who was open
  // beside it.
  Judgement describe(std::uint32_t stuck, const Frontier& now) {
    std::string reason =
        history_.words(step(stuck).place) + ": no order of the operations until then explains it; ";
    std::size_t returned = 0;
    for (const KvStep& it : component_.steps) returned += has_returned(it, stuck) ? 1 : 0;
    reason += "the " + std::to_string(returned) + " that returned before have one, which leaves ";
    for (std::uint32_t j = 0; j < step(stuck).count; ++j) {
      const std::uint32_t key = parts(stuck)[j].key;
      if (j != 0) reason += ", and ";
      reason += "key " + quoted(component_.keys[key]) + " at " + possible_values(key, now);
    }
    std::vector<std::size_t> witnesses = {step(stuck).place};
    const std::vector<std::size_t> others = around(stuck);
    witnesses.insert(witnesses.end(), others.begin(), others.end());
    if (!others.empty()) reason += "; around it: " + words_of(history_, in_order(history_, others));
    return {Verdict::violation, reason, in_order(history_, witnesses)};
  }

  // Before another, in the order of the sweep: equal times are returned in the order of the calls.
  bool has_returned(const KvStep& it, std::uint32_t stuck) const {
    if (it.unknown) return false;
    return it.back != step(stuck).back ? it.back < step(stuck).back : &it < &step(stuck);
  }

  std::string possible_values(std::uint32_t key, const Frontier& now) {
    std::vector<ValueId> possible;
    for (std::size_t i = 0; i < now.size(); ++i) {
      load_state(now.at(i), state_);
      possible.push_back(state_[key]);
    }
    std::sort(possible.begin(), possible.end());
    possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
    std::string text;
    for (std::size_t i = 0; i < possible.size() && i < 4; ++i) {
      text += (i == 0 ? "" : " or ") + words_of(component_.values, possible[i]);
    }
    return text + (possible.size() > 4 ? " or others" : "");
  }

  bool shares_key(std::uint32_t a, std::uint32_t b) const {
    return std::any_of(parts(a), parts(a) + step(a).count, [&](const KeyStep& part) {
      return std::any_of(parts(b), parts(b) + step(b).count,
                         [&](const KeyStep& other) { return other.key == part.key; });
    });
  }

  // Operations of the same keys: the open ones, then those that returned last.
  std::vector<std::size_t> around(std::uint32_t stuck) const {
    std::vector<std::uint32_t> near;
    for (const std::uint32_t other : open_) {
      if (other != stuck && !is_read(step(other)) && shares_key(other, stuck)) near.push_back(other);
    }
    const std::size_t open = near.size();
    for (std::uint32_t other = 0; other < component_.steps.size(); ++other) {
      if (has_returned(step(other), stuck) && shares_key(other, stuck)) near.push_back(other);
    }
    std::sort(near.begin() + static_cast<std::ptrdiff_t>(open), near.end(), [&](auto a, auto b) {
      return step(a).back != step(b).back ? step(a).back > step(b).back : a < b;
    });
    // The last one that returned always has a place: it is what a stale read passed by.
    if (open >= kWitnessesMax - 1 && near.size() > open) std::swap(near[kWitnessesMax - 2], near[open]);
    if (near.size() > kWitnessesMax - 1) near.resize(kWitnessesMax - 1);
    std::vector<std::size_t> places;
    for (const std::uint32_t other : near) places.push_back(step(other).place);
    return places;
  }

  enum Telling : std::uint8_t { unasked, told, never_told };

  const Narrator& history_;
  Component& component_;
  std::uint64_t steps_max_;
  std::uint64_t& taken_;
  std::vector<Landing>* landings_;
  Trail trail_;  // grows only if landings are wanted

  bool merges_ = false;
  bool tells_apart_ = false;  // an operation saw any value but one, and so may have seen kUnseen
  std::vector<std::string_view> seen_texts_;  // sorted
  std::vector<Telling> telling_;              // by value

  std::vector<Event> events_;
  std::size_t slots_ = 0;
  std::vector<std::uint32_t> slot_of_;      // by step
  std::vector<std::uint32_t> twin_before_;  // by step: the equal one called before

  Layout layout_;
  SlotKinds kinds_;
  std::vector<std::uint32_t> open_;  // steps, by call time
  std::vector<ValueId> state_;       // unpacked
  std::vector<std::uint64_t> trial_;
  Frontier visited_{Layout()};  // the configurations that one return has tried
};

}  // namespace

Judgement search_component(const Narrator& history, Component& component, std::uint64_t steps_max,
                           std::uint64_t& steps, std::vector<Landing>* landings) {
  return Search(history, component, steps_max, steps, landings).judge();
}

}  // namespace norn::sim
