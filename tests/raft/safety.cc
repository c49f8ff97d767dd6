#include "tests/raft/safety.h"

#include <algorithm>

namespace norn::raft {

std::string Safety::observe(const Node& node) {
  if (!node.broken().empty()) return node.broken();
  if (node.raft().role() == Role::leader) {
    if (std::string broken = observe_leader(node.raft()); !broken.empty()) return broken;
  }
  return observe_commits(node);
}

std::string Safety::observe_leader(const Raft& raft) {
  const auto [place, first] = leaders_.emplace(raft.term(), raft.leader());
  if (place->second != raft.leader())
    return "election safety: two leaders in term " + std::to_string(raft.term().value);
  if (!first) return {};
  for (std::uint64_t i = 0; i < committed_.size(); ++i) {
    const Index index{i + 1};
    if (committed_[i].seen_in >= raft.term() || index <= raft.log().base().index) continue;
    if (raft.log().term(index) != committed_[i].term)
      return "leader completeness: the leader of term " + std::to_string(raft.term().value) +
             " lacks committed entry " + std::to_string(index.value);
  }
  return {};
}

std::string Safety::observe_commits(const Node& node) {
  const Raft& raft = node.raft();
  for (Index index = committed().next(); index <= raft.commit(); index = index.next()) {
    committed_.push_back({raft.log().term(index).value_or(Term{}), raft.term()});
  }
  const Index at = raft.commit();
  if (at > raft.log().base().index && raft.log().term(at) != committed_[at.value - 1].term)
    return "state machine safety: another entry is committed at " + std::to_string(at.value);
  const std::string& shorter = node.applied().size() < applied_.size() ? node.applied() : applied_;
  const std::string& longer = node.applied().size() < applied_.size() ? applied_ : node.applied();
  if (!longer.starts_with(shorter))
    return "state machine safety: " + shorter + " is not the beginning of " + longer;
  if (node.applied().size() > applied_.size()) applied_ = node.applied();
  return {};
}

std::string Safety::compare_logs(const std::vector<Node>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t j = i + 1; j < nodes.size(); ++j) {
      if (!nodes[i].alive() || !nodes[j].alive()) continue;
      std::string broken = raft::compare_logs(nodes[i].raft().log(), nodes[j].raft().log());
      if (!broken.empty()) return broken;
    }
  }
  return {};
}

std::string compare_logs(const Log& a, const Log& b) {
  const Index first = std::max(a.first(), b.first());
  Index last = std::min(a.last().index, b.last().index);
  while (last >= first && a.term(last) != b.term(last)) last = last.prev();
  if (last < first) return {};
  const Bytes left = a.encoded(first, last);
  const Bytes right = b.encoded(first, last);
  if (std::equal(left.begin(), left.end(), right.begin(), right.end())) return {};
  return "log matching: (" + describe(a) + ") and (" + describe(b) +
         ") share an entry, and not all before it";
}

}  // namespace norn::raft
