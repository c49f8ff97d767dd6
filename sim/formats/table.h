// A table of operations, a line each, in any order, fields separated by single tabs. Its first line begins
// with "# LIN1"; later lines that are empty, or begin with #, are left out.
//
//   id  client  key  kind  first  second  result  call  return
//
//   id      anything
//   client  a number
//   kind    r read, w write, c compare and set, d delete, a append
//   first, second   what is written or appended, or expected (nil: absence) and new; - where there is nothing
//   result  of a read, what was read, or nil; fail: it did not happen. Of a compare and set: ok, it wrote;
//           fail, it found something else; or what it found, or nil. Of the others: ok; fail: it did not
//           happen. ? or -: unknown
//   call, return    times, in nanoseconds; return is - if it never came back
//
// What did not come back has an unknown outcome, and its result must be ? or -. Equal times are concurrent.
#pragma once

#include <string>

#include "sim/check/history_sink.h"
#include "sim/formats/source.h"

namespace norn::sim {

// An error in one line, "name:line: what is wrong"; empty: all is well. Since rows stand in any order, all of
// the text is held in memory, and 24 bytes a row.
std::string read_table(Source& source, HistorySink& sink);

}  // namespace norn::sim
