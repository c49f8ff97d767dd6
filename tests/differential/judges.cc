#include "tests/differential/judges.h"

#include "sim/check/linearizable_component.h"
#include "sim/check/search.h"

#include "tests/check/oracle.h"
#include "tests/check/spec_models.h"

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
  Opinion opinion{result.verdict, result.reason, std::nullopt, std::nullopt, false};
  if (result.verdict == Verdict::violation) opinion.witnesses = result.witnesses;
  // No proof: a chain of unknown compare-and-sets, say, takes more than six.
  return opinion;
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
    if (judgement.verdict == Verdict::linearizable) continue;
    return {*judgement.verdict, judgement.reason, std::nullopt, judgement.witnesses, false};
  }
  return {};
}

Opinion from_order(sim::OrderResult result) {
  Opinion opinion{result.verdict, std::move(result.reason), std::nullopt, std::nullopt, false};
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

Opinion specification(const History& history) {
  std::vector<std::uint32_t> places;
  const sim::SpecHistory<sim::KvSpec> timed = sim::spec_history(history, places);
  const sim::SpecResult result = sim::check_spec(sim::KvSpec{}, timed);
  Opinion opinion;
  opinion.verdict = result.verdict;
  if (result.verdict != Verdict::linearizable) return opinion;
  opinion.order.emplace();
  for (const std::uint32_t i : result.order) opinion.order->push_back(places[i]);
  return opinion;
}

Opinion other_brute_force(const History& history) {
  Opinion opinion;
  if (!sim::linearizable_by_trying(history)) opinion.verdict = Verdict::violation;
  return opinion;
}

constexpr Judge kJudges[] = {
    {"check", with_versions},
    {"check without versions", without_versions},
    {"search", search_alone},
    {"order", order_with_versions},
    {"order without versions", order_without_versions},
    {"order by search", order_by_search},
    {"specification", specification},
    {"brute force of tests/check", other_brute_force},
};

}  // namespace

std::span<const Judge> judges() { return kJudges; }

}  // namespace norn::differential
