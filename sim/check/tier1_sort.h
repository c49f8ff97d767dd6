// Sorting by rank what is nearly sorted already, in O(n): zones come out of a history in the order of its
// calls, a few clients' width away from the order they are wanted in. Items are dealt into small buckets, so
// many that each gets a few, and one insertion sort ends it. A bucket that is large, where ranks crowd, is
// left to std::sort, so the worst case is O(n log n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check/column.h"

namespace norn::sim {

template <class T, class RankOf>
void insertion_sort(Column<T>& items, RankOf rank_of) {
  for (T* at = items.begin(); at < items.end(); ++at) {
    const T moving = *at;
    T* to = at;
    for (; to > items.begin() && rank_of(moving) < rank_of(to[-1]); --to) *to = to[-1];
    *to = moving;
  }
}

template <class T, class RankOf>
void sort_by_rank(Column<T>& items, RankOf rank_of) {
  constexpr std::size_t kFewItems = 32;
  constexpr std::size_t kPerBucket = 4;
  constexpr std::uint32_t kLargeBucket = 32;
  const auto less = [&](const T& a, const T& b) { return rank_of(a) < rank_of(b); };
  if (items.size() > kFewItems && !std::is_sorted(items.begin(), items.end(), less)) {
    std::uint32_t low = rank_of(items[0]);
    std::uint32_t high = low;
    for (const T& item : items) {
      low = std::min<std::uint32_t>(low, rank_of(item));
      high = std::max<std::uint32_t>(high, rank_of(item));
    }
    unsigned shift = 0;
    while ((high - low) >> shift > items.size() / kPerBucket) ++shift;
    const auto bucket_of = [&](const T& item) { return (rank_of(item) - low) >> shift; };
    std::vector<std::uint32_t> heads(((high - low) >> shift) + 2, 0);
    for (const T& item : items) ++heads[bucket_of(item) + 1];
    for (std::size_t bucket = 1; bucket < heads.size(); ++bucket) heads[bucket] += heads[bucket - 1];
    Column<T> dealt;
    dealt.assign(items.size(), items[0]);
    for (const T& item : items) dealt[heads[bucket_of(item)]++] = item;
    dealt.swap(items);
    for (std::size_t bucket = 0; bucket + 1 < heads.size(); ++bucket) {  // a head is now its bucket's end
      const std::uint32_t begin = bucket == 0 ? 0 : heads[bucket - 1];
      if (heads[bucket] - begin > kLargeBucket)
        std::sort(items.begin() + begin, items.begin() + heads[bucket], less);
    }
  }
  insertion_sort(items, rank_of);
}

}  // namespace norn::sim
