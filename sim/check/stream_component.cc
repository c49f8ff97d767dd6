// The two sweeps and the window between them: see stream_component.h.
#include "sim/check/stream_component.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "replica/base/assert.h"

namespace norn::sim {

namespace {

constexpr std::size_t kSlotsMin = 64;
constexpr std::size_t kWindowCompact = 64;

// Its result says what it found: until it is known, the search cannot place it.
bool has_result(OperationKind kind) {
  return kind == OperationKind::get || kind == OperationKind::multi_get ||
         kind == OperationKind::compare_and_set || kind == OperationKind::increment;
}

bool only_reads(OperationKind kind) { return kind == OperationKind::get || kind == OperationKind::multi_get; }

bool equal_but_for_calls(const StreamOperation& a, const StreamOperation& b) {
  return a.step.kind == b.step.kind && a.step.delta == b.step.delta &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                    [](const KeyStep& x, const KeyStep& y) {
                      return x.key == y.key && x.argument == y.argument && x.expected == y.expected;
                    });
}

}  // namespace

std::uint32_t StreamTables::take() {
  if (released.empty()) {
    operations.emplace_back();
    return static_cast<std::uint32_t>(operations.size() - 1);
  }
  const std::uint32_t operation = released.back();
  released.pop_back();
  std::vector<KeyStep> parts = std::move(operations[operation].parts);
  parts.clear();
  operations[operation] = {};
  operations[operation].parts = std::move(parts);
  return operation;
}

void StreamTables::release(std::uint32_t operation) {
  operations[operation].parts.clear();
  operations[operation].slot = kNoOperation;
  released.push_back(operation);
}

StreamComponent::StreamComponent(std::uint32_t key) : keys_{key}, layout_(1, kSlotsMin) {}

// ---- what happens

void StreamComponent::call(StreamTables& tables, std::uint32_t operation) {
  if (zones_) {
    if (zones_->takes(tables.operations[operation])) return zones_->call(tables, operation);
    leave_zones(tables);
    if (given_up_) return tables.release(operation);
  }
  enter(tables, operation);
}

void StreamComponent::enter(StreamTables& tables, std::uint32_t operation) {
  give_slot(tables, operation);
  tables.operations[operation].event = ++events_;
  const KvStep& step = tables.operations[operation].step;
  if (step.count != 1 || (step.kind != OperationKind::append && step.kind != OperationKind::get))
    stop_growing();
  window_.push_back({tables.events, operation, false});
  if (window_size() > kWindowMax) drop_front(tables);
  if (events_ % kWindowMax == 0) abandon_old(tables);
  std::uint32_t stuck = kNoOperation;
  if (advance(tables, stuck) != Swept::fits) give_up(tables);
}

std::optional<Stuck> StreamComponent::give_back(StreamTables& tables, std::uint32_t operation) {
  if (given_up_ || tables.operations[operation].dropped) {  // dropped: its cluster was, in the zones
    tables.release(operation);
    return std::nullopt;
  }
  if (zones_) return stuck_in_zones(operation, zones_->give_back(tables, operation));
  if (tables.operations[operation].assumed) drop_middle(tables);
  ++events_;
  show(tables, operation);
  window_.push_back({tables.events, operation, true});
  return judge(tables);
}

std::optional<Stuck> StreamComponent::forget(StreamTables& tables, std::uint32_t operation) {
  StreamOperation& it = tables.operations[operation];
  if (given_up_ || it.dropped) {
    tables.release(operation);
    return std::nullopt;
  }
  if (zones_) {
    zones_->forget(tables, operation);
    return std::nullopt;
  }
  std::erase(awaiting_, operation);
  std::erase(assumed_, operation);
  it.assumed = false;
  if (only_reads(it.step.kind)) {
    it.dropped = true;
    return judge(tables);
  }
  it.step.unknown = true;
  find_twins(tables, operation);
  if (it.committed) {
    tables.sweeper.forget(committed_, layout_, operation);
    release_settled(tables);
  }
  if (ahead_ && tentative_.is_open(operation)) tables.sweeper.forget(tentative_, layout_, operation);
  if (has_middle_ && middle_.is_open(operation)) tables.sweeper.forget(middle_, layout_, operation);
  return judge(tables);
}

