// The scanner for lines as format_history writes them: see json_line.h. A fixed order of fields, no white
// space, strings of printable ASCII with three escapes; so it is literals, numbers and strings one after the
// other, and whatever does not fit is not an error but another shape.
#include <bit>
#include <cstring>

#include "sim/formats/json_line.h"
#include "sim/formats/source.h"

namespace norn::sim {

namespace {

static_assert(std::endian::native == std::endian::little);

std::uint64_t eight(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

// A high bit in each byte that is zero; bytes above the lowest such one may be wrong.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }

class Scanner {
 public:
  explicit Scanner(const char* at) : at_(at) {}

  const char* at() const { return at_; }
  char next() const { return *at_; }

  template <std::size_t kSize>
  bool stands_at(const char (&text)[kSize]) const {
    static_assert(kSize <= Source::kMargin);
    return std::memcmp(at_, text, kSize - 1) == 0;
  }

  template <std::size_t kSize>
  bool literal(const char (&text)[kSize]) {
    if (!stands_at(text)) return false;
    at_ += kSize - 1;
    return true;
  }

  // Digits, eight at a time: their number is where the first byte that is none stands; with zeros shifted in
  // before them, three multiplications add them up pairwise.
  bool number(std::uint64_t& out) {
    const char* const begin = at_;
    std::uint64_t value = 0;
    for (int round = 0; round < 3; ++round) {
      std::uint64_t word = eight(at_) ^ kOnes * 0x30;
      const std::uint64_t others = ((word + kOnes * 0x76) | word) & kHighs;
      const int digits = others == 0 ? 8 : std::countr_zero(others) / 8;
      if (digits == 0) break;
      word <<= (8 - digits) * 8;
      word = word * 10 + (word >> 8);
      word = (((word & 0x000000ff000000ff) * (100 + (std::uint64_t{1000000} << 32))) +
              (((word >> 16) & 0x000000ff000000ff) * (1 + (std::uint64_t{10000} << 32)))) >>
             32;
      value = value * kPowers[digits] + word;
      at_ += digits;
      if (digits < 8) break;
    }
    // At most 19 digits, which fit; no zero in front, which JSON does not allow.
    const auto size = at_ - begin;
    if (size == 0 || size > 19 || (*begin == '0' && size > 1)) return false;
    out = value;
    return true;
  }

  bool integer(std::int64_t& out) {
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    std::uint64_t value = 0;
    if (!number(value) || value > INT64_MAX) return false;
    out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    return true;
  }

  // A string; at_ stands on its first quote.
  [[gnu::always_inline]] bool text(JsonText& out) {
    if (*at_ != '"') return false;
    const char* const begin = ++at_;
    out.escaped = false;
    out.null = false;
    while (true) {
      // The first byte that is a quote, a backslash, below 0x20 or above 0x7e. A newline stops it: no
      // overrun.
      const std::uint64_t word = eight(at_);
      const std::uint64_t stops = zero_bytes(word ^ kOnes * '"') | zero_bytes(word ^ kOnes * '\\') |
                                  ((word - kOnes * 0x20) & ~word & kHighs) |
                                  (((word + kOnes) | word) & kHighs);
      if (stops == 0) {
        at_ += 8;
        continue;
      }
      at_ += std::countr_zero(stops) / 8;
      if (*at_ != '\\') break;
      out.escaped = true;
      if (!escape()) return false;
    }
    if (*at_ != '"') return false;
    out.raw = {begin, static_cast<std::size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  bool text_or_null(JsonText& out) {
    if (*at_ == '"') return text(out);
    out = {{}, false, true};
    return literal("null");
  }

 private:
  static constexpr std::uint64_t kPowers[] = {1,       10,        100,        1'000,      10'000,
                                              100'000, 1'000'000, 10'000'000, 100'000'000};

  static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

  bool escape() {
    if (at_[1] == '"' || at_[1] == '\\') {
      at_ += 2;
      return true;
    }
    if (at_[1] != 'u' || at_[2] != '0' || at_[3] != '0' || !is_hex(at_[4]) || !is_hex(at_[5])) return false;
    at_ += 6;
    return true;
  }

  const char* at_;
};

// The type, and the name of the field behind it.
bool scan_type(Scanner& scan, LineType& type) {
  if (scan.literal("invoke\",\"f\":\"")) {
    type = LineType::invoke;
  } else if (scan.literal("ok\",\"f\":\"")) {
    type = LineType::ok;
  } else if (scan.literal("fail\",\"f\":\"")) {
    type = LineType::fail;
  } else if (scan.literal("info\",\"f\":\"")) {
    type = LineType::info;
  } else {
    return false;
  }
  return true;
}

bool scan_kind(Scanner& scan, OperationKind& kind) {
  const auto is = [&](bool matches, OperationKind found) {
    kind = found;
    return matches;
  };
  switch (scan.next()) {
    case 'g':
      return is(scan.literal("get\""), OperationKind::get);
    case 'p':
      return is(scan.literal("put\""), OperationKind::put);
    case 'r':
      return is(scan.literal("remove\""), OperationKind::remove);
    case 'c':
      return is(scan.literal("cas\""), OperationKind::compare_and_set);
    case 'a':
      return is(scan.literal("append\""), OperationKind::append);
    case 'i':
      return is(scan.literal("increment\""), OperationKind::increment);
    default:
      return is(scan.literal("multi-get\""), OperationKind::multi_get) ||
             is(scan.literal("multi-put\""), OperationKind::multi_put);
  }
}

// [item,item,...] behind a name.
template <typename ScanItem>
bool scan_array(Scanner& scan, ScanItem scan_item) {
  if (!scan.literal("[")) return false;
  do {
    if (!scan_item()) return false;
  } while (scan.literal(","));
  return scan.literal("]");
}

bool scan_keys(Scanner& scan, JsonLine& line) {
  const auto item = [&] { return scan.text(line.keys.add()); };
  return is_multi(line.kind) ? scan.literal(",\"keys\":") && scan_array(scan, item)
                             : scan.literal(",\"key\":") && item();
}

bool scan_arguments(Scanner& scan, JsonLine& line) {
  const auto item = [&] { return scan.text(line.values.add()); };
  switch (line.kind) {
    case OperationKind::get:
    case OperationKind::remove:
    case OperationKind::multi_get:
      return true;
    case OperationKind::put:
    case OperationKind::append:
      line.has_values = true;
      return scan.literal(",\"value\":") && item();
    case OperationKind::multi_put:
      line.has_values = true;
      return scan.literal(",\"value\":") && scan_array(scan, item) && line.values.size() == line.keys.size();
    case OperationKind::compare_and_set:
      line.has_values = true;
      return scan.literal(",\"value\":[") && scan.text_or_null(line.values.add()) && scan.literal(",") &&
             item() && scan.literal("]");
    case OperationKind::increment:
      return scan.literal(",\"value\":") && scan.integer(line.delta);
  }
  return false;
}

bool scan_results(Scanner& scan, JsonLine& line) {
  if (scan.literal(",\"matched\":")) {
    line.has_matched = true;
    line.matched = scan.next() == 't';
    if (!(line.matched ? scan.literal("true") : scan.literal("false"))) return false;
  }
  if (scan.literal(",\"value\":")) {
    line.has_values = true;
    const auto item = [&] { return scan.text_or_null(line.values.add()); };
    if (!(is_multi(line.kind) ? scan_array(scan, item) : item())) return false;
  }
  if (scan.literal(",\"version\":")) {
    const auto item = [&] { return scan.number(line.versions.add()); };
    if (!(is_multi(line.kind) ? scan_array(scan, item) : item())) return false;
  }
  return true;
}

}  // namespace

// With all that it calls inlined: half of the reader's time is spent here.
[[gnu::flatten]] const char* scan_json_line(const char* at, JsonLine& line) {
  line.clear();
  Scanner scan(at);
  if (!scan.literal("{\"index\":") || !scan.integer(line.index)) return nullptr;
  if (!scan.literal(",\"time\":") || !scan.integer(line.time)) return nullptr;
  if (!scan.literal(",\"process\":") || !scan.integer(line.process)) return nullptr;
  if (!scan.literal(",\"type\":\"") || !scan_type(scan, line.type)) return nullptr;
  if (!scan_kind(scan, line.kind)) return nullptr;
  if (line.type == LineType::invoke) {
    if (!scan_keys(scan, line) || !scan_arguments(scan, line)) return nullptr;
  } else {
    if (scan.literal(",\"invoke\":") && !scan.integer(line.invoke)) return nullptr;
    if (scan.stands_at(",\"key") && !scan_keys(scan, line)) return nullptr;
    if (!scan_results(scan, line)) return nullptr;
  }
  return scan.literal("}\n") ? scan.at() : nullptr;
}

}  // namespace norn::sim
