// An order of a history, component by component: see order.h.
#include "sim/check/order.h"

#include <algorithm>

#include "sim/check/linearizable_certificate.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/order_trail.h"
#include "sim/check/search.h"
#include "sim/check/zones.h"

namespace norn::sim {

namespace {

// One component's verdict and, if it is linearizable, its order.
Judgement order_by_search(const History& history, const Split& split, std::size_t component,
                          const CheckOptions& options, std::uint64_t& steps, Order& order) {
  Component interned = make_component(history, split, component);
  std::vector<Landing> landings;
  Judgement judgement = search_component(history, interned, options.steps_max, steps, &landings);
  if (judgement.verdict == Verdict::linearizable) {
    interned = make_component(history, split, component);  // the search has merged values
    order = order_of_landings(interned, landings);
  }
  return judgement;
}

Judgement order_by_tiers(const History& history, const Split& split, std::size_t component,
                         const CheckOptions& options, std::uint64_t& steps, Order& order) {
  if (options.use_versions && certified_by_versions(history, split, component, &order)) return linearizable();
  Judgement judgement = judge_by_zones(history, make_component(history, split, component), &order);
  if (judgement.verdict) return judgement;
  return order_by_search(history, split, component, options, steps, order);
}

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

template <typename OrderComponent>
OrderResult order_of(const History& history, const CheckOptions& options, OrderComponent order_component) {
  const Split split = split_by_key(history);
  Merge merge(history);
  std::uint64_t steps = 0;
  OrderResult result;
  for (std::size_t component = 0; component < split.components(); ++component) {
    Order order;
    Judgement judgement = order_component(history, split, component, options, steps, order);
    if (judgement.verdict == Verdict::violation) return {Verdict::violation, std::move(judgement.reason), {}};
    if (judgement.verdict == Verdict::undecided) result.verdict = Verdict::undecided;
    if (result.verdict == Verdict::linearizable) merge.add(order);
  }
  if (result.verdict == Verdict::undecided) {
    result.reason = "no order within the budget of " + std::to_string(options.steps_max) + " steps";
    return result;
  }
  for (std::uint32_t place = 0; place < history.size(); ++place) {  // on no key, so in no component
    if (history[place].outcome == Outcome::ok && history[place].accesses.empty()) merge.add({place});
  }
  result.order = merge.order();
  if (const std::optional<std::string> wrong = verify_order(history, result.order)) {
    return {
        Verdict::undecided, "the order that was found does not hold, which is a mistake here: " + *wrong, {}};
  }
  return result;
}

}  // namespace

OrderResult order_of(const History& history, const CheckOptions& options) {
  return order_of(history, options, order_by_tiers);
}

OrderResult order_by_search(const History& history, const CheckOptions& options) {
  using ByComponent =
      Judgement(const History&, const Split&, std::size_t, const CheckOptions&, std::uint64_t&, Order&);
  return order_of(history, options, static_cast<ByComponent*>(order_by_search));
}

}  // namespace norn::sim
