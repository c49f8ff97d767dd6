#include "tests/differential/judges.h"

#include <algorithm>

#include "sim/check/compact.h"
#include "sim/check/compact_component.h"
#include "sim/check/search.h"
#include "sim/check/stream.h"
#include "sim/check/tier1.h"
#include "sim/explain/explanation.h"

#include "tests/check/oracle.h"
#include "tests/check/spec_models.h"

namespace norn::differential {

namespace {

using sim::CheckOptions;
using sim::CompactHistory;
using sim::Component;
using sim::History;
using sim::HistoryNarrator;
using sim::Judgement;
using sim::Order;
using sim::Verdict;

Opinion from_result(const sim::CheckResult& result) {
  Opinion opinion;
  opinion.verdict = result.verdict;
  opinion.reason = result.reason;
  if (result.verdict == Verdict::violation) opinion.witnesses = result.witnesses;
  // Tier 1 claims that they have no order when they are all there is; the search's are near where it got
  // stuck.
  if (result.searched == 0) opinion.claim = Opinion::Claim::alone;
  return opinion;
}

Opinion from_check(const History& history, const CheckOptions& options) {
  return from_result(sim::check_linearizable(history, options));
}

Opinion with_versions(const History& history) { return from_check(history, {}); }

Opinion without_versions(const History& history) {
  CheckOptions options;
  options.use_versions = false;
  return from_check(history, options);
}

// The form without clients and clocks, by itself.
Opinion compact(const History& history) {
  return from_result(sim::check_linearizable(sim::make_compact(history)));
}

// The same as a reader of a file makes it, event by event.
Opinion compact_by_events(const History& history) {
  sim::CompactBuilder builder;
  sim::feed(history, builder);
  return from_result(sim::check_linearizable(builder.take()));
}

Opinion stream(const History& history) {
  sim::StreamChecker checker;
  sim::feed(history, checker);
  Opinion opinion;
  opinion.verdict = checker.verdict();
  if (!checker.violation()) return opinion;
  opinion.reason = checker.violation()->reason;
  opinion.witnesses = checker.violation()->witnesses;
  return opinion;
}

// The operations of an explanation that are certain must show the violation whatever became of the others. Of
// a history without a violation there is nothing to explain.
Opinion explanation(const History& history) {
  const sim::CheckResult result = sim::check_linearizable(history);
  Opinion opinion;
  opinion.verdict = result.verdict;
  if (result.verdict != Verdict::violation) return opinion;
  const sim::Explanation explained = sim::explain(history, result);
  opinion.reason = explained.headline;
  opinion.claim = Opinion::Claim::whatever_else;
  opinion.witnesses.emplace();
  for (const sim::ExplainedOperation& it : explained.operations) {
    if (it.certain) opinion.witnesses->push_back(it.place);
  }
  return opinion;
}

// Tier 1 alone: histories of which every key is for it.
Opinion tier1_alone(const History& history) {
  const CompactHistory compact = sim::make_compact(history);
  Opinion opinion;
  for (const std::vector<std::uint32_t>& keys : compact.components()) {
    Judgement judgement;
    if (keys.size() == 1)
      judgement = sim::judge_tier1(compact, compact.keys()[keys[0]], HistoryNarrator(history));
    if (!judgement.verdict) {
      opinion.abstains = true;
    } else if (*judgement.verdict == Verdict::violation) {
      opinion.verdict = Verdict::violation;
      opinion.reason = judgement.reason;
      opinion.witnesses = judgement.witnesses;
      opinion.claim = Opinion::Claim::alone;
    }
  }
  return opinion;
}

// The general search alone, also where a cheaper tier would decide.
Opinion search_alone(const History& history) {
  const CompactHistory compact = sim::make_compact(history);
  std::uint64_t steps = 0;
  for (const std::vector<std::uint32_t>& keys : compact.components()) {
    Component component = sim::make_component(compact, keys);
    Judgement judgement =
        sim::search_component(HistoryNarrator(history), component, CheckOptions{}.steps_max, steps);
    if (judgement.verdict == Verdict::linearizable) continue;
    Opinion opinion;
    opinion.verdict = *judgement.verdict;
    opinion.reason = judgement.reason;
    opinion.witnesses = judgement.witnesses;
    return opinion;
  }
  return {};
}

Opinion from_order(sim::OrderResult result) {
  Opinion opinion;
  opinion.verdict = result.verdict;
  opinion.reason = std::move(result.reason);
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

// ---- mistaken on purpose

Opinion never_objects(const History& /*history*/) { return {}; }

Opinion always_objects(const History& /*history*/) {
  Opinion opinion;
  opinion.verdict = Verdict::violation;
  return opinion;
}

Opinion gives_up_on_seven(const History& history) {
  Opinion opinion = with_versions(history);
  if (history.size() == 7) opinion.verdict = Verdict::undecided;
  return opinion;
}

// As if operations that touch in time were not concurrent.
Opinion takes_ties_for_order(const History& history) {
  History apart = history;
  for (sim::Operation& operation : apart) {
    operation.call = Time(2 * operation.call.time_since_epoch());
    if (operation.back != kNever) operation.back = Time(2 * operation.back.time_since_epoch() - Duration(1));
    operation.back = std::max(operation.back, operation.call);
  }
  return without_versions(apart);
}

// As if an operation of unknown outcome had not happened.
Opinion forgets_the_unknown(const History& history) {
  History known = history;
  for (sim::Operation& operation : known) {
    if (sim::is_unknown(operation)) operation.outcome = sim::Outcome::fail;
  }
  return without_versions(known);
}

Opinion orders_by_call(const History& history) {
  Opinion opinion = with_versions(history);
  if (opinion.verdict != Verdict::linearizable) return opinion;
  opinion.order.emplace();
  for (std::uint32_t place = 0; place < history.size(); ++place) {
    if (history[place].outcome == sim::Outcome::ok) opinion.order->push_back(place);
  }
  return opinion;
}

Opinion names_one_witness(const History& history) {
  Opinion opinion = with_versions(history);
  if (opinion.verdict != Verdict::violation) return opinion;
  opinion.witnesses->resize(1);
  opinion.claim = Opinion::Claim::alone;
  return opinion;
}

// A read alone, whose value nobody alone wrote: another operation may have.
Opinion forgets_a_writer(const History& history) {
  Opinion opinion = with_versions(history);
  if (opinion.verdict != Verdict::violation) return opinion;
  opinion.claim = Opinion::Claim::whatever_else;
  opinion.witnesses->clear();
  for (std::size_t place = 0; place < history.size(); ++place) {
    const bool reads = history[place].kind == sim::OperationKind::get;
    if (reads && history[place].outcome == sim::Outcome::ok && history[place].accesses[0].value) {
      opinion.witnesses->push_back(place);
      return opinion;
    }
  }
  opinion.witnesses.reset();
  return opinion;
}

constexpr Judge kMistaken[] = {
    {"never objects", never_objects},
    {"always objects", always_objects},
    {"gives up on seven operations", gives_up_on_seven},
    {"takes ties for order", takes_ties_for_order},
    {"forgets the unknown", forgets_the_unknown},
    {"orders by call", orders_by_call},
    {"names one witness", names_one_witness},
    {"forgets a writer", forgets_a_writer},
};

constexpr Judge kJudges[] = {
    {"check", with_versions},
    {"check without versions", without_versions},
    {"compact", compact},
    {"tier 1", tier1_alone},
    {"compact by events", compact_by_events},
    {"stream", stream},
    {"explanation", explanation},
    {"search", search_alone},
    {"order", order_with_versions},
    {"order without versions", order_without_versions},
    {"order by search", order_by_search},
    {"specification", specification},
    {"brute force of tests/check", other_brute_force},
};

}  // namespace

std::span<const Judge> judges() { return kJudges; }
std::span<const Judge> mistaken_judges() { return kMistaken; }

}  // namespace norn::differential
