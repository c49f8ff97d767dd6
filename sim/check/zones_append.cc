// The chain that appends of distinct tokens spell: appends and gets on one key. See zones.h.
//
// Nothing shortens the value, so every value seen is a prefix of every later one, and the longest, L, holds
// them all. No token is a prefix of another, so L comes apart into tokens in one way at most, and each token
// has one append: L names the appends up to it, in their order, and every read stands between two of them (or
// before the first). An append that L lacks stands behind every read; it must then not precede any operation
// of the chain. If its outcome is unknown, it may as well never have happened. Among themselves those appends
// stand by call time. So the component is linearizable iff the values nest, each token is used once, and
// along the chain every operation, those behind it too, comes back no earlier than the latest call of what
// stands in front of it.
#include <algorithm>
#include <limits>

#include "sim/check/linearizable_words.h"
#include "sim/check/zones.h"

namespace norn::sim {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

class Chain {
 public:
  Chain(const History& history, const Component& component)
      : history_(history), component_(component), steps_(component.steps) {}

  Judgement judge() {
    if (!collect()) return {};
    Judgement found = spell();
    if (found.verdict) return found;
    return walk();
  }

  // Of a component that is linearizable.
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> places;
    for (const std::uint32_t step : chain_) places.push_back(steps_[step].place);
    for (const std::uint32_t step : behind_) places.push_back(steps_[step].place);
    return places;
  }

 private:
  const KeyStep& part(std::uint32_t step) const { return component_.parts[steps_[step].first]; }
  std::size_t place(std::uint32_t step) const { return steps_[step].place; }
  std::string words(std::uint32_t step) const { return words_of(history_, place(step)); }
  std::string_view token(std::uint32_t append) const { return component_.values.text(part(append).argument); }

  // A read's value as a length: absence is the empty prefix, for tokens are not empty.
  std::string_view seen(std::uint32_t read) const {
    const ValueId value = part(read).value;
    return value == kAbsent ? std::string_view() : component_.values.text(value);
  }

  // False: not for this tier.
  bool collect() {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) {
      if (is_read(steps_[step])) {
        if (contradicts_itself(steps_[step], part(step))) return false;
        reads_.push_back(step);
      } else if (steps_[step].kind == OperationKind::append && !token(step).empty()) {
        appends_.push_back(step);
      } else {
        return false;
      }
    }
    // Sorted, a prefix of any other token is a prefix of its neighbour.
    std::sort(appends_.begin(), appends_.end(), [&](auto a, auto b) { return token(a) < token(b); });
    for (std::size_t i = 1; i < appends_.size(); ++i) {
      if (token(appends_[i]).starts_with(token(appends_[i - 1]))) return false;
    }
    std::stable_sort(reads_.begin(), reads_.end(),
                     [&](auto a, auto b) { return seen(a).size() < seen(b).size(); });
    return true;
  }

  // The append whose token the text begins with. It is the greatest token not above the text: one between
  // them would begin with it too.
  std::uint32_t first_token(std::string_view text) const {
    const auto above =
        std::upper_bound(appends_.begin(), appends_.end(), text,
                         [&](std::string_view t, std::uint32_t append) { return t < token(append); });
    if (above == appends_.begin() || !text.starts_with(token(*std::prev(above)))) return kNone;
    return *std::prev(above);
  }

  // Takes the reads in order of length, checks that they nest, and takes what each adds apart into appends.
  Judgement spell() {
    std::vector<bool> used(steps_.size(), false);
    std::string_view known;
    std::uint32_t known_from = kNone;
    for (const std::uint32_t read : reads_) {
      const std::string_view text = seen(read);
      if (part(read).value != kAbsent && text.empty()) {
        return violation(history_, words(read) + ", but nobody wrote an empty value", {place(read)});
      }
      if (!text.starts_with(known)) {
        return violation(
            history_,
            "neither of two values seen begins with the other: " + words(known_from) + "; " + words(read),
            {place(known_from), place(read)});
      }
      for (std::size_t at = known.size(); at < text.size();) {
        const std::uint32_t append = first_token(text.substr(at));
        if (append == kNone) {
          return violation(
              history_,
              words(read) + ", but what stands from byte " + std::to_string(at) + " on is nobody's append",
              {place(read)});
        }
        if (used[append]) {
          return violation(history_, words(read) + ", where one append took effect twice: " + words(append),
                           {place(read), place(append)});
        }
        used[append] = true;
        chain_.push_back(append);
        at += token(append).size();
      }
      chain_.push_back(read);
      known = text;
      known_from = read;
    }
    std::sort(appends_.begin(), appends_.end());
    for (const std::uint32_t append : appends_) {
      if (!used[append] && !steps_[append].unknown) behind_.push_back(append);
    }
    return {};
  }

  Judgement walk() const {
    std::int64_t floor = std::numeric_limits<std::int64_t>::min();  // the latest call in front
    std::uint32_t floor_step = kNone;
    for (std::size_t i = 0; i < chain_.size();) {
      std::size_t end = i + 1;  // an append, or reads of one value: those stand among themselves by call time
      if (is_read(steps_[chain_[i]])) {
        while (end < chain_.size() && is_read(steps_[chain_[end]])) ++end;
      }
      for (std::size_t j = i; j < end; ++j) {
        if (steps_[chain_[j]].back < floor) return too_early(chain_[j], floor_step);
      }
      for (; i < end; ++i) {
        if (steps_[chain_[i]].call <= floor) continue;
        floor = steps_[chain_[i]].call;
        floor_step = chain_[i];
      }
    }
    for (const std::uint32_t append : behind_) {
      if (steps_[append].back < floor) return lost(append, floor_step);
    }
    return linearizable();
  }

  Judgement too_early(std::uint32_t early, std::uint32_t late) const {
    return violation(history_,
                     "the values seen put " + words(early) + " behind " + words(late) +
                         ", but it had returned before that call",
                     {place(early), place(late), place(longest())});
  }

  Judgement lost(std::uint32_t append, std::uint32_t late) const {
    return violation(history_,
                     "an append is lost: " + words(append) + " had returned before " + words(late) +
                         ", yet is in no value seen, the longest by " + words(longest()),
                     {place(append), place(late), place(longest())});
  }

  std::uint32_t longest() const { return reads_.back(); }  // a chain that is not empty ends with a read

  const History& history_;
  const Component& component_;
  const std::vector<KvStep>& steps_;
  std::vector<std::uint32_t> reads_;    // by length of what they saw
  std::vector<std::uint32_t> appends_;  // by token; after spell() by call time
  std::vector<std::uint32_t> chain_;    // appends that were seen and reads, in the order they must stand
  std::vector<std::uint32_t> behind_;   // completed appends that nobody saw
};

}  // namespace

Judgement judge_append_chain(const History& history, const Component& component,
                             std::vector<std::uint32_t>* order) {
  Chain chain(history, component);
  Judgement judgement = chain.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = chain.order();
  return judgement;
}

}  // namespace norn::sim
