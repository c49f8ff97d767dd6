// An order as a text: see order.h.
#include <array>
#include <charconv>
#include <fstream>
#include <span>

#include "replica/base/digest.h"

#include "sim/check/order.h"

namespace norn::sim {

namespace {

constexpr std::string_view kFirst = "norn-order-1 operations=";
constexpr std::string_view kHash = " hash=";

void add_text(Digest& digest, std::string_view text) { digest.add(std::as_bytes(std::span(text))); }

void add_optional(Digest& digest, const std::optional<std::string>& text) {
  digest.add(text.has_value());
  if (text) add_text(digest, *text);
}

// Everything that can bear on whether an order holds.
std::uint64_t hash_of(const History& history) {
  Digest digest;
  for (const Operation& operation : history) {
    const bool known = operation.outcome == Outcome::ok;
    digest.add(static_cast<std::uint64_t>(operation.kind));
    digest.add(operation.outcome == Outcome::fail ? 2 : known);
    digest.add(known ? operation.matched + 2 * !operation.value_known : 0);
    digest.add(static_cast<std::uint64_t>(operation.delta));
    digest.add(static_cast<std::uint64_t>(operation.call.time_since_epoch().count()));
    if (known) digest.add(static_cast<std::uint64_t>(operation.back.time_since_epoch().count()));
    digest.add(operation.accesses.size());
    for (const KeyAccess& access : operation.accesses) {
      add_text(digest, access.key);
      add_text(digest, access.argument);
      add_optional(digest, access.expected);
      if (known) add_optional(digest, access.value);
    }
  }
  return digest.value();
}

std::string first_line(const History& history) {
  std::array<char, 17> hash{};
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::uint64_t rest = hash_of(history);
  for (std::size_t i = 16; i-- > 0; rest >>= 4) hash[i] = kDigits[rest & 15];
  return std::string(kFirst) + std::to_string(history.size()) + std::string(kHash) + hash.data();
}

// What a first line is wrong in; empty: nothing.
std::string fault_of(std::string_view line, const History& history) {
  const std::string expected = first_line(history);
  if (line == expected) return {};
  const std::string_view counted = std::string_view(expected).substr(0, expected.find(kHash));
  if (!line.starts_with(kFirst)) return "expected \"" + expected + '"';
  if (!line.starts_with(std::string(counted) + std::string(kHash))) {
    return "an order of another history: this one has " + std::to_string(history.size()) + " operations";
  }
  return "an order of another history: the hash of this one is " + expected.substr(expected.size() - 16);
}

}  // namespace

std::string format_order(const History& history, const Order& order) {
  std::string out = first_line(history) + '\n';
  for (const std::uint32_t place : order) {
    std::array<char, 16> digits{};
    out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), place).ptr);
    out += '\n';
  }
  return out;
}

ParsedOrder parse_order(const History& history, std::string_view text, std::string_view name) {
  ParsedOrder parsed;
  const auto fail = [&](std::size_t line, const std::string& what) {
    return ParsedOrder{{}, std::string(name) + ":" + std::to_string(line) + ": " + what};
  };
  if (text.empty()) return fail(1, fault_of(text, history));
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return fail(line, "the line has no end: the text was cut off");
    const std::string_view words = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line == 1) {
      if (const std::string fault = fault_of(words, history); !fault.empty()) return fail(line, fault);
      continue;
    }
    std::uint32_t place = 0;
    const auto [stopped, error] = std::from_chars(words.data(), words.data() + words.size(), place);
    if (error != std::errc{} || stopped != words.data() + words.size() || place >= history.size()) {
      return fail(line,
                  "expected the place of an operation, a number below " + std::to_string(history.size()));
    }
    parsed.order.push_back(place);
  }
  return parsed;
}

bool write_order(const std::string& path, const History& history, const Order& order) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << format_order(history, order);
  file.close();
  return !file.fail();
}

ParsedOrder read_order(const std::string& path, const History& history) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (std::array<char, 65536> block; file.read(block.data(), block.size()), file.gcount() > 0;) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) return {{}, path + ": cannot be read"};
  return parse_order(history, text, path);
}

}  // namespace norn::sim
