// A group of keys that no operation has joined with others yet (linearizable_component.h), as the stream
// (stream.h) keeps it.
//
// A result is known only when its operation returns, but the search goes by results: a read takes effect the
// moment it fits. So the component keeps two sweeps (stream_sweep.h) and the events between them, the window:
//
//   committed   stands before the call of the first operation whose result is still to come; for everything
//               up to there it is what the search over the whole history would have, with every result known
//   window      the events since. It grows with what is open, and how long it has been
//   tentative   has gone on to the present, one event at a time, and judges every response: an operation that
//               waits for its result counts as one of unknown outcome, a read that does is left out. When it
//               returns, only configurations go on in which it had not landed, and it takes effect now if it
//               can. So of the configurations that are possible the tentative sweep has some, each for sure
//
// A response after which the tentative sweep has a configuration left is explained. One that leaves none is
// tried again from the committed sweep through the window, with all results that are known by then: an
// operation without a return is exactly an operation of unknown outcome to the history until now, so this
// decides it, and what it leaves is the new tentative sweep. (First it is tried with a few configurations
// only, which as a rule is enough to find one that is left.) When that is empty as well, the history until
// now has no order, and the history until the response before had one: this response made it certain.
//
// A key that is only put to and read, every value once, needs none of this as long as it stays so: it is in
// zones (stream_zones.h). When it leaves them, the sweeps begin with what the zones still have, as a history:
// each cluster is its write, a read that returns at f and one that is called at s, and of a cluster nothing
// else tells.
//
// So that a window that has become long is not gone through again and again, there may be a middle sweep: as
// the committed one, with every configuration, but further on, at least `patience` events before the present.
// To it the operations without a result that it has come past are of unknown outcome, which is what they are
// to the history until now. When one of them returns it is worthless and dropped; until then what is tried
// again begins there.
//
// Appends that nobody has read could stand in as many orders as they have. So of a key that is only appended
// to and read the committed sweep also stops before the call of an append that is in no value read so far:
// the read that shows it decides among the orders (Sweep::shown). It does not wait for one of unknown
// outcome, nor for longer than kWindowMax events; that it stops early is never wrong, nor is it that it goes
// on.
//
// An operation that has no answer while kWindowMax events pass is not waited for: it is taken for one of
// unknown outcome, and should it return after all, the component is undecided from then on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/check/stream_sweep.h"
#include "sim/check/stream_tables.h"
#include "sim/check/stream_zones.h"

namespace norn::sim {

// What a component makes of an event.
struct Stuck {
  std::uint32_t operation = kNoOperation;         // that cannot have taken effect
  Sweep before;                                   // what was possible until then
  std::optional<StreamZones::Conflict> conflict;  // or, of a key in zones, these
};

class StreamComponent {
 public:
  static constexpr std::size_t kWindowMax = 8'192;
  static constexpr std::size_t kEventsAStep = 8;   // events that are gone through again count as a step
  static constexpr std::size_t kRecentMax = 3;     // writes that are kept for the words after they returned
  static constexpr std::size_t kTentativeMax = 8;  // configurations that one event hands to the next

  explicit StreamComponent(std::uint32_t key);

  // Each is to be asked about given_up() afterwards: the budget may have run out, and then the component is
  // empty for good.
  void call(StreamTables& tables, std::uint32_t operation);
  // It is ok, and its parts have what it saw. Returns how it does not fit, if so.
  std::optional<Stuck> give_back(StreamTables& tables, std::uint32_t operation);
  // No answer will come.
  std::optional<Stuck> forget(StreamTables& tables, std::uint32_t operation);
  // It did not happen.
  std::optional<Stuck> take_out(StreamTables& tables, std::uint32_t operation);
  // Takes over another component: from now on, what is possible is what is possible in both.
  void join(StreamTables& tables, StreamComponent& other);

  bool given_up() const { return given_up_; }
  void give_up(StreamTables& tables);

  const std::vector<std::uint32_t>& keys() const { return keys_; }  // by place in the state
  const Layout& layout() const { return layout_; }
  const std::vector<std::uint32_t>& recent() const { return recent_; }  // the last writes that returned
  std::size_t window_size() const { return window_.size() - window_from_; }
  std::size_t configurations() const {
    if (zones_) return zones_->clusters().size();
    return committed_.size(layout_) + (ahead_ ? tentative_.size(layout_) : 0);
  }
  std::size_t bytes() const;

