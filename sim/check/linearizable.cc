// The judge: tier by tier, the cheap ones first. See linearizable.h.
//
//   0  split by key: linearizable_component.h
//   -  certificate, the log's own order: linearizable_certificate.h; proves linearizable, or says nothing
//   1  one key that names its own order, in the compact form: tier1.h
//   2  everything else, a search within a budget: search.h
#include "sim/check/linearizable.h"

#include "sim/check/compact.h"
#include "sim/check/compact_component.h"
#include "sim/check/linearizable_certificate.h"
#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"

namespace norn::sim {

namespace {

// Marks the operations of components that the versions do not certify. False: there are none.
bool mark_doubtful(const History& history, const Split& split, std::vector<bool>& doubtful) {
  bool any = false;
  for (std::size_t component = 0; component < split.components(); ++component) {
    if (certified_by_versions(history, split, component)) continue;
    any = true;
    for (std::uint32_t i = split.starts[component]; i < split.starts[component + 1]; ++i)
      doubtful[split.places[i]] = true;
  }
  return any;
}

}  // namespace

CheckResult check_linearizable(const History& history, const CheckOptions& options) {
  CheckResult result;
  if (!options.use_versions) {
    const CompactHistory compact = make_compact(history);
    result.components = compact.components().size();
    judge_components(compact, HistoryNarrator(history), options, result);
    return result;
  }
  const Split split = split_by_key(history);
  result.components = split.components();
  std::vector<bool> doubtful(history.size(), false);
  if (!mark_doubtful(history, split, doubtful)) return result;
  judge_components(make_compact(history, &doubtful), HistoryNarrator(history), options, result);
  return result;
}

}  // namespace norn::sim
