// Keys, components, and the returns held back at equal times: see stream.h.
#include "sim/check/stream.h"

#include <algorithm>

#include "replica/base/assert.h"

#include "sim/check/linearizable_component.h"
#include "sim/check/number_table.h"
#include "sim/check/stream_component.h"
#include "sim/check/stream_words.h"

namespace norn::sim {

namespace {

constexpr std::size_t kValuesMin = 4096;  // fewer are never looked through for those that nobody needs

// A multi-key operation on a single key is the plain one.
OperationKind plain_kind(const Operation& operation) {
  if (operation.accesses.size() > 1) return operation.kind;
  if (operation.kind == OperationKind::multi_get) return OperationKind::get;
  if (operation.kind == OperationKind::multi_put) return OperationKind::put;
  return operation.kind;
}

// Until its outcome is known it may have taken effect or not, and its result is anybody's guess.
bool guesses(OperationKind kind) {
  return kind == OperationKind::compare_and_set || kind == OperationKind::increment;
}

}  // namespace

struct StreamChecker::Parts {
  struct Held {  // a return whose time may not be over
    std::uint32_t operation = 0;
    std::size_t place = 0;
    std::uint32_t key = 0;  // its first
    bool failed = false;
    bool matched = false;
    bool value_known = true;
    Time back{};
  };

  std::uint32_t key_of(std::string_view text);
  std::uint32_t component_of(const Operation& operation);
  void join(std::uint32_t own, std::uint32_t other);
  ValueId intern(const std::optional<std::string>& text) {
    return text ? tables.values.intern_copy(*text) : kAbsent;
  }
  void begin_event();
  void release_before(Time now);
  void note(std::uint32_t component, const std::optional<Stuck>& stuck, std::uint32_t answered, Time at);
  void answer_late(std::uint32_t number, std::uint32_t component, Outcome outcome);
  void drop_values();

  StreamTables tables;
  Values keys;                               // number n is key n - 2
  std::vector<std::uint32_t> components_of;  // by key
  std::vector<std::uint32_t> locals;         // by key: its place in the component's state
  std::vector<std::optional<StreamComponent>> components;
  std::size_t joined = 0;
  NumberTable open;                  // by place
  std::vector<std::uint32_t> named;  // the keys of the operation at hand; scratch
  std::vector<Held> held;
  std::size_t values_max = kValuesMin;
  std::optional<StreamViolation> violation;
  bool any_given_up = false;
};

std::uint32_t StreamChecker::Parts::key_of(std::string_view text) {
  const std::uint32_t key = keys.intern_copy(text) - 2;
  if (key == components_of.size()) {
    components_of.push_back(static_cast<std::uint32_t>(components.size()));
    locals.push_back(0);
    components.emplace_back(StreamComponent(key));
  }
  return key;
}

// Also leaves the keys in `named`.
std::uint32_t StreamChecker::Parts::component_of(const Operation& operation) {
  named.clear();
  for (const KeyAccess& access : operation.accesses) named.push_back(key_of(access.key));
  const std::uint32_t own = components_of[named.front()];
  for (const std::uint32_t key : named) {
    const std::uint32_t other = components_of[key];
    if (other != own) join(own, other);
  }
  return own;
}

void StreamChecker::Parts::join(std::uint32_t own, std::uint32_t other) {
  const auto shift = static_cast<std::uint32_t>(components[own]->keys().size());
  for (const std::uint32_t key : components[other]->keys()) {
    components_of[key] = own;
    locals[key] += shift;
  }
  components[own]->join(tables, *components[other]);
  any_given_up = any_given_up || components[own]->given_up();
  components[other].reset();
  ++joined;
}

void StreamChecker::Parts::begin_event() {
  ++tables.events;
  tables.budget.begin_event(tables.events);
  if (tables.values.size() > values_max) drop_values();
}

// Keeps the texts that an operation or a configuration refers to.
void StreamChecker::Parts::drop_values() {
  Values kept;
  std::vector<ValueId> renumbered(tables.values.size(), kAbsent);
  renumbered[kUnseen] = kUnseen;
  const auto keep = [&](ValueId& value) {
    if (value > kUnseen && renumbered[value] == kAbsent)
      renumbered[value] = kept.intern_copy(tables.values.text(value));
    value = renumbered[value];
  };
  for (StreamOperation& operation : tables.operations) {
    for (KeyStep& part : operation.parts) {
      keep(part.argument);
      keep(part.expected);
      keep(part.value);
    }
  }
  for (std::optional<StreamComponent>& component : components) {
    if (component) component->visit_values(keep);
  }
  tables.values = std::move(kept);
  values_max = kValuesMin + 2 * tables.values.size();
}

void StreamChecker::Parts::release_before(Time now) {
  if (held.empty() || held.front().back >= now) return;
  std::size_t released = 0;
  for (; released < held.size() && held[released].back < now && !violation; ++released) {
    const Held& one = held[released];
    begin_event();
    StreamOperation& it = tables.operations[one.operation];
    if (it.place != one.place || it.slot == kNoOperation) continue;  // its keys were given up since
    if (it.abandoned) {
      answer_late(one.operation, components_of[one.key], one.failed ? Outcome::fail : Outcome::ok);
      continue;
    }
    it.outcome = one.failed ? Outcome::fail : Outcome::ok;
    it.step.unknown = false;
    it.step.matched = one.matched;
    it.step.value_known = one.value_known;
    it.step.back = nanoseconds(one.back);
    const std::uint32_t component = components_of[one.key];
    StreamComponent& its = *components[component];
    note(component, one.failed ? its.take_out(tables, one.operation) : its.give_back(tables, one.operation),
         one.operation, one.back);
  }
  held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(released));
}

