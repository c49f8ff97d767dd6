// The last resort: the orders of the certain operations, tried one by one, each up to where it fails. See
// argument.h. A read that fits is placed at once, which loses nothing: it changes nothing, and all that must
// precede it stands before it already.
#include <algorithm>
#include <map>
#include <set>

#include "sim/check/compact_component.h"
#include "sim/explain/argument.h"
#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr std::size_t kOrdersTold = 6;
constexpr std::size_t kOperationsTold = 12;
constexpr std::size_t kTriedMax = 24;
constexpr std::size_t kPrefixesMax = 20'000;

class Orders {
 public:
  explicit Orders(Draft& draft) : draft_(draft) {}

  void argue() {
    for (const std::size_t place : draft_.certain()) {
      history_.push_back(draft_.at(place));
      draft_.letter_of(place);  // all of them are meant
    }
    tell_operations();
    compact_ = make_compact(history_);
    const std::vector<std::vector<std::uint32_t>> components = compact_.components();
    if (components.size() != 1 || history_.size() > kTriedMax) {
      draft_.say("No order of these operations, each within its time, gives what was seen.");
      return;
    }
    component_ = make_component(compact_, components[0]);
    std::vector<ValueId> state(component_.keys.size(), kAbsent);
    std::vector<std::uint32_t> placed;
    extend(state, placed);
    if (dead_ > kOrdersTold) {
      draft_.say(
          (complete_ ? "The " + std::to_string(dead_ - kOrdersTold) + " other" : std::string("The other")) +
          " orders that keep to the times fail in the same way.");
      if (!complete_)
        draft_.sentences_.back() = "The checker found no order; the others are too many to list here.";
    } else if (complete_) {
      draft_.say("No other order keeps to the times.");
    }
    draft_.say(
        "Nor is there one with the other operations of the history, each at any time after its call or not "
        "at all.");
  }

 private:
  void tell_operations() {
    const std::vector<std::size_t>& all = draft_.certain();
    for (std::size_t i = 0; i < all.size() && i < kOperationsTold; ++i) {
      std::string name = draft_.name(all[i]);
      name[0] = 'T';
      draft_.say(name + " took place " + span(draft_.at(all[i])) + ".");
    }
    if (all.size() > kOperationsTold)
      draft_.say("So did " + std::to_string(all.size() - kOperationsTold) +
                 " more operations, listed below.");
    for (std::size_t b = 0; b < all.size() && all.size() <= kOperationsTold; ++b) {
      for (std::size_t a = 0; a < all.size(); ++a) {
        if (precedes(draft_.at(all[a]), draft_.at(all[b])) && !implied(all[a], all[b]))
          draft_.draw(all[a], all[b], EdgeKind::time, "ended before");
      }
    }
  }

  // Something stands between them.
  bool implied(std::size_t a, std::size_t b) const {
    return std::any_of(draft_.certain().begin(), draft_.certain().end(), [&](std::size_t c) {
      return precedes(draft_.at(a), draft_.at(c)) && precedes(draft_.at(c), draft_.at(b));
    });
  }

  bool may_come(std::uint32_t candidate, const std::vector<std::uint32_t>& placed) const {
    if (std::find(placed.begin(), placed.end(), candidate) != placed.end()) return false;
    for (std::uint32_t other = 0; other < component_.steps.size(); ++other) {
      if (component_.steps[other].back < component_.steps[candidate].call &&
          std::find(placed.begin(), placed.end(), other) == placed.end()) {
        return false;
      }
    }
    return true;
  }

  void extend(const std::vector<ValueId>& state, std::vector<std::uint32_t>& placed) {
    if (++prefixes_ > kPrefixesMax) complete_ = false;
    if (!complete_) return;
    std::vector<std::uint32_t> sorted(placed);
    std::sort(sorted.begin(), sorted.end());
    if (!visited_.insert({sorted, state}).second) return;
    std::vector<std::uint32_t> stuck;
    std::vector<std::pair<std::uint32_t, std::vector<ValueId>>> next;
    for (std::uint32_t i = 0; i < component_.steps.size(); ++i) {
      if (!may_come(i, placed)) continue;
      std::vector<ValueId> after(state);
      if (!apply(component_.values, after.data(), component_.steps[i],
                 component_.parts_of(component_.steps[i]))) {
        stuck.push_back(i);
        continue;
      }
      next.emplace_back(i, std::move(after));
      if (is_read(component_.steps[i])) {
        next.erase(next.begin(), next.end() - 1);
        break;
      }
    }
    for (auto& [step, after] : next) {
      placed.push_back(step);
      extend(after, placed);
      placed.pop_back();
    }
    if (next.empty()) tell(state, placed, stuck);
  }

  void tell(const std::vector<ValueId>& state, const std::vector<std::uint32_t>& placed,
            const std::vector<std::uint32_t>& stuck) {
    if (++dead_ > kOrdersTold) return;
    std::string text = placed.empty() ? "At the beginning" : "In the order ";
    for (std::size_t i = 0; i < placed.size(); ++i) text += (i == 0 ? "" : ", ") + letter_of(placed[i]);
    for (std::size_t key = 0; key < state.size() && key < 3; ++key) {
      text += (key == 0 ? " the key" : ", key") +
              (state.size() > 1 ? " " + shown(component_.keys[key]) : std::string()) +
              (key == 0 ? " ends at " : " at ") +
              (state[key] == kAbsent ? std::string("nothing") : shown(component_.values.text(state[key])));
    }
    text += stuck.size() == 1 ? "; next could only come " : "; next could come ";
    for (std::size_t i = 0; i < stuck.size(); ++i) {
      text += (i == 0 ? "" : i + 1 == stuck.size() ? " or " : ", ") + letter_of(stuck[i]);
    }
    draft_.say(text + (stuck.size() == 1 ? ", but that does not give what it saw."
                                         : ", but none of them gives what it saw."));
  }

  std::string letter_of(std::uint32_t step) const {
    return draft_.letter_of(draft_.certain()[component_.steps[step].place]);
  }

  Draft& draft_;
  History history_;  // of the certain operations
  CompactHistory compact_;
  Component component_;  // its keys are compact_'s
  std::set<std::pair<std::vector<std::uint32_t>, std::vector<ValueId>>> visited_;
  std::size_t prefixes_ = 0;
  std::size_t dead_ = 0;
  bool complete_ = true;
};

}  // namespace

void argue_orders(Draft& draft) { Orders(draft).argue(); }

}  // namespace norn::sim
