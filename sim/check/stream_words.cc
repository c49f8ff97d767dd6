// A stream's violation in words: see stream_words.h.
#include "sim/check/stream_words.h"

#include <algorithm>

#include "sim/check/linearizable_words.h"

namespace norn::sim {

namespace {

constexpr std::size_t kWitnessesMax = 6;
constexpr std::size_t kPossibleMax = 4;

class Telling {
 public:
  Telling(const Stuck& stuck, std::uint32_t answered, const StreamComponent& component,
          const StreamTables& tables, const Values& keys)
      : stuck_(stuck), answered_(answered), component_(component), tables_(tables), keys_(keys) {}

  StreamViolation tell() const { return stuck_.conflict ? tell_conflict() : tell_stuck(); }

 private:
  // Of a key in zones.
  StreamViolation tell_conflict() const {
    StreamViolation told;
    told.place = tables_.operations[answered_].place;
    told.reason = words({answered_}) + ": ";
    told.witnesses = {told.place};
    const StreamZones::Cluster& own = stuck_.conflict->own;
    if (!stuck_.conflict->other) {
      told.reason += tables_.operations[answered_].outcome == Outcome::fail
                         ? "but its value was seen"
                         : "but that was never written, or something later had been seen before the call";
      return told;
    }
    const StreamZones::Cluster& other = *stuck_.conflict->other;
    told.reason += before(own, other) + "; but " + before(other, own);
    for (const std::size_t place : {own.f_place, own.s_place, other.f_place, other.s_place}) {
      if (place != StreamZones::kNowhere) told.witnesses.push_back(place);
    }
    std::sort(told.witnesses.begin(), told.witnesses.end());
    told.witnesses.erase(std::unique(told.witnesses.begin(), told.witnesses.end()), told.witnesses.end());
    return told;
  }

  std::string before(const StreamZones::Cluster& a, const StreamZones::Cluster& b) const {
    const std::string value_a = words_of(tables_.values, a.value);
    const std::string value_b = words_of(tables_.values, b.value);
    if (a.f == StreamZones::kBegin) return value_a + " was there only before any write";
    return value_a + " was there by " + seconds(a.f) + ", and so came before " + value_b +
           ", of which an operation was called at " + seconds(b.s);
  }

  StreamViolation tell_stuck() const {
    const StreamOperation& it = tables_.operations[stuck_.operation];
    StreamViolation told;
    told.place = tables_.operations[answered_].place;
    told.reason = words({stuck_.operation}) + ": no order of the operations until then explains it; ";
    if (answered_ != stuck_.operation) told.reason = "since " + words({answered_}) + ", " + told.reason;
    told.reason += "what returned before leaves ";
    for (const KeyStep& part : it.parts) {
      if (&part != it.parts.data()) told.reason += ", and ";
      told.reason += "key " + quoted(key(part)) + " at " + possible_values(part.key);
    }
    const std::vector<std::uint32_t> others = around();
    if (!others.empty()) told.reason += "; around it: " + words(others);
    told.witnesses = {told.place, it.place};
    for (const std::uint32_t other : others) told.witnesses.push_back(tables_.operations[other].place);
    std::sort(told.witnesses.begin(), told.witnesses.end());
    told.witnesses.erase(std::unique(told.witnesses.begin(), told.witnesses.end()), told.witnesses.end());
    return told;
  }

  std::string words(std::vector<std::uint32_t> operations) const {
    std::sort(operations.begin(), operations.end(), [&](std::uint32_t a, std::uint32_t b) {
      return tables_.operations[a].place < tables_.operations[b].place;
    });
    History history;
    std::vector<std::size_t> places;
    for (const std::uint32_t operation : operations) {
      places.push_back(history.size());
      history.push_back(operation_of(operation));
    }
    return norn::sim::words_of(HistoryNarrator(history), places);
  }

  std::string_view key(const KeyStep& part) const { return keys_.text(component_.keys()[part.key] + 2); }

  std::optional<std::string> text(ValueId value) const {
    return value == kAbsent ? std::nullopt : std::optional(std::string(tables_.values.text(value)));
  }

  Operation operation_of(std::uint32_t number) const {
    const StreamOperation& it = tables_.operations[number];
    Operation made;
    made.client = it.client;
    made.kind = it.step.kind;
    made.outcome = it.outcome == Outcome::ok || it.outcome == Outcome::fail ? it.outcome : Outcome::info;
    made.matched = it.step.matched;
    made.value_known = it.step.value_known;
    made.delta = it.step.delta;
    made.call = Time(Duration(it.step.call));
    made.back = Time(Duration(it.step.back));
    for (const KeyStep& part : it.parts) {
      made.accesses.push_back({std::string(key(part)), text(part.argument).value_or(""), text(part.expected),
                               text(part.value), 0});
    }
    return made;
  }

  std::string possible_values(std::uint32_t key) const {
    const Layout& layout = component_.layout();
    std::vector<ValueId> possible;
    for (std::size_t at = 0; at < stuck_.before.words.size(); at += layout.words())
      possible.push_back(static_cast<ValueId>(stuck_.before.words[at + key / 2] >> key % 2 * 32));
    std::sort(possible.begin(), possible.end());
    possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
    std::string text;
    for (std::size_t i = 0; i < possible.size() && i < kPossibleMax; ++i)
      text += (i == 0 ? "" : " or ") + words_of(tables_.values, possible[i]);
    return text + (possible.size() > kPossibleMax ? " or others" : "");
  }

  bool shares_key(std::uint32_t other) const {
    const std::vector<KeyStep>& ours = tables_.operations[stuck_.operation].parts;
    const std::vector<KeyStep>& theirs = tables_.operations[other].parts;
    return std::any_of(ours.begin(), ours.end(), [&](const KeyStep& part) {
      return std::any_of(theirs.begin(), theirs.end(),
                         [&](const KeyStep& that) { return that.key == part.key; });
    });
  }

  // Writes of the same keys: those that returned last, then open ones.
  std::vector<std::uint32_t> around() const {
    std::vector<std::uint32_t> near;
    const auto add = [&](std::uint32_t other) {
      const bool known = std::find(near.begin(), near.end(), other) != near.end();
      if (near.size() + 2 < kWitnessesMax && !known && other != stuck_.operation && other != answered_ &&
          !is_read(tables_.operations[other].step) && shares_key(other))
        near.push_back(other);
    };
    std::for_each(component_.recent().rbegin(), component_.recent().rend(), add);
    std::for_each(stuck_.before.open.begin(), stuck_.before.open.end(), add);
    return near;
  }

  const Stuck& stuck_;
  std::uint32_t answered_;
  const StreamComponent& component_;
  const StreamTables& tables_;
  const Values& keys_;
};

}  // namespace

StreamViolation words_of(const Stuck& stuck, std::uint32_t answered, const StreamComponent& component,
                         const StreamTables& tables, const Values& keys) {
  return Telling(stuck, answered, component, tables, keys).tell();
}

}  // namespace norn::sim
