// Zones and a sweep: puts, gets and removes on one key, without compare-and-sets that wrote. See tier1.h.
//
// Absence is now the one value that repeats. Clusters (a put and its reads) are still blocks with zones, as
// in tier1_zones.cc: with f the earliest return and s the latest call, a forward cluster (f < s) holds the
// key at least from f to s, and that is enough: every operation of it has an instant in [f, s]. A backward
// one can stand at any single instant of [s, f]. Between the holds of forward clusters, which must not
// overlap, stand backward clusters, removes, and reads of absence, each at an instant of its own window; a
// read of absence with a remove (or the beginning) in front of it and no cluster between.
//
// The sweep delays each of those until its deadline: its return, or the start f of a forward cluster whose
// hold covers that. It keeps the best situation there can be, by these exchanges:
// - Absence is no worse than presence, and a cluster placed no worse than one pending: a cluster may always
//   be placed, and all it can do is end an absence. So a cluster waits for its deadline, or for an instant
//   at which placing it costs nothing: just before a remove, or when the key is present anyway.
// - A pending remove is no worse than one used: at its deadline it can be placed, which only helps. So one
//   is used only when its own deadline or that of a read of absence comes; used later it serves more reads,
//   since all that are open share it, and those that had closed before would have forced it themselves. Of
//   several the one with the earliest deadline is used; the others can do whatever it could have done
//   later. One of unknown outcome has none.
// - A read of absence is placed as soon as the key is absent: it changes nothing.
// At a deadline that cannot be met there is no linearization. All events have ranks, and ranks differ.
#include <algorithm>
#include <queue>

#include "sim/check/tier1.h"
#include "sim/check/tier1_sort.h"

namespace norn::sim {

namespace {

struct Cluster {
  Rank f = kRankNever;
  Rank s = 0;
  Rank call = 0;  // of the put; 0: nobody wrote it
};

// At a return. What happens at a call is found when the rows are walked.
struct Event {
  enum What : std::uint32_t { cluster_due, remove_due, read_due, hold_starts };
  Rank at = 0;
  std::uint32_t what_item = 0;

  Event(Rank rank, What what, std::uint32_t item) : at(rank), what_item(what << kItemBits | item) {}
  What what() const { return static_cast<What>(what_item >> kItemBits); }
  std::uint32_t item() const { return what_item & kItemMax; }  // of clusters: the value; else the row

  static constexpr unsigned kItemBits = 30;
  static constexpr std::uint32_t kItemMax = (std::uint32_t{1} << kItemBits) - 1;
};

class Sweep : private KeyJudge {
 public:
  using KeyJudge::KeyJudge;

  Judgement judge() {
    using enum RowKind;
    if (!key_.has_only({put, get, miss, remove}) || rows_.size() > Event::kItemMax) return {};
    clusters_.assign(key_.values.size(), Cluster{});
    bool distinct = true;
    Judgement found = assign(distinct);
    if (found.verdict || !distinct) return found;
    found = check_reads();
    if (found.verdict) return found;
    add_clusters();
    sort_by_rank(events_, [](const Event& event) { return event.at; });
    return sweep() ? linearizable() : std::move(found_);
  }

  // Notes where things are placed, for order().
  void keep_order() { keeps_order_ = true; }

  // Of a key that is linearizable: what the sweep placed, each put with its reads.
  Places order() const {
    const auto none = static_cast<ValueId>(clusters_.size());
    const RowGroups reads_of(none, rows_, [&](const Row& row) { return reads(row) ? row.b : none; });
    Places order;
    for (const std::uint32_t row : order_) {
      add_to(order, row);
      if (rows_[row].kind() == RowKind::put) add_to(order, reads_of[rows_[row].a]);
    }
    return order;
  }

 private:
  using Due = std::pair<Rank, std::uint32_t>;  // deadline, row

