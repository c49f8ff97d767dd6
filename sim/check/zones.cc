// Zones of blocks: puts, gets and compare-and-sets on one key. See zones.h.
//
// A cluster is the write of a value and the reads that saw it. Values are distinct, so in any linearization
// the operations between two writes are exactly one cluster's reads. A compare-and-set that happened replaces
// the value it expected, so its cluster stands directly behind that value's: chains of clusters make blocks,
// and no operation of another block can stand inside one. Two winners from one value, or a cycle, have no
// place at all. Absence is the initial value, written before all time (there are no removes here).
//
// Inside a block the order of clusters is given, and reads of one cluster can stand by call time. So a block
// is sound iff every operation comes back no earlier than the latest call of the clusters before it, and no
// earlier than the call of its cluster's write.
//
// Between blocks: let f be the earliest back and s the latest call of a block. A must precede B iff f(A) <
// s(B). This relation has an acyclic order iff no two blocks must precede each other. For take a cycle
// without such a pair, and in it the block A with the least f: f(A) <= f(X) < s(Y) for every step X, Y of the
// cycle, so A must precede every block of it, its own predecessor too: a pair. A pair has f(A) < s(B) and
// f(B) < s(A): either two forward zones [f, s] that overlap, or a backward zone [s, f] strictly inside a
// forward one; two backward zones would give f(A) < s(B) <= f(B) < s(A) <= f(A).
#include "sim/check/zones.h"

#include <algorithm>
#include <limits>

#include "sim/check/linearizable_words.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kBegin = std::numeric_limits<std::int64_t>::min();

struct Cluster {
  std::uint32_t writer = kNone;  // a step; kNone: nobody's, or the initial value's
  std::uint32_t next = kNone;    // the step of the compare-and-set that replaced it
  bool observed = false;
  bool read_somewhere = false;
  std::uint32_t first_read = kNone;  // the reads, as a list through next_read
};

struct Block {
  std::int64_t f = std::numeric_limits<std::int64_t>::max();
  std::int64_t s = kBegin;
  std::uint32_t f_step = kNone;  // who gives f; kNone: the initial value
  std::uint32_t s_step = kNone;
  ValueId value = kAbsent;  // its first
};

class Zones {
 public:
  Zones(const History& history, const Component& component)
      : history_(history),
        component_(component),
        steps_(component.steps),
        clusters_(component.values.size()),
        next_read_(component.steps.size(), kNone) {}

  Judgement judge() {
    if (!assign_writers()) return {};
    clusters_[kAbsent].observed = true;
    Judgement found = assign_reads();
    if (found.verdict) return found;
    observe_chains();
    found = link_chains();
    if (found.verdict) return found;
    found = make_blocks();
    if (found.verdict) return found;
    return compare_blocks();
  }

