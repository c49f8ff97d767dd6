// The argument: why the operations of an explanation contradict each other, a sentence a step, and the edges
// that a picture draws of it.
//
// It is looked for in shapes, the plainest first; each is a proof by itself, from facts of the whole history:
//   - what an operation saw was never written, or written too late, or overwritten for certain (argument.cc)
//   - an order that time and the values seen force, and that comes back to where it began (argument_cycle.cc)
//   - appends and increments, whose values tell their order (argument_growth.cc)
//   - otherwise all orders of the certain operations are tried, each up to what goes wrong
//   (argument_orders.cc)
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/explain/explanation.h"
#include "sim/explain/ledger.h"

namespace norn::sim {

// What an argument is made in: operations get their letters when they are first named.
class Draft {
 public:
  Draft(const Ledger& ledger, const std::vector<std::size_t>& certain);

  const Ledger& ledger() const { return ledger_; }
  const History& history() const { return ledger_.history(); }
  const Operation& at(std::size_t place) const { return ledger_.history()[place]; }
  const std::vector<std::size_t>& certain() const { return certain_; }  // by call time
  const std::vector<std::size_t>& places() const {
    return places_;
  }  // those and the ones cited, by call time
  bool is_certain(std::size_t place) const;
  bool name_keys() const { return name_keys_; }

  void cite(std::size_t place);                    // it is part of the picture, though not certain
  std::string letter_of(std::size_t place) const;  // of one that is certain or cited
  std::string name(std::size_t place) const;       // 'the read of "7" by client 3 (C)'
  // "A had ended at 0.100 s, before B began at 0.200 s"
  std::string in_time(std::size_t early, std::size_t late) const;

  void say(std::string sentence) { sentences_.push_back(std::move(sentence)); }
  void draw(std::size_t from, std::size_t to, EdgeKind kind, std::string label);

  // The certain ones that sentences or edges name, by call time: what a shape proves, it proves of these.
  std::vector<std::size_t> mentioned() const;

  // The finished parts. Edges name places in the history.
  std::vector<std::string> sentences_;
  std::vector<ExplanationEdge> edges_;

 private:
  const Ledger& ledger_;
  std::vector<std::size_t> certain_;
  std::vector<std::size_t> places_;
  bool name_keys_ = false;
  mutable std::set<std::size_t> mentioned_;
};

// Each: true, and the draft holds the argument; or false, and it is as before but for what it cites.
bool argue_unwritten(Draft& draft);
bool argue_two_winners(Draft& draft);
bool argue_cycle(Draft& draft);
bool argue_appends(Draft& draft);
bool argue_increments(Draft& draft);
void argue_orders(Draft& draft);  // always: it claims no more than it did

}  // namespace norn::sim
