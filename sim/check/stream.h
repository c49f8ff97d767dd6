// The judge of a history that is still going on, or is larger than memory: event by event, in time order, and
// at any time it can say whether what has been seen so far is linearizable. A violation is noticed at the
// response that makes it certain: the events before it have an order, with it they have none, whatever may
// follow. The memory is for what is open, and for the values that the keys may hold now; not for what is
// over. A value: a copy goes on by itself.
//
// Keys are independent until an operation joins them; stream_component.h says how one group is judged.
// Operations of unknown outcome stay open for ever, until every order that is left has them done.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history_sink.h"
#include "sim/check/linearizable.h"

namespace norn::sim {

// Keys that need more than this are undecided, and their memory is given back. A step: an operation tried in
// a configuration (more of them where more than 64 are open), a configuration carried along beyond the first,
// 32 of them compared, 128 operations looked at for one, or eight events gone through again. All is honoured.
struct StreamOptions {
  std::uint64_t steps_max = ~std::uint64_t{0};  // in all
  std::uint64_t steps_first = 20'000'000;       // before any event; more are earned,
  std::uint64_t steps_each = 25;                // so many with each event
  std::uint64_t steps_at_event_max = 200'000;   // for one event
  std::size_t configurations_max = 100'000;     // at once, of one group of keys
  std::size_t patience = 256;                   // events of a group, at least 1: stream_component.h
};

// The response that leaves no order.
struct StreamViolation {
  std::size_t place = 0;  // its operation
  Time at{};
  std::string reason;                  // one sentence
  std::vector<std::size_t> witnesses;  // the operation, and those around it, by call
};

// What is kept at present.
struct StreamSizes {
  std::size_t keys = 0;
  std::size_t components = 0;
  std::size_t operations = 0;      // open, or returned while an earlier one is still waited for
  std::size_t configurations = 0;  // in all components
  std::size_t values = 0;          // texts
  std::size_t bytes = 0;           // of the tables, texts not included
};

class StreamChecker : public HistorySink {
 public:
  explicit StreamChecker(const StreamOptions& options = {});
  StreamChecker(const StreamChecker& other);
  StreamChecker& operator=(const StreamChecker& other);
  StreamChecker(StreamChecker&&) noexcept;
  StreamChecker& operator=(StreamChecker&&) noexcept;
  ~StreamChecker() override;

  // As HistorySink's. At equal times returns may also come before calls: they are held back until time goes
  // on. A call of a place that is called already is the programmer's error.
  void on_call(std::size_t place, const Operation& operation) override;
  void on_return(std::size_t place, const Operation& operation) override;
  void on_end() override;
  // Nothing before this time follows: judges the returns before it.
  void advance(Time now);

  // Of what has come so far. undecided: no violation was found, but for some keys the budget ran out.
  Verdict verdict() const;
  const std::optional<StreamViolation>& violation() const;
  bool undecided(std::string_view key) const;
  std::vector<std::string_view> undecided_keys() const;
  std::size_t components() const;
  std::uint64_t steps() const;
  StreamSizes sizes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace norn::sim
