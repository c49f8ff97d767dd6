// A violation in words: see linearizable_words.h.
#include "sim/check/linearizable_words.h"

#include <algorithm>
#include <charconv>

namespace norn::sim {

namespace {

constexpr std::size_t kQuotedMax = 32;  // bytes of a value that a reason shows
constexpr char kMark = '\x1f';          // around a place; quoted() lets none of these through

std::string optional_words(const std::optional<std::string>& text) {
  return text ? quoted(*text) : "nothing";
}

std::string arguments(const Operation& operation, const KeyAccess& access) {
  switch (operation.kind) {
    case OperationKind::put:
    case OperationKind::multi_put:
    case OperationKind::append:
      return " " + quoted(access.argument);
    case OperationKind::compare_and_set:
      return " " + optional_words(access.expected) + " -> " + quoted(access.argument);
    case OperationKind::increment:
      return " by " + std::to_string(operation.delta);
    default:
      return "";
  }
}

std::string result(const Operation& operation) {
  if (operation.outcome != Outcome::ok) return "";
  switch (operation.kind) {
    case OperationKind::get:
    case OperationKind::increment:
      return " returned " + optional_words(operation.accesses[0].value);
    case OperationKind::compare_and_set:
      if (operation.matched) return " matched";
      return " found " +
             (operation.value_known ? optional_words(operation.accesses[0].value) : "something else");
    case OperationKind::multi_get: {
      std::string text = " returned ";
      for (const KeyAccess& access : operation.accesses) {
        if (&access != operation.accesses.data()) text += ", ";
        text += optional_words(access.value);
      }
      return text;
    }
    default:
      return "";
  }
}

}  // namespace

const char* name_of(OperationKind kind) {
  switch (kind) {
    case OperationKind::get:
      return "get";
    case OperationKind::put:
      return "put";
    case OperationKind::remove:
      return "remove";
    case OperationKind::compare_and_set:
      return "compare-and-set";
    case OperationKind::append:
      return "append";
    case OperationKind::increment:
      return "increment";
    case OperationKind::multi_get:
      return "multi-get";
    case OperationKind::multi_put:
      return "multi-put";
  }
  return "?";
}

std::string seconds(std::int64_t time) {
  const bool negative = time < 0;
  const std::uint64_t size =
      negative ? 0 - static_cast<std::uint64_t>(time) : static_cast<std::uint64_t>(time);
  std::string decimals = std::to_string(1'000'000'000 + size % 1'000'000'000).substr(1);
  while (decimals.size() > 3 && decimals.back() == '0') decimals.pop_back();
  return (negative ? "-" : "") + std::to_string(size / 1'000'000'000) + "." + decimals + " s";
}

std::string quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    } else {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out + (text.size() > kQuotedMax ? "...\"" : "\"");
}

std::string words_of(const Values& values, ValueId value) {
  if (value == kAbsent) return "nothing";
  return value == kUnseen ? "a value nobody saw" : quoted(values.text(value));
}

std::string words_of(const History& history, std::size_t place) {
  const Operation& operation = history[place];
  const bool ok = operation.outcome == Outcome::ok;
  return words_of(operation, "client " + std::to_string(operation.client),
                  "called " + seconds(nanoseconds(operation.call)) +
                      (ok ? ", ok " + seconds(nanoseconds(operation.back)) : ", outcome unknown"));
}

std::string words_of(const Operation& operation, const std::string& who, const std::string& when) {
  std::string text = name_of(operation.kind);
  text += " of ";
  for (const KeyAccess& access : operation.accesses) {
    if (&access != operation.accesses.data()) text += ", ";
    text += "key " + quoted(access.key) + arguments(operation, access);
  }
  return text + " by " + who + " (" + when + ")" + result(operation);
}

std::string MarkingNarrator::words(std::size_t place) const { return kMark + std::to_string(place) + kMark; }

std::string in_words(std::string_view marked, const History& history) {
  std::string text;
  while (true) {
    const std::size_t mark = std::min(marked.find(kMark), marked.size());
    text += marked.substr(0, mark);
    if (mark == marked.size()) return text;
    std::size_t place = 0;
    const auto parsed = std::from_chars(marked.data() + mark + 1, marked.data() + marked.size(), place);
    text += words_of(history, place);
    marked.remove_prefix(static_cast<std::size_t>(parsed.ptr - marked.data()) + 1);
  }
}

std::string words_of(const Narrator& narrator, const std::vector<std::size_t>& places) {
  std::string text;
  for (const std::size_t place : places) {
    if (!text.empty()) text += "; ";
    text += narrator.words(place);
  }
  return text;
}

std::vector<std::size_t> in_order(const Narrator& narrator, std::vector<std::size_t> places) {
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return narrator.call(a) != narrator.call(b) ? narrator.call(a) < narrator.call(b) : a < b;
  });
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

}  // namespace norn::sim
