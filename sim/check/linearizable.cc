// The judge: tier by tier, the cheap ones first. See linearizable.h.
//
//   0  split by key: linearizable_component.h
//   -  certificate, the log's own order: linearizable_certificate.h; proves linearizable, or says nothing
//   1  one key, distinct values, zones: zones.h
//   2  everything else, a search within a budget: search.h
#include "sim/check/linearizable.h"

#include "sim/check/linearizable_certificate.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"
#include "sim/check/search.h"
#include "sim/check/zones.h"

namespace norn::sim {

namespace {

constexpr std::size_t kKeysNamed = 4;  // of those that stay undecided

Judgement judge(const History& history, const Split& split, std::size_t component,
                const CheckOptions& options, CheckResult& result) {
  if (options.use_versions && certified_by_versions(history, split, component)) return linearizable();
  Component interned = make_component(history, split, component);
  Judgement judgement = judge_by_zones(history, interned);
  if (judgement.verdict) return judgement;
  ++result.searched;
  return search_component(history, interned, options.steps_max, result.steps);
}

std::string keys_of(const History& history, const Split& split, std::size_t component) {
  const Component interned = make_component(history, split, component);
  std::string text;
  for (std::size_t i = 0; i < interned.keys.size() && i < kKeysNamed; ++i) {
    text += (i == 0 ? "" : ", ") + quoted(interned.keys[i]);
  }
  return text + (interned.keys.size() > kKeysNamed ? ", ..." : "");
}

}  // namespace

CheckResult check_linearizable(const History& history, const CheckOptions& options) {
  const Split split = split_by_key(history);
  CheckResult result;
  result.components = split.components();
  std::size_t undecided = 0;
  std::string undecided_keys;
  for (std::size_t component = 0; component < split.components(); ++component) {
    Judgement judgement = judge(history, split, component, options, result);
    if (judgement.verdict == Verdict::violation) {
      result.verdict = Verdict::violation;
      result.reason = std::move(judgement.reason);
      result.witnesses = std::move(judgement.witnesses);
      return result;  // one is enough, also beside components that stayed undecided
    }
    if (judgement.verdict == Verdict::undecided && ++undecided <= kKeysNamed) {
      undecided_keys += (undecided == 1 ? "" : "; ") + keys_of(history, split, component);
    }
  }
  if (undecided != 0) {
    result.verdict = Verdict::undecided;
    result.reason = "more than " + std::to_string(options.steps_max) + " steps are needed: keys " +
                    undecided_keys + (undecided > kKeysNamed ? "; and others" : "");
  }
  return result;
}

}  // namespace norn::sim
