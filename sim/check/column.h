// A growing array of plain values that never holds its old and its new self at once where the system can move
// pages instead (realloc of large blocks): a vector that doubles needs three times its size at the moment
// when memory is scarcest.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "replica/base/assert.h"

namespace norn::sim {

template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  Column(const Column& other) { append(other.items_, other.size_); }
  Column(Column&& other) noexcept { swap(other); }
  Column& operator=(Column other) noexcept {
    swap(other);
    return *this;
  }
  ~Column() { std::free(items_); }

  void swap(Column& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return items_; }
  const T* data() const { return items_; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1]; }
  const T& back() const { return items_[size_ - 1]; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }

  void push_back(T item) {
    if (size_ == room_) reserve(size_ + 1);
    items_[size_++] = item;
  }
  void append(const T* items, std::size_t count) {
    if (count == 0) return;
    reserve(size_ + count);
    std::memcpy(static_cast<void*>(items_ + size_), items, count * sizeof(T));
    size_ += count;
  }
  void insert(std::size_t at, T item) {
    push_back(item);
    std::rotate(items_ + at, items_ + size_ - 1, items_ + size_);
  }

  // Of these alone, every one the same.
  void assign(std::size_t count, T item) {
    reserve(count);
    size_ = count;
    std::fill_n(items_, count, item);
  }

  // So many more, all bits zero.
  void grow(std::size_t count) {
    reserve(size_ + count);
    std::memset(static_cast<void*>(items_ + size_), 0, count * sizeof(T));
    size_ += count;
  }

  // Forgets all but the first.
  void shrink(std::size_t count) { size_ = count; }

  void reserve(std::size_t count) {
    if (count <= room_) return;
    const std::size_t more = std::max(room_ / kGrowthShare, std::min(room_, kDoubled / sizeof(T)));
    room_ = std::max(count, room_ + more + kRoomMin);
    void* const moved = std::realloc(static_cast<void*>(items_), room_ * sizeof(T));
    ASSERT(moved != nullptr);
    items_ = static_cast<T*>(moved);
  }

  // Gives everything back.
  void clear() { Column().swap(*this); }

 private:
  static constexpr std::size_t kDoubled = 2'048;  // bytes, up to which it doubles: most keys are short
  static constexpr std::size_t kGrowthShare = 8;
  static constexpr std::size_t kRoomMin = 2;

  T* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace norn::sim
