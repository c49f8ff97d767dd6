// Histories of any length: see generated.h.
#include "tests/check/generated.h"

#include <algorithm>
#include <queue>

#include "sim/check/linearizable_component.h"

namespace norn::sim {

namespace {

constexpr std::uint64_t kOperationLength = 1'000;
constexpr std::uint64_t kLate = 20;  // an unknown operation may take effect so many lengths later

struct Key {
  std::string name;
  std::optional<std::string> value;
  std::uint32_t appends = 0;
};

class Generator {
 public:
  Generator(const Shape& shape, std::uint64_t seed, HistorySink& sink)
      : shape_(shape), rng_(seed), sink_(sink) {}

  void run() {
    keys_.resize(shape_.keys);
    for (Key& key : keys_) key.name = next_key();
    const std::uint64_t end = shape_.operations;
    if (shape_.planted != Planted::nothing) {
      play(std::min(shape_.planted_at, end));
      plant();
    }
    play(end);
    sink_.on_end();
  }

 private:
  // What happens next to an open operation.
  enum Step : std::uint8_t { call, effect, back };
  struct Event {
    std::uint64_t at = 0;
    Step step = call;
    std::uint32_t slot = 0;  // of call: nothing

    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.step > b.step;
    }
  };
  struct Open {
    Operation operation;
    std::size_t place = 0;
    std::size_t key = 0;
    std::string name;  // of the key, which may have given way to a new one
  };

  std::string next_key() { return "k" + std::to_string(named_++); }

  // Until so many operations have been called and, but for those of unknown outcome, have returned.
  void play(std::uint64_t until) {
    if (called_ >= until) return;
    for (std::uint32_t client = 0; client < shape_.clients; ++client) {
      events_.push({now_ + rng_.between(0, kOperationLength), call, client});
    }
    std::uint32_t active = shape_.clients;
    while (active != 0) {
      const Event event = events_.top();
      events_.pop();
      now_ = std::max(now_, event.at);
      if (event.step == call && called_ == until) {
        --active;
      } else if (event.step == call) {
        begin(event.slot);
      } else if (event.step == effect) {
        take_effect(open_[event.slot]);
        if (open_[event.slot].operation.outcome != Outcome::ok) release(event.slot);
      } else {
        give_back(event.slot);
      }
    }
  }

