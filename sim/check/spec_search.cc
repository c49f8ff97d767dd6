// The search for any specification: see spec_search.h. What it leaves out:
//
// - Reads at once. A completed operation that changes no state takes effect as soon as it fits, and nothing
//   else is tried there. Whatever order goes on from here without it has it later; moved here it follows all
//   that it must (which had returned before its call, so has taken effect), precedes all that it must, and
//   changes nothing for anybody.
// - Idle unknowns. An operation of unknown outcome that would leave the state as it is is not tried: left
// out,
//   it is still there to be used.
// Where there is a choice, the front goes first: it is what must happen, and often all that need happen.
#include "sim/check/spec_search.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "replica/base/digest.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Configurations, each a fixed number of words, in a hash table. Blocks, so that growing needs no copy.
class Configurations {
 public:
  explicit Configurations(std::size_t words)
      : words_(words),
        per_block_(std::max<std::size_t>(1, kBlockBytes / (words * 8))),
        table_(kTableMin, kNone) {}

  // False: it is there already.
  bool insert(const std::vector<std::uint64_t>& configuration) {
    if (size_ * 2 >= table_.size()) grow();
    const std::size_t mask = table_.size() - 1;
    std::size_t at = hash_of(configuration.data()) & mask;
    for (; table_[at] != kNone; at = (at + 1) & mask) {
      if (std::equal(configuration.begin(), configuration.end(), entry(table_[at]))) return false;
    }
    if (size_ == blocks_.size() * per_block_)
      blocks_.push_back(std::make_unique<std::uint64_t[]>(per_block_ * words_));
    table_[at] = static_cast<std::uint32_t>(size_++);
    std::copy(configuration.begin(), configuration.end(), entry(table_[at]));
    return true;
  }

  // What it takes once one more is in it.
  std::size_t memory() const {
    const std::size_t blocks = blocks_.size() + (size_ == blocks_.size() * per_block_ ? 1 : 0);
    const std::size_t tables = size_ * 2 >= table_.size() ? 3 * table_.size() : table_.size();
    return blocks * per_block_ * words_ * 8 + tables * sizeof(std::uint32_t);
  }
  bool is_full() const { return size_ >= kNone - 1; }

 private:
  static constexpr std::size_t kTableMin = 256;  // a power of two
  static constexpr std::size_t kBlockBytes = 16'384;

  std::uint64_t* entry(std::uint32_t i) { return blocks_[i / per_block_].get() + i % per_block_ * words_; }

  std::uint64_t hash_of(const std::uint64_t* words) const {
    Digest digest;
    for (std::size_t i = 0; i < words_; ++i) digest.add(words[i]);
    return digest.value();
  }

  void grow() {
    std::vector<std::uint32_t> larger(table_.size() * 2, kNone);
    const std::size_t mask = larger.size() - 1;
    for (std::uint32_t i = 0; i < size_; ++i) {
      std::size_t at = hash_of(entry(i)) & mask;
      while (larger[at] != kNone) at = (at + 1) & mask;
      larger[at] = i;
    }
    table_ = std::move(larger);
  }

  std::size_t words_;
  std::size_t per_block_;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::vector<std::uint32_t> table_;  // open addressing
};

struct Event {
  std::int64_t at = 0;
  bool returns = false;  // calls first: equal times are concurrent
  std::uint32_t operation = 0;

  friend bool operator<(const Event& a, const Event& b) {
    if (a.at != b.at) return a.at < b.at;
    return a.returns != b.returns ? b.returns : a.operation < b.operation;
  }
};

class Search {
 public:
  Search(const std::vector<SpecCall>& calls, SpecModel& model, const SpecBudget& budget, std::uint64_t& steps)
      : calls_(calls), model_(model), budget_(budget), steps_(steps) {
    make_events();
    done_.assign((slots_ + 63) / 64, 0);
    configuration_.resize(done_.size() + 1);
    configurations_.emplace(configuration_.size());
  }

  SpecFinding run() {
    state_ = model_.init();
    advance();
    for (bool entered = true; front_ < events_.size();) {
      if (entered) {
        farthest_ = std::max(farthest_, front_);
        const Entered how = enter();
        if (how == Entered::by_a_read) continue;
        if (how == Entered::too_much) return {Verdict::undecided, {}, 0};
        if (how == Entered::again && !take_back()) break;
      }
      const Moved moved = move();
      if (moved == Moved::too_much) return {Verdict::undecided, {}, 0};
      if (moved == Moved::nowhere && !take_back()) break;
      entered = moved == Moved::on;
    }
    if (front_ < events_.size()) return {Verdict::violation, {}, events_[farthest_].operation};
    SpecFinding finding;
    for (const Frame& frame : frames_) finding.order.push_back(frame.operation);
    return finding;
  }

 private:
  enum class Entered { anew, again, by_a_read, too_much };
  enum class Moved { on, nowhere, too_much };

  // One operation that took effect, and what to restore when it is taken back.
  struct Frame {
    std::uint32_t operation = 0;
    std::uint32_t front = 0;
    std::uint32_t state = 0;
    std::uint32_t next = 0;  // the candidate to try after it; kNone: no other
  };

