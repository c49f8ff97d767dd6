// Shrink, argue, and put it together: see explanation.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/explain/argument.h"
#include "sim/explain/explanation.h"
#include "sim/explain/ledger.h"
#include "sim/explain/names.h"
#include "sim/explain/shrink.h"

namespace norn::sim {

namespace {

constexpr std::size_t kOperationsMax = 60;  // in JSON
constexpr std::size_t kSentencesMax = 60;   // in JSON
constexpr std::size_t kValueMax = 1024;     // bytes of a value in JSON
constexpr std::size_t kAccessesMax = 16;    // of an operation in JSON
constexpr std::size_t kKeysNamed = 3;
constexpr std::size_t kLettersNamed = 12;
constexpr std::size_t kShapesMax = 200;  // certain operations in which shapes are looked for

void argue(Draft& draft) {
  const bool few = draft.certain().size() <= kShapesMax;
  if (few &&
      (argue_unwritten(draft) || argue_two_winners(draft) || argue_cycle(draft) || argue_appends(draft)))
    return;
  if (argue_increments(draft)) return;
  argue_orders(draft);
}

std::string minimality(const Draft& draft, const Shrunk& shrunk, std::uint64_t work_max) {
  const std::size_t count = shrunk.places.size();
  if (!shrunk.proven) {
    return "Fewer operations may show it: the budget of " + std::to_string(work_max) +
           " steps ended before each of these was seen to be needed.";
  }
  if (count == draft.places().size() && count == 1) return "One operation is enough to show it.";
  if (count > kLettersNamed)
    return "Each of the " + std::to_string(count) +
           " that are not dashed is needed: if any one of them might have gone differently, or not have "
           "happened, there is an order.";
  std::string needed;
  std::string named;
  std::size_t others = 0;
  for (const std::size_t place : draft.places()) {
    if (draft.is_certain(place)) {
      needed += (needed.empty() ? "" : ", ") + draft.letter_of(place);
    } else {
      named += (named.empty() ? "" : ", ") + draft.letter_of(place);
      ++others;
    }
  }
  std::string text = needed + (count == 1 ? " is needed: if it" : ": each is needed. If any one of them") +
                     " might have gone differently, or not have happened, there is an order.";
  if (others != 0)
    text += " " + named + (others == 1 ? " is" : " are") + " named for what " +
            (others == 1 ? "it" : "they") + " wrote.";
  return text;
}

std::string headline(const Draft& draft) {
  std::vector<std::string_view> keys;
  for (const std::size_t place : draft.places()) {
    for (const KeyAccess& access : draft.at(place).accesses) {
      if (std::find(keys.begin(), keys.end(), access.key) == keys.end()) keys.push_back(access.key);
    }
  }
  std::string text = keys.size() == 1 ? "Not linearizable: key " : "Not linearizable: keys ";
  for (std::size_t i = 0; i < keys.size() && i < kKeysNamed; ++i)
    text += (i == 0 ? "" : ", ") + shown(keys[i]);
  if (keys.size() > kKeysNamed) text += ", ...";
  const std::size_t count = draft.places().size();
  return text +
         (count == 1 ? ", shown by one operation" : ", shown by " + std::to_string(count) + " operations");
}

std::string cut(std::string sentence) {
  if (sentence.size() <= kSentenceMax) return sentence;
  sentence.resize(kSentenceMax - 3);
  return sentence + "...";
}

Explanation put_together(const Draft& draft, const Shrunk& shrunk, std::uint64_t work_max) {
  Explanation made;
  made.found = true;
  made.headline = headline(draft);
  const std::vector<std::size_t>& places = draft.places();
  for (const std::size_t place : places) {
    const Operation& operation = draft.at(place);
    made.operations.push_back(
        {place, draft.is_certain(place), draft.letter_of(place),
         deed(operation, draft.name_keys()) + " by client " + std::to_string(operation.client)});
    for (const KeyAccess& access : operation.accesses) {
      if (std::find(made.keys.begin(), made.keys.end(), access.key) == made.keys.end())
        made.keys.push_back(access.key);
    }
  }
  for (const std::string& sentence : draft.sentences_) made.argument.push_back(cut(sentence));
  const auto in_time = [&](std::size_t from, std::size_t to) {
    return std::any_of(draft.edges_.begin(), draft.edges_.end(), [&](const ExplanationEdge& edge) {
      return edge.kind == EdgeKind::time && edge.from == from && edge.to == to;
    });
  };
  for (ExplanationEdge edge : draft.edges_) {
    // What two others say already need not be drawn.
    if (edge.kind == EdgeKind::time && std::any_of(places.begin(), places.end(), [&](std::size_t via) {
          return in_time(edge.from, via) && in_time(via, edge.to);
        })) {
      continue;
    }
    const auto number = [&](std::size_t place) {
      return static_cast<std::size_t>(std::lower_bound(places.begin(), places.end(), place) - places.begin());
    };
    edge.from = number(edge.from);
    edge.to = number(edge.to);
    made.edges.push_back(std::move(edge));
  }
  made.proven = shrunk.proven;
  made.minimality = minimality(draft, shrunk, work_max);
  return made;
}

// Nothing smaller than the judge's own witnesses was seen to show it within the budget.
Explanation unshrunk(const History& history, const CheckResult& result) {
  Explanation made;
  made.found = true;
  made.headline = "Not linearizable";
  made.argument = {cut(result.reason)};
  for (std::size_t i = 0; i < result.witnesses.size(); ++i) {
    const Operation& operation = history[result.witnesses[i]];
    made.operations.push_back({result.witnesses[i], returned(operation), letter(i),
                               deed(operation, true) + " by client " + std::to_string(operation.client)});
    for (const KeyAccess& access : operation.accesses) {
      if (std::find(made.keys.begin(), made.keys.end(), access.key) == made.keys.end())
        made.keys.push_back(access.key);
    }
  }
  made.minimality =
      "These operations were involved when the check failed; the budget ended before it was seen "
      "which of them, and which others, are needed.";
  return made;
}

}  // namespace

Explanation explain(const History& history, const CheckResult& result, const ExplainOptions& options) {
  if (result.verdict != Verdict::violation || result.witnesses.empty()) return {};
  const Ledger ledger(history, result.witnesses[0]);
  Shrunk shrunk = shrink(ledger, result.witnesses, options.work_max);
  if (shrunk.places.empty()) return unshrunk(history, result);
  while (true) {
    Draft draft(ledger, shrunk.places);
    argue(draft);
    // A shape's proof may need fewer operations than the budget let be seen.
    std::vector<std::size_t> mentioned = draft.mentioned();
    if (shrunk.proven || mentioned.empty() || mentioned.size() >= shrunk.places.size())
      return put_together(draft, shrunk, options.work_max);
    shrunk = shrink_further(ledger, std::move(mentioned), options.work_max);
  }
}

namespace {

using Json = nlohmann::ordered_json;

// Bytes as in a history file: one above 0x7f is the character of that number.
std::string as_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, kValueMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return bytes.size() > kValueMax ? text + "... (" + std::to_string(bytes.size()) + " bytes)" : text;
}

Json as_json(const std::optional<std::string>& text) { return text ? Json(as_text(*text)) : Json(nullptr); }

Json access_json(const Operation& operation, const KeyAccess& access) {
  Json json = {{"key", as_text(access.key)}};
  if (operation.kind == OperationKind::compare_and_set) json["expected"] = as_json(access.expected);
  if (operation.kind == OperationKind::increment) {
    json["delta"] = operation.delta;
  } else if (changes_something(operation) || operation.kind == OperationKind::compare_and_set) {
    if (operation.kind != OperationKind::remove) json["argument"] = as_text(access.argument);
  }
  if (!returned(operation)) return json;
  if (operation.kind == OperationKind::compare_and_set) json["matched"] = operation.matched;
  const bool matched = operation.kind == OperationKind::compare_and_set && operation.matched;
  if ((!changes_something(operation) || operation.kind == OperationKind::increment) && !matched &&
      operation.value_known)
    json["value"] = as_json(access.value);
  return json;
}

Json operation_json(const History& history, const ExplainedOperation& explained) {
  const Operation& operation = history[explained.place];
  Json accesses = Json::array();
  for (std::size_t i = 0; i < operation.accesses.size() && i < kAccessesMax; ++i)
    accesses.push_back(access_json(operation, operation.accesses[i]));
  return {{"letter", explained.letter},
          {"name", explained.name},
          {"place", explained.place},
          {"certain", explained.certain},
          {"client", operation.client},
          {"call", operation.call.time_since_epoch().count()},
          {"return", returned(operation) ? Json(operation.back.time_since_epoch().count()) : Json(nullptr)},
          {"accesses", std::move(accesses)}};
}

}  // namespace

