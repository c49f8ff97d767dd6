// Zones and a sweep: puts, gets and removes on one key, without compare-and-sets that wrote. See zones.h.
//
// Absence is now the one value that repeats. Clusters (a put and its reads) are still blocks with zones, as
// in zones.cc: with f the earliest back and s the latest call, a forward cluster (f < s) holds the key at
// least from f to s, and that is enough: every operation of it has an instant in [f, s]. A backward one can
// stand at any single instant of [s, f]. Between the holds of forward clusters, which must not overlap, stand
// backward clusters, removes, and reads of absence, each at an instant of its own window; a read of absence
// with a remove (or the beginning) in front of it and no cluster between.
//
// The sweep delays each of those until its deadline: its back, or the start f of a forward cluster whose
// hold covers that back. It keeps the best situation there can be, by these exchanges:
// - Absence is no worse than presence, and a cluster placed no worse than one pending: a cluster may always
//   be placed, and all it can do is end an absence. So a cluster waits for its deadline, or for an instant
//   at which placing it costs nothing: just before a remove, or when the key is present anyway.
// - A pending remove is no worse than one used: at its deadline it can be placed, which only helps. So one
//   is used only when its own deadline or that of a read of absence comes; used later it serves more reads,
//   since all that are open share it, and those that had closed before would have forced it themselves. Of
//   several the one with the earliest deadline is used; the others can do whatever it could have done
//   later. One of unknown outcome has none.
// - A read of absence is placed as soon as the key is absent: it changes nothing.
// At a deadline that cannot be met there is no linearization. Instants may be shared, for equal times are
// concurrent: at one instant a hold ends first, then calls come, then deadlines, then a hold starts.
#include <algorithm>
#include <limits>
#include <queue>

#include "sim/check/linearizable_words.h"
#include "sim/check/zones.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

struct Cluster {
  std::uint32_t put = kNone;
  std::int64_t f = kEnd;
  std::int64_t s = 0;
  std::uint32_t f_step = kNone;
  std::uint32_t s_step = kNone;
  bool observed = false;
};

struct Event {
  enum What : std::uint32_t { hold_ends, cluster_opens, remove_called, read_called, deadline, hold_starts };
  std::int64_t at = 0;
  What what = deadline;
  std::uint32_t item = 0;  // of clusters: the value; else the step

  friend bool operator<(const Event& a, const Event& b) {
    if (a.at != b.at) return a.at < b.at;
    return a.what != b.what ? a.what < b.what : a.item < b.item;
  }
};

class Sweep {
 public:
  Sweep(const History& history, const Component& component)
      : history_(history),
        component_(component),
        steps_(component.steps),
        clusters_(component.values.size()),
        placed_(component.steps.size(), false) {}

  Judgement judge() {
    if (!assign_puts()) return {};
    Judgement found = assign_reads();
    if (found.verdict) return found;
    make_events();
    for (const Event& event : events_) {
      found = take(event);
      if (found.verdict) return found;
    }
    return linearizable();
  }

