// Jepsen's histories, as it writes them to history.edn, and as others write them after it: EDN maps, one for
// each call and each return, one a line or all in one vector or list. Commas are white space; comments are
// left out.
//
//   {:process 0, :type :invoke, :f :write, :value 3}
//   {:process 0, :type :ok, :f :write, :value 3}
//
//   :process  a number, or :nemesis, whose maps say nothing of the data
//   :type     :invoke; :ok: it happened; :fail: it did not; :info: nobody knows
//   :f        :read :write :cas :append :delete; :get :put :remove are the same
//   :value    of :invoke: nil, what is written or appended, [expected new] of a :cas. Of :ok: what was read
//   :key      which key. Without it, the value may be a pair [key value], as jepsen.independent makes it: a
//             :read is called with [key nil] then, a :cas with [key [expected new]]. Without either it is
//             one register
//   :time     nanoseconds; only for showing
//
// The order of the maps is the order of the events. Times are used where they agree with it; where one does
// not, its event is put a nanosecond behind the one before, and a millisecond where there is none.
//
// A number is the same value as a string that spells it. The empty string is absence, as in stores that know
// no difference: to write it is to delete. A list that was read is what was appended, if that was no strings:
// each element followed by a space.
#pragma once

#include <string>

#include "sim/check/history_sink.h"
#include "sim/formats/source.h"

namespace norn::sim {

// An error in one line, "name:line: what is wrong"; empty: all is well.
std::string read_jepsen_edn(Source& source, HistorySink& sink);

}  // namespace norn::sim
