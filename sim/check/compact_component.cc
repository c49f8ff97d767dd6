// Judging the compact form: see compact_component.h.
#include "sim/check/compact_component.h"

#include <algorithm>
#include <limits>
#include <map>

#include "sim/check/search.h"
#include "sim/check/tier1.h"

namespace norn::sim {

namespace {

constexpr std::size_t kKeysNamed = 4;  // of those that stay undecided

class Making {
 public:
  Making(const CompactHistory& history, const std::vector<std::uint32_t>& keys)
      : history_(history), keys_(keys) {}

  Component make() {
    struct At {
      Rank call;
      std::uint32_t key;  // a place in keys_
      std::uint32_t row;
    };
    std::vector<At> all;
    for (std::uint32_t key = 0; key < keys_.size(); ++key) {
      const KeyRows& it = history_.keys()[keys_[key]];
      made_.keys.push_back(it.name);
      values_.emplace_back(it.values.size(), kUnasked);
      for (std::uint32_t row = 0; row < it.rows.size(); ++row) {
        if (it.rows[row].kind() != RowKind::nothing) all.push_back({it.rows[row].call(), key, row});
      }
    }
    if (keys_.size() > 1) {
      std::stable_sort(all.begin(), all.end(), [](const At& a, const At& b) { return a.call < b.call; });
    }
    Rank last = 0;
    for (const At& at : all) {
      add(at.key, history_.keys()[keys_[at.key]].rows[at.row], at.call == last);
      last = at.call;
    }
    return std::move(made_);
  }

 private:
  static constexpr ValueId kUnasked = std::numeric_limits<ValueId>::max();

  // A row is an operation, or another part of the one before.
  void add(std::uint32_t key, const Row& row, bool part) {
    KvStep step;
    step.kind = kind_of(row.kind());
    step.unknown = row.unknown();
    step.matched = row.kind() == RowKind::swap && !row.unknown();
    step.value_known = row.kind() != RowKind::differs;
    step.place = static_cast<std::uint32_t>(history_.place_of(row.call()));
    step.first = static_cast<std::uint32_t>(made_.parts.size());
    step.count = 1;
    step.call = row.call();
    step.back = row.unknown() ? std::numeric_limits<std::int64_t>::max() : row.back();
    KeyStep values;
    values.key = key;
    if (row.kind() == RowKind::increment) {
      step.delta = static_cast<std::int32_t>(row.a);
      if (!row.unknown())
        values.value = made_.values.intern_copy(std::to_string(static_cast<std::int32_t>(row.b)));
    } else if (row.kind() == RowKind::wide_increment) {
      const KeyRows& rows = history_.keys()[keys_[key]];
      step.delta = rows.values.number(history_.arena(), row.a).value_or(0);
      values.value = value(key, row.b);
    } else if (row.kind() == RowKind::miss || row.kind() == RowKind::differs) {
      values.expected = value(key, row.a);
      values.value = value(key, row.b);
    } else {
      values.argument = value(key, row.a);
      (row.kind() == RowKind::swap ? values.expected : values.value) = value(key, row.b);
    }
    made_.has_append |= step.kind == OperationKind::append;
    made_.has_increment |= step.kind == OperationKind::increment;
    made_.has_remove |= step.kind == OperationKind::remove;
    made_.parts.push_back(values);
    if (part) {
      ++made_.steps.back().count;
    } else {
      made_.steps.push_back(step);
    }
  }

  // The same text has one number among all keys.
  ValueId value(std::uint32_t key, ValueId known) {
    if (known == kAbsent) return kAbsent;
    ValueId& value = values_[key][known];
    if (value == kUnasked) {
      std::string made;
      value = made_.values.intern_copy(history_.text(history_.keys()[keys_[key]], known, made));
    }
    return value;
  }

  const CompactHistory& history_;
  const std::vector<std::uint32_t>& keys_;
  Component made_;
  std::vector<std::vector<ValueId>> values_;  // by key and its value
};

std::string names_of(const CompactHistory& history, const std::vector<std::uint32_t>& keys) {
  std::string text;
  for (std::size_t i = 0; i < keys.size() && i < kKeysNamed; ++i) {
    text += (i == 0 ? "" : ", ") + quoted(history.keys()[keys[i]].name);
  }
  return text + (keys.size() > kKeysNamed ? ", ..." : "");
}

// Tells of operations without a history at hand.
class CompactNarrator final : public Narrator {
 public:
  explicit CompactNarrator(const CompactHistory& history) : history_(history) {}
  std::string words(std::size_t place) const override {
    const Operation operation = history_.operation(place);
    return words_of(operation, "operation " + std::to_string(place),
                    operation.outcome == Outcome::ok ? "ok" : "outcome unknown");
  }
  std::int64_t call(std::size_t place) const override { return static_cast<std::int64_t>(place); }

 private:
  const CompactHistory& history_;
};

}  // namespace

Component make_component(const CompactHistory& history, const std::vector<std::uint32_t>& keys) {
  return Making(history, keys).make();
}

void judge_components(const CompactHistory& history, const Narrator& narrator, const CheckOptions& options,
                      CheckResult& result) {
  std::string undecided_keys;
  std::size_t undecided = 0;
  for (const std::vector<std::uint32_t>& keys : history.components()) {
    Judgement judgement;
    if (keys.size() == 1) judgement = judge_tier1(history, history.keys()[keys[0]], narrator);
    if (!judgement.verdict) {
      ++result.searched;
      Component component = make_component(history, keys);
      judgement = search_component(narrator, component, options.steps_max, result.steps);
    }
    if (judgement.verdict == Verdict::violation) {
      result.verdict = Verdict::violation;
      result.reason = std::move(judgement.reason);
      result.witnesses = std::move(judgement.witnesses);
      return;
    }
    if (judgement.verdict == Verdict::undecided && ++undecided <= kKeysNamed) {
      undecided_keys += (undecided == 1 ? "" : "; ") + names_of(history, keys);
    }
  }
  if (undecided != 0) {
    result.verdict = Verdict::undecided;
    result.reason = "more than " + std::to_string(options.steps_max) + " steps are needed: keys " +
                    undecided_keys + (undecided > kKeysNamed ? "; and others" : "");
  }
}

CheckResult check_linearizable(const CompactHistory& history, const CheckOptions& options) {
  CheckResult result;
  if (history.is_full()) {
    result.verdict = Verdict::undecided;
    result.reason = "more operations than can be held at once";
    return result;
  }
  result.components = history.components().size();
  judge_components(history, CompactNarrator(history), options, result);
  return result;
}

}  // namespace norn::sim