  // Of a component that is linearizable. A forward block stands at its f, a backward one at its s or, where a
  // forward zone covers that, at its end, which is not after the block's f. So by instants, and of equal ones
  // the forward block last, no block has to precede one in front of it.
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> places;
    for (const Block& block : by_instant()) {
      std::uint32_t writer = clusters_[block.value].writer;
      for (ValueId value = block.value;; value = part(writer).argument) {
        if (writer != kNone) places.push_back(steps_[writer].place);
        const auto first = static_cast<std::ptrdiff_t>(places.size());
        for (std::uint32_t read = clusters_[value].first_read; read != kNone; read = next_read_[read])
          places.push_back(steps_[read].place);
        std::reverse(places.begin() + first, places.end());  // the list begins with the latest call
        writer = clusters_[value].next;
        if (writer == kNone) break;
      }
    }
    return places;
  }

 private:
  const KeyStep& part(std::uint32_t step) const { return component_.parts[steps_[step].first]; }
  std::size_t place(std::uint32_t step) const { return steps_[step].place; }
  bool is_swap(std::uint32_t step) const { return steps_[step].kind == OperationKind::compare_and_set; }
  std::string words(std::uint32_t step) const { return words_of(history_, place(step)); }

  // False: some value has two writers.
  bool assign_writers() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      if (is_read(steps_[step])) continue;
      Cluster& cluster = clusters_[part(step).argument];
      if (cluster.writer != kNone) return false;
      cluster.writer = step;
    }
    return true;
  }

  Judgement assign_reads() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      const KvStep& it = steps_[step];
      if (contradicts_itself(it, part(step))) {
        return violation(history_, words(step) + ", which is what it expected", {place(step)});
      }
      const bool swaps = is_swap(step) && it.matched && !it.unknown;
      if (!is_read(it) && !swaps) continue;
      const ValueId value = swaps ? part(step).expected : part(step).value;
      Cluster& cluster = clusters_[value];
      if (value != kAbsent && cluster.writer == kNone) {
        return violation(history_, words(step) + ", but nobody wrote " + words_of(component_.values, value),
                         {place(step)});
      }
      cluster.observed = true;
      if (swaps) continue;
      next_read_[step] = cluster.first_read;
      cluster.first_read = step;
      if (value != kAbsent && it.back < steps_[cluster.writer].call) {
        return violation(history_, words(step) + " before that was written: " + words(cluster.writer),
                         {place(step), place(cluster.writer)});
      }
    }
    return {};
  }

  // A compare-and-set of unknown outcome happened iff its value was seen, perhaps only by another such one.
  void observe_chains() {
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      ValueId at = value;
      while (clusters_[at].observed && clusters_[at].writer != kNone && is_swap(clusters_[at].writer)) {
        at = part(clusters_[at].writer).expected;
        if (clusters_[at].observed) break;  // walked from there already, or will be
        clusters_[at].observed = true;
      }
    }
  }

  bool happened(std::uint32_t step) const {
    return !steps_[step].unknown || clusters_[part(step).argument].observed;
  }

  Judgement link_chains() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      if (is_read(steps_[step]) || !is_swap(step) || !happened(step)) continue;
      const ValueId expected = part(step).expected;
      Cluster& cluster = clusters_[expected];
      if (expected != kAbsent && cluster.writer == kNone) {
        return violation(
            history_, words(step) + " took effect, but nobody wrote " + words_of(component_.values, expected),
            {place(step)});
      }
      if (cluster.next != kNone) {
        return violation(history_,
                         "two compare-and-sets took effect from one value, written once: " +
                             words(cluster.next) + "; " + words(step),
                         {place(cluster.next), place(step)});
      }
      cluster.next = step;
    }
    return {};
  }

  // One operation joins a block: it must come back no earlier than `floor`, a call that it cannot precede.
  Judgement join(Block& block, std::uint32_t step, std::int64_t floor, std::uint32_t floor_step) {
    const KvStep& it = steps_[step];
    if (it.back < floor) {
      return violation(history_,
                       "one chain of writes gives the order, but " + words(step) +
                           " had ended before what it must follow was called: " + words(floor_step),
                       {place(step), place(floor_step)});
    }
    if (it.back < block.f) {
      block.f = it.back;
      block.f_step = step;
    }
    if (it.call > block.s) {
      block.s = it.call;
      block.s_step = step;
    }
    return {};
  }

  // Walks the chain that begins with a value, its clusters in order.
  Judgement walk(ValueId root) {
    Block block;
    block.value = root;
    if (root == kAbsent) block.f = kBegin;
    std::uint32_t writer = clusters_[root].writer;
    ValueId value = root;
    while (true) {
      ++walked_;
      if (writer != kNone) {
        Judgement found = join(block, writer, block.s, block.s_step);
        if (found.verdict) return found;
      }
      const std::int64_t floor = block.s;
      const std::uint32_t floor_step = block.s_step;
      for (std::uint32_t read = clusters_[value].first_read; read != kNone; read = next_read_[read]) {
        Judgement found = join(block, read, floor, floor_step);
        if (found.verdict) return found;
      }
      writer = clusters_[value].next;
      if (writer == kNone) break;
      value = part(writer).argument;
    }
    blocks_.push_back(block);
    return {};
  }

  Judgement make_blocks() {
    std::size_t happening = 1;  // clusters; the initial one is always there
    Judgement found = walk(kAbsent);
    if (found.verdict) return found;
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const std::uint32_t writer = clusters_[value].writer;
      if (writer == kNone || !happened(writer)) continue;
      ++happening;
      if (is_swap(writer)) continue;
      found = walk(value);
      if (found.verdict) return found;
    }
    return walked_ == happening ? Judgement{} : describe_cycle();
  }

  // Some cluster was reached from no first write: its compare-and-sets feed each other.
  Judgement describe_cycle() {
    std::vector<bool> reached(clusters_.size(), false);
    for (const Block& block : blocks_) {
      for (ValueId value = block.value;; value = part(clusters_[value].next).argument) {
        reached[value] = true;
        if (clusters_[value].next == kNone) break;
      }
    }
    for (ValueId value = 2; value < clusters_.size(); ++value) {
      const std::uint32_t writer = clusters_[value].writer;
      if (writer == kNone || reached[value] || !happened(writer)) continue;
      std::vector<std::size_t> witnesses;
      for (ValueId at = value; witnesses.size() < 6; at = part(clusters_[at].writer).expected) {
        witnesses.push_back(place(clusters_[at].writer));
        if (part(clusters_[at].writer).expected == value) break;
      }
      const std::string words = words_of(history_, in_order(history_, witnesses));
      return violation(history_, "compare-and-sets each need the other's value first: " + words, witnesses);
    }
    return {};
  }

  Judgement describe_pair(const Block& a, const Block& b) const {
    std::vector<std::size_t> witnesses;
    for (const std::uint32_t step : {a.f_step, a.s_step, b.f_step, b.s_step}) {
      if (step != kNone) witnesses.push_back(place(step));
    }
    // The stale one is the initial value, or the one seen last: only it can be without a first operation.
    const bool a_is_stale = a.f_step == kNone || (b.f_step != kNone && a.s >= b.s);
    const Block& stale = a_is_stale ? a : b;
    const Block& fresh = a_is_stale ? b : a;
    const std::string stale_value = words_of(component_.values, stale.value);
    const std::string fresh_value = words_of(component_.values, fresh.value);
    std::string reason = words(stale.s_step) + ": so " + stale_value + " came after " + fresh_value +
                         ", for " + words(fresh.f_step) + " had returned before that call; ";
    if (stale.f_step == kNone) {
      reason += "but the key had no value only in the beginning";
    } else {
      reason += "but " + stale_value + " came before " + fresh_value + ", for " + words(stale.f_step) +
                " had returned before the call of " + words(fresh.s_step);
    }
    return violation(history_, reason, witnesses);
  }

  Judgement compare_blocks() {
    std::vector<Block> forward;
    for (const Block& block : blocks_) {
      if (block.f < block.s) forward.push_back(block);
    }
    std::sort(forward.begin(), forward.end(), [](const Block& a, const Block& b) { return a.f < b.f; });
    for (std::size_t i = 1; i < forward.size(); ++i) {  // disjoint so far, so the one before reaches farthest
      if (forward[i].f < forward[i - 1].s) return describe_pair(forward[i - 1], forward[i]);
    }
    for (const Block& block : blocks_) {
      if (block.f < block.s) continue;
      const auto after = std::lower_bound(forward.begin(), forward.end(), block.s,
                                          [](const Block& zone, std::int64_t time) { return zone.f < time; });
      if (after != forward.begin() && block.f < std::prev(after)->s)
        return describe_pair(*std::prev(after), block);
    }
    return linearizable();
  }

  std::vector<Block> by_instant() const {
    struct Standing {
      std::int64_t at = 0;
      bool forward = false;
      Block block;
    };
    std::vector<Standing> standing;
    for (const Block& block : blocks_) {
      if (block.f < block.s) standing.push_back({block.f, true, block});
    }
    std::sort(standing.begin(), standing.end(),
              [](const Standing& a, const Standing& b) { return a.at < b.at; });
    const auto forward = static_cast<std::ptrdiff_t>(standing.size());
    for (const Block& block : blocks_) {
      if (block.f < block.s) continue;
      const auto after = std::lower_bound(standing.begin(), standing.begin() + forward, block.s,
                                          [](const Standing& zone, std::int64_t s) { return zone.at < s; });
      const std::int64_t ends = after == standing.begin() ? kBegin : std::prev(after)->block.s;
      standing.push_back({std::max(block.s, ends), false, block});
    }
    std::stable_sort(standing.begin(), standing.end(), [](const Standing& a, const Standing& b) {
      return a.at != b.at ? a.at < b.at : b.forward && !a.forward;
    });
    std::vector<Block> blocks;
    for (const Standing& it : standing) blocks.push_back(it.block);
    return blocks;
  }

  const History& history_;
  const Component& component_;
  const std::vector<KvStep>& steps_;
  std::vector<Cluster> clusters_;  // by value
  std::vector<std::uint32_t> next_read_;
  std::vector<Block> blocks_;
  std::size_t walked_ = 0;
};

}  // namespace

Judgement linearizable() { return {Verdict::linearizable, "", {}}; }

Judgement violation(const History& history, std::string reason, std::vector<std::size_t> witnesses) {
  return {Verdict::violation, std::move(reason), in_order(history, std::move(witnesses))};
}

Judgement judge_compare_and_set_zones(const History& history, const Component& component,
                                      std::vector<std::uint32_t>* order) {
  Zones zones(history, component);
  Judgement judgement = zones.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = zones.order();
  return judgement;
}

Judgement judge_by_zones(const History& history, const Component& component,
                         std::vector<std::uint32_t>* order) {
  if (component.keys.size() != 1 || component.has_increment) return {};
  for (const KvStep& step : component.steps) {
    if (step.count != 1) return {};  // one key named twice
    if (sees_another(step)) return {};
  }
  if (component.has_append)
    return component.has_remove ? Judgement{} : judge_append_chain(history, component, order);
  if (component.has_remove) return judge_remove_zones(history, component, order);
  return judge_compare_and_set_zones(history, component, order);
}

}  // namespace norn::sim
