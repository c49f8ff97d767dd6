// Zones of blocks: puts, gets and compare-and-sets on one key. See tier1.h.
//
// A cluster is the write of a value and the reads that saw it. Values are distinct, so in any linearization
// the operations between two writes are exactly one cluster's reads. A compare-and-set that happened replaces
// the value it expected, so its cluster stands directly behind that value's: chains of clusters make blocks,
// and no operation of another block can stand inside one. Two winners from one value, or a cycle, have no
// place at all. Absence is the initial value, written before all time (there are no removes here). A write of
// unknown outcome happened iff its value was seen: by a read, or by a compare-and-set that happened.
//
// Let f be the earliest return and s the latest call of a set of operations. Inside a block the order of
// clusters is given, and reads of one cluster can stand by call time. So a block is sound iff every cluster's
// f is above the s of all clusters before it, and above the call of its own write.
//
// Between blocks: A must precede B iff f(A) < s(B). This relation has an acyclic order iff no two blocks must
// precede each other. For take a cycle without such a pair, and in it the block A with the least f: f(A) <=
// f(X) < s(Y) for every step X, Y of the cycle, so A must precede every block of it, its own predecessor too:
// a pair. A pair has f(A) < s(B) and f(B) < s(A): either two forward zones [f, s] that overlap, or a backward
// zone [s, f] inside a forward one; two backward zones would give f(A) < s(B) < f(B) < s(A) < f(A). (Gibbons
// & Korach 1997, section 4.1; Golab, Li & Shah 2011, section 3, for registers without compare-and-set.) Of
// all zones by their beginning, then, only the last forward one can be in the way of the next zone.
//
// A value that several puts wrote and nobody saw is harmless: each of these puts is a block by itself.
#include <algorithm>

#include "sim/check/tier1.h"
#include "sim/check/tier1_sort.h"

namespace norn::sim {

namespace {

struct Cluster {
  Rank f = kRankNever;
  Rank s = 0;
  Rank call = 0;  // of the write, and flags; 0: nobody wrote it

  static constexpr Rank kSeen = Rank{1} << 30;     // by somebody who happened
  static constexpr Rank kSwapped = Rank{1} << 31;  // the write is a compare-and-set

  Rank written() const { return call & kRankNever; }
  bool seen() const { return (call & kSeen) != 0; }
  bool swapped() const { return (call & kSwapped) != 0; }
};

// Of values where compare-and-sets wrote.
struct Link {
  ValueId before = kAbsent;  // what the one that wrote this expected
  ValueId after = kAbsent;   // what replaced it; kAbsent: nothing did
};

class Zone {
 public:
  Zone(Rank f, Rank s) : begins_(std::min(f, s)), ends_(std::max(f, s) | (f < s ? kForward : 0)) {}

  Rank begins() const { return begins_; }
  Rank ends() const { return ends_ & kRankNever; }
  bool forward() const { return (ends_ & kForward) != 0; }
  Rank f() const { return forward() ? begins() : ends(); }
  Rank s() const { return forward() ? ends() : begins(); }

 private:
  static constexpr Rank kForward = Rank{1} << 31;

  Rank begins_;
  Rank ends_;
};

class Zones : private KeyJudge {
 public:
  using KeyJudge::KeyJudge;

  Judgement judge() {
    using enum RowKind;
    if (!key_.has_only({get, put, swap, miss})) return {};
    swaps_ = key_.has(swap);
    clusters_.assign(key_.values.size(), Cluster{});
    if (swaps_) links_.assign(key_.values.size(), Link{});
    many_.assign(0, false);
    Judgement found;
    if (!assign(found)) return found;
    if (swaps_) spread_sight();
    if (!check_many()) return {};
    if (swaps_) {
      found = link();
      if (found.verdict) return found;
      found = make_blocks();
    } else {
      found = make_zones();
    }
    if (found.verdict) return found;
    add_unseen();
    sort_by_rank(zones_, [](const Zone& zone) { return zone.begins(); });
    return sweep();
  }