void StreamChecker::Parts::note(std::uint32_t component, const std::optional<Stuck>& stuck,
                                std::uint32_t answered, Time at) {
  any_given_up = any_given_up || components[component]->given_up();
  if (!stuck) return;
  violation = words_of(*stuck, answered, *components[component], tables, keys);
  violation->at = at;
}

// Of an operation that was taken for one of unknown outcome, since it had been waited for too long.
void StreamChecker::Parts::answer_late(std::uint32_t number, std::uint32_t component, Outcome outcome) {
  StreamOperation& it = tables.operations[number];
  const bool reads = it.step.kind == OperationKind::get || it.step.kind == OperationKind::multi_get;
  it.abandoned = false;
  if (outcome == Outcome::ok || (outcome == Outcome::fail && !reads)) {
    components[component]->give_up(tables);
    any_given_up = true;
    if (it.slot != kNoOperation) tables.release(number);
  } else if (reads) {
    tables.release(number);
  }
}

StreamChecker::StreamChecker(const StreamOptions& options) : parts_(std::make_unique<Parts>()) {
  StreamBudget& budget = parts_->tables.budget;
  budget.steps_max = options.steps_max;
  budget.steps_first = std::min(options.steps_first, options.steps_max);
  budget.steps_each = options.steps_each;
  budget.steps_at_event_max = options.steps_at_event_max;
  budget.configurations_max = options.configurations_max;
  parts_->tables.patience = options.patience;
}
StreamChecker::StreamChecker(const StreamChecker& other) : parts_(std::make_unique<Parts>(*other.parts_)) {}
StreamChecker& StreamChecker::operator=(const StreamChecker& other) {
  if (this != &other) parts_ = std::make_unique<Parts>(*other.parts_);
  return *this;
}
StreamChecker::StreamChecker(StreamChecker&&) noexcept = default;
StreamChecker& StreamChecker::operator=(StreamChecker&&) noexcept = default;
StreamChecker::~StreamChecker() = default;

