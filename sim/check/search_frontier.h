// What the search keeps (search.h): configurations, each a state of the map and what became of every open
// operation, and of those only the ones that no other dominates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace norn::sim {

// How a configuration is laid out, in words of 64 bits: the state, two values to a word; a bit for each slot
// that says done; one that says free. An open operation has a slot, and in each configuration is one of
//   pending  neither bit: it has not taken effect
//   done     it has
//   free     it may count as done, or take effect later, as later steps please (search.cc says when)
class Layout {
 public:
  Layout() = default;
  Layout(std::size_t keys, std::size_t slots)
      : state_words_((keys + 1) / 2), slot_words_((slots + 63) / 64) {}

  std::size_t words() const { return state_words_ + 2 * slot_words_; }
  std::size_t state_words() const { return state_words_; }
  std::size_t slot_words() const { return slot_words_; }

  static std::uint32_t value(const std::uint64_t* words, std::uint32_t key) {
    return static_cast<std::uint32_t>(words[key / 2] >> key % 2 * 32);
  }
  bool done(const std::uint64_t* words, std::uint32_t slot) const { return bit(words + state_words_, slot); }
  bool free(const std::uint64_t* words, std::uint32_t slot) const {
    return bit(words + state_words_ + slot_words_, slot);
  }
  void set_done(std::uint64_t* words, std::uint32_t slot) const {
    words[state_words_ + slot / 64] |= std::uint64_t{1} << slot % 64;
    words[state_words_ + slot_words_ + slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  }
  void set_free(std::uint64_t* words, std::uint32_t slot) const {
    words[state_words_ + slot_words_ + slot / 64] |= std::uint64_t{1} << slot % 64;
  }
  void clear(std::uint64_t* words, std::uint32_t slot) const {
    words[state_words_ + slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    words[state_words_ + slot_words_ + slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  }

 private:
  static bool bit(const std::uint64_t* words, std::uint32_t slot) {
    return (words[slot / 64] >> slot % 64 & 1) != 0;
  }

  std::size_t state_words_ = 0;
  std::size_t slot_words_ = 0;
};

// Which slots hold operations of unknown outcome, and which hold reads.
struct SlotKinds {
  std::vector<std::uint64_t> unknown;
  std::vector<std::uint64_t> reads;
};

// A set of configurations without repetitions, and without dominated ones as far as it looked: of a state
// with many only the latest kept are compared, which costs time later but never an answer.
class Frontier {
 public:
  explicit Frontier(Layout layout) : layout_(layout) { clear(); }

  void clear();
  void clear(Layout layout) {
    layout_ = layout;
    clear();
  }
  std::size_t size() const { return links_.size(); }
  const std::uint64_t* at(std::size_t i) const { return words_.data() + i * layout_.words(); }
  std::uint64_t* at(std::size_t i) { return words_.data() + i * layout_.words(); }

  bool dominated(std::size_t i) const { return links_[i].dominated; }

  // What led to it, where that is remembered (order_trail.h).
  std::uint32_t node(std::size_t i) const { return links_[i].node; }
  void set_node(std::size_t i, std::uint32_t node) { links_[i].node = node; }

  // True: it is new, and nothing it was compared with dominates it. Pointers from at() end here. What it
  // dominates stays, so that places keep, until prune().
  bool insert(const std::uint64_t* configuration, const SlotKinds& kinds, std::uint32_t node = 0);

  // How often two configurations were compared, ever.
  std::uint64_t compared() const { return compared_; }

  // Drops the configurations that a later one dominates.
  void prune();

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::size_t kTableMin = 64;     // a power of two
  static constexpr std::size_t kTableKept = 1024;  // a larger one is given back when the set is cleared
  static constexpr int kCompareMax = 256;

  // Whatever can follow b can follow a: for each slot the same, or a's is free, or pending with an unknown
  // outcome (nothing obliges it), or a done read (nothing is left of it).
  bool dominates(const std::uint64_t* a, const std::uint64_t* b, const SlotKinds& kinds) const;
  bool contains(const std::uint64_t* configuration, std::uint64_t hash) const;
  void link(std::uint32_t i);  // into both tables
  void link_all();

  Layout layout_;
  std::vector<std::uint64_t> words_;
  struct Links {
    std::uint64_t state_hash = 0;
    std::uint64_t hash = 0;  // of all of it
    std::uint32_t next_of_state = kNone;
    std::uint32_t next = kNone;
    std::uint32_t node = 0;
    bool dominated = false;
  };
  std::vector<Links> links_;
  std::vector<std::uint32_t> states_;  // by hash of the state, the latest
  std::vector<std::uint32_t> all_;     // by hash of all, the latest
  bool any_dominated_ = false;
  std::uint64_t compared_ = 0;
};

}  // namespace norn::sim
