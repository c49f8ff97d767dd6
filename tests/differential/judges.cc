#include "tests/differential/judges.h"

#include "sim/check/linearizable_component.h"
#include "sim/check/search.h"

#include "tests/check/oracle.h"

namespace norn::differential {

namespace {

using sim::CheckOptions;
using sim::Component;
using sim::History;
using sim::Judgement;
using sim::Order;
using sim::Split;
using sim::Verdict;

Opinion from_check(const History& history, const CheckOptions& options) {
  const sim::CheckResult result = sim::check_linearizable(history, options);
  return {result.verdict, result.reason, std::nullopt, result.witnesses};
}

Opinion with_versions(const History& history) { return from_check(history, {}); }

Opinion without_versions(const History& history) {
  CheckOptions options;
  options.use_versions = false;
  return from_check(history, options);
}

// The general search alone, also where a cheaper tier would decide.
Opinion search_alone(const History& history) {
  const Split split = sim::split_by_key(history);
  std::uint64_t steps = 0;
  for (std::size_t i = 0; i < split.components(); ++i) {
    Component component = sim::make_component(history, split, i);
    Judgement judgement = sim::search_component(history, component, CheckOptions{}.steps_max, steps);
    if (judgement.verdict != Verdict::linearizable)
      return {*judgement.verdict, judgement.reason, std::nullopt, judgement.witnesses};
  }
  return {};
}

Opinion from_order(sim::OrderResult result) {
  Opinion opinion{result.verdict, std::move(result.reason), std::nullopt, {}};
  if (result.verdict == Verdict::linearizable) opinion.order = std::move(result.order);
  return opinion;
}

Opinion order_with_versions(const History& history) { return from_order(sim::order_of(history)); }

Opinion order_without_versions(const History& history) {
  CheckOptions options;
  options.use_versions = false;
  return from_order(sim::order_of(history, options));
}

Opinion order_by_search(const History& history) {
  CheckOptions options;
  options.use_versions = false;
  return from_order(sim::order_by_search(history, options));
}

Opinion other_brute_force(const History& history) {
  return {sim::linearizable_by_trying(history) ? Verdict::linearizable : Verdict::violation, "", {}, {}};
}

constexpr Judge kJudges[] = {
    {"check", with_versions, Judge::Witnesses::some},
    {"check without versions", without_versions, Judge::Witnesses::some},
    {"search", search_alone, Judge::Witnesses::some},
    {"order", order_with_versions, Judge::Witnesses::none},
    {"order without versions", order_without_versions, Judge::Witnesses::none},
    {"order by search", order_by_search, Judge::Witnesses::none},
    {"brute force of tests/check", other_brute_force, Judge::Witnesses::none},
};

}  // namespace

std::span<const Judge> judges() { return kJudges; }

}  // namespace norn::differential
