#include "sim/explain/names.h"

#include "sim/check/linearizable_component.h"
#include "sim/check/linearizable_words.h"

namespace norn::sim {

namespace {

constexpr std::size_t kShownMax = 32;   // bytes of a value that are not shortened
constexpr std::size_t kShownHead = 14;  // else so many of its beginning
constexpr std::size_t kShownTail = 14;  // and of its end
constexpr std::size_t kPartsMax = 4;    // of a multi-key operation, in words

std::string parts_of(const Operation& operation, std::string_view between, bool result) {
  std::string text;
  for (std::size_t i = 0; i < operation.accesses.size(); ++i) {
    if (i != 0) text += ", ";
    if (i == kPartsMax) return text + "and " + std::to_string(operation.accesses.size() - i) + " more";
    const KeyAccess& access = operation.accesses[i];
    text += "key " + shown(access.key);
    if (result) {
      if (returned(operation)) text += std::string(between) + shown(access.value);
    } else {
      text += std::string(between) + shown(access.argument);
    }
  }
  return text;
}

std::string swap_of(const KeyAccess& access) {
  return shown(access.expected) + " -> " + shown(access.argument);
}

// Of a compare-and-set that did not match.
std::string found_by(const Operation& operation) {
  return operation.value_known ? shown(operation.accesses[0].value) : "something else";
}

}  // namespace

std::string shown(std::string_view text) {
  if (text.size() <= kShownMax) return quoted(text);
  std::string head = quoted(text.substr(0, kShownHead));
  head.pop_back();
  return head + "..." + quoted(text.substr(text.size() - kShownTail)).substr(1);
}

std::string shown(const std::string& text) { return shown(std::string_view(text)); }
std::string shown(const std::optional<std::string>& text) { return text ? shown(*text) : "nothing"; }
std::string shown(MaybeText text) { return text ? shown(*text) : "nothing"; }

std::string deed(const Operation& operation, bool name_keys) {
  const KeyAccess& access = operation.accesses[0];
  const std::string of_key = name_keys ? " of key " + shown(access.key) : "";
  const std::string on_key = name_keys ? " on key " + shown(access.key) : "";
  switch (operation.kind) {
    case OperationKind::get:
      return "read" + of_key +
             (returned(operation) ? (name_keys ? " as " : " of ") + shown(access.value) : "");
    case OperationKind::put:
      return "write of " + shown(access.argument) + (name_keys ? " to key " + shown(access.key) : "");
    case OperationKind::remove:
      return "removal" + of_key;
    case OperationKind::compare_and_set:
      if (returned(operation) && !operation.matched)
        return "failed compare-and-set " + swap_of(access) + on_key + ", which found " + found_by(operation);
      return "compare-and-set " + swap_of(access) + on_key;
    case OperationKind::append:
      return "append of " + shown(access.argument) + (name_keys ? " to key " + shown(access.key) : "");
    case OperationKind::increment:
      return "increment" + of_key + " by " + std::to_string(operation.delta) +
             (returned(operation) ? " to " + access.value.value_or("nothing") : "");
    case OperationKind::multi_get:
      return "read of " + parts_of(operation, " as ", true);
    case OperationKind::multi_put:
      return "write of " + parts_of(operation, " = ", false);
  }
  return "?";
}

std::string bar_text(const Operation& operation, bool name_keys) {
  const KeyAccess& access = operation.accesses[0];
  const std::string key = name_keys ? " " + shown(access.key) : "";
  const std::string equals = name_keys ? " = " : " ";
  switch (operation.kind) {
    case OperationKind::get:
      return "read" + key + (returned(operation) ? equals + shown(access.value) : " ?");
    case OperationKind::put:
      return "write" + key + equals + shown(access.argument);
    case OperationKind::remove:
      return "remove" + key;
    case OperationKind::compare_and_set:
      return "cas" + key + " " + swap_of(access) +
             (returned(operation) && !operation.matched ? ", found " + found_by(operation) : "");
    case OperationKind::append:
      return "append" + key + " " + shown(access.argument);
    case OperationKind::increment:
      return "+" + std::to_string(operation.delta) + key +
             (returned(operation) ? " = " + access.value.value_or("nothing") : "");
    case OperationKind::multi_get:
    case OperationKind::multi_put: {
      const bool reads = operation.kind == OperationKind::multi_get;
      std::string text = reads ? "read" : "write";
      for (std::size_t i = 0; i < operation.accesses.size() && i < 3; ++i) {
        const KeyAccess& one = operation.accesses[i];
        text += (i == 0 ? " " : ", ") + shown(one.key) +
                (!reads                ? " = " + shown(one.argument)
                 : returned(operation) ? " = " + shown(one.value)
                                       : "");
      }
      return text + (operation.accesses.size() > 3 ? ", ..." : "");
    }
  }
  return "?";
}

std::string details(const Operation& operation) {
  std::string text = std::string(name_of(operation.kind)) + " by client " + std::to_string(operation.client);
  for (std::size_t i = 0; i < operation.accesses.size(); ++i) {
    if (i == kPartsMax) {
      text += "\nand " + std::to_string(operation.accesses.size() - i) + " more keys";
      break;
    }
    const KeyAccess& access = operation.accesses[i];
    text += "\nkey " + shown(access.key);
    if (operation.kind == OperationKind::compare_and_set) {
      text += ": " + swap_of(access);
    } else if (operation.kind == OperationKind::increment) {
      text += ": by " + std::to_string(operation.delta);
    } else if (changes_something(operation) && operation.kind != OperationKind::remove) {
      text += ": " + shown(access.argument);
    }
    if (!returned(operation)) continue;
    if (operation.kind == OperationKind::compare_and_set) {
      text += operation.matched ? ", matched" : ", did not match: found " + found_by(operation);
    } else if (!changes_something(operation) || operation.kind == OperationKind::increment) {
      text += ", returned " + shown(access.value);
    }
    if (access.version != 0) text += ", version " + std::to_string(access.version);
  }
  text += "\nfrom " + clock(operation.call);
  if (operation.outcome == Outcome::fail) return text + ", failed";
  return text + (returned(operation) ? " to " + clock(operation.back) : ", outcome unknown");
}

std::pair<std::string, std::string> clocks(Time early, Time late) {
  const std::int64_t a = nanoseconds(early);
  const std::int64_t b = nanoseconds(late);
  for (const std::int64_t unit : {std::int64_t{1'000'000}, std::int64_t{1'000}}) {
    if (a / unit != b / unit) return {seconds(a / unit * unit), seconds(b / unit * unit)};
  }
  return {seconds(a), seconds(b)};
}

std::string clock(Time time) { return seconds(nanoseconds(time)); }

std::string span(const Operation& operation) {
  if (!returned(operation)) {
    return "from " + clock(operation.call) +
           (operation.outcome == Outcome::fail ? ", failed" : ", outcome unknown");
  }
  const auto [from, to] = clocks(operation.call, operation.back);
  return "from " + from + " to " + to;
}

std::string capital(std::string sentence) {
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z')
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence;
}

std::string letter(std::size_t number) {
  std::string text(1, static_cast<char>('A' + number % 26));
  return number < 26 ? text : text + std::to_string(number / 26);
}

}  // namespace norn::sim
