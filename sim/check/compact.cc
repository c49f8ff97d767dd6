// Making the compact form: see compact.h.
#include "sim/check/compact.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "sim/check/linearizable_component.h"

namespace norn::sim {

namespace {

bool fits(std::int64_t number) {
  return number >= std::numeric_limits<std::int32_t>::min() &&
         number <= std::numeric_limits<std::int32_t>::max();
}

RowKind kind_of(const Operation& operation) {
  const bool several = operation.accesses.size() > 1;
  switch (operation.kind) {
    case OperationKind::get:
      return RowKind::get;
    case OperationKind::put:
      return RowKind::put;
    case OperationKind::remove:
      return RowKind::remove;
    case OperationKind::compare_and_set:
      return RowKind::swap;
    case OperationKind::append:
      return RowKind::append;
    case OperationKind::increment:
      return fits(operation.delta) ? RowKind::increment : RowKind::wide_increment;
    case OperationKind::multi_get:
      return several ? RowKind::multi_get : RowKind::get;
    case OperationKind::multi_put:
      return several ? RowKind::multi_put : RowKind::put;
  }
  return RowKind::nothing;
}

}  // namespace

OperationKind kind_of(RowKind kind) {
  switch (kind) {
    case RowKind::put:
      return OperationKind::put;
    case RowKind::remove:
      return OperationKind::remove;
    case RowKind::swap:
    case RowKind::miss:
    case RowKind::differs:
      return OperationKind::compare_and_set;
    case RowKind::append:
      return OperationKind::append;
    case RowKind::increment:
    case RowKind::wide_increment:
      return OperationKind::increment;
    case RowKind::multi_get:
      return OperationKind::multi_get;
    case RowKind::multi_put:
      return OperationKind::multi_put;
    case RowKind::nothing:
    case RowKind::get:
      break;
  }
  return OperationKind::get;
}

bool KeyRows::has_only(std::initializer_list<RowKind> allowed) const {
  std::uint32_t mask = 0;
  for (const RowKind kind : allowed) mask |= bit(kind);
  return (kinds & ~mask) == 0;
}

// ---- the events

Rank CompactBuilder::tick(bool call) {
  if (now_ + 2 >= kRankNever) {
    made_.full_ = true;
    return now_;
  }
  ++now_;
  if (now_ % 64 == 0 || made_.calls_.empty()) {
    made_.calls_before_.push_back(static_cast<std::uint32_t>(made_.operations_));
    made_.calls_.push_back(0);
  }
  if (call) {
    made_.calls_.back() |= std::uint64_t{1} << now_ % 64;
    ++made_.operations_;
  }
  return now_;
}

std::uint32_t CompactBuilder::key_of(std::string_view name) {
  if (!made_.keys_.empty() && made_.keys_[last_key_].name == name) return last_key_;
  const auto found = names_.find(name);
  if (found != names_.end()) return last_key_ = found->second;
  last_key_ = static_cast<std::uint32_t>(made_.keys_.size());
  names_.emplace(name, last_key_);
  made_.keys_.emplace_back().name = name;
  made_.joined_.push_back(last_key_);
  return last_key_;
}

void CompactBuilder::on_call(std::size_t place, const Operation& operation) {
  const std::optional<RowAt> one = open(place, operation);
  if (one) open_.add(place, *one);
}

std::optional<RowAt> CompactBuilder::open(std::size_t place, const Operation& operation) {
  const Rank call = tick(true);
  if (made_.full_) return std::nullopt;
  const RowKind kind = kind_of(operation);
  const bool several = operation.accesses.size() > 1;
  for (const KeyAccess& access : operation.accesses) {
    const std::uint32_t number = key_of(access.key);
    KeyRows& key = made_.keys_[number];
    Row row(kind, call, kAbsent);
    if (kind == RowKind::increment) {
      row.a = static_cast<ValueId>(operation.delta);
    } else if (kind == RowKind::wide_increment) {
      row.a = key.values.intern(made_.arena_, std::to_string(operation.delta));
    } else if (kind == RowKind::put || kind == RowKind::multi_put || kind == RowKind::append ||
               kind == RowKind::swap) {
      row.a = key.values.intern(made_.arena_, access.argument);
    }
    if (kind == RowKind::swap && access.expected) row.b = key.values.intern(made_.arena_, *access.expected);
    key.appended |= kind == RowKind::append;
    const RowAt at{number, static_cast<std::uint32_t>(key.rows.size())};
    key.rows.push_back(row);
    if (!several) return at;
    joins_[place].push_back(at);
  }
  return std::nullopt;
}

void CompactBuilder::on_return(std::size_t place, const Operation& operation) {
  if (made_.full_) return;
  const bool known = operation.outcome == Outcome::ok || operation.outcome == Outcome::fail;
  const Rank back = known ? tick(false) : kRankNever;
  const std::optional<RowAt> one = open_.take(place);
  if (one) return returned(operation, 0, *one, back);
  const auto many = joins_.find(place);
  if (many == joins_.end()) return;
  for (std::size_t part = 0; part < many->second.size(); ++part) {
    returned(operation, part, many->second[part], back);
  }
  join(many->second);
  joins_.erase(many);
}

void CompactBuilder::returned(const Operation& operation, std::size_t part, RowAt open, Rank back) {
  KeyRows& key = made_.keys_[open.key];
  Row& row = key.rows[open.row];
  if (operation.outcome == Outcome::fail) {
    row.set_kind(RowKind::nothing);
  } else if (operation.outcome == Outcome::ok) {
    row.set_back(back);
    saw(operation, operation.accesses[part], key, row);
    settle(open);
  } else {
    unknown(open);
  }
}

// What an operation that is ok found out.
void CompactBuilder::saw(const Operation& operation, const KeyAccess& access, KeyRows& key, Row& row) {
  const auto read = [&]() -> ValueId {
    if (!access.value) return kAbsent;
    return key.appended ? key.values.intern_read(made_.arena_, *access.value)
                        : key.values.intern(made_.arena_, *access.value);
  };
  switch (row.kind()) {
    case RowKind::get:
    case RowKind::multi_get:
      row.b = read();
      return;
    case RowKind::swap:
      if (operation.matched) return;
      row.set_kind(operation.value_known ? RowKind::miss : RowKind::differs);
      row.a = row.b;
      row.b = operation.value_known ? read() : kAbsent;
      // One number for one text, also where reads have numbers of their own: it is compared.
      if (operation.value_known && access.value && access.value == access.expected) row.b = row.a;
      return;
    case RowKind::increment:
    case RowKind::wide_increment:
      increased(operation, access, key, row);
      return;
    default:
      return;
  }
}

void CompactBuilder::increased(const Operation& operation, const KeyAccess& access, KeyRows& key, Row& row) {
  const std::optional<std::int64_t> number = access.value ? parse_number(*access.value) : std::nullopt;
  if (row.kind() == RowKind::increment && number && fits(*number) &&
      std::to_string(*number) == *access.value) {
    row.b = static_cast<ValueId>(*number);
    return;
  }
  if (row.kind() == RowKind::increment) {
    row.set_kind(RowKind::wide_increment);
    row.a = key.values.intern(made_.arena_, std::to_string(operation.delta));
  }
  row.b = access.value ? key.values.intern(made_.arena_, *access.value) : kAbsent;
}

void CompactBuilder::unknown(RowAt open) {
  Row& row = made_.keys_[open.key].rows[open.row];
  if (row.kind() == RowKind::get || row.kind() == RowKind::multi_get) row.set_kind(RowKind::nothing);
  settle(open);
}

// The row is as it will stay.
void CompactBuilder::settle(RowAt open) {
  KeyRows& key = made_.keys_[open.key];
  const RowKind kind = key.rows[open.row].kind();
  if (kind != RowKind::nothing) key.kinds |= bit(kind);
  made_.full_ |= key.values.is_full();
}

// Union-find over the keys; a set's root is its smallest key.
void CompactBuilder::join(const std::vector<RowAt>& parts) {
  const auto root = [&](std::uint32_t key) {
    while (made_.joined_[key] != key) key = made_.joined_[key] = made_.joined_[made_.joined_[key]];
    return key;
  };
  if (made_.keys_[parts[0].key].rows[parts[0].row].kind() == RowKind::nothing) return;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) made_.keys_[parts[i].key].twice |= parts[i].key == parts[j].key;
    const std::uint32_t a = root(parts[i - 1].key);
    const std::uint32_t b = root(parts[i].key);
    made_.joined_[std::max(a, b)] = std::min(a, b);
  }
}

