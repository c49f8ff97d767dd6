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

// Where a forward cluster holds the key.
struct Hold {
  Rank f = kRankNever;
  Rank s = 0;
};

class Sweep : private KeyJudge {
 public:
  using KeyJudge::KeyJudge;

  Judgement judge() {
    using enum RowKind;
    if (!key_.has_only({put, get, miss, remove})) return {};
    clusters_.assign(key_.values.size(), Cluster{});
    bool distinct = true;
    Judgement found = assign(distinct);
    if (found.verdict || !distinct) return found;
    if (!add_holds()) return describe_read();
    sort_by_rank(holds_, [](const Hold& hold) { return hold.f; });
    holds_.push_back(Hold{});
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
  // A pending remove: deadline, and its row in the low half.
  using Pending = std::uint64_t;
  static constexpr unsigned kRowBits = 32;

  // No branches on what a row is: see value_or_unseen().
  Judgement assign(bool& distinct) {
    for (const Row& row : rows_) {
      if (contradicts_itself(row)) return contradiction(static_cast<std::uint32_t>(&row - rows_.begin()));
      const bool put = row.kind() == RowKind::put;
      Cluster& cluster = clusters_[value_or_unseen(row)];
      distinct &= !put || cluster.call == 0;
      cluster.call = put ? row.call() : cluster.call;
      cluster.f = std::min(cluster.f, row.back());
      cluster.s = row.call();  // rows are in this order
    }
    clusters_[kAbsent] = clusters_[kUnseen] = Cluster{};  // these are no clusters
    return {};
  }

  // What was read of a value was read of a put, and not before it.
  static bool is_sound(const Cluster& cluster) {
    return cluster.call != 0 ? cluster.f > cluster.call : cluster.f == kRankNever;
  }

  // False: some cluster is not sound.
  bool add_holds() {
    bool sound = true;
    holds_.assign(clusters_.size(), Hold{});
    Hold* hold = holds_.begin();
    for (const Cluster& cluster : clusters_) {
      sound &= is_sound(cluster);
      *hold = {cluster.f, cluster.s};  // one that is none is written over by the next
      hold += cluster.f < cluster.s ? 1 : 0;
    }
    holds_.shrink(static_cast<std::size_t>(hold - holds_.begin()));
    return sound;
  }

  Judgement describe_read() const {
    const Cluster& cluster = *std::find_if_not(clusters_.begin(), clusters_.end(), is_sound);
    const std::uint32_t read = row_returned(cluster.f);
    if (cluster.call == 0) return violation(words(read) + ", but nobody wrote that", {read});
    const std::uint32_t put = row_called(cluster.call);
    return violation(words(read) + " before that was written: " + words(put), {read, put});
  }

  // False: there is no linearization, and found_ says why.
  bool sweep() {
    next_hold_ = holds_.begin();
    for (const Row& row : rows_) {
      while (due() < row.call()) {
        if (!meet()) return false;
      }
      take_call(row);
    }
    while (due() < kRankNever) {
      if (!meet()) return false;
    }
    return true;
  }

  // The next deadline. What is open is known by its earliest deadline alone, so nothing but holds is sorted.
  Rank due() const { return std::min({reads_due_, clusters_due_, removes_due_, next_hold_->f}); }

  void take_call(const Row& row) {
    if (row.kind() == RowKind::remove) return open_remove(row);
    const ValueId value = value_or_unseen(row);
    const Cluster& cluster = clusters_[value];
    // With the call of its last operation a backward cluster can be placed.
    const bool opens = cluster.s == row.call() && cluster.f > cluster.s;
    clusters_due_ = std::min(clusters_due_, opens ? cluster.f : kRankNever);
    const bool waits = value == kAbsent && !absent_;
    reads_due_ = std::min(reads_due_, waits ? row.back() : kRankNever);
    if (keeps_order_) keep(static_cast<std::uint32_t>(&row - rows_.begin()), value, opens, waits);
  }

  void keep(std::uint32_t row, ValueId value, bool opens, bool waits) {
    if (opens && clusters_[value].f != kRankNever) open_clusters_.push_back(value);
    if (waits) {
      open_reads_.push_back(row);
    } else if (value == kAbsent) {
      order_.push_back(row);
    }
  }

  void open_remove(const Row& remove) {
    const auto row = static_cast<std::uint32_t>(&remove - rows_.begin());
    if (remove.unknown()) {
      ++spare_removes_;
      if (keeps_order_) spare_rows_.push_back(row);
    } else {
      open_removes_.push(Pending{remove.back()} << kRowBits | row);
      removes_due_ = std::min(removes_due_, remove.back());
    }
  }

  // What is due next.
  bool meet() {
    const Rank now = due();
    if (now == next_hold_->f) return start_hold();
    if (now < hold_.s) return fails(inside_hold(row_returned(now)));
    if (now == clusters_due_) {
      place_clusters();
      return true;
    }
    // A remove that is due is the earliest pending one.
    return place_remove() || fails(nobody_removed(row_returned(now)));
  }

  bool start_hold() {
    const Hold hold = *next_hold_++;
    if (hold.f < hold_.s) return fails(overlap(hold_, hold));
    if (reads_due_ < hold.s && !place_remove()) return fails(nobody_removed(row_returned(reads_due_)));
    while (removes_due_ < hold.s) place_remove();
    place_clusters();
    if (keeps_order_) order_.push_back(put_of(value_of(hold)));
    hold_ = hold;
    absent_ = false;
    return true;
  }

  bool fails(Judgement found) {
    found_ = std::move(found);
    return false;
  }

  void place_clusters() {
    absent_ &= clusters_due_ == kRankNever;  // none is open
    clusters_due_ = kRankNever;
    if (!keeps_order_) return;
    for (const ValueId value : open_clusters_) order_.push_back(put_of(value));
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
      if (keeps_order_) order_.push_back(static_cast<std::uint32_t>(open_removes_.top()));
      open_removes_.pop();
      removes_due_ = open_removes_.empty() ? kRankNever : static_cast<Rank>(open_removes_.top() >> kRowBits);
    }
    absent_ = true;
    reads_due_ = kRankNever;
    if (!keeps_order_) return true;
    order_.insert(order_.end(), open_reads_.begin(), open_reads_.end());
    open_reads_.clear();
    return true;
  }

