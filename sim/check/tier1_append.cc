// The chain that appends of distinct tokens spell: appends and gets on one key. See tier1.h.
//
// Nothing shortens the value, so every value seen is a prefix of every later one, and the longest, L, holds
// them all. No token is a prefix of another, so L comes apart into tokens in one way at most, and each token
// has one append: L names the appends up to it, in their order, and every read stands between two of them (or
// before the first). An append that L lacks stands behind every read; it must then not precede any operation
// of the chain. If its outcome is unknown, it may as well never have happened. Among themselves those appends
// stand by call time. So the component is linearizable iff the values nest, each token is used once, and
// along the chain every operation, those behind it too, comes back after the latest call of what stands in
// front of it.
//
// A link of the chain is one append with the reads that see it last; of these, and of what is in front, only
// the earliest return f and the latest call s count, as in tier1_zones.cc.
#include <algorithm>
#include <bit>

#include "sim/check/tier1.h"

namespace norn::sim {

namespace {

struct Link {
  Rank f = kRankNever;
  Rank s = 0;
  Rank call = 0;             // of the append
  std::uint32_t append = 0;  // a row
};

// An append's token.
struct Token {
  std::string_view text;
  std::uint32_t row = 0;
  bool used = false;  // by L
};

// At which lengths of L its links end: a bit for each length, and a count for each word of them, so that what
// a read saw is found in two steps, in the order of the rows.
class Ends {
 public:
  explicit Ends(std::size_t length_max = 0) : words_(length_max / 64 + 1) {}

  void mark(std::size_t length) { words_[length / 64].bits |= std::uint64_t{1} << length % 64; }
  void count() {
    std::uint32_t sum = 0;
    for (Word& word : words_) {
      word.before = sum;
      sum += static_cast<std::uint32_t>(std::popcount(word.bits));
    }
  }

  // Nothing: none ends there.
  std::optional<std::uint32_t> link(std::size_t length) const {
    if (length / 64 >= words_.size()) return std::nullopt;
    const Word& word = words_[length / 64];
    if ((word.bits >> length % 64 & 1) == 0) return std::nullopt;
    const std::uint64_t below = word.bits & ((std::uint64_t{1} << length % 64) - 1);
    return word.before + static_cast<std::uint32_t>(std::popcount(below));
  }

 private:
  struct Word {
    std::uint64_t bits = 0;
    std::uint32_t before = 0;  // links that end in words in front
  };
  std::vector<Word> words_;
};

class Chain : private KeyJudge {
 public:
  using KeyJudge::KeyJudge;

  Judgement judge() {
    using enum RowKind;
    if (!key_.has_only({append, get, miss}) || !collect()) return {};
    longest_ = key_.values.longest();
    Judgement found = odd_ ? check_values() : Judgement{};
    if (found.verdict) return found;
    found = spell();
    if (found.verdict) return found;
    found = place_reads();
    if (found.verdict) return found;
    return walk();
  }

  // Of a key that is linearizable.
  Places order() {
    const std::size_t none = links_.size();
    const RowGroups reads_at(none, rows_, [&](const Row& row) { return reads(row) ? link_at(row) : none; });
    Places order;
    for (std::size_t link = 0; link < links_.size(); ++link) {
      if (link != 0) add_to(order, links_[link].append);
      add_to(order, reads_at[link]);
    }
    for (const Token& token : tokens_) {
      if (!token.used && !rows_[token.row].unknown()) add_to(order, token.row);
    }
    return order;
  }

 private:
  // The tokens. False: not for this tier.
  bool collect() {
    std::vector<bool> appended(key_.values.size(), false);
    tokens_.reserve(rows_.size());
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() == RowKind::append) {
        if (appended[row.a]) return false;
        appended[row.a] = true;
        tokens_.push_back({kept_text(row.a), i, false});
      } else if (reads(row)) {
        if (contradicts_itself(row)) return false;
        odd_ |= row.b != kAbsent && key_.values.length_of(row.b).value_or(0) == 0;
      }
    }
    return no_prefixes();
  }

  std::string_view token(ValueId value) { return history_.text(key_, value, made_); }

