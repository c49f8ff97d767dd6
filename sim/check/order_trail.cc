// What the search remembers, and the order it gives: see order_trail.h.
#include "sim/check/order_trail.h"

#include <algorithm>

namespace norn::sim {

bool Trail::keep(std::vector<Node>& live) {
  std::vector<bool> leads(nodes_.size(), false);
  leads[kRoot] = true;
  for (const Node node : live) {
    for (Node at = node; !leads[at]; at = nodes_[at].parent) leads[at] = true;
  }
  std::vector<Node> renumbered(nodes_.size(), kRoot);
  Node kept = 0;
  for (Node node = 0; node < nodes_.size(); ++node) {
    if (!leads[node]) continue;
    renumbered[node] = kept;
    nodes_[kept] = {renumbered[nodes_[node].parent], nodes_[node].landing};
    ++kept;
  }
  nodes_.resize(kept);
  kept_ = kept;
  for (Node& node : live) node = renumbered[node];
  return kept_ <= nodes_max_;
}

std::vector<Landing> Trail::path(Node node) const {
  std::vector<Landing> landings;
  for (; node != kRoot; node = nodes_[node].parent) landings.push_back(nodes_[node].landing);
  std::reverse(landings.begin(), landings.end());
  return landings;
}

namespace {

// Repeats the sweep with the landings known. A read stands where the search has it take effect: as soon as it
// fits after its call. A completed put, remove or append that never lands was free when it returned: it
// stands just before the first blind write that covers its keys and landed while it was open, unseen.
class Replay {
 public:
  Replay(Component& component, const std::vector<Landing>& landings)
      : component_(component),
        landings_(landings),
        lands_(component.steps.size(), false),
        placed_(component.steps.size(), false),
        state_(component.keys.size(), kAbsent) {}

  std::vector<std::uint32_t> order() {
    for (const Landing& landing : landings_) lands_[landing.step] = true;
    std::size_t next = 0;
    for (const SearchEvent& event : events()) {
      if (!event.returns) {
        call(event.step);
        continue;
      }
      for (; next < landings_.size() && landings_[next].before == event.step; ++next)
        land(landings_[next].step);
      open_.erase(std::remove(open_.begin(), open_.end(), event.step), open_.end());
    }
    return std::move(order_);
  }

 private:
  const KvStep& step(std::uint32_t i) const { return component_.steps[i]; }
  const KeyStep* parts(std::uint32_t i) const { return component_.parts_of(component_.steps[i]); }

  std::vector<SearchEvent> events() const {
    std::vector<SearchEvent> events;
    for (std::uint32_t i = 0; i < component_.steps.size(); ++i) {
      events.push_back({step(i).call, false, i});
      if (!step(i).unknown) events.push_back({step(i).back, true, i});
    }
    std::sort(events.begin(), events.end());
    return events;
  }

  void put_in_place(std::uint32_t i) {
    placed_[i] = true;
    order_.push_back(step(i).place);
  }

  // Only what is still to be placed is kept as open: an unknown operation lands by the trail alone.
  void call(std::uint32_t called) {
    if (is_read(step(called)) && fits(called)) {
      put_in_place(called);
    } else if (!step(called).unknown && !lands_[called]) {
      open_.push_back(called);
    }
  }

  bool fits(std::uint32_t read) { return apply(component_.values, state_.data(), step(read), parts(read)); }

  void land(std::uint32_t landed) {
    if (is_blind(step(landed))) {
      for (const std::uint32_t other : open_) {
        if (!is_read(step(other)) && covers(landed, other)) put_in_place(other);
      }
    }
    apply(component_.values, state_.data(), step(landed), parts(landed));
    put_in_place(landed);
    for (const std::uint32_t other : open_) {
      if (is_read(step(other)) && fits(other)) put_in_place(other);
    }
    open_.erase(std::remove_if(open_.begin(), open_.end(), [&](std::uint32_t i) { return placed_[i]; }),
                open_.end());
  }

  bool covers(std::uint32_t landed, std::uint32_t other) const {
    const KeyStep* const begin = parts(landed);
    const KeyStep* const end = begin + step(landed).count;
    return std::all_of(parts(other), parts(other) + step(other).count, [&](const KeyStep& part) {
      return std::any_of(begin, end, [&](const KeyStep& covering) { return covering.key == part.key; });
    });
  }

  Component& component_;
  const std::vector<Landing>& landings_;
  std::vector<bool> lands_;   // by step
  std::vector<bool> placed_;  // by step
  std::vector<ValueId> state_;
  std::vector<std::uint32_t> open_;  // completed steps that are called and not placed
  std::vector<std::uint32_t> order_;
};

}  // namespace

std::vector<std::uint32_t> order_of_landings(Component& component, const std::vector<Landing>& landings) {
  return Replay(component, landings).order();
}

}  // namespace norn::sim
