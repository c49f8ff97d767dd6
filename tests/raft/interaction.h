// The stage of the golden transcripts: a few nodes, a network that delivers what it is told to, and a clock
// that moves when it is told to. Every message sent and every change of state is a line.
//
//   nodes N [election= heartbeat= thrift= (ms) append_size= inflight= chunk= window= pre_vote= check_quorum=
//   lease= vote_retry= (ms)]
//   tick N             the clock moves to N's deadline, if that is ahead; N alone notices
//   wait MS            the clock moves; nobody notices
//   run MS             time passes for all, messages arrive and disks finish at once
//   settle             messages arrive and disks finish until nothing is left; the clock stands still
//   elect N            tick and settle
//   propose N X ...    in one turn; size=S: a command of S bytes
//   deliver [A->B] [KIND] [last] [keep]   what is on its way now, or only the last of it; keep: it may come
//   again drop [A->B] [KIND] [last] network            what is on its way persist N [upto=I] N's disk
//   finishes what is dirty; write N and sync N are its two halves install N [reject] the snapshot that has
//   come to N is on its disk, or was none crash N [reached]  reached: the write in flight came down,
//   unnoticed lose N from=I      N, crashed, lost synced entries and noticed it restart N cut A B, isolate N,
//   heal    whatever is sent over a cut link is lost on arrival read N NAME ...    in one turn compact N
//   upto=I [covered=J] [at_least=K]    the snapshot covers more than the log loses transfer N [to=M], status,
//   log N
// `quiet` after any: only roles, commits and answered reads are told.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/datadriven.h"
#include "tests/raft/node.h"

namespace norn::raft {

class Interaction {
 public:
  std::string run(const Directive& directive);

 private:
  struct Read {
    std::string name;
    NodeId at;
    Term term;
    ReadTicket ticket;
  };
  using Sent = std::vector<Flight>;

  void start(const Directive& directive);
  void change_one(const Directive& directive);  // the commands about one node
  void change_disk(const Directive& directive, NodeId id);
  void deliver(const Directive& directive, bool drop);
  void deliver_one(const Flight& flight);
  void settle();
  void pass(Duration span);
  void tick(NodeId id);
  void read(NodeId id, const std::vector<std::string>& names);
  void status();
  template <class Change>
  void act(NodeId id, Change change);
  void tell_changes(const Node& before, const Node& after);
  void tell_log(const Node& before, const Node& after);
  void tell_progress(const Node& before, const Node& after);
  void tell_reads();
  void tell(const std::string& line) { out_ += line + "\n"; }
  void tell_detail(const std::string& line) {
    if (!quiet_) tell(line);
  }
  Node& node(NodeId id);
  bool is_cut(NodeId a, NodeId b) const { return cut_.contains({std::min(a, b), std::max(a, b)}); }

  std::vector<Node> nodes_;
  std::vector<Flight> network_;
  std::set<std::pair<NodeId, NodeId>> cut_;
  std::vector<Read> reads_;
  Time now_{};
  bool quiet_ = false;
  std::string out_;
};

}  // namespace norn::raft