  // The values at hand, for tables that drop the others: each is called with a reference.
  template <class Visit>
  void visit_values(Visit visit);

 private:
  struct Event {
    std::uint64_t number = 0;  // of all that the stream has seen: orders those of components that join
    std::uint32_t operation = kNoOperation;
    bool returns = false;
  };

  void leave_zones(StreamTables& tables);
  std::uint32_t make(StreamTables& tables, const StreamZones::Cluster& cluster, OperationKind kind,
                     std::int64_t call, std::int64_t back) const;
  void enter(StreamTables& tables, std::uint32_t operation);
  static std::optional<Stuck> stuck_in_zones(std::uint32_t operation,
                                             const std::optional<StreamZones::Conflict>& conflict);

  bool awaited(const StreamOperation& operation) const;
  bool unshown(const StreamTables& tables, StreamOperation& operation) const;
  void show(const StreamTables& tables, std::uint32_t read);
  void stop_growing();
  void give_slot(StreamTables& tables, std::uint32_t operation);
  void widen(std::size_t keys, std::size_t slots);
  static void move_words(Sweep& sweep, const Layout& from, const Layout& to);
  void release(StreamTables& tables, std::uint32_t operation);
  void retire(StreamTables& tables, std::uint32_t operation);
  void release_settled(StreamTables& tables);
  void find_twins(StreamTables& tables, std::uint32_t unknown);
  void link_twins(StreamTables& tables, std::uint32_t unknown, bool assumed,
                  std::uint32_t StreamOperation::*twin) const;
  void abandon_old(StreamTables& tables);
  void drop_front(StreamTables& tables);

  std::optional<Stuck> judge(StreamTables& tables);
  Swept advance(StreamTables& tables, std::uint32_t& stuck);
  Swept go_ahead(StreamTables& tables);
  Swept try_again(StreamTables& tables, bool hasty, std::uint32_t& stuck);
  void move_middle(StreamTables& tables);
  void assume(StreamTables& tables, std::uint32_t operation);
  void drop_middle(StreamTables& tables);
  void cut_tentative();
  Swept ahead_event(StreamTables& tables, const Event& event);
  Swept ahead_resolved(StreamTables& tables, std::uint32_t operation);
  std::vector<std::uint64_t> product(const StreamTables& tables, const StreamComponent& other,
                                     const Layout& to) const;
  void put_slots(const StreamTables& tables, std::size_t at, std::size_t shift, const Layout& to,
                 std::uint64_t* words) const;
  void take_window(StreamComponent& other);

  std::vector<std::uint32_t> keys_;
  std::optional<StreamZones> zones_{std::in_place};  // as long as that will do
  Layout layout_;
  std::vector<std::uint32_t> slots_;  // the operation in it
  std::vector<Event> window_;         // from window_from_ on
  std::size_t window_from_ = 0;
  Sweep committed_;
  bool ahead_ = false;  // there is a tentative sweep; otherwise it is the committed one
  Sweep tentative_;
  std::size_t tentative_at_ = 0;         // the place in window_ that it has come to
  std::vector<std::uint32_t> awaiting_;  // operations that were called in it, and wait for their results
  bool has_middle_ = false;
  bool may_have_middle_ = true;  // until one was beyond the budget, as long as the window stays long
  Sweep middle_;
  std::size_t middle_at_ = 0;           // the place in window_ that it has come to
  std::vector<std::uint32_t> assumed_;  // operations that were called in it, and have no answer yet
  bool only_grows_ = true;              // appended to and read, nothing else
  std::uint64_t events_ = 0;            // that the window has had
  std::vector<std::uint32_t> recent_;
  bool given_up_ = false;
};

template <class Visit>
void StreamComponent::visit_values(Visit visit) {
  if (zones_) zones_->visit_values(visit);
  const auto visit_words = [&](Sweep& sweep) {
    visit(sweep.shown);
    for (std::size_t at = 0; at < sweep.words.size(); at += layout_.words()) {
      for (std::size_t key = 0; key < keys_.size(); ++key) {
        std::uint64_t& word = sweep.words[at + key / 2];
        auto value = static_cast<ValueId>(word >> key % 2 * 32);
        visit(value);
        word = (word & ~(std::uint64_t{0xffff'ffff} << key % 2 * 32)) | std::uint64_t{value} << key % 2 * 32;
      }
    }
  };
  visit_words(committed_);
  if (ahead_) visit_words(tentative_);
  if (has_middle_) visit_words(middle_);
}

}  // namespace norn::sim
