// Configurations, event by event: see stream_sweep.h, and search.cc for what is pruned and why.
#include "sim/check/stream_sweep.h"

#include <algorithm>

#include "sim/check/search_moves.h"

namespace norn::sim {

namespace {

constexpr std::size_t kHastyKept = 8;
constexpr std::size_t kHastyTried = 64;
constexpr std::uint64_t kComparedAStep = 32;  // so many configurations compared are a step
constexpr std::size_t kLookedAtAStep = 128;   // likewise operations looked at
constexpr std::size_t kOpenAStep =
    64;  // so many operations open make a step twice the work, and count as that

void set_bit(std::vector<std::uint64_t>& words, std::uint32_t slot, bool on) {
  const std::uint64_t bit = std::uint64_t{1} << slot % 64;
  if (on) {
    words[slot / 64] |= bit;
  } else {
    words[slot / 64] &= ~bit;
  }
}

}  // namespace

bool Sweep::is_open(std::uint32_t operation) const {
  return std::find(open.begin(), open.end(), operation) != open.end();
}

void Sweeper::begin(Sweep& sweep, const Layout& layout) {
  sweep.open.clear();
  sweep.shown = kAbsent;
  sweep.words.assign(layout.words(), 0);  // kAbsent is 0
  sweep.kinds.unknown.assign(layout.slot_words(), 0);
  sweep.kinds.reads.assign(layout.slot_words(), 0);
}

void Sweeper::call(Sweep& sweep, const Layout& layout, std::uint32_t called) {
  sweep.open.push_back(called);
  set_bit(sweep.kinds.unknown, slot(called), step(called).unknown);
  set_bit(sweep.kinds.reads, slot(called), false);
  if (is_read(step(called))) see(sweep, layout, called);
}

void Sweeper::see(Sweep& sweep, const Layout& layout, std::uint32_t read) {
  set_bit(sweep.kinds.unknown, slot(read), false);
  set_bit(sweep.kinds.reads, slot(read), true);
  for (std::size_t at = 0; at < sweep.words.size(); at += layout.words()) {
    load(layout, sweep.words.data() + at);
    if (apply(values_, state_.data(), step(read), parts(read)))
      layout.set_done(sweep.words.data() + at, slot(read));
  }
}

void Sweeper::forget(Sweep& sweep, const Layout& layout, std::uint32_t unknown) {
  set_bit(sweep.kinds.unknown, slot(unknown), true);
  next_.clear(layout);
  for (std::size_t at = 0; at < sweep.words.size(); at += layout.words()) {
    std::uint64_t* const words = sweep.words.data() + at;
    if (layout.free(words, slot(unknown))) layout.clear(words, slot(unknown));  // pending says no less now
    next_.insert(words, sweep.kinds);
  }
  next_.prune();
  sweep.words.assign(next_.at(0), next_.at(0) + next_.size() * layout.words());
}

Swept Sweeper::take_out(Sweep& sweep, const Layout& layout, std::uint32_t operation) {
  next_.clear(layout);
  for (std::size_t at = 0; at < sweep.words.size(); at += layout.words()) {
    std::uint64_t* const words = sweep.words.data() + at;
    if (layout.done(words, slot(operation))) continue;
    trial_.assign(words, words + layout.words());
    layout.clear(trial_.data(), slot(operation));
    next_.insert(trial_.data(), sweep.kinds);
  }
  if (next_.size() == 0) return Swept::contradicts;
  next_.prune();
  sweep.words.assign(next_.at(0), next_.at(0) + next_.size() * layout.words());
  sweep.open.erase(std::find(sweep.open.begin(), sweep.open.end(), operation));
  return Swept::fits;
}

void Sweeper::release(Sweep& sweep, const Layout& layout, std::uint32_t operation, std::uint32_t slot) {
  for (std::size_t at = 0; at < sweep.words.size(); at += layout.words())
    layout.clear(sweep.words.data() + at, slot);
  set_bit(sweep.kinds.unknown, slot, false);
  set_bit(sweep.kinds.reads, slot, false);
  const auto found = std::find(sweep.open.begin(), sweep.open.end(), operation);
  if (found != sweep.open.end()) sweep.open.erase(found);
}

Swept Sweeper::give_back(Sweep& sweep, const Layout& layout, std::uint32_t returned) {
  Swept swept = Swept::fits;
  if (at_once(sweep, layout, returned, swept)) return swept;
  if (!budget_.afford(sweep.size(layout) - 1)) return Swept::spent;
  next_.clear(layout);
  visited_.clear(layout);
  for (std::size_t at = 0; at < sweep.words.size(); at += layout.words()) {
    const std::uint64_t* const words = sweep.words.data() + at;
    const bool done = layout.done(words, slot(returned));
    if (!done) visited_.insert(words, sweep.kinds);  // a free one may still land, or stay unseen
    if (!done && !layout.free(words, slot(returned))) continue;
    trial_.assign(words, words + layout.words());
    layout.clear(trial_.data(), slot(returned));
    next_.insert(trial_.data(), sweep.kinds);
  }
  if (!explore(sweep, layout, returned)) return Swept::spent;
  if (next_.size() == 0) return Swept::contradicts;
  next_.prune();
  sweep.words.assign(next_.at(0), next_.at(0) + next_.size() * layout.words());
  sweep.open.erase(std::find(sweep.open.begin(), sweep.open.end(), returned));
  return Swept::fits;
}

// The usual cases, without tables: one configuration, in which the operation is done, or is all that is open.
bool Sweeper::at_once(Sweep& sweep, const Layout& layout, std::uint32_t returned, Swept& swept) {
  if (sweep.words.size() != layout.words()) return false;
  std::uint64_t* const words = sweep.words.data();
  if (!layout.done(words, slot(returned))) {
    if (sweep.open.size() != 1 || layout.free(words, slot(returned))) return false;
    if (!budget_.afford(1)) {
      swept = Swept::spent;
      return true;
    }
    load(layout, words);
    if (!apply(values_, state_.data(), step(returned), parts(returned))) {
      swept = Swept::contradicts;
      return true;
    }
    store_state(state_, layout, words);
  }
  layout.clear(words, slot(returned));
  sweep.open.erase(std::find(sweep.open.begin(), sweep.open.end(), returned));
  return true;
}

// From visited_, adds to next_ every configuration in which the operation has taken effect. False: the budget
// ran out.
bool Sweeper::explore(const Sweep& sweep, const Layout& layout, std::uint32_t returned) {
  const std::uint64_t each = 1 + sweep.open.size() / kOpenAStep;
  if (!budget_.afford(each - 1)) return false;
  list_told(sweep);
  for (std::size_t i = 0; i < visited_.size(); ++i) {
    const std::uint64_t compared = next_.compared() + visited_.compared() - compared_;
    if (!budget_.afford(compared / kComparedAStep + sweep.open.size() / kLookedAtAStep)) return false;
    compared_ += compared / kComparedAStep * kComparedAStep;
    if (hasty_ && (next_.size() >= kHastyKept || visited_.size() >= kHastyTried)) return true;
    for (const std::uint32_t candidate : sweep.open) {
      if (visited_.dominated(i)) break;
      if (candidate != returned && !may_be_told(candidate)) continue;
      if (layout.done(visited_.at(i), slot(candidate)) || is_read(step(candidate))) continue;
      if (expects_another(candidate, visited_.at(i))) continue;
      const std::uint32_t twin =
          assuming_ ? operations_[candidate].twin_assumed : operations_[candidate].twin_before;
      if (twin != kNoOperation && !layout.done(visited_.at(i), slot(twin))) continue;
      if (!budget_.afford(each) || visited_.size() + next_.size() > budget_.configurations_max) return false;
      if (!land(sweep, layout, candidate, returned, visited_.at(i))) continue;
      if (layout.done(trial_.data(), slot(returned))) {
        layout.clear(trial_.data(), slot(returned));
        next_.insert(trial_.data(), sweep.kinds);
      } else {
        visited_.insert(trial_.data(), sweep.kinds);
      }
    }
  }
  return true;
}

void Sweeper::list_told(const Sweep& sweep) {
  told_.clear();
  all_told_.clear();
  not_counters_.clear();
  for (const std::uint32_t other : sweep.open) {
    const KvStep& it = step(other);
    const bool counts = it.kind == OperationKind::increment && it.delta > 0;
    for (std::uint32_t j = 0; j < it.count; ++j) {
      const KeyStep& part = parts(other)[j];
      if (!counts && it.kind != OperationKind::get) not_counters_.push_back(part.key);
      if (is_blind(it)) continue;
      if (it.kind == OperationKind::append || it.kind == OperationKind::increment || sees_another(it)) {
        all_told_.push_back(part.key);
      } else {
        told_.push_back(std::uint64_t{part.key} << 32 | (is_read(it) ? part.value : part.expected));
      }
    }
  }
  std::sort(told_.begin(), told_.end());
}

// False: is_told() would say no of this blind write, wherever it landed.
bool Sweeper::may_be_told(std::uint32_t candidate) const {
  const KvStep& it = step(candidate);
  if (it.count != 1 || !is_blind(it)) return true;
  const KeyStep& part = *parts(candidate);
  const ValueId left = it.kind == OperationKind::remove ? kAbsent : part.argument;
  return std::find(all_told_.begin(), all_told_.end(), part.key) != all_told_.end() ||
         std::binary_search(told_.begin(), told_.end(), std::uint64_t{part.key} << 32 | left);
}

// All that is open on the key of the one that returns counts upwards, so that beyond what that one saw there
// is no way back. The value is in state_.
bool Sweeper::overshoots(std::uint32_t candidate, std::uint32_t returned) {
  const KvStep& it = step(returned);
  const KeyStep& part = *parts(returned);
  if (candidate == returned || it.count != 1 || step(candidate).kind != OperationKind::increment ||
      parts(candidate)->key != part.key || part.value <= kUnseen ||
      std::find(not_counters_.begin(), not_counters_.end(), part.key) != not_counters_.end())
    return false;
  const auto seen = parse_number(values_.text(part.value));
  const auto now = parse_number(values_.text(state_[part.key]));
  const std::int64_t more = it.kind == OperationKind::increment ? it.delta : 0;
  return seen && now && *now > *seen - more;
}

// Lets an operation take effect in a configuration; the outcome is in trial_. False: it cannot, or need not.
bool Sweeper::land(const Sweep& sweep, const Layout& layout, std::uint32_t candidate, std::uint32_t returned,
                   const std::uint64_t* from) {
  const KvStep& it = step(candidate);
  load(layout, from);
  if (!apply(values_, state_.data(), it, parts(candidate))) return false;
  if (overshoots(candidate, returned)) return false;
  if (it.kind == OperationKind::append && !fits_shown(sweep, state_[parts(candidate)->key])) return false;
  const bool may_wait = it.count == 1 && (it.unknown || is_blind(it) || it.kind == OperationKind::append);
  trial_.assign(from, from + layout.words());
  if (may_wait && candidate != returned &&
      !is_told(*this, sweep.open, layout, trial_.data(), candidate, state_[parts(candidate)->key]))
    return false;
  store_state(state_, layout, trial_.data());
  layout.set_done(trial_.data(), slot(candidate));
  if (is_blind(it)) free_hidden(*this, sweep.open, layout, trial_.data(), candidate);
  read_at_once(*this, sweep.open, layout, trial_.data(), values_, state_);
  return true;
}

// A compare-and-set that writes if anything: apply() would refuse it. A look is no step, for of those of
// unknown outcome that were too late there are ever more.
bool Sweeper::expects_another(std::uint32_t candidate, const std::uint64_t* words) const {
  const KvStep& it = step(candidate);
  if (it.kind != OperationKind::compare_and_set || !(it.unknown || it.matched)) return false;
  return Layout::value(words, parts(candidate)->key) != parts(candidate)->expected;
}

bool Sweeper::fits_shown(const Sweep& sweep, ValueId value) const {
  if (sweep.shown <= kUnseen || value <= kUnseen) return true;
  const std::string_view shown = values_.text(sweep.shown);
  const std::string_view text = values_.text(value);
  return text.size() < shown.size() ? shown.starts_with(text) : text.starts_with(shown);
}

void Sweeper::load(const Layout& layout, const std::uint64_t* words) {
  state_.resize(layout.state_words() * 2);
  load_state(words, state_);
}

}  // namespace norn::sim