  // Of a component that is linearizable: what the sweep placed, each put with its reads.
  std::vector<std::uint32_t> order() const {
    std::vector<std::vector<std::uint32_t>> reads(clusters_.size());
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      if (is_read(steps_[step]) && part(step).value != kAbsent) reads[part(step).value].push_back(step);
    }
    std::vector<std::uint32_t> places;
    for (const std::uint32_t step : order_) {
      places.push_back(steps_[step].place);
      if (steps_[step].kind != OperationKind::put) continue;
      for (const std::uint32_t read : reads[part(step).argument]) places.push_back(steps_[read].place);
    }
    return places;
  }

 private:
  using Due = std::pair<std::int64_t, std::uint32_t>;  // deadline, step

  const KeyStep& part(std::uint32_t step) const { return component_.parts[steps_[step].first]; }
  std::size_t place(std::uint32_t step) const { return steps_[step].place; }
  std::string words(std::uint32_t step) const { return words_of(history_, place(step)); }

  // False: not for this tier.
  bool assign_puts() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      if (is_read(steps_[step]) || steps_[step].kind == OperationKind::remove) continue;
      if (steps_[step].kind != OperationKind::put) return false;
      Cluster& cluster = clusters_[part(step).argument];
      if (cluster.put != kNone) return false;
      cluster = {step, steps_[step].back, steps_[step].call, step, step, false};
    }
    return true;
  }

  Judgement assign_reads() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      const KvStep& it = steps_[step];
      if (!is_read(it)) continue;
      if (contradicts_itself(it, part(step))) {
        return violation(history_, words(step) + ", which is what it expected", {place(step)});
      }
      const ValueId value = part(step).value;
      if (value == kAbsent) continue;
      Cluster& cluster = clusters_[value];
      if (cluster.put == kNone) {
        return violation(history_, words(step) + ", but nobody wrote that", {place(step)});
      }
      if (it.back < steps_[cluster.put].call) {
        return violation(history_, words(step) + " before that was written: " + words(cluster.put),
                         {place(step), place(cluster.put)});
      }
      cluster.observed = true;
      if (it.back < cluster.f) {
        cluster.f = it.back;
        cluster.f_step = step;
      }
      if (it.call > cluster.s) {
        cluster.s = it.call;
        cluster.s_step = step;
      }
    }
    return {};
  }

  // An item of the sweep is a step: a cluster is known by its put.
  void make_events() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      const KvStep& it = steps_[step];
      if (it.kind == OperationKind::remove) {
        events_.push_back({it.call, Event::remove_called, step});
        if (!it.unknown) events_.push_back({it.back, Event::deadline, step});
      } else if (is_read(it)) {
        if (part(step).value != kAbsent) continue;
        events_.push_back({it.call, Event::read_called, step});
        events_.push_back({it.back, Event::deadline, step});
      } else {
        const Cluster& cluster = clusters_[part(step).argument];
        if (it.unknown && !cluster.observed) continue;
        if (cluster.f < cluster.s) {
          events_.push_back({cluster.f, Event::hold_starts, step});
          events_.push_back({cluster.s, Event::hold_ends, step});
        } else {
          events_.push_back({cluster.s, Event::cluster_opens, step});
          events_.push_back({cluster.f, Event::deadline, step});
        }
      }
    }
    std::sort(events_.begin(), events_.end());
  }

  Judgement take(const Event& event) {
    switch (event.what) {
      case Event::hold_ends:
        holder_ = kNone;
        return {};
      case Event::cluster_opens:
        open_clusters_.push_back(event.item);
        return {};
      case Event::remove_called:
        open_removes_.push({steps_[event.item].unknown ? kEnd : steps_[event.item].back, event.item});
        return {};
      case Event::read_called:
        if (absent_) {
          put_in_place(event.item);
        } else {
          open_reads_.push_back(event.item);
          reads_due_ = std::min(reads_due_, steps_[event.item].back);
        }
        return {};
      case Event::deadline:
        return meet(event.item);
      case Event::hold_starts:
        return start_hold(event.item);
    }
    return {};
  }

  Judgement meet(std::uint32_t item) {
    if (placed_[item]) return {};
    if (holder_ != kNone) return inside_hold(item);
    const KvStep& it = steps_[item];
    if (it.kind == OperationKind::put) {
      place_clusters();
      return {};
    }
    // A remove that is due is the earliest pending one, up to others that are due at this very instant.
    while (!placed_[item]) {
      if (!place_remove()) return nobody_removed(item);
    }
    return {};
  }

  Judgement start_hold(std::uint32_t put) {
    if (holder_ != kNone) return overlap(holder_, put);
    const std::int64_t ends = clusters_[part(put).argument].s;
    if (reads_due_ < ends && !place_remove()) return nobody_removed(first_due_read());
    while (next_remove() != kNone && open_removes_.top().first < ends) place_remove();
    place_clusters();
    order_.push_back(put);
    holder_ = last_put_ = put;
    absent_ = false;
    return {};
  }

  void put_in_place(std::uint32_t item) {
    placed_[item] = true;
    order_.push_back(item);
  }

  void place_clusters() {
    for (const std::uint32_t put : open_clusters_) {
      put_in_place(put);
      absent_ = false;
      last_put_ = put;
    }
    open_clusters_.clear();
  }

  // The pending remove with the earliest deadline; kNone: there is none.
  std::uint32_t next_remove() const { return open_removes_.empty() ? kNone : open_removes_.top().second; }

  // Uses it, with the open clusters in front and the open reads of absence behind it.
  bool place_remove() {
    if (open_removes_.empty()) return false;
    place_clusters();
    put_in_place(open_removes_.top().second);
    open_removes_.pop();
    absent_ = true;
    for (const std::uint32_t read : open_reads_) put_in_place(read);
    open_reads_.clear();
    reads_due_ = kEnd;
    return true;
  }

  std::uint32_t first_due_read() const {
    return *std::find_if(open_reads_.begin(), open_reads_.end(),
                         [&](std::uint32_t read) { return steps_[read].back == reads_due_; });
  }

  std::string hold_words(std::uint32_t put) const {
    const Cluster& cluster = clusters_[part(put).argument];
    return words_of(component_.values, part(put).argument) + " was there from " + seconds(cluster.f) +
           " to " + seconds(cluster.s) + " at least, for " + words(cluster.f_step) + " had returned and " +
           words(cluster.s_step) + " was still to come";
  }

  std::vector<std::size_t> hold_witnesses(std::uint32_t put) const {
    const Cluster& cluster = clusters_[part(put).argument];
    return {place(put), place(cluster.f_step), place(cluster.s_step)};
  }

  Judgement inside_hold(std::uint32_t item) const {
    std::vector<std::size_t> witnesses = hold_witnesses(holder_);
    std::uint32_t early = item;
    std::uint32_t late = item;
    if (steps_[item].kind == OperationKind::put) {
      const Cluster& cluster = clusters_[part(item).argument];
      early = cluster.f_step;
      late = cluster.s_step;
    }
    std::string reason = words(early);
    if (late != early) reason += "; " + words(late);
    reason += ": this must stand where it cannot: " + hold_words(holder_);
    witnesses.push_back(place(early));
    witnesses.push_back(place(late));
    return violation(history_, reason, witnesses);
  }

  Judgement overlap(std::uint32_t a, std::uint32_t b) const {
    std::vector<std::size_t> witnesses = hold_witnesses(a);
    const std::vector<std::size_t> others = hold_witnesses(b);
    witnesses.insert(witnesses.end(), others.begin(), others.end());
    return violation(history_,
                     "two values cannot hold the key at once: " + hold_words(a) + "; " + hold_words(b),
                     witnesses);
  }

  Judgement nobody_removed(std::uint32_t read) const {
    std::vector<std::size_t> witnesses = {place(read)};
    std::string reason = words(read) + ", but no remove can stand between it and the value before it";
    if (last_put_ != kNone) {
      witnesses.push_back(place(last_put_));
      reason += ": " + words(last_put_);
    }
    return violation(history_, reason, witnesses);
  }

  const History& history_;
  const Component& component_;
  const std::vector<KvStep>& steps_;
  std::vector<Cluster> clusters_;     // by value
  std::vector<bool> placed_;          // by step; of a cluster: its put
  std::vector<std::uint32_t> order_;  // the items placed, and those that hold
  std::vector<Event> events_;

  std::uint32_t holder_ = kNone;    // the put of the forward cluster that holds the key now
  std::uint32_t last_put_ = kNone;  // what stands last, where the key is not absent
  bool absent_ = true;
  std::vector<std::uint32_t> open_clusters_;  // backward ones
  std::priority_queue<Due, std::vector<Due>, std::greater<>> open_removes_;
  std::vector<std::uint32_t> open_reads_;  // of absence
  std::int64_t reads_due_ = kEnd;          // the earliest deadline of theirs
};

}  // namespace

Judgement judge_remove_zones(const History& history, const Component& component,
                             std::vector<std::uint32_t>* order) {
  Sweep sweep(history, component);
  Judgement judgement = sweep.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = sweep.order();
  return judgement;
}

}  // namespace norn::sim
