// One key that is only put to and read, every value once at a time: the zones of tier1_zones.cc as a stream.
// A key begins here, and leaves for the sweeps of stream_component.h when something else happens to it.
//
// A cluster is the write of a value with the reads that saw it, once it has been seen or has returned. Let f
// be its earliest return and s its latest call. One cluster must stand before another, A before B, iff
// f(A) < s(B): something of A had returned when something of B was called, and nothing of another cluster can
// stand between a write and its reads. The operations have an order iff no two clusters must each stand
// before the other (Gibbons & Korach 1997, section 4; Golab, Li & Shah 2011: two forward zones that overlap,
// and a backward one within a forward one, are the two kinds of such pairs). A write that has not returned
// and that nobody saw is no cluster; nor is a read without an answer. Absence is a cluster that was written
// before all time.
//
// Event by event: f is set when the cluster appears, as later returns are later; s only grows, by reads that
// return. So each return asks for one cluster X whether there is a Y with f(X) < s(Y) and f(Y) < s(X).
//
// Retirement. Let L be no later than the call of any operation that may still return as a read: the earliest
// call of an open one, or now. If f(B) < L and f(A) < s(B), then A is dead: a read of it that returns from
// now on was called at L or later, which makes f(B) < s(A), and A and B contradict each other; such a read is
// the same violation as that of a value that was never written, and is told as that. All dead clusters are
// dropped at once, and no violation is lost with them: s(A) is final, so only a Y with f(Y) < s(A) could
// contradict A later, by s(Y) growing beyond f(A). New clusters have a later f. For an old Y,
//   if f(A) < L:   A itself makes Y dead, for f(Y) < s(A); Y is dropped with A.
//   if L <= f(A):  f(A) < s(B), and A and B do not contradict each other, so s(A) <= f(B). Then
//                  f(Y) < s(A) <= f(B) < L <= f(A) < s(B): B makes Y dead.
// A read that waits while more than kClustersMax appear is not waited for: should it return, the key is
// undecided from then on. What remains is what is open, and about as many clusters as operations were open at
// once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "sim/check/kv_spec.h"
#include "sim/check/number_table.h"
#include "sim/check/stream_tables.h"

namespace norn::sim {

class StreamZones {
 public:
  static constexpr std::int64_t kBegin = std::numeric_limits<std::int64_t>::min();
  static constexpr std::size_t kClustersMax = 4'096;
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  struct Cluster {
    ValueId value = kAbsent;
    std::uint32_t writer = kNoOperation;  // while it may still return
    std::int64_t write_call = kBegin;
    std::size_t write_place = kNowhere;
    std::int64_t f = kBegin;
    std::int64_t s = kBegin;
    std::size_t f_place = kNowhere;  // the operations that these times are of
    std::size_t s_place = kNowhere;
  };

  // Two clusters of which each must stand before the other; nothing: the value is dead, or was never written.
  struct Conflict {
    std::optional<Cluster> other;
    Cluster own;
  };

  StreamZones() { clusters_.emplace_back(); }

  // Whether an operation that is called now can be judged here.
  bool takes(const StreamOperation& operation) const;
  void call(StreamTables& tables, std::uint32_t operation);
  std::optional<Conflict> give_back(StreamTables& tables, std::uint32_t operation);
  void forget(StreamTables& tables, std::uint32_t operation);
  std::optional<Conflict> take_out(StreamTables& tables, std::uint32_t operation);

  // What is here, for whoever goes on otherwise: writes that nobody saw, reads that wait, and clusters.
  std::vector<std::uint32_t> open() const;
  const std::vector<Cluster>& clusters() const { return clusters_; }
  std::size_t bytes() const;

  template <class Visit>
  void visit_values(Visit visit) {
    for (Cluster& cluster : clusters_) visit(cluster.value);
    NumberTable writes(kWritesMin);
    writes_.each([&](std::uint64_t value, std::uint32_t operation) {
      auto renumbered = static_cast<ValueId>(value);
      visit(renumbered);
      writes.set(renumbered, operation);
    });
    writes_ = std::move(writes);
  }

 private:
  static constexpr std::size_t kWritesMin = 4;  // places in the table

  Cluster* cluster_of(ValueId value);
  Cluster* find_or_make(StreamTables& tables, ValueId value, const StreamOperation& first);
  std::optional<Conflict> join(Cluster& cluster, const StreamOperation& operation);
  void retire(StreamTables& tables, std::int64_t now);

  std::vector<Cluster> clusters_;                              // by appearance
  NumberTable writes_{kWritesMin};                             // by value: called, not returned, not seen
  std::vector<std::pair<std::int64_t, std::uint32_t>> reads_;  // that wait, with their calls, by call
};

}  // namespace norn::sim