std::string explanation_json(const History& history, const Explanation& explanation) {
  static constexpr std::string_view kKinds[] = {"time", "value", "conflict"};
  Json operations = Json::array();
  const std::size_t shown_count = std::min(explanation.operations.size(), kOperationsMax);
  for (std::size_t i = 0; i < shown_count; ++i)
    operations.push_back(operation_json(history, explanation.operations[i]));
  Json edges = Json::array();
  for (const ExplanationEdge& edge : explanation.edges) {
    if (edge.from >= shown_count || edge.to >= shown_count) continue;
    edges.push_back({{"from", explanation.operations[edge.from].letter},
                     {"to", explanation.operations[edge.to].letter},
                     {"kind", kKinds[static_cast<std::size_t>(edge.kind)]},
                     {"label", edge.label}});
  }
  const std::size_t sentences = std::min(explanation.argument.size(), kSentencesMax);
  Json argument = Json::array();
  for (std::size_t i = 0; i < sentences; ++i) argument.push_back(explanation.argument[i]);
  Json json = {{"headline", explanation.headline},
               {"operations", std::move(operations)},
               {"operations_left_out", explanation.operations.size() - shown_count},
               {"argument", std::move(argument)},
               {"argument_left_out", explanation.argument.size() - sentences},
               {"edges", std::move(edges)},
               {"proven", explanation.proven},
               {"minimality", explanation.minimality}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace norn::sim
