// How a set of operations is asked about, and made smaller.
//
// The question is put to the judge as a history of its own: the kept operations as they were, and of the
// others those that matter, with an unknown outcome. Which matter, and why the rest can be left out:
//
// - Only what changes something; and only what was called before the last of the kept ones returned.
// - On a plain key (puts, removes, compare-and-sets that tell what they found), only who leaves a value that
//   is seen: by a kept operation or by an uncertain compare-and-set that matters itself. Take an order of all
//   of them and drop every other write: whoever sees a value sees it directly behind its writer, nothing
//   between them was a write, so it still does.
// - Of those, not who had ended before a kept write of another value began that had ended before the seer
//   began: whenever it took effect, it was overwritten when the seer looked. Here its true time counts, which
//   an unknown outcome cannot express. So for every seer, unless an uncertain compare-and-set is one.
// - Of equal puts and removes no more than there are seers, the ones called first: if k of them land to any
//   purpose, the i-th that lands can be the i-th that was called.
// - Where there are appends but no increments, not the appends whose text is part of no value seen: as long
//   as it stands in the value nobody looks.
//
// Each is exact, except that an operation with a reply keeps only the beginning of its time; that only makes
// more orders possible, so a contradiction remains one.
#include "sim/explain/shrink.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "sim/check/linearizable.h"
#include "sim/explain/counter.h"

namespace norn::sim {

namespace {

constexpr std::size_t kUncertainMax = 3000;        // of those whose effect depends on what is there
constexpr std::uint64_t kCompareMax = 20'000'000;  // bytes of values times appends that are looked through
constexpr std::uint64_t kShare = 8;                // a question gets this part of the budget that is left ...
constexpr std::uint64_t kStepsMin = 500'000;       // ... or so many steps; the first one most of it
constexpr std::uint64_t kBytesPerWork = 64;

using Seen = std::pair<std::string_view, MaybeText>;  // key, value

// The history that a question is put as.
class Question {
 public:
  Question(const Ledger& ledger, const std::vector<std::size_t>& kept) : ledger_(ledger), kept_(kept) {
    std::sort(kept_.begin(), kept_.end());
    for (const std::size_t place : kept_) horizon_ = std::max(horizon_, at(place).back);
    for (const std::size_t place : kept_) look(place);
    while (!fresh_.empty()) {
      const Seen seen = fresh_.back();
      fresh_.pop_back();
      add_writers(seen);
    }
    for (const std::string_view key : mixed_) add_changers(key);
    drop_overwritten();
    drop_repeated();
  }

  std::size_t uncertain_on_mixed_keys() const { return on_mixed_; }

  History history() const {
    std::vector<std::size_t> all(kept_);
    for (const std::size_t place : uncertain_) all.push_back(place);
    std::sort(all.begin(), all.end());
    History made;
    made.reserve(all.size());
    for (const std::size_t place : all) {
      made.push_back(at(place));
      if (!is_kept(place)) make_uncertain(made.back());
    }
    return made;
  }

 private:
  const Operation& at(std::size_t place) const { return ledger_.history()[place]; }
  bool is_kept(std::size_t place) const { return std::binary_search(kept_.begin(), kept_.end(), place); }

  static void make_uncertain(Operation& operation) {
    operation.outcome = Outcome::info;
    operation.back = kNever;
    operation.matched = false;
    for (KeyAccess& access : operation.accesses) {
      access.value.reset();
      access.version = 0;
    }
  }

  void note(const Seen& seen) {
    if (seen_.insert(seen).second) fresh_.push_back(seen);
  }

  // What a kept operation, or an uncertain one that matters, sees.
  void look(std::size_t place) {
    const Operation& operation = at(place);
    const bool uncertain = !is_kept(place);
    for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
      const KeyAccess& access = operation.accesses[part];
      if (!ledger_.key(access.key).is_plain()) mixed_.insert(access.key);
      std::optional<MaybeText> seen = seen_by(operation, part);
      if (uncertain && operation.kind == OperationKind::compare_and_set) {
        seen = access.expected ? MaybeText(*access.expected) : MaybeText();
        seen_by_uncertain_.insert({access.key, *seen});
      }
      if (!seen || (uncertain && operation.kind != OperationKind::compare_and_set)) continue;
      seers_[{access.key, *seen}].push_back(place);
      note({access.key, *seen});
    }
  }