  // The text for as long as this lives: a number is written down for that.
  std::string_view kept_text(ValueId value) {
    if (!key_.values.is_number(value)) return token(value);
    if (numbers_.empty()) numbers_.reserve(rows_.size() * kDigitsMax);  // and so does not move
    const std::string_view digits = token(value);
    ASSERT(numbers_.size() + digits.size() <= numbers_.capacity());
    numbers_ += digits;
    return std::string_view(numbers_).substr(numbers_.size() - digits.size());
  }

  // No token is empty, or the beginning of another. That is plain when all are of one length, or all end with
  // a byte that is nowhere else in them. Otherwise they are sorted: then a beginning of any is one of its
  // neighbour.
  bool no_prefixes() {
    for (const Token& it : tokens_) {
      if (it.text.empty()) return false;
      longest_token_ = std::max(longest_token_, it.text.size());
      shortest_token_ = std::min(shortest_token_, it.text.size());
    }
    if (longest_token_ == shortest_token_) return true;
    const char last = tokens_[0].text.back();
    const auto ends = [&](const Token& it) { return it.text.find(last) == it.text.size() - 1; };
    if (std::all_of(tokens_.begin(), tokens_.end(), ends)) {
      end_ = last;
      return true;
    }
    std::vector<std::string_view> sorted;
    for (const Token& it : tokens_) sorted.push_back(it.text);
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      if (sorted[i].starts_with(sorted[i - 1])) return false;
    }
    return true;
  }

  // Some value read does not begin the key's longest, or is empty: finds L, and that all values begin it.
  Judgement check_values() {
    for (const Row& row : rows_) {
      if (!reads(row) || row.b == kAbsent || key_.values.length_of(row.b)) continue;
      const std::string_view it = token(row.b);  // read before the first append was called, or in conflict
      if (it.size() > longest_.size()) longest_ = own_ = it;
    }
    std::uint32_t longest_by = kNone;
    std::uint32_t conflict = kNone;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (!reads(row) || row.b == kAbsent) continue;
      const std::optional<std::uint32_t> length = key_.values.length_of(row.b);
      const bool nests = length && own_.empty() ? true : longest_.starts_with(token(row.b));
      if ((length ? *length : token(row.b).size()) == 0)
        return violation(words(i) + ", but nobody wrote an empty value", {i});
      if (nests && token_size(row.b) == longest_.size()) longest_by = i;
      if (!nests && conflict == kNone) conflict = i;
    }
    if (conflict == kNone) return {};
    return violation(
        "neither of two values seen begins with the other: " + words(longest_by) + "; " + words(conflict),
        {longest_by, conflict});
  }

  std::size_t token_size(ValueId value) {
    const std::optional<std::uint32_t> length = key_.values.length_of(value);
    return length ? *length : token(value).size();
  }

  // The token that the text begins with, as a place in tokens_; kNone: there is none.
  std::uint32_t first_token(std::string_view text) {
    // They stand nearly as they were called.
    while (next_ < tokens_.size() && tokens_[next_].used) ++next_;
    for (std::size_t i = next_; i < std::min(next_ + kGuesses, tokens_.size()); ++i) {
      if (text.starts_with(tokens_[i].text)) return static_cast<std::uint32_t>(i);
    }
    if (end_) return token_of(text.substr(0, text.find(*end_) + 1));
    for (std::size_t size = shortest_token_; size <= std::min(longest_token_, text.size()); ++size) {
      const std::uint32_t found = token_of(text.substr(0, size));
      if (found != kNone) return found;
    }
    return kNone;
  }

  std::uint32_t token_of(std::string_view wanted) {
    if (by_text_.empty()) index_tokens();
    const auto hashed = static_cast<std::uint32_t>(std::hash<std::string_view>()(wanted));
    const std::size_t mask = by_text_.size() - 1;
    for (std::size_t at = hashed & mask; by_text_[at] != kNone; at = (at + 1) & mask) {
      if (tokens_[by_text_[at]].text == wanted) return by_text_[at];
    }
    return kNone;
  }

  void index_tokens() {
    std::size_t size = 4;
    while (size < tokens_.size() * 2) size *= 2;
    by_text_.assign(size, kNone);
    for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
      const auto hashed = static_cast<std::uint32_t>(std::hash<std::string_view>()(tokens_[i].text));
      std::size_t at = hashed & (size - 1);
      while (by_text_[at] != kNone) at = (at + 1) & (size - 1);
      by_text_[at] = i;
    }
  }

  // Takes L apart into appends.
  Judgement spell() {
    links_.reserve(tokens_.size() + 1);
    links_.push_back({});  // absence, before the first append
    ends_ = Ends(longest_.size());
    ends_.mark(0);
    for (std::size_t at = 0; at < longest_.size();) {
      const std::uint32_t found = first_token(longest_.substr(at));
      if (found == kNone) {
        const std::uint32_t read = shortest_read_beyond(at);
        return violation(
            words(read) + ", but what stands from byte " + std::to_string(at) + " on is nobody's append",
            {read});
      }
      Token& token = tokens_[found];
      if (token.used) {
        const std::uint32_t read = shortest_read_beyond(at);
        return violation(words(read) + ", which has this append twice: " + words(token.row),
                         {read, token.row});
      }
      token.used = true;
      at += token.text.size();
      ends_.mark(at);
      const Row& row = rows_[token.row];
      links_.push_back({row.back(), row.call(), row.call(), token.row});
    }
    ends_.count();
    return {};
  }

  std::uint32_t shortest_read_beyond(std::size_t at) {
    std::uint32_t best = kNone;
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (!reads(rows_[i]) || rows_[i].b == kAbsent || token_size(rows_[i].b) <= at) continue;
      if (best == kNone || token_size(rows_[i].b) < token_size(rows_[best].b)) best = i;
    }
    return best;
  }

  Judgement place_reads() {
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (!reads(row)) continue;
      const std::uint32_t at = link_at(row);
      if (at == kNone) {
        return violation(words(i) + ", but that ends within an append", {i});
      }
      Link& seen = links_[at];
      if (at != 0 && row.back() < seen.call) {
        return violation(words(i) + " before that was appended: " + words(seen.append), {i, seen.append});
      }
      seen.f = std::min(seen.f, row.back());
      seen.s = std::max(seen.s, row.call());
    }
    return {};
  }

  // Of a read; kNone: what it saw ends within an append.
  std::uint32_t link_at(const Row& read) {
    return read.b == kAbsent ? 0 : ends_.link(token_size(read.b)).value_or(kNone);
  }

  Judgement walk() {
    Rank floor = 0;  // the latest call in front
    for (const Link& link : links_) {
      if (link.f < floor) return too_early(row_returned(link.f), row_called(floor));
      floor = std::max(floor, link.s);
    }
    for (const Token& token : tokens_) {
      if (!token.used && rows_[token.row].back() < floor) return lost(token.row, row_called(floor));
    }
    return linearizable();
  }

  Judgement too_early(std::uint32_t early, std::uint32_t late) {
    return violation("the values seen put " + words(early) + " behind " + words(late) +
                         ", but it had returned before that call",
                     {early, late, longest()});
  }

  Judgement lost(std::uint32_t append, std::uint32_t late) {
    const std::uint32_t by = longest_.empty() ? late : longest();
    return violation("an append is lost: " + words(append) + " had returned before " + words(late) +
                         ", yet is in no value seen, the longest by " + words(by),
                     {append, late, by});
  }

  std::uint32_t longest() { return shortest_read_beyond(longest_.size() - 1); }  // of an L that is not empty

  static constexpr std::size_t kGuesses = 4;

  static constexpr std::size_t kDigitsMax = 11;  // of a value that is_number()

  bool odd_ = false;           // some value read does not begin the key's longest, or is empty
  std::vector<Token> tokens_;  // by call of their appends
  std::size_t next_ = 0;       // the first of those that L has not used yet, or before it
  std::string numbers_;        // the texts of tokens that are numbers
  std::string made_;
  std::string own_;           // L, where it is not the key's own
  std::string_view longest_;  // L
  std::optional<char> end_;   // every token ends with it
  std::size_t longest_token_ = 0;
  std::size_t shortest_token_ = ~std::size_t{0};
  std::vector<std::uint32_t> by_text_;  // places in tokens_; open addressing, a power of two
  Column<Link> links_;
  Ends ends_;
};

}  // namespace

Judgement judge_appends(const CompactHistory& history, const KeyRows& key, const Narrator& narrator,
                        Places* order) {
  Chain shape(history, key, narrator);
  Judgement judgement = shape.judge();
  if (order != nullptr && judgement.verdict == Verdict::linearizable) *order = shape.order();
  return judgement;
}

}  // namespace norn::sim