  // Of a key that is linearizable: see blocks_by_instant().
  Places order() const {
    const auto none = static_cast<ValueId>(clusters_.size());
    const RowGroups reads_of(none, rows_, [&](const Row& row) { return reads(row) ? row.b : none; });
    std::vector<std::uint32_t> writers(none, kNone);
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (row_writes(i) && rows_[i].call() == clusters_[rows_[i].a].written()) writers[rows_[i].a] = i;
    }
    Places order;
    for (const Block& block : blocks_by_instant()) {
      if (block.row != kNone) {
        add_to(order, block.row);
        continue;
      }
      for (ValueId value = block.value;; value = links_[value].after) {
        if (writers[value] != kNone) add_to(order, writers[value]);
        add_to(order, reads_of[value]);
        if (!is_replaced(value)) break;
      }
    }
    return order;
  }

 private:
  // False: `found` is the judgement. To do without the branches on kinds, as in tier1_remove.cc, was tried
  // and gained nothing where there are puts and gets only.
  bool assign(Judgement& found) {
    for (const Row& row : rows_) {
      switch (row.kind()) {
        case RowKind::put:
        case RowKind::swap:
          if (!assign_write(row)) return false;
          break;
        case RowKind::get:
        case RowKind::miss: {
          if (contradicts_itself(row)) {
            found = contradiction(static_cast<std::uint32_t>(&row - rows_.begin()));
            return false;
          }
          Cluster& cluster = clusters_[row.b];
          cluster.f = std::min(cluster.f, row.back());
          cluster.s = row.call();  // rows are in this order
          cluster.call |= Cluster::kSeen;
          break;
        }
        default:
          break;
      }
    }
    return true;
  }

  bool assign_write(const Row& row) {
    Cluster& cluster = clusters_[row.a];
    const bool swap = row.kind() == RowKind::swap;
    if (cluster.written() != 0) {
      if (swap || cluster.swapped()) return false;
      if (many_.empty()) many_.resize(clusters_.size(), false);
      many_[row.a] = true;
      return true;
    }
    cluster.call |= row.call() | (swap ? Cluster::kSwapped : 0);
    cluster.f = std::min(cluster.f, row.back());
    cluster.s = row.call();
    if (swap) {
      links_[row.a].before = row.b;
      if (row.unknown()) {
        unknown_swaps_.push_back(row.a);
      } else {
        clusters_[row.b].call |= Cluster::kSeen;
      }
    }
    return true;
  }

  // Values with several writes, if somebody saw one, be it a compare-and-set of unknown outcome that
  // happened, are not for this tier.
  bool check_many() const {
    for (ValueId value = 0; value < many_.size(); ++value) {
      if (many_[value] && clusters_[value].seen()) return false;
    }
    return true;
  }

  // A compare-and-set of unknown outcome happened iff its value was seen, perhaps only by another such one.
  // What the known ones saw is noted already.
  void spread_sight() {
    for (const ValueId value : unknown_swaps_) {
      ValueId at = value;
      while (clusters_[at].seen() && clusters_[at].swapped()) {
        at = links_[at].before;
        if (clusters_[at].seen()) break;  // walked from there already, or will be
        clusters_[at].call |= Cluster::kSeen;
      }
    }
  }

  // A known write returns, so its cluster has an f.
  static bool happened(const Cluster& cluster) {
    return cluster.written() != 0 && (cluster.seen() || cluster.f != kRankNever);
  }
  bool is_many(ValueId value) const { return !many_.empty() && many_[value]; }

  // No verdict: what was read of a value was read of a write, and not before it.
  Judgement check_reads(ValueId value) {
    const Cluster& cluster = clusters_[value];
    if (cluster.written() == 0) {
      if (cluster.f == kRankNever) return {};
      const std::uint32_t read = row_returned(cluster.f);
      return violation(words(read) + ", but nobody wrote " + value_words(value), {read});
    }
    if (cluster.f > cluster.written()) return {};
    const std::uint32_t read = row_returned(cluster.f);
    const std::uint32_t write = row_called(cluster.written());
    return violation(words(read) + " before that was written: " + words(write), {read, write});
  }