void CompactBuilder::on_end() {
  open_.drain([this](RowAt at) { unknown(at); });
  for (const auto& [place, parts] : joins_) {
    for (const RowAt open : parts) unknown(open);
    join(parts);
  }
  joins_.clear();
  names_.clear();
  for (KeyRows& key : made_.keys_) key.values.seal();
}

// ---- the result

std::vector<std::vector<std::uint32_t>> CompactHistory::components() const {
  std::vector<std::vector<std::uint32_t>> groups;
  std::vector<std::uint32_t> group_of(keys_.size(), 0);
  for (std::uint32_t key = 0; key < keys_.size(); ++key) {
    std::uint32_t root = key;
    while (joined_[root] != root) root = joined_[root];
    if (root == key) {
      group_of[key] = static_cast<std::uint32_t>(groups.size());
      groups.emplace_back();
    }
    if (keys_[key].kinds != 0) groups[group_of[root]].push_back(key);
  }
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

std::size_t CompactHistory::place_of(Rank call) const {
  const std::uint64_t below = calls_[call / 64] & ((std::uint64_t{1} << call % 64) - 1);
  const std::size_t number = calls_before_[call / 64] + static_cast<std::size_t>(std::popcount(below));
  return places_.empty() ? number : places_[number];
}

Rank CompactHistory::call_of(std::size_t place) const {
  const auto number =
      places_.empty()
          ? place
          : static_cast<std::size_t>(std::find(places_.begin(), places_.end(), place) - places_.begin());
  const auto* const behind = std::upper_bound(calls_before_.begin(), calls_before_.end(), number);
  const auto word = static_cast<std::size_t>(behind - calls_before_.begin()) - 1;
  std::uint64_t calls = calls_[word];
  for (std::size_t before = calls_before_[word]; before < number; ++before) calls &= calls - 1;
  return static_cast<Rank>(word * 64 + static_cast<std::size_t>(std::countr_zero(calls)));
}

Operation CompactHistory::operation(std::size_t place) const {
  Operation made;
  std::string number;
  const Rank call = call_of(place);
  for (const KeyRows& key : keys_) {
    const auto value = [&](ValueId id) -> std::optional<std::string> {
      if (id == kAbsent) return std::nullopt;
      return std::string(text(key, id, number));
    };
    const auto* at = std::lower_bound(key.rows.begin(), key.rows.end(), call,
                                      [](const Row& row, Rank rank) { return row.call() < rank; });
    for (; at != key.rows.end() && at->call() == call; ++at) {
      const Row& row = *at;
      if (row.kind() == RowKind::nothing) continue;
      made.kind = kind_of(row.kind());
      made.outcome = row.unknown() ? Outcome::info : Outcome::ok;
      made.call = Time(Duration(row.call()));
      made.back = row.unknown() ? kNever : Time(Duration(row.back()));
      made.matched = row.kind() == RowKind::swap && !row.unknown();
      made.value_known = row.kind() != RowKind::differs;
      KeyAccess access{key.name, {}, {}, {}, 0};
      const bool small = row.kind() == RowKind::increment;
      if (made.kind == OperationKind::increment) {
        made.delta = small ? static_cast<std::int32_t>(row.a) : *key.values.number(arena_, row.a);
        if (!row.unknown())
          access.value = small ? std::to_string(static_cast<std::int32_t>(row.b)) : value(row.b);
      } else if (made.kind == OperationKind::compare_and_set) {
        access.expected = value(row.kind() == RowKind::swap ? row.b : row.a);
        if (row.kind() == RowKind::swap) access.argument = value(row.a).value_or("");
        if (row.kind() == RowKind::miss) access.value = value(row.b);
      } else {
        access.argument = value(row.a).value_or("");
        access.value = value(row.b);
      }
      made.accesses.push_back(std::move(access));
    }
  }
  return made;
}

std::size_t CompactHistory::bytes() const {
  std::size_t sum = arena_.bytes() + calls_.size() * sizeof(std::uint64_t) + calls_before_.size() * 4;
  for (const KeyRows& key : keys_) {
    sum += sizeof(key) + key.rows.size() * sizeof(Row) + key.values.size() * sizeof(std::uint32_t);
  }
  return sum;
}

// ---- a whole history at once

class Compaction {
 public:
  Compaction(const History& history, const std::vector<bool>* only) : history_(history), only_(only) {}

  CompactHistory make() {
    rows_.resize(history_.size());
    std::vector<std::uint32_t> calls(history_.size());
    std::iota(calls.begin(), calls.end(), 0);
    const auto by_call = [&](auto a, auto b) { return history_[a].call < history_[b].call; };
    const bool sorted = std::is_sorted(calls.begin(), calls.end(), by_call);
    if (!sorted) std::stable_sort(calls.begin(), calls.end(), by_call);
    std::vector<std::pair<std::int64_t, std::uint32_t>> returns;
    for (const std::uint32_t place : calls) {
      const Operation& operation = history_[place];
      if (!wanted(place) || is_unknown(operation)) continue;
      returns.emplace_back(nanoseconds(std::max(operation.call, operation.back)), place);
    }
    if (!std::is_sorted(returns.begin(), returns.end())) std::sort(returns.begin(), returns.end());
    std::size_t next = 0;
    for (const std::uint32_t place : calls) {
      for (; next < returns.size() && returns[next].first < nanoseconds(history_[place].call); ++next) {
        give_back(returns[next].second);
      }
      if (wanted(place)) {
        rows_[place] = builder_.open(place, history_[place]);
      } else {
        builder_.skip_call();
      }
    }
    for (; next < returns.size(); ++next) give_back(returns[next].second);
    for (const std::uint32_t place : calls) {
      if (rows_[place]) builder_.unknown(*rows_[place]);
    }
    builder_.on_end();
    if (!sorted) builder_.made_.places_ = std::move(calls);
    return builder_.take();
  }

 private:
  void give_back(std::uint32_t place) {
    if (!rows_[place]) return builder_.on_return(place, history_[place]);
    builder_.returned(history_[place], 0, *rows_[place], builder_.tick(false));
    rows_[place].reset();
  }

  bool wanted(std::uint32_t place) const { return only_ == nullptr || (*only_)[place]; }

  const History& history_;
  const std::vector<bool>* only_;
  std::vector<std::optional<RowAt>> rows_;  // by place, while they are open: quicker than the builder's table
  CompactBuilder builder_;
};

CompactHistory make_compact(const History& history, const std::vector<bool>* only) {
  return Compaction(history, only).make();
}

}  // namespace norn::sim