  void add(std::size_t place) {
    if (is_kept(place) || at(place).call > horizon_) return;
    if (uncertain_.insert(place).second) look(place);
  }

  void add_writers(const Seen& seen) {
    if (!ledger_.key(seen.first).is_plain()) return;  // all its changers will be looked at
    for (const std::size_t place : ledger_.writers(seen.first, seen.second)) add(place);
  }

  void add_changers(std::string_view name) {
    const Ledger::Key& key = ledger_.key(name);
    std::vector<std::string_view> texts;
    std::uint64_t bytes = 0;
    for (const auto& [seen, places] : seers_) {
      if (seen.first != name || !seen.second) continue;
      texts.push_back(*seen.second);
      bytes += seen.second->size();
    }
    const bool may_leave_out =
        !key.incremented && !key.swapped && !key.untold && bytes * (key.changers.size() + 1) < kCompareMax;
    for (const std::size_t place : key.changers) {
      const Operation& operation = at(place);
      if (may_leave_out && operation.kind == OperationKind::append &&
          std::none_of(texts.begin(), texts.end(), [&](std::string_view text) {
            return text.find(operation.accesses[0].argument) != std::string_view::npos;
          })) {
        continue;
      }
      const std::size_t before = uncertain_.size();
      add(place);
      on_mixed_ += uncertain_.size() - before;
    }
  }

  // The kept writes of one key by call, each with what is behind it: the earliest return, and the earliest of
  // those that leave another value than that one does.
  struct Overwriters {
    struct Entry {
      Time call{};
      Time back = kNever;
      MaybeText value;
      Time other_back = kNever;
    };
    std::vector<Entry> entries;

    void finish() {
      std::sort(entries.begin(), entries.end(),
                [](const Entry& a, const Entry& b) { return a.call < b.call; });
      for (std::size_t i = entries.size(); i-- > 1;) {
        Entry& here = entries[i - 1];
        const Entry& behind = entries[i];
        if (here.value == behind.value) {
          here.back = std::min(here.back, behind.back);
          here.other_back = behind.other_back;
        } else if (here.back <= behind.back) {
          here.other_back = behind.back;
        } else {
          here.other_back = std::min(here.back, behind.other_back);
          here.back = behind.back;
          here.value = behind.value;
        }
      }
    }

    // When the first write of another value is over that began after this time.
    Time first_over(Time after, MaybeText value) const {
      const auto found = std::upper_bound(entries.begin(), entries.end(), after,
                                          [](Time time, const Entry& entry) { return time < entry.call; });
      if (found == entries.end()) return kNever;
      return found->value == value ? found->other_back : found->back;
    }
  };

  // The seers of one value by call, each with the latest return up to it.
  using Seers = std::vector<std::pair<Time, Time>>;

  // Whether one of them could look before this writer's value is overwritten, and after it was called.
  static bool can_see(const Seers& seers, const Operation& writer, Time over) {
    const auto end = std::upper_bound(seers.begin(), seers.end(), over,
                                      [](Time time, const auto& seer) { return time < seer.first; });
    return end != seers.begin() && std::prev(end)->second >= writer.call;
  }

  bool is_needed(std::size_t place, const std::map<std::string_view, Overwriters>& overwriters,
                 const std::map<Seen, Seers>& seers) const {
    const Operation& operation = at(place);
    for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
      const std::string_view key = operation.accesses[part].key;
      const std::optional<MaybeText> written = written_by(operation, part);
      if (!ledger_.key(key).is_plain() || !written) return true;
      const Seen seen{key, *written};
      if (seen_by_uncertain_.contains(seen)) return true;
      const auto looking = seers.find(seen);
      if (looking == seers.end()) continue;
      const auto over = overwriters.find(key);
      const bool ends = returned(operation) && over != overwriters.end();
      if (can_see(looking->second, operation,
                  ends ? over->second.first_over(operation.back, *written) : kNever))
        return true;
    }
    return false;
  }