std::optional<Stuck> StreamComponent::take_out(StreamTables& tables, std::uint32_t operation) {
  StreamOperation& it = tables.operations[operation];
  if (given_up_) {
    tables.release(operation);
    return std::nullopt;
  }
  if (it.dropped) {  // of a cluster that was dropped: it was seen
    StreamZones::Conflict conflict;
    conflict.own.value = it.parts[0].argument;
    return stuck_in_zones(operation, conflict);
  }
  if (zones_) return stuck_in_zones(operation, zones_->take_out(tables, operation));
  ahead_ = false;
  drop_middle(tables);
  if (!it.committed) {
    it.dropped = true;
    return judge(tables);
  }
  const Swept swept = tables.sweeper.take_out(committed_, layout_, operation);
  if (swept == Swept::contradicts) return Stuck{operation, committed_, {}};
  std::optional<Stuck> stuck = judge(tables);
  if (!given_up_ && !stuck) release(tables, operation);
  return stuck;
}

std::optional<Stuck> StreamComponent::stuck_in_zones(std::uint32_t operation,
                                                     const std::optional<StreamZones::Conflict>& conflict) {
  return conflict ? std::optional(Stuck{operation, {}, conflict}) : std::nullopt;
}

// Whether the events so far have an order.
std::optional<Stuck> StreamComponent::judge(StreamTables& tables) {
  std::uint32_t stuck = kNoOperation;
  Swept swept = advance(tables, stuck);
  if (swept == Swept::contradicts) return Stuck{stuck, committed_, {}};
  if (swept == Swept::fits && window_size() == 0) {
    ahead_ = false;
    drop_middle(tables);
    return std::nullopt;
  }
  if (swept == Swept::fits && (!ahead_ || go_ahead(tables) != Swept::fits)) {
    move_middle(tables);
    swept = try_again(tables, true, stuck);
    if (swept == Swept::contradicts) swept = try_again(tables, false, stuck);
    if (swept == Swept::contradicts) return Stuck{stuck, tentative_, {}};
  }
  if (swept == Swept::spent) give_up(tables);
  return std::nullopt;
}

// ---- out of the zones

// Goes on with the sweeps. What the zones have is a history again: the writes and reads that are open, and
// clusters. That the writes of these return last is no less than was known, as each has a read before.
void StreamComponent::leave_zones(StreamTables& tables) {
  const StreamZones zones = std::move(*zones_);
  zones_.reset();
  slots_.assign(kSlotsMin, kNoOperation);
  Sweeper::begin(committed_, layout_);
  using Step = std::tuple<std::int64_t, bool, std::size_t, std::uint32_t>;  // when, a return, place, which
  std::vector<Step> steps;
  const auto add = [&](std::uint32_t operation, std::int64_t back) {
    const StreamOperation& it = tables.operations[operation];
    steps.emplace_back(it.step.call, false, it.place, operation);
    if (it.outcome == Outcome::ok) steps.emplace_back(back, true, it.place, operation);
  };
  for (const std::uint32_t operation : zones.open()) add(operation, 0);
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  for (const StreamZones::Cluster& it : zones.clusters()) {
    if (it.value != kAbsent && it.writer == kNoOperation)
      add(make(tables, it, OperationKind::put, it.write_call, it.f), kLast);
    if (it.f != StreamZones::kBegin) add(make(tables, it, OperationKind::get, it.write_call, it.f), it.f);
    if (it.s != it.write_call) add(make(tables, it, OperationKind::get, it.s, it.s), kLast);
  }
  std::sort(steps.begin(), steps.end());
  for (const auto& [at, returns, place, operation] : steps) {
    if (given_up_) break;
    if (!returns) {
      enter(tables, operation);
      continue;
    }
    window_.push_back({tables.events, operation, true});
    std::uint32_t stuck = kNoOperation;
    const Swept swept = advance(tables, stuck);
    ASSERT(swept != Swept::contradicts);
    if (swept == Swept::spent) give_up(tables);
  }
  for (const auto& [at, returns, place, operation] : steps) {
    if (given_up_ && tables.operations[operation].slot != kNoOperation) tables.release(operation);
  }
}