void StreamChecker::on_call(std::size_t place, const Operation& operation) {
  Parts& parts = *parts_;
  parts.release_before(operation.call);
  if (parts.violation || operation.accesses.empty()) return;
  parts.begin_event();
  const std::uint32_t component = parts.component_of(operation);
  if (parts.components[component]->given_up()) return;
  const std::uint32_t number = parts.tables.take();
  ASSERT(parts.open.find(place) == NumberTable::kNone);
  parts.open.set(place, number);
  StreamOperation& it = parts.tables.operations[number];
  it.place = place;
  it.key = parts.named.front();
  it.client = operation.client;
  it.step.kind = plain_kind(operation);
  it.step.unknown = guesses(it.step.kind);
  it.step.count = static_cast<std::uint32_t>(operation.accesses.size());
  it.step.delta = operation.delta;
  it.step.call = nanoseconds(operation.call);
  it.step.back = nanoseconds(kNever);
  for (std::size_t i = 0; i < parts.named.size(); ++i) {
    const KeyAccess& access = operation.accesses[i];
    it.parts.push_back({parts.locals[parts.named[i]], parts.tables.values.intern_copy(access.argument),
                        parts.intern(access.expected), kAbsent});
  }
  parts.components[component]->call(parts.tables, number);
  parts.any_given_up = parts.any_given_up || parts.components[component]->given_up();
}

void StreamChecker::on_return(std::size_t place, const Operation& operation) {
  Parts& parts = *parts_;
  const std::uint32_t number = parts.open.find(place);
  if (number == NumberTable::kNone) return;
  parts.open.erase(place);
  if (operation.outcome == Outcome::ok || operation.outcome == Outcome::fail)
    parts.release_before(operation.back);
  StreamOperation& it = parts.tables.operations[number];
  if (parts.violation || it.place != place || it.slot == kNoOperation) return;
  const std::uint32_t key = it.key;
  const std::uint32_t component = parts.components_of[key];
  if (it.abandoned) return parts.answer_late(number, component, operation.outcome);
  if (operation.outcome == Outcome::ok || operation.outcome == Outcome::fail) {
    for (std::size_t i = 0; i < it.parts.size(); ++i)
      it.parts[i].value = parts.intern(operation.accesses[i].value);
    parts.held.push_back({number, place, key, operation.outcome == Outcome::fail, operation.matched,
                          operation.value_known, std::max(operation.call, operation.back)});
    return;
  }
  it.outcome = Outcome::info;
  parts.begin_event();
  parts.note(component, parts.components[component]->forget(parts.tables, number), number, Time{});
}

void StreamChecker::on_end() { parts_->release_before(kNever); }
void StreamChecker::advance(Time now) { parts_->release_before(now); }

Verdict StreamChecker::verdict() const {
  if (parts_->violation) return Verdict::violation;
  return parts_->any_given_up ? Verdict::undecided : Verdict::linearizable;
}

const std::optional<StreamViolation>& StreamChecker::violation() const { return parts_->violation; }

bool StreamChecker::undecided(std::string_view key) const {
  const std::vector<std::string_view> keys = undecided_keys();
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::vector<std::string_view> StreamChecker::undecided_keys() const {
  std::vector<std::string_view> keys;
  for (std::uint32_t key = 0; key < parts_->components_of.size(); ++key) {
    if (parts_->components[parts_->components_of[key]]->given_up())
      keys.push_back(parts_->keys.text(key + 2));
  }
  return keys;
}

std::size_t StreamChecker::components() const { return parts_->components.size() - parts_->joined; }
std::uint64_t StreamChecker::steps() const { return parts_->tables.budget.steps; }

StreamSizes StreamChecker::sizes() const {
  const Parts& parts = *parts_;
  StreamSizes sizes;
  sizes.keys = parts.components_of.size();
  sizes.components = components();
  sizes.operations = parts.tables.operations.size() - parts.tables.released.size();
  sizes.values = parts.tables.values.size() - 2;
  sizes.bytes = parts.tables.operations.capacity() * (sizeof(StreamOperation) + sizeof(KeyStep)) +
                parts.tables.values.size() * (sizeof(std::string_view) + 4 * sizeof(ValueId)) +
                parts.held.capacity() * sizeof(Parts::Held) + parts.open.bytes();
  for (const std::optional<StreamComponent>& component : parts.components) {
    if (!component) continue;
    sizes.configurations += component->configurations();
    sizes.bytes += component->bytes();
  }
  return sizes;
}

}  // namespace norn::sim