  void drop_overwritten() {
    std::map<std::string_view, Overwriters> overwriters;
    for (const std::size_t place : kept_) {
      const Operation& operation = at(place);
      if (!changes_something(operation)) continue;
      for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
        const std::optional<MaybeText> written = written_by(operation, part);
        if (written)
          overwriters[operation.accesses[part].key].entries.push_back(
              {operation.call, operation.back, *written, kNever});
      }
    }
    for (auto& [key, of_key] : overwriters) of_key.finish();
    std::map<Seen, Seers> seers;
    for (const auto& [seen, places] : seers_) {
      Seers& of_value = seers[seen];
      for (const std::size_t place : places) of_value.emplace_back(at(place).call, at(place).back);
      std::sort(of_value.begin(), of_value.end());
      for (std::size_t i = 1; i < of_value.size(); ++i)
        of_value[i].second = std::max(of_value[i].second, of_value[i - 1].second);
    }
    std::erase_if(uncertain_, [&](std::size_t place) { return !is_needed(place, overwriters, seers); });
  }

  void drop_repeated() {
    std::map<Seen, std::size_t> have;
    std::erase_if(uncertain_, [&](std::size_t place) {
      const Operation& operation = at(place);
      if (operation.kind != OperationKind::put && operation.kind != OperationKind::remove) return false;
      const Seen seen{operation.accesses[0].key, *written_by(operation, 0)};
      const auto seers = seers_.find(seen);
      if (!ledger_.key(seen.first).is_plain() || seers == seers_.end()) return false;
      return ++have[seen] > seers->second.size();  // in order of calls: a history is sorted by them
    });
  }

  const Ledger& ledger_;
  std::vector<std::size_t> kept_;
  Time horizon_{};
  std::set<std::size_t> uncertain_;
  std::map<Seen, std::vector<std::size_t>> seers_;
  std::set<Seen> seen_;
  std::set<Seen> seen_by_uncertain_;
  std::vector<Seen> fresh_;
  std::set<std::string_view> mixed_;  // keys that are not plain
  std::size_t on_mixed_ = 0;
};

std::uint64_t size_of(const History& history) {
  std::uint64_t bytes = 0;
  for (const Operation& operation : history) {
    for (const KeyAccess& access : operation.accesses) {
      bytes += access.key.size() + access.argument.size() + (access.value ? access.value->size() : 0);
    }
  }
  return history.size() + bytes / kBytesPerWork;
}

// Makes a set smaller that shows a violation.
class Shrinking {
 public:
  Shrinking(const Ledger& ledger, std::uint64_t work_max) : ledger_(ledger), inquiry_(ledger, work_max) {}

  Shrunk run(const std::vector<std::size_t>& witnesses) {
    std::vector<std::size_t> kept;
    for (const std::size_t place : witnesses) {
      if (returned(ledger_.history()[place])) kept.push_back(place);
    }
    if (kept.empty() || !shows(kept)) {
      kept.clear();
      if (const auto pair = counter_conflict(ledger_, ledger_.places()))
        kept = {pair->first.place, pair->second.place};
    }
    if (kept.empty()) kept = latest_that_show();
    if (kept.empty()) return {};
    return further(std::move(kept));
  }

  Shrunk further(std::vector<std::size_t> kept) {
    drop_chunks(kept);
    // Reads are tried first: an explanation with the write itself is plainer than one with who saw it.
    std::stable_partition(kept.begin(), kept.end(),
                          [&](std::size_t place) { return !changes_something(ledger_.history()[place]); });
    Shrunk shrunk;
    shrunk.proven = drop_one_by_one(kept);
    std::sort(kept.begin(), kept.end());
    shrunk.places = std::move(kept);
    return shrunk;
  }

 private:
  bool shows(const std::vector<std::size_t>& kept) { return inquiry_.ask(kept) == Answer::contradictory; }

  // The smallest count for which `show` holds, which is known to hold for `enough`; show is monotone.
  template <typename Show>
  static std::size_t smallest(std::size_t enough, const Show& show) {
    std::size_t too_few = 0;
    while (enough - too_few > 1) {
      const std::size_t middle = too_few + (enough - too_few) / 2;
      (show(middle) ? enough : too_few) = middle;
    }
    return enough;
  }

