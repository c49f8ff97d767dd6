// Why a history is not linearizable, for people: the fewest operations that show it, an argument a step a
// sentence, and the order that the steps force between them.
//
// What counts as showing it. A set S of operations whose outcome is known shows the violation iff no history
// in which S happened as it was seen is linearizable, whatever else the other operations of the history did:
// each of them may have taken effect at any instant of its time, or not at all, with any result; but a
// compare-and-set that is known not to have matched wrote nothing. So a write that somebody read is never
// simply dropped, which would make a violation that was not there ("nobody wrote that"); it only stops being
// certain. Dropping is then monotone: what S shows, every larger set shows, and S
// alone is not linearizable (the others may all not have happened). S is irreducible if no operation of it
// can be made uncertain; `proven` says that this was checked for each of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/check/history.h"
#include "sim/check/linearizable.h"

namespace norn::sim {

inline constexpr std::size_t kSentenceMax = 1200;  // characters; what is cut off ends with "..."

struct ExplainOptions {
  std::uint64_t work_max = 20'000'000;  // steps and operations looked at while shrinking; honoured
};

struct ExplainedOperation {
  std::size_t place = 0;  // in the history
  // It must have happened as it was seen. Otherwise it is named because its value was seen, and it is enough
  // that it may have happened.
  bool certain = true;
  std::string letter;  // A, B, ...: what the argument and the picture call it
  std::string name;    // 'read of "7" by client 3'
};

enum class EdgeKind : std::uint8_t {
  time,      // one had ended before the other began
  value,     // one saw what the other wrote
  conflict,  // what was seen forces it, against the others
};

struct ExplanationEdge {
  std::size_t from = 0;  // places in Explanation::operations
  std::size_t to = 0;
  EdgeKind kind = EdgeKind::time;
  std::string label;  // a few words
};

struct Explanation {
  bool found = false;  // there was a violation to explain
  std::string headline;
  std::vector<std::string> keys;               // those of the operations, as bytes
  std::vector<ExplainedOperation> operations;  // by call time
  std::vector<std::string> argument;           // a sentence a step, of kSentenceMax characters at most
  std::vector<ExplanationEdge> edges;
  bool proven = false;     // irreducible, as above
  std::string minimality;  // a sentence that claims what was done, no more
};

// Of a violation; of any other result, nothing is found.
Explanation explain(const History& history, const CheckResult& result, const ExplainOptions& options = {});

// The explanation as JSON, one line: operations, argument, edges. Its size is bounded: of the operations and
// the argument it has the first 60, and says how many are left out; of a value the first 1024 bytes.
std::string explanation_json(const History& history, const Explanation& explanation);

}  // namespace norn::sim