  void make_events() {
    for (std::uint32_t i = 0; i < calls_.size(); ++i) {
      events_.push_back({calls_[i].call, false, i});
      if (calls_[i].known) events_.push_back({std::max(calls_[i].call, calls_[i].back), true, i});
    }
    std::sort(events_.begin(), events_.end());
    slot_of_.resize(calls_.size());
    std::vector<std::uint32_t> released;
    for (const Event& event : events_) {
      if (event.returns) {
        released.push_back(slot_of_[event.operation]);
      } else if (released.empty()) {
        slot_of_[event.operation] = static_cast<std::uint32_t>(slots_++);
      } else {
        slot_of_[event.operation] = released.back();
        released.pop_back();
      }
    }
  }

  bool is_done(std::uint32_t operation) const {
    const std::uint32_t slot = slot_of_[operation];
    return (done_[slot / 64] >> slot % 64 & 1) != 0;
  }
  void flip(std::uint32_t operation) {
    done_[slot_of_[operation] / 64] ^= std::uint64_t{1} << slot_of_[operation] % 64;
  }

  // The open operations are kept in the order of their calls, so that a list taken back is the list it was.
  std::vector<std::uint32_t>& open_of(std::uint32_t operation) {
    return calls_[operation].known ? open_ : open_unknown_;
  }
  void open(std::uint32_t operation) {
    std::vector<std::uint32_t>& open = open_of(operation);
    open.insert(std::lower_bound(open.begin(), open.end(), operation), operation);
  }
  void close(std::uint32_t operation) {
    std::vector<std::uint32_t>& open = open_of(operation);
    open.erase(std::lower_bound(open.begin(), open.end(), operation));
  }

  // On to the next return of an operation that has not taken effect.
  void advance() {
    for (; front_ < events_.size(); ++front_) {
      const Event& event = events_[front_];
      if (!event.returns) {
        open(event.operation);
      } else if (is_done(event.operation)) {
        flip(event.operation);
        close(event.operation);
      } else {
        return;
      }
    }
  }

  void go_back(std::uint32_t front) {
    while (front_ > front) {
      const Event& event = events_[--front_];
      if (!event.returns) {
        close(event.operation);
      } else {
        open(event.operation);
        flip(event.operation);
      }
    }
  }

  bool afford_step() {
    if (steps_ >= budget_.steps_max) return false;
    ++steps_;
    return true;
  }

  bool fits_memory() const {
    return !configurations_->is_full() &&
           configurations_->memory() + 2 * frames_.capacity() * sizeof(Frame) + model_.memory() <=
               budget_.memory_max;
  }

  // A new configuration: a read that fits goes on from it, else it is looked up. Those that a read leaves are
  // not kept, for they have one way on only.
  Entered enter() {
    for (const std::uint32_t candidate : open_) {
      if (!calls_[candidate].reads || is_done(candidate)) continue;
      if (!afford_step()) return Entered::too_much;
      if (!model_.step(state_, candidate)) continue;
      take(candidate, state_, kNone);
      return Entered::by_a_read;
    }
    if (!fits_memory()) return Entered::too_much;
    configuration_[0] = std::uint64_t{front_} << 32 | state_;
    std::copy(done_.begin(), done_.end(), configuration_.begin() + 1);
    next_ = 0;
    return configurations_->insert(configuration_) ? Entered::anew : Entered::again;
  }

  // Candidates by number: the front, the other open ones, those of unknown outcome. kNone: there are no more.
  std::uint32_t candidate(std::uint32_t number) const {
    if (number == 0) return events_[front_].operation;
    if (number <= open_.size()) return open_[number - 1];
    const std::size_t unknown = number - 1 - open_.size();
    return unknown < open_unknown_.size() ? open_unknown_[unknown] : kNone;
  }

  Moved move() {
    while (true) {
      const std::uint32_t operation = candidate(next_);
      if (operation == kNone) return Moved::nowhere;
      const bool again = next_ != 0 && operation == events_[front_].operation;
      ++next_;
      if (again || is_done(operation)) continue;
      if (!afford_step()) return Moved::too_much;
      const std::optional<std::uint32_t> after = model_.step(state_, operation);
      if (!after || (!calls_[operation].known && *after == state_)) continue;
      take(operation, *after, next_);
      return Moved::on;
    }
  }

  void take(std::uint32_t operation, std::uint32_t after, std::uint32_t next) {
    frames_.push_back({operation, static_cast<std::uint32_t>(front_), state_, next});
    flip(operation);
    state_ = after;
    advance();
  }

  // Back to where something else is left to try. False: nowhere.
  bool take_back() {
    while (!frames_.empty()) {
      const Frame frame = frames_.back();
      frames_.pop_back();
      go_back(frame.front);
      flip(frame.operation);
      state_ = frame.state;
      next_ = frame.next;
      if (next_ != kNone) return true;
    }
    return false;
  }

  const std::vector<SpecCall>& calls_;
  SpecModel& model_;
  const SpecBudget& budget_;
  std::uint64_t& steps_;

  std::vector<Event> events_;
  std::vector<std::uint32_t> slot_of_;  // by operation
  std::size_t slots_ = 0;

  std::uint32_t state_ = 0;
  std::uint32_t front_ = 0;  // among events_
  std::uint32_t farthest_ = 0;
  std::uint32_t next_ = 0;           // the candidate to try
  std::vector<std::uint64_t> done_;  // by slot
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> open_unknown_;
  std::vector<Frame> frames_;
  std::vector<std::uint64_t> configuration_;
  std::optional<Configurations> configurations_;
};

}  // namespace

SpecFinding search_spec(const std::vector<SpecCall>& calls, SpecModel& model, const SpecBudget& budget,
                        std::uint64_t& steps) {
  return Search(calls, model, budget, steps).run();
}

}  // namespace norn::sim