// An operation that stands for those of a cluster.
std::uint32_t StreamComponent::make(StreamTables& tables, const StreamZones::Cluster& cluster,
                                    OperationKind kind, std::int64_t call, std::int64_t back) const {
  const std::uint32_t made = tables.take();
  StreamOperation& it = tables.operations[made];
  it.step.kind = kind;
  it.step.count = 1;
  it.step.call = call;
  it.step.back = back;
  it.outcome = Outcome::ok;
  const bool puts = kind == OperationKind::put;
  it.place = puts ? cluster.write_place : call == cluster.s ? cluster.s_place : cluster.f_place;
  it.parts.push_back({0, puts ? cluster.value : kAbsent, kAbsent, puts ? kAbsent : cluster.value});
  return made;
}

// ---- the committed sweep

bool StreamComponent::awaited(const StreamOperation& operation) const {
  return operation.outcome == Outcome::pending && !operation.dropped && has_result(operation.step.kind);
}

bool StreamComponent::unshown(const StreamTables& tables, StreamOperation& operation) const {
  if (!only_grows_ || operation.step.kind != OperationKind::append || operation.shown) return false;
  if (operation.outcome == Outcome::info || operation.dropped) return false;
  if (committed_.shown == kAbsent) return true;
  const std::string_view shown = tables.values.text(committed_.shown);
  if (operation.looked != shown.size()) {
    operation.looked = shown.size();
    operation.shown = shown.find(tables.values.text(operation.parts[0].argument)) != std::string_view::npos;
  }
  return !operation.shown;
}

// A read has returned.
void StreamComponent::show(const StreamTables& tables, std::uint32_t read) {
  const StreamOperation& it = tables.operations[read];
  if (!only_grows_ || it.step.kind != OperationKind::get || it.parts[0].value == kAbsent) return;
  const ValueId value = it.parts[0].value;
  const std::string_view text = tables.values.text(value);
  const bool longer =
      committed_.shown == kAbsent || (text.size() > tables.values.text(committed_.shown).size() &&
                                      text.starts_with(tables.values.text(committed_.shown)));
  if (longer) committed_.shown = tentative_.shown = middle_.shown = value;
}

void StreamComponent::stop_growing() {
  only_grows_ = false;
  committed_.shown = tentative_.shown = middle_.shown = kAbsent;
}

// Takes events from the window as far as all results are known.
Swept StreamComponent::advance(StreamTables& tables, std::uint32_t& stuck) {
  while (window_size() != 0) {
    const Event event = window_[window_from_];
    StreamOperation& it = tables.operations[event.operation];
    if (!event.returns && (awaited(it) || unshown(tables, it))) break;
    if (event.returns) {
      const Swept swept = tables.sweeper.give_back(committed_, layout_, event.operation);
      if (swept != Swept::fits) {
        stuck = event.operation;
        return swept;
      }
    } else if (!it.dropped) {
      tables.sweeper.call(committed_, layout_, event.operation);
      it.committed = true;
    }
    if (event.returns) retire(tables, event.operation);
    if (!event.returns && it.dropped) release(tables, event.operation);
    ++window_from_;
    if (tentative_at_ < window_from_) ahead_ = false;
    if (has_middle_ && middle_at_ < window_from_) drop_middle(tables);
    if (event.returns) release_settled(tables);
  }
  if (window_from_ == window_.size() || window_from_ >= kWindowCompact + window_.size() / 2) {
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(window_from_));
    tentative_at_ = ahead_ ? tentative_at_ - window_from_ : 0;
    middle_at_ = has_middle_ ? middle_at_ - window_from_ : 0;
    window_from_ = 0;
  }
  return Swept::fits;
}

// What holds the window up is not waited for any more.
void StreamComponent::drop_front(StreamTables& tables) {
  const std::uint32_t first = window_[window_from_].operation;
  StreamOperation& it = tables.operations[first];
  if (unshown(tables, it)) it.shown = true;
  if (window_[window_from_].returns || !awaited(it)) return;
  it.outcome = Outcome::info;
  it.abandoned = true;
  std::erase(awaiting_, first);
  std::erase(assumed_, first);
  it.assumed = false;
  if (only_reads(it.step.kind)) {
    it.dropped = true;
  } else {
    it.step.unknown = true;
    find_twins(tables, first);
  }
}

// ---- the tentative sweep

