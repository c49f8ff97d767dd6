#include "sim/explain/ledger.h"

#include <algorithm>

#include "sim/check/linearizable_component.h"

namespace norn::sim {

namespace {

MaybeText view(const std::optional<std::string>& text) {
  return text ? MaybeText(std::string_view(*text)) : std::nullopt;
}

}  // namespace

std::optional<MaybeText> seen_by(const Operation& operation, std::size_t part) {
  if (!returned(operation)) return std::nullopt;
  const KeyAccess& access = operation.accesses[part];
  switch (operation.kind) {
    case OperationKind::get:
    case OperationKind::multi_get:
      return view(access.value);
    case OperationKind::compare_and_set:
      if (!operation.matched && !operation.value_known) return std::nullopt;
      return view(operation.matched ? access.expected : access.value);
    default:
      return std::nullopt;
  }
}

std::optional<MaybeText> written_by(const Operation& operation, std::size_t part) {
  const KeyAccess& access = operation.accesses[part];
  switch (operation.kind) {
    case OperationKind::put:
    case OperationKind::multi_put:
      return MaybeText(access.argument);
    case OperationKind::remove:
      return MaybeText();
    case OperationKind::compare_and_set:
      if (returned(operation) && !operation.matched) return std::nullopt;
      return MaybeText(access.argument);
    default:
      return std::nullopt;
  }
}

bool changes_something(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::get:
    case OperationKind::multi_get:
      return false;
    case OperationKind::compare_and_set:
      return operation.matched || !returned(operation);
    default:
      return true;
  }
}

bool returned(const Operation& operation) { return operation.outcome == Outcome::ok; }

bool precedes(const Operation& a, const Operation& b) { return returned(a) && a.back < b.call; }

Ledger::Ledger(const History& history, std::size_t place) : history_(history) {
  const Split split = split_by_key(history);
  const auto found = std::find(split.places.begin(), split.places.end(), place);
  if (found == split.places.end()) return;
  const auto at = static_cast<std::uint32_t>(found - split.places.begin());
  const auto after = std::upper_bound(split.starts.begin(), split.starts.end(), at);
  places_.assign(split.places.begin() + *std::prev(after), split.places.begin() + *after);
  for (const std::size_t one : places_) {
    const Operation& operation = history[one];
    for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
      Key& key = keys_[operation.accesses[part].key];
      key.untold |= returned(operation) && !operation.value_known;
      if (!changes_something(operation)) continue;
      key.changers.push_back(one);
      key.appended |= operation.kind == OperationKind::append;
      key.incremented |= operation.kind == OperationKind::increment;
      key.swapped |= operation.kind == OperationKind::compare_and_set;
      key.only_appends &= operation.kind == OperationKind::append;
      key.only_increments &= operation.kind == OperationKind::increment && operation.delta > 0;
      const std::optional<MaybeText> written = written_by(operation, part);
      if (written) key.writers[*written].push_back(one);
    }
  }
}

const Ledger::Key& Ledger::key(std::string_view name) const {
  static const Key kNothing;
  const auto found = keys_.find(name);
  return found == keys_.end() ? kNothing : found->second;
}

const std::vector<std::size_t>& Ledger::writers(std::string_view key_name, MaybeText value) const {
  static const std::vector<std::size_t> kNobody;
  const Key& there = key(key_name);
  const auto found = there.writers.find(value);
  return found == there.writers.end() ? kNobody : found->second;
}

}  // namespace norn::sim
