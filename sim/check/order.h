// An order of a history's operations as a certificate: whoever doubts that a history is linearizable is shown
// one order, and checks it alone, in linear time, with none of the judge's rules to believe.
//
// An order holds iff
//   - each completed operation is in it once, one of unknown outcome at most once, a failed one never;
//   - a plain map that runs the operations in this order gives every result that was seen (of an operation of
//     unknown outcome nothing was seen; it changes the map as it would have);
//   - there are instants for them, never decreasing along the order, each between the operation's call and
//     return. The earliest instants possible are the latest call so far, so it is enough to compare those
//     with the returns (equal times are concurrent).
// That is the definition of linearizable (Herlihy & Wing 1990) with the order given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable.h"

namespace norn::sim {

using Order = std::vector<std::uint32_t>;  // places in the history

// Nothing: it holds. Else one sentence that names the first place where it does not. O(n) in the history's
// operations and bytes.
std::optional<std::string> verify_order(const History& history, const Order& order);

struct OrderResult {
  Verdict verdict = Verdict::linearizable;
  std::string reason;  // of the others, as CheckResult's
  Order order;         // of a linearizable history; verified
};

// Judges, and on success gives an order. Each component gets one from the tier that decides it: from the
// versions if they certify it, from tier 1, or from the general search, which then also remembers what led
// to each configuration; the components' orders are merged by instants, which locality allows (Herlihy & Wing
// 1990, section 3.4). O(n log n) without the search. Out of budget: undecided, and no order.
OrderResult order_of(const History& history, const CheckOptions& options = {});

// The same by the general search alone, also where a cheaper tier decides.
OrderResult order_by_search(const History& history, const CheckOptions& options = {});

// As a text: a first line that says which history it is of, then a line for each operation of the order.
//
//   order  = "norn-order-1 operations=" N " hash=" H LF  *( place LF )
//   N      the number of operations of the history, in decimal
//   H      a hash of them all, 16 hexadecimal digits: an order of another history is refused
//   place  an operation: its place in the history, in decimal, 0 for the one called first
std::string format_order(const History& history, const Order& order);

struct ParsedOrder {
  Order order;
  std::string error;  // one line, "name:line: what is wrong"; empty: all is well
};

// `name` is what errors call the text by. Places are in the history's range; whether they are an order of it
// is for verify_order to say.
ParsedOrder parse_order(const History& history, std::string_view text, std::string_view name);

// False: it could not be written, whole.
bool write_order(const std::string& path, const History& history, const Order& order);
ParsedOrder read_order(const std::string& path, const History& history);

}  // namespace norn::sim
