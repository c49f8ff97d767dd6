#include "tests/differential/compare.h"

#include "tests/differential/by_definition.h"

namespace norn::differential {

namespace {

using sim::History;
using sim::Verdict;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::linearizable:
      return "linearizable";
    case Verdict::violation:
      return "a violation";
    case Verdict::undecided:
      return "undecided";
  }
  return "";
}

std::optional<Mismatch> compare_witnesses(const History& history, const Judge& judge,
                                          const Opinion& opinion) {
  if (!opinion.witnesses) return std::nullopt;
  const std::vector<std::size_t>& witnesses = *opinion.witnesses;
  const auto wrong = [&](std::string text) {
    return Mismatch{judge.name, Mismatch::What::witnesses, std::move(text) + ": " + opinion.reason};
  };
  if (witnesses.empty()) return wrong("a violation without witnesses");
  History alone;
  std::string places;
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    const std::size_t place = witnesses[i];
    if (place >= history.size() || (i != 0 && place <= witnesses[i - 1]))
      return wrong("witnesses that are no places of operations, in order");
    alone.push_back(history[place]);
    places += " " + std::to_string(place);
  }
  if (opinion.claim == Opinion::Claim::near) return std::nullopt;
  if (linearizable_by_definition(alone)) return wrong("the witnesses" + places + " alone are linearizable");
  if (opinion.claim == Opinion::Claim::alone) return std::nullopt;
  for (const sim::Operation& operation : alone) {
    if (operation.outcome != sim::Outcome::ok)
      return wrong("one of the witnesses" + places + " did not complete");
  }
  if (linearizable_whatever_else(history, witnesses)) {
    return wrong("beside the witnesses" + places +
                 " others may have happened, otherwise than seen, and then " + "there is an order");
  }
  return std::nullopt;
}

// The same mistake, by the same judge.
bool is_still_mistaken(Judges judges, const History& history, const Mismatch& mismatch) {
  if (history.empty()) return false;
  const bool truth = linearizable_by_definition(history);
  for (const Judge& judge : judges) {
    if (judge.name != mismatch.judge) continue;
    bool abstained = false;
    const std::optional<Mismatch> found = compare(judge, history, truth, abstained);
    return found && found->what == mismatch.what;
  }
  return false;
}

}  // namespace

std::optional<Mismatch> compare(const Judge& judge, const History& history, bool linearizable,
                                bool& abstained) {
  const Opinion opinion = judge.judge(history);
  abstained = opinion.abstains;
  if (abstained) return std::nullopt;
  const Verdict expected = linearizable ? Verdict::linearizable : Verdict::violation;
  if (opinion.verdict != expected) {
    return Mismatch{judge.name, Mismatch::What::verdict,
                    "expected " + std::string(name_of(expected)) + ", it says " +
                        std::string(name_of(opinion.verdict)) + " " + opinion.reason};
  }
  if (opinion.order) {
    if (const std::optional<std::string> wrong = sim::verify_order(history, *opinion.order))
      return Mismatch{judge.name, Mismatch::What::order, "its order does not hold: " + *wrong};
  }
  return linearizable ? std::nullopt : compare_witnesses(history, judge, opinion);
}

std::optional<Mismatch> compare(Judges judges, const History& history, bool linearizable) {
  for (const Judge& judge : judges) {
    bool abstained = false;
    if (std::optional<Mismatch> mismatch = compare(judge, history, linearizable, abstained)) return mismatch;
  }
  return std::nullopt;
}

std::optional<Mismatch> compare(Judges judges, const History& history) {
  return compare(judges, history, linearizable_by_definition(history));
}

History shrink(Judges judges, History history, const Mismatch& mismatch) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t i = history.size(); i-- > 0;) {
      History trial = history;
      trial.erase(trial.begin() + static_cast<std::ptrdiff_t>(i));
      if (is_still_mistaken(judges, trial, mismatch)) {
        history = std::move(trial);
        smaller = true;
        continue;
      }
      for (std::size_t j = history[i].accesses.size(); j-- > 0 && history[i].accesses.size() > 1;) {
        trial = history;
        trial[i].accesses.erase(trial[i].accesses.begin() + static_cast<std::ptrdiff_t>(j));
        if (!is_still_mistaken(judges, trial, mismatch)) continue;
        history = trial;
        smaller = true;
      }
    }
  }
  return history;
}

}  // namespace norn::differential