  // Kinds follow one another by chance, so there are no branches on them here: a remove is counted with a
  // value that nobody has, and an event that is none is written over by the next.
  Judgement assign(bool& distinct) {
    Event* event = make_room(rows_.size());
    const Event* const first = event;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      const bool put = row.kind() == RowKind::put;
      const bool read = reads(row);
      if (contradicts_itself(row)) return contradiction(i);
      const ValueId value = put ? row.a : read ? row.b : kUnseen;
      Cluster& cluster = clusters_[value];
      distinct &= !put || cluster.call == 0;
      cluster.call = put ? row.call() : cluster.call;
      cluster.f = std::min(cluster.f, row.back());
      cluster.s = row.call();  // rows are in this order
      const bool remove = row.kind() == RowKind::remove;
      *event = Event(row.back(), remove ? Event::remove_due : Event::read_due, i);
      event += (remove && !row.unknown()) || (read && value == kAbsent) ? 1 : 0;
    }
    events_.shrink(static_cast<std::size_t>(event - first));
    return {};
  }

  // Events for as many rows, and one to spare.
  Event* make_room(std::size_t rows) {
    events_.assign(rows + 1, Event(0, Event::read_due, 0));
    return events_.begin();
  }

  // What was read of a value was read of a put, and not before it.
  Judgement check_reads() const {
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.f > cluster.call && (cluster.call != 0 || cluster.f == kRankNever)) continue;
      const std::uint32_t read = row_returned(cluster.f);
      if (cluster.call == 0) return violation(words(read) + ", but nobody wrote that", {read});
      const std::uint32_t put = row_called(cluster.call);
      return violation(words(read) + " before that was written: " + words(put), {read, put});
    }
    return {};
  }

  void add_clusters() {
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.f == kRankNever) continue;  // unknown, and nobody saw it
      events_.push_back(
          Event(cluster.f, cluster.f < cluster.s ? Event::hold_starts : Event::cluster_due, value));
    }
    placed_.assign(rows_.size(), false);
    placed_clusters_.assign(clusters_.size(), false);
  }

  // False: there is no linearization, and found_ says why.
  bool sweep() {
    const Event* event = events_.begin();
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Rank call = rows_[i].call();
      for (; event != events_.end() && event->at < call; ++event) {
        if (!take(*event)) return false;
      }
      take_call(i);
    }
    for (; event != events_.end(); ++event) {
      if (!take(*event)) return false;
    }
    return true;
  }

  void take_call(std::uint32_t i) {
    const Row& row = rows_[i];
    if (row.kind() == RowKind::remove) {
      if (row.unknown()) {
        ++spare_removes_;
        if (keeps_order_) spare_rows_.push_back(i);
      } else {
        open_removes_.push({row.back(), i});
      }
    } else if (row.kind() == RowKind::put || (reads(row) && row.b != kAbsent)) {
      const ValueId value = value_at(row);
      const Cluster& cluster = clusters_[value];
      if (cluster.s != row.call() || cluster.f == kRankNever) return;
      if (cluster.f < cluster.s) {
        holder_ = kNone;
      } else {
        open_clusters_.push_back(value);
      }
    } else if (reads(row)) {
      if (absent_) {
        put_in_place(i);
      } else {
        open_reads_.push_back(i);
        reads_due_ = std::min(reads_due_, row.back());
      }
    }
  }

  bool take(const Event& event) {
    return event.what() == Event::hold_starts ? start_hold(event.item()) : meet(event);
  }

  bool meet(const Event& event) {
    const std::uint32_t item = event.item();
    if (event.what() == Event::cluster_due) {
      if (placed_clusters_[item]) return true;
      if (holder_ != kNone) return fails(inside_hold(put_of(item)));
      place_clusters();
      return true;
    }
    if (placed_[item]) return true;
    if (holder_ != kNone) return fails(inside_hold(item));
    // A remove that is due is the earliest pending one.
    return place_remove() || fails(nobody_removed(item));
  }

  bool start_hold(ValueId value) {
    if (holder_ != kNone) return fails(overlap(holder_, value));
    const Rank ends = clusters_[value].s;
    if (reads_due_ < ends && !place_remove()) return fails(nobody_removed(first_due_read()));
    while (!open_removes_.empty() && open_removes_.top().first < ends) place_remove();
    place_clusters();
    if (keeps_order_) order_.push_back(put_of(value));
    holder_ = value;
    absent_ = false;
    return true;
  }

  bool fails(Judgement found) {
    found_ = std::move(found);
    return false;
  }

  // A remove, or a read of absence.
  void put_in_place(std::uint32_t row) {
    placed_[row] = true;
    if (keeps_order_) order_.push_back(row);
  }

  void place_clusters() {
    for (const ValueId value : open_clusters_) {
      placed_clusters_[value] = true;
      if (keeps_order_) order_.push_back(put_of(value));
      absent_ = false;
    }
    open_clusters_.clear();
  }

  // Uses the pending remove with the earliest deadline, with the open clusters in front and the open reads of
  // absence behind it. False: there is none.
  bool place_remove() {
    if (open_removes_.empty() && spare_removes_ == 0) return false;
    place_clusters();
    if (open_removes_.empty()) {
      --spare_removes_;
      if (keeps_order_) order_.push_back(spare_rows_[spares_used_++]);
    } else {
      put_in_place(open_removes_.top().second);
      open_removes_.pop();
    }
    absent_ = true;
    for (const std::uint32_t read : open_reads_) put_in_place(read);
    open_reads_.clear();
    reads_due_ = kRankNever;
    return true;
  }

  std::uint32_t first_due_read() const {
    return *std::find_if(open_reads_.begin(), open_reads_.end(),
                         [&](std::uint32_t read) { return rows_[read].back() == reads_due_; });
  }

  std::uint32_t put_of(ValueId value) const { return row_called(clusters_[value].call); }

  std::string hold_words(ValueId value) const {
    const Cluster& cluster = clusters_[value];
    return value_words(value) + " was there all the while, for " + words(row_returned(cluster.f)) +
           " had returned and " + words(row_called(cluster.s)) + " was still to come";
  }

  void add_cluster(ValueId value, std::vector<std::uint32_t>& rows) const {
    const Cluster& cluster = clusters_[value];
    rows.insert(rows.end(), {put_of(value), row_returned(cluster.f), row_called(cluster.s)});
  }

  Judgement inside_hold(std::uint32_t row) const {
    std::vector<std::uint32_t> rows = {row};
    add_cluster(holder_, rows);
    std::string reason = words(row);
    if (rows_[row].kind() == RowKind::put) {
      const Cluster& cluster = clusters_[rows_[row].a];
      reason = words(row_returned(cluster.f));
      if (row_called(cluster.s) != row_returned(cluster.f)) reason += "; " + words(row_called(cluster.s));
      add_cluster(rows_[row].a, rows);
    }
    return violation(reason + ": this must stand where it cannot: " + hold_words(holder_), rows);
  }

  Judgement overlap(ValueId a, ValueId b) const {
    std::vector<std::uint32_t> rows;
    add_cluster(a, rows);
    add_cluster(b, rows);
    return violation("two values cannot hold the key at once: " + hold_words(a) + "; " + hold_words(b), rows);
  }

  // When the read was called the key was present by a cluster some of which had returned, and no remove was
  // pending from then to the read's deadline. Without any remove the cluster and the read have no order.
  Judgement nobody_removed(std::uint32_t read) const {
    ValueId by = kAbsent;
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.f < rows_[read].call() && (by == kAbsent || clusters_[by].f < cluster.f)) by = value;
    }
    const std::uint32_t early = row_returned(clusters_[by].f);
    std::string reason =
        words(read) + ", but no remove can stand between it and the value before it: " + words(put_of(by));
    if (early != put_of(by)) reason += "; " + words(early);
    return violation(reason, {read, put_of(by), early});
  }

  Column<Cluster> clusters_;           // by value
  std::vector<bool> placed_;           // by row: removes and reads
  std::vector<bool> placed_clusters_;  // by value
  Column<Event> events_;

  Judgement found_;
  ValueId holder_ = kNone;  // the value of the forward cluster that holds the key now
  bool absent_ = true;
  std::vector<ValueId> open_clusters_;  // backward ones
  std::priority_queue<Due, std::vector<Due>, std::greater<>> open_removes_;
  std::size_t spare_removes_ = 0;  // those of unknown outcome that are called and not used

  bool keeps_order_ = false;
  std::vector<std::uint32_t> order_;       // rows: removes, reads of absence, and puts
  std::vector<std::uint32_t> spare_rows_;  // the removes of unknown outcome; used in this order
  std::size_t spares_used_ = 0;

  std::vector<std::uint32_t> open_reads_;  // of absence
  Rank reads_due_ = kRankNever;            // the earliest deadline of theirs
};

}  // namespace

Judgement judge_removes(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                        Places* order) {
  Sweep shape(history, key, narrator);
  if (order != nullptr) shape.keep_order();
  Judgement judgement = shape.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = shape.order();
  return judgement;
}

}  // namespace norn::sim