  void add_zone(Rank f, Rank s) { zones_.push_back(Zone(f, s)); }

  // Without compare-and-sets every cluster is a block.
  Judgement make_zones() {
    if (clusters_[kAbsent].s != 0) add_zone(0, clusters_[kAbsent].s);
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.f > cluster.written() && cluster.written() != 0) {
        if (cluster.f != kRankNever && !is_many(value)) add_zone(cluster.f, cluster.s);
        continue;
      }
      Judgement found = check_reads(value);
      if (found.verdict) return found;
    }
    return {};
  }

  // Puts of one value that nobody saw.
  void add_unseen() {
    if (many_.empty()) return;
    for (const Row& row : rows_) {
      if (row.kind() == RowKind::put && many_[row.a] && !row.unknown()) add_zone(row.back(), row.call());
    }
  }

  // Every second value may have come from a compare-and-set, by chance: what would be a branch on that goes
  // to kUnseen's place instead.
  Judgement link() {
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      const bool unwritten = cluster.written() == 0 && cluster.f != kRankNever;
      if (unwritten || cluster.f < cluster.written()) return check_reads(value);
      const bool takes = cluster.swapped() && happened(cluster);
      const ValueId expected = takes ? links_[value].before : kUnseen;
      if (expected > kUnseen && clusters_[expected].written() == 0) return describe_nobody(value);
      ValueId& after = links_[expected].after;
      if (takes && after != kAbsent) return describe_winners(after, value);
      after = value;
    }
    return {};
  }

  Judgement describe_nobody(ValueId value) const {
    const std::uint32_t step = row_called(clusters_[value].written());
    std::vector<std::uint32_t> rows = {step};
    add_sight(step, rows);
    return violation(words(step) + " took effect, but nobody wrote " + value_words(links_[value].before),
                     rows);
  }

  // Why a write of unknown outcome happened: somebody saw its value, or that of a compare-and-set that did,
  // and so on to an operation that is known, which is named first. Nothing, of a write that is known.
  void add_sight(std::uint32_t write, std::vector<std::uint32_t>& rows) const {
    std::vector<std::uint32_t> chain;
    while (write != kNone && rows_[write].unknown() && chain.size() < rows_.size()) {
      const ValueId value = rows_[write].a;
      write = kNone;
      for (std::uint32_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        const bool takes = row.kind() == RowKind::swap && happened(clusters_[row.a]);
        const bool reads = row.kind() == RowKind::get || row.kind() == RowKind::miss;
        if ((!takes && !reads) || row.b != value) continue;
        write = i;
        if (!row.unknown()) break;
      }
      chain.push_back(write);
    }
    rows.insert(rows.end(), chain.rbegin(), chain.rend());
  }

  Judgement describe_winners(ValueId one, ValueId other) const {
    const std::uint32_t a = row_called(clusters_[one].written());
    const std::uint32_t b = row_called(clusters_[other].written());
    std::vector<std::uint32_t> rows = {a, b};
    std::vector<std::uint32_t> more;
    for (const std::uint32_t row : {a, b}) {
      std::vector<std::uint32_t> sight;
      add_sight(row, sight);
      if (sight.empty()) continue;
      rows.push_back(sight[0]);
      more.insert(more.end(), sight.begin() + 1, sight.end());
    }
    rows.push_back(writer_of(links_[one].before));
    rows.insert(rows.end(), more.begin(), more.end());
    return violation(
        "two compare-and-sets took effect from one value, written once: " + words(a) + "; " + words(b), rows);
  }

  Judgement make_blocks() {
    std::size_t happening = 1;  // clusters; the initial one is always there
    if (!walk(kAbsent)) return describe_order(kAbsent);
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const bool stands = happened(clusters_[value]) && !is_many(value);
      happening += stands ? 1 : 0;
      if (stands && !clusters_[value].swapped() && !walk(value)) return describe_order(value);
    }
    return walked_ == happening ? Judgement{} : describe_cycle();
  }

  // Walks the chain that begins with a value, its clusters in order. False: some cluster had ended before
  // what it must follow was called.
  bool walk(ValueId root) {
    Rank f = root == kAbsent ? 0 : kRankNever;
    Rank s = 0;
    for (ValueId value = root;; value = links_[value].after) {
      ++walked_;
      const Cluster& cluster = clusters_[value];
      if (cluster.f < s) return false;
      f = std::min(f, cluster.f);
      s = std::max(s, cluster.s);
      if (links_[value].after == kAbsent) break;
    }
    if (s != 0) add_zone(f, s);
    return true;
  }

  // Of a chain that cannot be walked.
  Judgement describe_order(ValueId root) const {
    Rank s = 0;
    ValueId value = root;
    for (; clusters_[value].f > s; value = links_[value].after) s = std::max(s, clusters_[value].s);
    const std::uint32_t early = row_returned(clusters_[value].f);
    const std::uint32_t late = row_called(s);
    std::vector<std::uint32_t> rows = {early, late};
    for (ValueId at = value; at != kAbsent; at = links_[at].before) {
      rows.push_back(row_called(clusters_[at].written()));
      if (at == value_at(rows_[late]) || !clusters_[at].swapped()) break;
    }
    return violation("one chain of writes gives the order, but " + words(early) +
                         " had ended before what it must follow was called: " + words(late),
                     rows);
  }

  // Some cluster was reached from no first write: its compare-and-sets feed each other.
  Judgement describe_cycle() const {
    std::vector<bool> reached(clusters_.size(), false);
    for (ValueId root = 0; root < clusters_.size(); ++root) {
      if (root == 1 || clusters_[root].swapped()) continue;
      for (ValueId value = root; !reached[value]; value = links_[value].after) {
        reached[value] = true;
        if (links_[value].after == kAbsent) break;
      }
    }
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      if (!clusters_[value].swapped() || reached[value] || !happened(clusters_[value])) continue;
      std::vector<std::uint32_t> rows;
      for (ValueId at = value; rows.size() < 6; at = links_[at].before) {
        rows.push_back(row_called(clusters_[at].written()));
        if (rows.size() == 1) add_sight(rows[0], rows);
        if (links_[at].before == value) break;
      }
      std::sort(rows.begin(), rows.end());
      rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
      std::string all;
      for (const std::uint32_t row : rows) all += (all.empty() ? "" : "; ") + words(row);
      return violation("compare-and-sets each need the other's value first: " + all, rows);
    }
    return {};
  }

  bool is_replaced(ValueId value) const { return swaps_ && links_[value].after != kAbsent; }

  struct Block {
    Zone zone;
    ValueId value = kAbsent;    // its first; the values behind that are linked
    std::uint32_t row = kNone;  // or a single put of a value that nobody saw
    Rank at = 0;
  };

  // A forward block stands at its f, a backward one at its s or, where a forward zone covers that, at its
  // end, which is not after the block's f. So by instants no block has to precede one in front of it: A
  // before B, but f(B) < s(A), would have B's instant below s(A) (no later than f(B)), so A is forward, at
  // its f, and B's s inside it, for forward zones do not overlap; then B stands at s(A) or later. Backward
  // blocks at one instant, all of them around it, do not care; forward ones are never at an instant of
  // others, for ranks differ.
  std::vector<Block> blocks_by_instant() const {
    std::vector<Block> blocks;
    for (ValueId root = 0; root < clusters_.size(); ++root) {
      const Cluster& cluster = clusters_[root];
      if (root != kAbsent && (!happened(cluster) || cluster.swapped() || is_many(root))) continue;
      Rank f = root == kAbsent ? 0 : kRankNever;
      Rank s = 0;
      for (ValueId value = root;; value = links_[value].after) {
        f = std::min(f, clusters_[value].f);
        s = std::max(s, clusters_[value].s);
        if (!is_replaced(value)) break;
      }
      blocks.push_back({Zone(f, s), root, kNone, 0});
    }
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (row_writes(i) && is_many(rows_[i].a) && !rows_[i].unknown())
        blocks.push_back({Zone(rows_[i].back(), rows_[i].call()), rows_[i].a, i, 0});
    }
    std::sort(blocks.begin(), blocks.end(),
              [](const Block& a, const Block& b) { return a.zone.begins() < b.zone.begins(); });
    Rank hold_ends = 0;
    for (Block& block : blocks) {
      block.at = block.zone.forward() ? block.zone.f() : std::max(block.zone.s(), hold_ends);
      if (block.zone.forward()) hold_ends = block.zone.s();
    }
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.at < b.at; });
    return blocks;
  }

  Judgement sweep() const {
    Zone hold(0, 0);  // ends before everything
    for (const Zone& zone : zones_) {
      if (zone.forward()) {
        if (zone.begins() < hold.ends()) return describe_pair(hold, zone);
        hold = zone;
      } else if (zone.ends() < hold.ends()) {
        return describe_pair(hold, zone);
      }
    }
    return linearizable();
  }

  bool row_writes(std::uint32_t row) const {
    return row != kNone && (rows_[row].kind() == RowKind::put || rows_[row].kind() == RowKind::swap);
  }

  struct Side {
    std::uint32_t f = kNone;  // who returned first; kNone: the initial value
    std::uint32_t s = kNone;  // who was called last
    ValueId value = kAbsent;  // the block's first
    Rank called = 0;          // s
  };

  Side side(const Zone& zone) const {
    Side made{zone.f() == 0 ? kNone : row_returned(zone.f()), row_called(zone.s()), kAbsent, zone.s()};
    if (zone.f() == 0) return made;
    made.value = value_at(rows_[made.f]);
    while (swaps_ && clusters_[made.value].swapped()) made.value = links_[made.value].before;
    return made;
  }

  Judgement describe_pair(const Zone& a_zone, const Zone& b_zone) const {
    const Side a = side(a_zone);
    const Side b = side(b_zone);
    // The stale one is the initial value, or the one seen last: only it can be without a first operation.
    const bool a_is_stale = a.f == kNone || (b.f != kNone && a.called >= b.called);
    const Side& stale = a_is_stale ? a : b;
    const Side& fresh = a_is_stale ? b : a;
    const std::string stale_value = value_words(stale.value);
    const std::string fresh_value = value_words(fresh.value);
    std::string reason = words(stale.s) + ": so " + stale_value + " came after " + fresh_value + ", for " +
                         words(fresh.f) + " had returned before that call; ";
    if (stale.f == kNone) {
      reason += "but the key had no value only in the beginning";
    } else {
      reason += "but " + stale_value + " came before " + fresh_value + ", for " + words(stale.f) +
                " had returned before the call of " + words(fresh.s);
    }
    std::vector<std::uint32_t> rows = {a.f, a.s, b.f, b.s};
    std::vector<std::uint32_t> more = {writer_of(stale.value), writer_of(fresh.value)};
    for (const std::uint32_t row : {a.s, b.s}) {
      std::vector<std::uint32_t> sight;
      if (row_writes(row)) add_sight(row, sight);
      if (sight.empty()) continue;
      rows.push_back(sight[0]);
      more.insert(more.end(), sight.begin() + 1, sight.end());
    }
    rows.insert(rows.end(), more.begin(), more.end());
    return violation(reason, rows);
  }

  bool swaps_ = false;
  Column<Cluster> clusters_;       // by value
  Column<Link> links_;             // by value; empty where there are no swaps
  Column<ValueId> unknown_swaps_;  // what those of unknown outcome would have written
  std::vector<bool> many_;         // by value: several puts wrote it; empty: no such value
  Column<Zone> zones_;
  std::size_t walked_ = 0;
};

}  // namespace

Judgement judge_zones(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                      Places* order) {
  Zones shape(history, key, narrator);
  Judgement judgement = shape.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = shape.order();
  return judgement;
}

}  // namespace norn::sim
