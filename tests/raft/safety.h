// Raft's properties of several replicas together (Raft figure 3), in the plainest way there is: everything is
// remembered and compared. For schedules of a few thousand steps.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/raft/node.h"

namespace norn::raft {

class Safety {
 public:
  // Looks at a node after one of its turns. Returns what is broken, or nothing.
  std::string observe(const Node& node);
  // Log matching, for all pairs.
  static std::string compare_logs(const std::vector<Node>& nodes);

  Index committed() const { return {committed_.size()}; }  // the highest anywhere

 private:
  std::string observe_leader(const Raft& raft);
  std::string observe_commits(const Node& node);

  struct Committed {
    Term term;     // of the entry
    Term seen_in;  // of the node that knew first
  };
  std::map<Term, NodeId> leaders_;
  std::vector<Committed> committed_;  // from index 1
  std::string applied_;               // after all of them
};

// Whether the logs agree on everything before an entry they share; a sentence if not.
std::string compare_logs(const Log& a, const Log& b);

}  // namespace norn::raft
