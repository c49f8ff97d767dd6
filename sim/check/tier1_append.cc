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
#include <numeric>

#include "sim/check/tier1.h"

namespace norn::sim {

namespace {

struct Link {
  Rank f = kRankNever;
  Rank s = 0;
  Rank call = 0;             // of the append
  std::uint32_t append = 0;  // a row
  std::uint32_t ends = 0;    // the length of the value here
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
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() == RowKind::append && !row.unknown() && append_of_[row.a] != kNone) add_to(order, i);
    }
    return order;
  }

 private:
  // The rows of appends by token. False: not for this tier.
  bool collect() {
    append_of_.assign(key_.values.size(), kNone);
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      if (row.kind() == RowKind::append) {
        if (append_of_[row.a] != kNone) return false;
        append_of_[row.a] = i;
        appends_.push_back(i);
      } else if (reads(row)) {
        if (contradicts_itself(row)) return false;
        odd_ |= row.b != kAbsent && key_.values.length_of(row.b).value_or(0) == 0;
      }
    }
    return no_prefixes();
  }

  std::string_view token(ValueId value) { return history_.text(key_, value, made_); }

  // No token is empty, or the beginning of another. That is plain when all are of one length, or all end with
  // a byte that is nowhere else in them. Otherwise they are sorted: then a beginning of any is one of its
  // neighbour.
  bool no_prefixes() {
    bool one_length = true;
    bool one_end = true;
    std::string_view first;
    std::string kept;
    for (const std::uint32_t append : appends_) {
      const std::string_view it = token(rows_[append].a);
      if (it.empty()) return false;
      if (first.empty()) first = kept = it;
      one_length &= it.size() == first.size();
      one_end &= it.find(first.back()) == it.size() - 1;
      longest_token_ = std::max(longest_token_, it.size());
      shortest_token_ = std::min(shortest_token_, it.size());
    }
    end_ = one_end && !first.empty() ? std::optional(first.back()) : std::nullopt;
    if (one_length || one_end) return true;
    std::vector<std::string> tokens;
    for (const std::uint32_t append : appends_) tokens.emplace_back(token(rows_[append].a));
    std::sort(tokens.begin(), tokens.end());
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      if (tokens[i].starts_with(tokens[i - 1])) return false;
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

  // The append of the token that the text begins with.
  std::uint32_t first_append(std::string_view text) {
    // They stand nearly as they were called.
    while (next_ < appends_.size() && append_of_[rows_[appends_[next_]].a] == kNone) ++next_;
    for (std::size_t i = next_; i < std::min(next_ + kGuesses, appends_.size()); ++i) {
      if (text.starts_with(token(rows_[appends_[i]].a))) return appends_[i];
    }
    if (end_) return append_of(text.substr(0, text.find(*end_) + 1));
    for (std::size_t size = shortest_token_; size <= std::min(longest_token_, text.size()); ++size) {
      const std::uint32_t found = append_of(text.substr(0, size));
      if (found != kNone) return found;
    }
    return kNone;
  }

  std::uint32_t append_of(std::string_view wanted) {
    if (by_text_.empty()) index_tokens();
    const auto hashed = static_cast<std::uint32_t>(std::hash<std::string_view>()(wanted));
    const std::size_t mask = by_text_.size() - 1;
    for (std::size_t at = hashed & mask; by_text_[at] != kNone; at = (at + 1) & mask) {
      const std::uint32_t row = by_text_[at];
      if (token(rows_[row].a) == wanted) return row;
    }
    return kNone;
  }

  void index_tokens() {
    std::size_t size = 4;
    while (size < appends_.size() * 2) size *= 2;
    by_text_.assign(size, kNone);
    for (const std::uint32_t append : appends_) {
      const auto hashed = static_cast<std::uint32_t>(std::hash<std::string_view>()(token(rows_[append].a)));
      std::size_t at = hashed & (size - 1);
      while (by_text_[at] != kNone) at = (at + 1) & (size - 1);
      by_text_[at] = append;
    }
  }

  // Takes L apart into appends.
  Judgement spell() {
    links_.push_back({});  // absence, before the first append
    for (std::size_t at = 0; at < longest_.size();) {
      const std::uint32_t append = first_append(longest_.substr(at));
      if (append == kNone) {
        const std::uint32_t read = shortest_read_beyond(at);
        return violation(
            words(read) + ", but what stands from byte " + std::to_string(at) + " on is nobody's append",
            {read});
      }
      const Row& row = rows_[append];
      if (append_of_[row.a] == kNone) {
        const std::uint32_t read = shortest_read_beyond(at);
        return violation(words(read) + ", which has this append twice: " + words(append), {read, append});
      }
      append_of_[row.a] = kNone;  // used
      at += token(row.a).size();
      links_.push_back({row.back(), row.call(), row.call(), append, static_cast<std::uint32_t>(at)});
    }
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
    link_of_.assign(key_.values.size(), 0);
    std::uint32_t link = 0;
    for (const ValueId value : key_.values.beginnings()) {
      const std::uint32_t length = *key_.values.length_of(value);
      while (link + 1 < links_.size() && links_[link].ends < length) ++link;
      link_of_[value] = links_[link].ends == length ? link : kNone;
    }
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
    if (read.b == kAbsent || key_.values.length_of(read.b)) return link_of_[read.b];
    return link_ending(token(read.b).size());
  }

  std::uint32_t link_ending(std::size_t length) const {
    const auto* const found =
        std::lower_bound(links_.begin(), links_.end(), length,
                         [](const Link& link, std::size_t wanted) { return link.ends < wanted; });
    return found != links_.end() && found->ends == length ? static_cast<std::uint32_t>(found - links_.begin())
                                                          : kNone;
  }

  Judgement walk() {
    Rank floor = 0;  // the latest call in front
    for (const Link& link : links_) {
      if (link.f < floor) return too_early(row_returned(link.f), row_called(floor));
      floor = std::max(floor, link.s);
    }
    for (const std::uint32_t append : append_of_) {
      if (append != kNone && rows_[append].back() < floor) return lost(append, row_called(floor));
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

  bool odd_ = false;                    // some value read does not begin the key's longest, or is empty
  std::vector<std::uint32_t> appends_;  // rows, by call
  std::size_t next_ = 0;                // the first of those that L has not used yet, or before it
  std::string made_;
  std::string own_;           // L, where it is not the key's own
  std::string_view longest_;  // L
  std::optional<char> end_;   // every token ends with it
  std::size_t longest_token_ = 0;
  std::size_t shortest_token_ = ~std::size_t{0};
  std::vector<std::uint32_t> append_of_;  // by value; after spell(): those that L lacks
  std::vector<std::uint32_t> by_text_;    // open addressing, a power of two
  Column<Link> links_;
  std::vector<std::uint32_t> link_of_;  // by value, of those that begin the key's longest
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