  // Of all that returned, in the order of their returns: the shortest prefix that shows it, for the last of
  // it makes the violation certain; and of that the shortest end.
  std::vector<std::size_t> latest_that_show() {
    std::vector<std::size_t> all;
    for (const std::size_t place : ledger_.places()) {
      if (returned(ledger_.history()[place])) all.push_back(place);
    }
    std::stable_sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) {
      return ledger_.history()[a].back < ledger_.history()[b].back;
    });
    const auto end_of = [&](std::size_t count) {
      return std::vector<std::size_t>(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
    };
    if (!shows(all)) return {};
    all.resize(smallest(all.size(), [&](std::size_t count) {
      return shows({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)});
    }));
    std::size_t enough = 1;
    while (enough < all.size() && !shows(end_of(enough))) enough *= 2;
    enough = std::min(enough, all.size());
    return end_of(smallest(enough, [&](std::size_t count) { return shows(end_of(count)); }));
  }

  // Delta debugging (Zeller & Hildebrandt 2002), complements only: showing is monotone, so that a chunk which
  // cannot be dropped now never can with a smaller rest. Halves, quarters, ... of what is left.
  void drop_chunks(std::vector<std::size_t>& kept) {
    for (std::size_t size = kept.size() / 2; size > 1; size /= 2) {
      for (std::size_t from = 0; from < kept.size() && !inquiry_.spent();) {
        std::vector<std::size_t> rest = without(kept, from, std::min(size, kept.size() - from));
        if (!rest.empty() && shows(rest)) {
          kept = std::move(rest);
        } else {
          from += size;
        }
      }
    }
  }

  // True: of those that stay, each was seen to be needed.
  bool drop_one_by_one(std::vector<std::size_t>& kept) {
    bool proven = true;
    for (std::size_t i = 0; i < kept.size();) {
      std::vector<std::size_t> rest = without(kept, i, 1);
      const Answer answer = rest.empty() ? Answer::possible : inquiry_.ask(rest);
      if (answer == Answer::contradictory) {
        kept = std::move(rest);
        continue;
      }
      proven &= answer == Answer::possible;
      ++i;
    }
    return proven;
  }

  static std::vector<std::size_t> without(const std::vector<std::size_t>& from, std::size_t at,
                                          std::size_t count) {
    std::vector<std::size_t> rest(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(at));
    rest.insert(rest.end(), from.begin() + static_cast<std::ptrdiff_t>(at + count), from.end());
    return rest;
  }

  const Ledger& ledger_;
  Inquiry inquiry_;
};

}  // namespace

Answer Inquiry::ask(const std::vector<std::size_t>& kept) {
  if (work_left_ == 0) return Answer::not_known;
  const auto pay = [&](std::uint64_t work) { work_left_ -= std::min(work_left_, work); };
  if (counter_conflict(ledger_, kept)) return Answer::contradictory;
  if (kept.size() == 1 && reachable(ledger_, kept[0])) return Answer::possible;
  const Question question(ledger_, kept);
  if (question.uncertain_on_mixed_keys() > kUncertainMax) {
    pay(question.uncertain_on_mixed_keys());
    return Answer::not_known;
  }
  const History history = question.history();
  pay(size_of(history) + 1);
  if (work_left_ == 0) return Answer::not_known;
  CheckOptions options;
  options.steps_max =
      std::min(work_left_, first_ ? work_left_ / 4 * 3 + 1 : std::max(kStepsMin, work_left_ / kShare));
  first_ = false;
  options.use_versions = false;  // they prove nothing of a part
  const CheckResult result = check_linearizable(history, options);
  pay(result.steps);
  switch (result.verdict) {
    case Verdict::linearizable:
      return Answer::possible;
    case Verdict::violation:
      return Answer::contradictory;
    case Verdict::undecided:
      return Answer::not_known;
  }
  return Answer::not_known;
}

Shrunk shrink_further(const Ledger& ledger, std::vector<std::size_t> kept, std::uint64_t work_max) {
  return Shrinking(ledger, work_max).further(std::move(kept));
}

Shrunk shrink(const Ledger& ledger, const std::vector<std::size_t>& witnesses, std::uint64_t work_max) {
  return Shrinking(ledger, work_max).run(witnesses);
}

}  // namespace norn::sim