  std::uint32_t put_of(ValueId value) const { return row_called(clusters_[value].call); }
  ValueId value_of(const Hold& hold) const { return value_at(rows_[row_called(hold.s)]); }

  std::string hold_words(ValueId value) const {
    const Cluster& cluster = clusters_[value];
    return value_words(value) + " was there all the while, for " + words(row_returned(cluster.f)) +
           " had returned and " + words(row_called(cluster.s)) + " was still to come";
  }

  void add_cluster(ValueId value, std::vector<std::uint32_t>& rows) const {
    const Cluster& cluster = clusters_[value];
    rows.insert(rows.end(), {put_of(value), row_returned(cluster.f), row_called(cluster.s)});
  }

  // A remove, a read of absence, or one of a cluster that returned first.
  Judgement inside_hold(std::uint32_t row) const {
    const ValueId holder = value_of(hold_);
    const ValueId value = value_or_unseen(rows_[row]);
    const bool of_cluster = value != kAbsent && value != kUnseen;
    std::vector<std::uint32_t> rows = {of_cluster ? put_of(value) : row};
    add_cluster(holder, rows);
    std::string reason = words(row);
    if (of_cluster) {
      const std::uint32_t last = row_called(clusters_[value].s);
      if (last != row) reason += "; " + words(last);
      add_cluster(value, rows);
    }
    return violation(reason + ": this must stand where it cannot: " + hold_words(holder), rows);
  }

  Judgement overlap(const Hold& one, const Hold& other) const {
    const ValueId a = value_of(one);
    const ValueId b = value_of(other);
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

  Column<Cluster> clusters_;  // by value
  Column<Hold> holds_;        // by f, and one that never starts

  Judgement found_;
  const Hold* next_hold_ = nullptr;
  Hold hold_{0, 0};  // the last that started; it holds the key until its s
  bool absent_ = true;
  Rank reads_due_ = kRankNever;     // the earliest deadline of open reads of absence
  Rank clusters_due_ = kRankNever;  // of open backward clusters
  Rank removes_due_ = kRankNever;   // of open removes
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> open_removes_;
  std::size_t spare_removes_ = 0;  // those of unknown outcome that are called and not used

  // For order() alone:
  bool keeps_order_ = false;
  std::vector<std::uint32_t> order_;       // rows: removes, reads of absence, and puts
  std::vector<std::uint32_t> spare_rows_;  // the removes of unknown outcome; used in this order
  std::size_t spares_used_ = 0;
  std::vector<std::uint32_t> open_reads_;  // of absence
  std::vector<ValueId> open_clusters_;     // backward ones
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