Swept StreamComponent::go_ahead(StreamTables& tables) {
  tables.sweeper.set_hasty(true);
  Swept swept = Swept::fits;
  for (; swept == Swept::fits && tentative_at_ < window_.size(); ++tentative_at_) {
    swept = ahead_event(tables, window_[tentative_at_]);
    cut_tentative();
  }
  tables.sweeper.set_hasty(false);
  return swept;
}

// Goes through the window again, with what is known by now; in haste: with some configurations only.
Swept StreamComponent::try_again(StreamTables& tables, bool hasty, std::uint32_t& stuck) {
  tentative_ = has_middle_ ? middle_ : committed_;
  awaiting_ = assumed_;
  tentative_at_ = has_middle_ ? middle_at_ : window_from_;
  if (!tables.budget.afford((window_.size() - tentative_at_) / kEventsAStep)) return Swept::spent;
  ahead_ = true;
  tables.sweeper.set_hasty(hasty);
  tables.sweeper.set_assuming(has_middle_);
  Swept swept = Swept::fits;
  for (; swept == Swept::fits && tentative_at_ < window_.size(); ++tentative_at_) {
    if (hasty) cut_tentative();
    stuck = window_[tentative_at_].operation;
    swept = ahead_event(tables, window_[tentative_at_]);
  }
  tables.sweeper.set_hasty(false);
  tables.sweeper.set_assuming(false);
  if (swept == Swept::fits) {
    cut_tentative();
  } else {
    ahead_ = false;
  }
  return swept;
}

// Brings the middle sweep as near to the present as it may come, for half of what may be spent now.
void StreamComponent::move_middle(StreamTables& tables) {
  if (window_size() <= tables.patience) may_have_middle_ = true;
  if (!may_have_middle_ || window_size() <= tables.patience) return;
  if (!has_middle_) {
    middle_ = committed_;
    middle_at_ = window_from_;
    has_middle_ = true;
    for (const std::uint32_t operation : slots_) {
      if (operation == kNoOperation) continue;
      tables.operations[operation].twin_assumed = tables.operations[operation].twin_before;
    }
    for (const std::uint32_t operation : committed_.open) {
      if (tables.operations[operation].outcome == Outcome::pending) assume(tables, operation);
    }
  }
  const std::uint64_t may = tables.budget.may;
  tables.budget.may -= (may - tables.budget.steps) / 2;
  const std::size_t end = window_.size() - tables.patience;
  tables.sweeper.set_assuming(true);
  bool affords = middle_at_ >= end || tables.budget.afford((end - middle_at_) / kEventsAStep);
  for (; affords && middle_at_ < end; ++middle_at_) {
    const Event& event = window_[middle_at_];
    StreamOperation& it = tables.operations[event.operation];
    if (it.dropped) continue;
    if (!event.returns && unshown(tables, it)) break;
    if (event.returns) {
      // None is left only if the window has no order since an operation in it turned out not to have
      // happened.
      affords = tables.sweeper.give_back(middle_, layout_, event.operation) == Swept::fits;
      continue;
    }
    const bool pending = it.outcome == Outcome::pending;
    if (!pending || !only_reads(it.step.kind)) tables.sweeper.call(middle_, layout_, event.operation);
    if (pending) assume(tables, event.operation);
  }
  tables.sweeper.set_assuming(false);
  tables.budget.may = may;
  may_have_middle_ = affords;
  if (!affords) drop_middle(tables);
}

// To the middle sweep, which it has been called in unless it is a read, it is of unknown outcome.
void StreamComponent::assume(StreamTables& tables, std::uint32_t operation) {
  StreamOperation& it = tables.operations[operation];
  assumed_.push_back(operation);
  it.assumed = true;
  if (only_reads(it.step.kind)) return;
  tables.sweeper.forget(middle_, layout_, operation);
  link_twins(tables, operation, true, &StreamOperation::twin_assumed);
}

void StreamComponent::drop_middle(StreamTables& tables) {
  has_middle_ = false;
  middle_ = {};
  for (const std::uint32_t operation : assumed_) tables.operations[operation].assumed = false;
  assumed_.clear();
}

void StreamComponent::cut_tentative() {
  tentative_.words.resize(std::min(tentative_.words.size(), kTentativeMax * layout_.words()));
}

