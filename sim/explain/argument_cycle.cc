// An order that comes back to where it began. See argument.h.
//
// Nodes are the certain operations, and for each value that one of them saw and only one operation of the
// history left, that operation: it happened, for what it left was seen. Known to precede, of nodes:
//   time    a had ended before b began
//   value   b saw what a, and only a, left
//   before  x left another value on the key, and precedes y that saw what w left: so x precedes w too,
//           or y would have seen something else (x certain, or a node itself)
//   after   x left another value on the key, and w precedes x: so y, which saw what w left, precedes x
// The beginning left absence, before all else, where no operation of the history leaves absence. Rules are
// applied until nothing new follows; a node that precedes itself is the contradiction. It is told backwards,
// from the contradiction to what it rests on (Adya 1999 calls the edges wr, ww and rw).
#include <algorithm>

#include "sim/explain/argument.h"
#include "sim/explain/names.h"

namespace norn::sim {

namespace {

constexpr std::size_t kNodesMax = 40;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Step {  // why a node precedes another
  enum Why : std::uint8_t { unknown, time, value, before, after, chain, dawn } why = unknown;
  std::size_t via = kNone;  // chain: the node between; before: the seer; after: the writer
  std::string_view key;     // value, before, after
};

struct Saw {
  std::size_t seer = 0;    // a node
  std::size_t writer = 0;  // a node, or kNone: the beginning
  std::string_view key;
  MaybeText value;
};

class Cycle {
 public:
  explicit Cycle(Draft& draft) : draft_(draft), nodes_(draft.certain()) {}

  bool argue() {
    collect();
    if (nodes_.size() > kNodesMax) return false;
    known_.assign(nodes_.size() * nodes_.size(), {});
    for (std::size_t a = 0; a < nodes_.size(); ++a) {
      for (std::size_t b = 0; b < nodes_.size(); ++b) {
        if (a != b && precedes(at(a), at(b))) learn(a, b, {Step::time, kNone, {}});
      }
    }
    for (const Saw& saw : saws_) {
      if (saw.writer != kNone) learn(saw.writer, saw.seer, {Step::value, kNone, saw.key});
    }
    while (!contradiction_ && deduce()) {
    }
    if (!contradiction_) return false;
    for (const std::size_t node : nodes_) used_.push_back(draft_.is_certain(node));
    mark(*contradiction_, *contradiction_);
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      if (used_[node]) draft_.cite(nodes_[node]);
    }
    tell();
    return true;
  }

 private:
  const Operation& at(std::size_t node) const { return draft_.at(nodes_[node]); }
  std::string letter_of(std::size_t node) const { return draft_.letter_of(nodes_[node]); }
  Step& known(std::size_t a, std::size_t b) { return known_[a * nodes_.size() + b]; }

  std::size_t node_of(std::size_t place) {
    const auto found = std::find(nodes_.begin(), nodes_.end(), place);
    if (found != nodes_.end()) return static_cast<std::size_t>(found - nodes_.begin());
    nodes_.push_back(place);
    return nodes_.size() - 1;
  }

  void collect() {
    for (const std::size_t place : draft_.certain()) {
      const Operation& operation = draft_.at(place);
      for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
        const std::string_view key = operation.accesses[part].key;
        const std::optional<MaybeText> seen = seen_by(operation, part);
        if (!seen || !draft_.ledger().key(key).is_plain()) continue;
        const auto& writers = draft_.ledger().writers(key, *seen);
        if (writers.size() + (*seen ? 0 : 1) != 1) continue;
        const std::size_t writer = writers.empty() ? kNone : node_of(writers[0]);
        saws_.push_back({node_of(place), writer, key, *seen});
      }
    }
  }

  // Whether it leaves something else than this on the key.
  bool leaves_other(std::size_t node, const Saw& saw) const {
    const Operation& operation = at(node);
    if (!changes_something(operation)) return false;
    for (std::size_t part = 0; part < operation.accesses.size(); ++part) {
      if (operation.accesses[part].key == saw.key && written_by(operation, part) != saw.value) return true;
    }
    return false;
  }

  bool learn(std::size_t a, std::size_t b, Step step) {
    if (contradiction_ || known(a, b).why != Step::unknown) return false;
    known(a, b) = step;
    if (a == b) contradiction_ = a;
    return true;
  }

