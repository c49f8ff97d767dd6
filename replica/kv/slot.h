// A key with its value, the version of the two and when they expire, in one allocation: 32 bytes besides the
// text. A slot without a value is a tombstone. A value; a slot moved from holds nothing and may only be
// assigned to.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "replica/base/assert.h"
#include "replica/base/types.h"

namespace norn::kv {

class Slot {
 public:
  explicit Slot(std::string_view key) { allocate({.key_size = size_of(key)}, key, {}); }
  Slot(const Slot& other) { allocate(other.head(), other.key(), other.value()); }
  Slot(Slot&&) noexcept = default;
  Slot& operator=(const Slot& other) { return *this = Slot(other); }
  Slot& operator=(Slot&&) noexcept = default;
  ~Slot() = default;

  // Views live until the slot changes.
  std::string_view key() const { return {text(), head().key_size}; }
  std::string_view value() const { return {text() + head().key_size, head().value_size}; }
  bool present() const { return head().present; }
  std::uint64_t version() const { return head().version; }
  std::uint64_t expiry() const { return head().expiry; }  // on the cluster's clock; 0: never

  void set_version(std::uint64_t version) { head().version = version; }
  void set_expiry(std::uint64_t expiry) { head().expiry = expiry; }
  void assign(std::string_view value) {
    const std::uint32_t size = size_of(value);
    if (head().capacity < size || head().capacity / 2 > size + kSlack) reallocate(size, {});
    head().value_size = 0;
    add(value);
  }
  void append(std::string_view more) {
    const std::uint32_t size = head().value_size + size_of(more);
    // A half more than is needed: growing by small steps costs in proportion to what is written.
    if (head().capacity < size) reallocate(size + size / 2, value());
    add(more);
  }
  void remove() {
    if (head().capacity != 0) reallocate(0, {});
    head().present = false;
    head().expiry = 0;
  }

  friend bool operator==(const Slot& a, const Slot& b) {
    return a.key() == b.key() && a.value() == b.value() && a.present() == b.present() &&
           a.version() == b.version() && a.expiry() == b.expiry();
  }

 private:
  static constexpr std::uint32_t kSlack = 32;  // bytes that are not worth an allocation

  struct Head {
    std::uint64_t version = 0;
    std::uint64_t expiry = 0;
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    std::uint32_t capacity = 0;  // of the value
    bool present = false;
  };

  static std::uint32_t size_of(std::string_view run) { return static_cast<std::uint32_t>(run.size()); }
  Head& head() { return *std::launder(reinterpret_cast<Head*>(bytes_.get())); }
  const Head& head() const { return *std::launder(reinterpret_cast<const Head*>(bytes_.get())); }
  char* text() { return reinterpret_cast<char*>(bytes_.get() + sizeof(Head)); }
  const char* text() const { return reinterpret_cast<const char*>(bytes_.get() + sizeof(Head)); }

  void add(std::string_view more) {
    std::copy(more.begin(), more.end(), text() + head().key_size + head().value_size);
    head().value_size += size_of(more);
    head().present = true;
  }
  // Gives room for a value of this size, which begins as the given one.
  void reallocate(std::uint32_t capacity, std::string_view value) {
    Head head = this->head();
    head.capacity = capacity;
    const auto old = std::move(bytes_);  // the key and the value are views of it
    const char* const old_text = reinterpret_cast<const char*>(old.get() + sizeof(Head));
    allocate(head, {old_text, head.key_size}, value);
  }
  void allocate(Head head, std::string_view key, std::string_view value) {
    head.value_size = size_of(value);
    head.capacity = std::max(head.capacity, head.value_size);
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(sizeof(Head) + key.size() + head.capacity);
    new (bytes_.get()) Head(head);
    std::copy(key.begin(), key.end(), text());
    std::copy(value.begin(), value.end(), text() + key.size());
  }

  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace norn::kv