Swept StreamComponent::ahead_event(StreamTables& tables, const Event& event) {
  const StreamOperation& it = tables.operations[event.operation];
  if (it.dropped) return Swept::fits;
  if (event.returns) {
    const Swept swept = ahead_resolved(tables, event.operation);
    if (swept != Swept::fits) return swept;
    return tables.sweeper.give_back(tentative_, layout_, event.operation);
  }
  if (awaited(it)) awaiting_.push_back(event.operation);
  if (!awaited(it) || !only_reads(it.step.kind)) tables.sweeper.call(tentative_, layout_, event.operation);
  return Swept::fits;
}

// An operation that has waited for its result returns with it.
Swept StreamComponent::ahead_resolved(StreamTables& tables, std::uint32_t operation) {
  const auto found = std::find(awaiting_.begin(), awaiting_.end(), operation);
  if (found == awaiting_.end()) return Swept::fits;
  awaiting_.erase(found);
  const StreamOperation& it = tables.operations[operation];
  if (!only_reads(it.step.kind)) {  // where it has landed, it did so without regard to its result
    const Swept swept = tables.sweeper.take_out(tentative_, layout_, operation);
    if (swept != Swept::fits) return swept;
  }
  tables.sweeper.call(tentative_, layout_, operation);
  return Swept::fits;
}

// ---- slots

void StreamComponent::give_slot(StreamTables& tables, std::uint32_t operation) {
  auto vacant = std::find(slots_.begin(), slots_.end(), kNoOperation);
  if (vacant == slots_.end()) {
    const std::size_t used = slots_.size();
    widen(keys_.size(), used * 2);
    vacant = slots_.begin() + static_cast<std::ptrdiff_t>(used);
  }
  *vacant = operation;
  tables.operations[operation].slot = static_cast<std::uint32_t>(vacant - slots_.begin());
}

void StreamComponent::widen(std::size_t keys, std::size_t slots) {
  const Layout wide(keys, slots);
  slots_.resize(slots, kNoOperation);
  move_words(committed_, layout_, wide);
  move_words(tentative_, layout_, wide);
  move_words(middle_, layout_, wide);
  layout_ = wide;
}

void StreamComponent::move_words(Sweep& sweep, const Layout& from, const Layout& to) {
  std::vector<std::uint64_t> moved(sweep.words.size() / from.words() * to.words(), 0);
  for (std::size_t i = 0; i < sweep.words.size() / from.words(); ++i) {
    const std::uint64_t* const source = sweep.words.data() + i * from.words();
    std::uint64_t* const target = moved.data() + i * to.words();
    std::copy_n(source, from.state_words(), target);
    const std::uint64_t* const slots = source + from.state_words();
    std::copy_n(slots, from.slot_words(), target + to.state_words());
    std::copy_n(slots + from.slot_words(), from.slot_words(), target + to.state_words() + to.slot_words());
  }
  sweep.words = std::move(moved);
  sweep.kinds.unknown.resize(to.slot_words());
  sweep.kinds.reads.resize(to.slot_words());
}

void StreamComponent::release(StreamTables& tables, std::uint32_t operation) {
  slots_[tables.operations[operation].slot] = kNoOperation;
  if (!tables.operations[operation].abandoned) tables.release(operation);  // its answer has to be noticed
}

// It has returned.
void StreamComponent::retire(StreamTables& tables, std::uint32_t operation) {
  if (is_read(tables.operations[operation].step)) return release(tables, operation);
  slots_[tables.operations[operation].slot] = kNoOperation;
  tables.operations[operation].slot = kNoOperation;
  recent_.push_back(operation);
  if (recent_.size() <= kRecentMax) return;
  tables.release(recent_.front());
  recent_.erase(recent_.begin());
}

// Operations of unknown outcome that have landed in every configuration are over.
void StreamComponent::release_settled(StreamTables& tables) {
  for (std::size_t i = 0; i < layout_.slot_words(); ++i) {
    std::uint64_t settled = committed_.kinds.unknown[i];
    for (std::size_t at = 0; settled != 0 && at < committed_.words.size(); at += layout_.words())
      settled &= committed_.words[at + layout_.state_words() + i];
    for (; settled != 0; settled &= settled - 1) {
      const auto slot =
          static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(settled));
      const std::uint32_t operation = slots_[slot];
      for (const std::uint32_t other : slots_) {
        if (other == kNoOperation) continue;
        for (const auto twin : {&StreamOperation::twin_before, &StreamOperation::twin_assumed}) {
          if (tables.operations[other].*twin == operation) tables.operations[other].*twin = kNoOperation;
        }
      }
      Sweeper::release(committed_, layout_, operation, slot);
      if (ahead_) Sweeper::release(tentative_, layout_, operation, slot);
      if (has_middle_) Sweeper::release(middle_, layout_, operation, slot);
      release(tables, operation);
    }
  }
}

