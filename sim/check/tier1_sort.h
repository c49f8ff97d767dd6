// Sorting by rank what is nearly sorted already, in place, in O(n): zones come out of a history in the order
// of its calls, a few clients' width away from the order they are wanted in. Elements are put into many small
// buckets by exchanging (McIlroy, Bostic & McIlroy 1993, "American flag sort"), which here mostly exchanges
// neighbours, and each bucket is sorted by insertion. A bucket that is large, where ranks crowd, is left to
// std::sort, so the worst case is O(n log n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/check/column.h"

namespace norn::sim {

template <class T, class RankOf>
void insertion_sort(T* begin, T* end, RankOf rank_of) {
  for (T* at = begin; at < end; ++at) {
    const T moving = *at;
    T* to = at;
    for (; to > begin && rank_of(moving) < rank_of(to[-1]); --to) *to = to[-1];
    *to = moving;
  }
}

template <class T, class RankOf>
void sort_by_rank(Column<T>& items, RankOf rank_of) {
  constexpr std::size_t kFewItems = 64;
  constexpr std::size_t kPerBucket = 4;
  constexpr std::ptrdiff_t kLargeBucket = 32;
  const auto less = [&](const T& a, const T& b) { return rank_of(a) < rank_of(b); };
  if (std::is_sorted(items.begin(), items.end(), less)) return;
  if (items.size() < kFewItems) {
    insertion_sort(items.begin(), items.end(), rank_of);
    return;
  }
  std::uint32_t low = rank_of(items[0]);
  std::uint32_t high = low;
  for (const T& item : items) {
    low = std::min<std::uint32_t>(low, rank_of(item));
    high = std::max<std::uint32_t>(high, rank_of(item));
  }
  unsigned shift = 0;
  while ((high - low) >> shift > items.size() / kPerBucket) ++shift;
  const auto bucket_of = [&](const T& item) { return (rank_of(item) - low) >> shift; };
  std::vector<std::uint32_t> ends(((high - low) >> shift) + 1, 0);
  for (const T& item : items) ++ends[bucket_of(item)];
  std::vector<std::uint32_t> heads(ends.size(), 0);
  std::uint32_t sum = 0;
  for (std::size_t bucket = 0; bucket < ends.size(); ++bucket) {
    heads[bucket] = sum;
    ends[bucket] = sum += ends[bucket];
  }
  for (std::size_t bucket = 0; bucket < ends.size(); ++bucket) {
    T* const begin = items.data() + (bucket == 0 ? 0 : ends[bucket - 1]);
    T* const end = items.data() + ends[bucket];
    while (heads[bucket] < ends[bucket]) {
      T& item = items[heads[bucket]];
      const std::size_t right = bucket_of(item);
      if (right == bucket) {
        ++heads[bucket];
      } else {
        std::swap(item, items[heads[right]++]);
      }
    }
    if (end - begin > kLargeBucket) {
      std::sort(begin, end, less);
    } else {
      insertion_sort(begin, end, rank_of);
    }
  }
}

}  // namespace norn::sim