  void begin(std::uint32_t client) {
    const std::uint32_t slot = claim();
    Open& open = open_[slot];
    open.operation.client = client;
    open.operation.kind = shape_.kinds[rng_.between(0, shape_.kinds.size() - 1)];
    open.key = rng_.between(0, keys_.size() - 1);
    open.name = keys_[open.key].name;
    ask(open);
    const std::uint64_t length = rng_.between(1, kOperationLength);
    if (rng_.chance(shape_.unknown)) {
      open.operation.outcome = Outcome::pending;
      if (rng_.chance(Ratio{500'000})) {
        events_.push({now_ + rng_.between(0, kLate * kOperationLength), effect, slot});
      } else {
        release(slot);
      }
      events_.push({now_ + length, call, client});
    } else {
      open.operation.outcome = Outcome::ok;
      events_.push({now_ + rng_.between(0, length), effect, slot});
      events_.push({now_ + length, back, slot});
    }
  }

  // Calls it: what it writes is chosen now.
  void ask(Open& open) {
    const Key& key = keys_[open.key];
    Operation& it = open.operation;
    it.accesses.assign(1, {open.name, {}, {}, {}, 0});
    KeyAccess& access = it.accesses[0];
    it.delta = 0;
    it.matched = false;
    if (it.kind == OperationKind::compare_and_set) access.expected = key.value;
    if (it.kind == OperationKind::increment) it.delta = 1;
    if (it.kind == OperationKind::append) {
      access.argument = "t" + std::to_string(++written_) + ";";
    } else if (it.kind != OperationKind::increment && it.kind != OperationKind::get) {
      access.argument = new_value();
    }
    emit_call(open);
  }

  std::string new_value() {
    const std::uint64_t number = shape_.domain != 0 ? rng_.between(1, shape_.domain) : ++written_;
    return (shape_.words ? "v" : "") + std::to_string(number);
  }

  void emit_call(Open& open) {
    open.place = called_++;
    open.operation.call = Time(Duration(static_cast<std::int64_t>(++stamp_)));
    open.operation.back = kNever;
    const Outcome outcome = open.operation.outcome;
    open.operation.outcome = Outcome::pending;
    sink_.on_call(open.place, open.operation);
    open.operation.outcome = outcome;
  }

  void take_effect(Open& open) {
    Key& key = keys_[open.key];
    if (key.name != open.name) {
      // It came late to a key that is no more. A write must not show; a read saw the key's last value.
      if (open.operation.outcome != Outcome::ok) return;
      Key& last = last_of(open.name);
      change(open.operation, last);
      return;
    }
    change(open.operation, key);
    if (key.appends >= shape_.appends_max) {
      retired_.push_back(key);
      if (retired_.size() > 4 * shape_.clients + 4) retired_.erase(retired_.begin());
      key = Key{next_key(), {}, 0};
    }
  }

  Key& last_of(const std::string& name) {
    return *std::find_if(retired_.begin(), retired_.end(), [&](const Key& key) { return key.name == name; });
  }

  void change(Operation& it, Key& key) const {
    KeyAccess& access = it.accesses[0];
    switch (it.kind) {
      case OperationKind::get:
        access.value = key.value;
        return;
      case OperationKind::put:
        key.value = access.argument;
        return;
      case OperationKind::remove:
        key.value.reset();
        return;
      case OperationKind::compare_and_set:
        it.matched = key.value == access.expected;
        if (it.matched) {
          key.value = access.argument;
        } else {
          access.value = key.value;
        }
        return;
      case OperationKind::append:
        ++key.appends;
        key.value = key.value.value_or("") + access.argument;
        return;
      default:
        key.value = std::to_string(std::stoll(key.value.value_or("0")) + it.delta);
        access.value = key.value;
        return;
    }
  }

  void give_back(std::uint32_t slot) {
    Open& open = open_[slot];
    const std::uint32_t client = open.operation.client;
    emit_return(open);
    release(slot);
    events_.push({now_ + rng_.between(0, kOperationLength / 10), call, client});
  }

  void emit_return(Open& open) {
    open.operation.back = Time(Duration(static_cast<std::int64_t>(++stamp_)));
    sink_.on_return(open.place, open.operation);
  }

  std::uint32_t claim() {
    if (free_.empty()) {
      open_.emplace_back();
      return static_cast<std::uint32_t>(open_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void release(std::uint32_t slot) { free_.push_back(slot); }

  // ---- the violation

  // One operation from call to return, nobody beside it; what it returns is the caller's to change first.
  Operation& at_rest(OperationKind kind, const std::string& argument = {}) {
    rest_.operation = Operation{};
    rest_.operation.kind = kind;
    rest_.operation.outcome = Outcome::ok;
    rest_.operation.delta = kind == OperationKind::increment ? 1 : 0;
    rest_.operation.accesses.push_back({keys_[0].name, argument, {}, {}, 0});
    return rest_.operation;
  }
  void call_at_rest() {
    emit_call(rest_);
    change(rest_.operation, keys_[0]);
  }
  void do_at_rest(OperationKind kind, const std::string& argument = {}) {
    at_rest(kind, argument);
    call_at_rest();
    emit_return(rest_);
  }
  void read_at_rest(const std::optional<std::string>& seen) {
    at_rest(OperationKind::get);
    call_at_rest();
    rest_.operation.accesses[0].value = seen;
    emit_return(rest_);
  }
  void swap_at_rest(const std::string& expected, const std::string& value) {
    at_rest(OperationKind::compare_and_set, value).accesses[0].expected = expected;
    call_at_rest();
    rest_.operation.matched = true;
    rest_.operation.accesses[0].value.reset();
    keys_[0].value = value;
    emit_return(rest_);
  }
  void increment_at_rest(std::int64_t shift) {
    at_rest(OperationKind::increment);
    call_at_rest();
    std::optional<std::string>& value = rest_.operation.accesses[0].value;
    value = std::to_string(std::stoll(*value) + shift);
    emit_return(rest_);
  }

  void plant() {
    const std::string x = new_value();
    switch (shape_.planted) {
      case Planted::nothing:
        return;
      case Planted::stale_read:
        do_at_rest(OperationKind::put, x);
        do_at_rest(OperationKind::put, new_value());
        return read_at_rest(x);
      case Planted::lost_write:
        do_at_rest(OperationKind::put, x);
        return read_at_rest(std::nullopt);
      case Planted::resurrected_delete:
        do_at_rest(OperationKind::put, x);
        do_at_rest(OperationKind::remove);
        return read_at_rest(x);
      case Planted::double_append: {
        const std::string token = "t" + std::to_string(++written_) + ";";
        do_at_rest(OperationKind::append, token);
        return read_at_rest(*keys_[0].value + token);
      }
      case Planted::swap_won_twice:
        do_at_rest(OperationKind::put, x);
        swap_at_rest(x, new_value());
        return swap_at_rest(x, new_value());
      case Planted::reordered_increments:
        increment_at_rest(1);
        return increment_at_rest(-1);
    }
  }

  const Shape& shape_;
  Rng rng_;
  HistorySink& sink_;
  std::vector<Key> keys_;
  std::vector<Key> retired_;
  std::vector<Open> open_;  // by slot
  std::vector<std::uint32_t> free_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  Open rest_;
  std::uint64_t now_ = 0;
  std::uint64_t stamp_ = 0;
  std::uint64_t called_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t named_ = 0;
};

}  // namespace

void generate(const Shape& shape, std::uint64_t seed, HistorySink& sink) {
  Generator(shape, seed, sink).run();
}

void HistoryKeeper::on_call(std::size_t, const Operation& operation) { history.push_back(operation); }
void HistoryKeeper::on_return(std::size_t place, const Operation& operation) { history[place] = operation; }

}  // namespace norn::sim