void StreamComponent::find_twins(StreamTables& tables, std::uint32_t unknown) {
  link_twins(tables, unknown, false, &StreamOperation::twin_before);
  if (has_middle_) link_twins(tables, unknown, true, &StreamOperation::twin_assumed);
}

void StreamComponent::link_twins(StreamTables& tables, std::uint32_t unknown, bool assumed,
                                 std::uint32_t StreamOperation::*twin) const {
  StreamOperation& it = tables.operations[unknown];
  std::uint32_t after = kNoOperation;
  it.*twin = kNoOperation;
  for (const std::uint32_t other : slots_) {
    if (other == kNoOperation || other == unknown) continue;
    const StreamOperation& that = tables.operations[other];
    const bool counts = that.outcome == Outcome::info || (assumed && that.assumed);
    if (!counts || that.dropped || !equal_but_for_calls(it, that)) continue;
    std::uint32_t& nearest = that.place < it.place ? it.*twin : after;
    if (nearest == kNoOperation || (that.place < it.place) == (that.place > tables.operations[nearest].place))
      nearest = other;
  }
  if (after != kNoOperation) tables.operations[after].*twin = unknown;
}

// Writes have no result that the committed sweep would wait for, but it remembers that they may return.
void StreamComponent::abandon_old(StreamTables& tables) {
  const std::vector<std::uint32_t> open = committed_.open;
  for (const std::uint32_t operation : open) {
    StreamOperation& it = tables.operations[operation];
    if (it.outcome != Outcome::pending || it.event + kWindowMax > events_) continue;
    it.outcome = Outcome::info;
    it.abandoned = true;
    it.step.unknown = true;
    std::erase(assumed_, operation);
    it.assumed = false;
    find_twins(tables, operation);
    tables.sweeper.forget(committed_, layout_, operation);
    if (ahead_ && tentative_.is_open(operation)) tables.sweeper.forget(tentative_, layout_, operation);
    if (has_middle_ && middle_.is_open(operation)) tables.sweeper.forget(middle_, layout_, operation);
  }
  release_settled(tables);
}

void StreamComponent::give_up(StreamTables& tables) {
  given_up_ = true;
  if (zones_) {
    for (const std::uint32_t operation : zones_->open()) tables.release(operation);
    zones_.reset();
  }
  for (const std::uint32_t operation : slots_) {
    if (operation != kNoOperation) tables.release(operation);
  }
  for (const std::uint32_t operation : recent_) tables.release(operation);
  recent_ = {};
  layout_ = Layout(keys_.size(), kSlotsMin);
  slots_.assign(kSlotsMin, kNoOperation);
  window_ = {};
  window_from_ = tentative_at_ = 0;
  ahead_ = false;
  tentative_ = {};
  awaiting_ = {};
  drop_middle(tables);
  Sweeper::begin(committed_, layout_);
}

// ---- joining