  bool deduce() {
    bool news = false;
    for (const Saw& saw : saws_) {
      for (std::size_t x = 0; x < nodes_.size(); ++x) {
        if (x == saw.seer || x == saw.writer || !leaves_other(x, saw)) continue;
        if (known(x, saw.seer).why != Step::unknown) {
          if (saw.writer != kNone) {
            news |= learn(x, saw.writer, {Step::before, saw.seer, saw.key});
          } else {  // nothing precedes the beginning
            news |= learn(saw.seer, x, {Step::dawn, saw.seer, saw.key});
          }
        }
        if (saw.writer == kNone) {
          news |= learn(saw.seer, x, {Step::dawn, saw.seer, saw.key});
        } else if (known(saw.writer, x).why != Step::unknown) {
          news |= learn(saw.seer, x, {Step::after, saw.writer, saw.key});
        }
      }
    }
    if (news) return true;
    for (std::size_t via = 0; via < nodes_.size(); ++via) {
      for (std::size_t a = 0; a < nodes_.size(); ++a) {
        if (known(a, via).why == Step::unknown) continue;
        for (std::size_t b = 0; b < nodes_.size(); ++b) {
          if (known(via, b).why != Step::unknown) news |= learn(a, b, {Step::chain, via, {}});
        }
      }
    }
    return news;
  }

  // What a step rests on, in order; itself left out.
  std::vector<std::pair<std::size_t, std::size_t>> grounds(std::size_t a, std::size_t b) {
    const Step& step = known(a, b);
    switch (step.why) {
      case Step::chain:
        return {{a, step.via}, {step.via, b}};
      case Step::before:
        return {{a, step.via}, {b, step.via}};
      case Step::after:
        return {{step.via, b}, {step.via, a}};
      default:
        return {};
    }
  }

  void mark(std::size_t a, std::size_t b) {
    used_[a] = used_[b] = true;
    for (const auto& [x, y] : grounds(a, b)) mark(x, y);
  }

  void tell() {
    tell_step(*contradiction_, *contradiction_);
    const std::size_t node = *contradiction_;
    const std::size_t other = known(node, node).via;
    draft_.say("So " + letter_of(node) + " comes before " + letter_of(other) + ", and " + letter_of(other) +
               " before " + letter_of(node) + ": no order has both.");
  }

  void tell_step(std::size_t a, std::size_t b) {
    const auto pair = std::make_pair(a, b);
    if (std::find(told_.begin(), told_.end(), pair) != told_.end()) return;
    told_.push_back(pair);
    for (const auto& [x, y] : grounds(a, b)) tell_step(x, y);
    const Step& step = known(a, b);
    const std::size_t from = nodes_[a];
    const std::size_t to = nodes_[b];
    const std::string order = letter_of(a) + " comes before " + letter_of(b);
    switch (step.why) {
      case Step::time:
        draft_.say("In time, " + name(a) + " comes before " + name(b) + ": " + draft_.in_time(from, to) +
                   ".");
        draft_.draw(from, to, EdgeKind::time, "ended before");
        break;
      case Step::value:
        draft_.say(capital(name(b)) + " found " + value_of(b, step.key) + ", which only " + name(a) +
                   " left: so " + order + ".");
        draft_.draw(from, to, EdgeKind::value, "found " + value_of(b, step.key));
        break;
      case Step::before:
        draft_.say(capital(name(step.via)) + " found " + value_of(step.via, step.key) + " of " +
                   letter_of(b) + ", and " + letter_of(a) +
                   ", which left another value, comes before it: so " + order + " too.");
        draft_.draw(from, to, EdgeKind::conflict, "so must precede");
        break;
      case Step::after:
        draft_.say(capital(name(a)) + " found " + value_of(a, step.key) + " of " + letter_of(step.via) +
                   ", and " + letter_of(b) + ", which left another value, comes after " +
                   letter_of(step.via) + ": so " + order + ".");
        draft_.draw(from, to, EdgeKind::conflict, "so must precede");
        break;
      case Step::dawn:
        draft_.say(capital(name(a)) +
                   " found no value; the key had none only in the beginning, for nothing removes it: so " +
                   order + ", which gives it one.");
        draft_.draw(from, to, EdgeKind::conflict, "so must precede");
        break;
      default:
        break;
    }
  }

  // In full when it is first named.
  std::string name(std::size_t node) {
    if (std::find(named_.begin(), named_.end(), node) != named_.end()) return letter_of(node);
    named_.push_back(node);
    return draft_.name(nodes_[node]);
  }

  std::string value_of(std::size_t seer, std::string_view key) const {
    for (const Saw& saw : saws_) {
      if (saw.seer == seer && saw.key == key)
        return shown(saw.value) + (draft_.name_keys() ? " on key " + shown(key) : "");
    }
    return "?";
  }

  Draft& draft_;
  std::vector<std::size_t> nodes_;  // places
  std::vector<Saw> saws_;
  std::vector<Step> known_;
  std::optional<std::size_t> contradiction_;
  std::vector<bool> used_;
  std::vector<std::pair<std::size_t, std::size_t>> told_;
  std::vector<std::size_t> named_;
};

}  // namespace

bool argue_cycle(Draft& draft) { return Cycle(draft).argue(); }

}  // namespace norn::sim
