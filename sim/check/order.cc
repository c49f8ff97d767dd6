// An order of a history, component by component: see order.h.
#include "sim/check/order.h"

#include <algorithm>

#include "sim/check/compact.h"
#include "sim/check/compact_component.h"
#include "sim/check/linearizable_certificate.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/order_trail.h"
#include "sim/check/search.h"
#include "sim/check/tier1.h"

namespace norn::sim {

namespace {

// Puts the orders of components together. In each the earliest instants, the latest call so far, never
// decrease, and none is after its operation's return; so sorted by instants, and where they are equal in the
// order they came, each component keeps its order, and each operation an instant of its own time.
class Merge {
 public:
  explicit Merge(const History& history) : history_(history) {}

  void add(const Order& order) {
    Time instant = Time::min();
    for (const std::uint32_t place : order) {
      instant = std::max(instant, history_[place].call);
      standing_.push_back({instant, place});
    }
  }

  Order order() {
    const auto by_instant = [](const Standing& a, const Standing& b) { return a.instant < b.instant; };
    if (!std::is_sorted(standing_.begin(), standing_.end(), by_instant))
      std::stable_sort(standing_.begin(), standing_.end(), by_instant);
    Order order;
    order.reserve(standing_.size());
    for (const Standing& it : standing_) order.push_back(it.place);
    return order;
  }

 private:
  struct Standing {
    Time instant{};
    std::uint32_t place = 0;
  };
  const History& history_;
  std::vector<Standing> standing_;
};

// Gives each component an order, and puts them together.
class Ordering {
 public:
  Ordering(const History& history, const CheckOptions& options, bool tiers)
      : history_(history), options_(options), tiers_(tiers), merge_(history) {}

  OrderResult make() {
    std::vector<bool> doubtful(history_.size(), true);
    if (tiers_ && options_.use_versions) certify(doubtful);
    const CompactHistory compact = make_compact(history_, &doubtful);
    if (compact.is_full()) return {Verdict::undecided, "more operations than can be held at once", {}};
    bool decided = true;
    for (const std::vector<std::uint32_t>& keys : compact.components()) {
      Order order;
      Judgement judgement = order_component(compact, keys, order);
      if (judgement.verdict == Verdict::violation)
        return {Verdict::violation, std::move(judgement.reason), {}};
      decided &= judgement.verdict == Verdict::linearizable;
      if (decided) merge_.add(order);
    }
    if (!decided) {
      return {Verdict::undecided,
              "no order within the budget of " + std::to_string(options_.steps_max) + " steps",
              {}};
    }
    for (std::uint32_t place = 0; place < history_.size(); ++place) {  // on no key, so in no component
      if (history_[place].outcome == Outcome::ok && history_[place].accesses.empty()) merge_.add({place});
    }
    return verified(merge_.order());
  }

 private:
  // Adds the orders that the versions give. The operations of other components stay doubtful.
  void certify(std::vector<bool>& doubtful) {
    const Split split = split_by_key(history_);
    for (std::size_t component = 0; component < split.components(); ++component) {
      Order order;
      if (!certified_by_versions(history_, split, component, &order)) continue;
      merge_.add(order);
      for (std::uint32_t i = split.starts[component]; i < split.starts[component + 1]; ++i)
        doubtful[split.places[i]] = false;
    }
  }

  Judgement order_component(const CompactHistory& compact, const std::vector<std::uint32_t>& keys,
                            Order& order) {
    const HistoryNarrator narrator(history_);
    if (tiers_ && keys.size() == 1) {
      Judgement judgement = judge_tier1(compact, compact.keys()[keys[0]], narrator, &order);
      if (judgement.verdict) return judgement;
    }
    Component component = make_component(compact, keys);
    std::vector<Landing> landings;
    Judgement judgement = search_component(narrator, component, options_.steps_max, steps_, &landings);
    if (judgement.verdict == Verdict::linearizable) {
      component = make_component(compact, keys);  // the search has merged values
      order = order_of_landings(component, landings);
    }
    return judgement;
  }

  OrderResult verified(Order order) const {
    const std::optional<std::string> wrong = verify_order(history_, order);
    if (!wrong) return {Verdict::linearizable, "", std::move(order)};
    return {
        Verdict::undecided, "the order that was found does not hold, which is a mistake here: " + *wrong, {}};
  }

  const History& history_;
  const CheckOptions& options_;
  const bool tiers_;
  Merge merge_;
  std::uint64_t steps_ = 0;
};

}  // namespace

OrderResult order_of(const History& history, const CheckOptions& options) {
  return Ordering(history, options, true).make();
}

OrderResult order_by_search(const History& history, const CheckOptions& options) {
  return Ordering(history, options, false).make();
}

}  // namespace norn::sim