// Until now nothing tells in which order events of the two stood, so every pair of configurations is possible
// (Herlihy & Wing 1990, section 3.4), though the two may have committed up to different times.
void StreamComponent::join(StreamTables& tables, StreamComponent& other) {
  if (zones_ && !other.given_up_) leave_zones(tables);
  if (other.zones_ && !given_up_) other.leave_zones(tables);
  const std::size_t pairs = committed_.size(layout_) * other.committed_.size(other.layout_);
  if (given_up_ || other.given_up_ || pairs > tables.budget.configurations_max) {
    keys_.insert(keys_.end(), other.keys_.begin(), other.keys_.end());
    other.give_up(tables);
    return give_up(tables);
  }
  const Layout to(keys_.size() + other.keys_.size(), slots_.size() + other.slots_.size());
  stop_growing();
  committed_.words = product(tables, other, to);
  const auto renumber = [&](std::uint32_t operation) {
    if (operation == kNoOperation) return;
    StreamOperation& it = tables.operations[operation];
    if (it.slot != kNoOperation) it.slot += static_cast<std::uint32_t>(slots_.size());
    for (KeyStep& part : it.parts) part.key += static_cast<std::uint32_t>(keys_.size());
  };
  std::for_each(other.slots_.begin(), other.slots_.end(), renumber);
  std::for_each(other.recent_.begin(), other.recent_.end(), renumber);
  const auto by_place = [&](std::uint32_t a, std::uint32_t b) {
    return tables.operations[a].place < tables.operations[b].place;
  };
  const auto take = [](auto& own, const auto& more) { own.insert(own.end(), more.begin(), more.end()); };
  take(committed_.open, other.committed_.open);
  std::sort(committed_.open.begin(), committed_.open.end(), by_place);
  take(committed_.kinds.unknown, other.committed_.kinds.unknown);
  take(committed_.kinds.reads, other.committed_.kinds.reads);
  take(keys_, other.keys_);
  take(slots_, other.slots_);
  take(recent_, other.recent_);
  for (; recent_.size() > kRecentMax; recent_.erase(recent_.begin())) tables.release(recent_.front());
  take_window(other);
  ahead_ = false;
  tentative_ = {};
  drop_middle(tables);
  other.drop_middle(tables);
  layout_ = to;
}

std::vector<std::uint64_t> StreamComponent::product(const StreamTables& tables, const StreamComponent& other,
                                                    const Layout& to) const {
  std::vector<std::uint64_t> words;
  std::vector<std::uint64_t> pair;
  for (std::size_t i = 0; i < committed_.words.size(); i += layout_.words()) {
    for (std::size_t j = 0; j < other.committed_.words.size(); j += other.layout_.words()) {
      pair.assign(to.words(), 0);
      const auto put_value = [&](std::size_t to_key, const std::uint64_t* state, std::size_t key) {
        pair[to_key / 2] |= (state[key / 2] >> key % 2 * 32 & 0xffff'ffff) << to_key % 2 * 32;
      };
      for (std::size_t key = 0; key < keys_.size(); ++key) put_value(key, committed_.words.data() + i, key);
      for (std::size_t key = 0; key < other.keys_.size(); ++key)
        put_value(keys_.size() + key, other.committed_.words.data() + j, key);
      put_slots(tables, i, 0, to, pair.data());
      other.put_slots(tables, j, slots_.size(), to, pair.data());
      words.insert(words.end(), pair.begin(), pair.end());
    }
  }
  return words;
}

// What one of the committed configurations says of its operations, into a wider one.
void StreamComponent::put_slots(const StreamTables& tables, std::size_t at, std::size_t shift,
                                const Layout& to, std::uint64_t* words) const {
  const std::uint64_t* const from = committed_.words.data() + at;
  for (const std::uint32_t operation : committed_.open) {
    const std::uint32_t slot = tables.operations[operation].slot;
    const auto moved = static_cast<std::uint32_t>(slot + shift);
    if (layout_.done(from, slot)) to.set_done(words, moved);
    if (layout_.free(from, slot)) to.set_free(words, moved);
  }
}

void StreamComponent::take_window(StreamComponent& other) {
  std::vector<Event> window(window_.begin() + static_cast<std::ptrdiff_t>(window_from_), window_.end());
  const auto own = static_cast<std::ptrdiff_t>(window.size());
  window.insert(window.end(), other.window_.begin() + static_cast<std::ptrdiff_t>(other.window_from_),
                other.window_.end());
  std::inplace_merge(window.begin(), window.begin() + own, window.end(),
                     [](const Event& a, const Event& b) { return a.number < b.number; });
  window_ = std::move(window);
  window_from_ = tentative_at_ = 0;
}

std::size_t StreamComponent::bytes() const {
  const auto of = [](const Sweep& sweep) {
    return sweep.words.capacity() * 8 + sweep.open.capacity() * 4 + sweep.kinds.unknown.capacity() * 16;
  };
  return sizeof(*this) + (zones_ ? zones_->bytes() : 0) + of(committed_) + of(tentative_) + of(middle_) +
         window_.capacity() * sizeof(Event) + slots_.capacity() * 4 + keys_.capacity() * 4 +
         awaiting_.capacity() * 4;
}

}  // namespace norn::sim
