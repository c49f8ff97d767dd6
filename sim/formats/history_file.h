// A history as a file: JSON Lines in Jepsen's words, one event a line, in time order. Equal times are
// concurrent, in whatever order they stand; they are written calls first. What it writes it reads back
// exactly.
//
//   {"index":0,"time":1100000000,"process":3,"type":"invoke","f":"cas","key":"k","value":["v1","v2"]}
//   {"index":1,"time":1203000000,"process":3,"type":"ok","f":"cas","invoke":0,"key":"k","matched":false,
//    "value":"v3","version":17}      (on one line)
//
//   index    the line's number, from 0
//   time     nanoseconds
//   process  the client
//   type     invoke; ok: it happened; fail: it did not; info: nobody knows (written at the end; its time
//            means nothing). An operation without a second line is pending
//   f        get put remove cas append increment multi-get multi-put
//   invoke   of a second line: the index of the first. Missing: it is the process's latest open one
//   key      or, for multi-get and multi-put, keys: an array; value and version are arrays as long
//   value    of invoke: what is put or appended; cas: [expected, or null for absence, new]; increment: the
//            number added. Else: what was read, null for absence; cas: what was found (missing: not known,
//            only that it was not what it expected); increment: the number after it, as a string
//   matched  of a cas that is ok: whether it wrote
//   version  the key's version with the reply; missing: 0, unknown
//
// Strings are bytes: one above 0x7f is written as the character of that number, U+0080 to U+00FF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/check/history.h"

namespace norn::sim {

std::string format_history(const History& history);

// One operation as one JSON object, for people and programs: the words above; its place in the history, call
// and return times, its type (pending too), arguments as value, and what was seen as result.
std::string format_operation(const Operation& operation, std::size_t place);

// All of a history, in memory; formats.h has what reads other formats, and event by event.
struct ParsedHistory {
  History history;
  std::string error;  // one line, "name:line: what is wrong"; empty: all is well
};

// `name` is what errors call the text by.
ParsedHistory parse_history(std::string_view text, std::string_view name);

// False: it could not be written, whole.
bool write_history(const std::string& path, const History& history);
ParsedHistory read_history(const std::string& path);

}  // namespace norn::sim
