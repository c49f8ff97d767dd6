// The calls and returns of one key lie in a list, in order of time. Whatever call stands before the first
// return may come first: it is tried, taken out of the list with its return, and put back when the rest turns
// out impossible.
#include "tools/bench/search_peer.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

namespace norn::sim::bench {
namespace {

using Value = std::optional<std::string>;

// What the register holds afterwards; nothing: the operation cannot be here.
std::optional<Value> applied(const Value& before, const Operation& operation, bool known) {
  const KeyAccess& access = operation.accesses.front();
  switch (operation.kind) {
    case OperationKind::get:
      if (known && access.value != before) return std::nullopt;
      return before;
    case OperationKind::put:
      return Value(access.argument);
    case OperationKind::remove:
      return Value();
    case OperationKind::compare_and_set: {
      const bool matches = access.expected == before;
      if (known && (operation.matched != matches || (!matches && access.value != before)))
        return std::nullopt;
      return matches ? Value(access.argument) : before;
    }
    default:
      return std::nullopt;
  }
}

class Search {
 public:
  explicit Search(std::vector<const Operation*> operations) : operations_(std::move(operations)) {
    struct Edge {
      Time at;
      bool is_return;
      std::size_t operation;
    };
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      edges.push_back({operations_[i]->call, false, i});
      if (!known(i)) continue;
      edges.push_back({operations_[i]->back, true, i});
      ++known_left_;
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
      if (a.at != b.at) return a.at < b.at;
      return a.is_return != b.is_return ? b.is_return : a.operation < b.operation;
    });
    nodes_.resize(edges.size() + 1);
    return_of_.assign(operations_.size(), kEnd);
    for (std::size_t i = 0; i <= edges.size(); ++i) {
      nodes_[i].previous = i == 0 ? edges.size() : i - 1;
      nodes_[i].next = i == edges.size() ? 0 : i + 1;
      if (i == edges.size()) break;
      nodes_[i].operation = edges[i].operation;
      nodes_[i].is_call = !edges[i].is_return;
      if (edges[i].is_return) return_of_[edges[i].operation] = i;
    }
    taken_.assign((operations_.size() + 7) / 8, '\0');
  }

  bool run() {
    const std::size_t head = nodes_.size() - 1;  // also the end: it is no call
    std::size_t at = nodes_[head].next;
    while (known_left_ > 0) {
      if (nodes_[at].is_call) {
        const std::size_t operation = nodes_[at].operation;
        const std::optional<Value> after = applied(value_, *operations_[operation], known(operation));
        if (after && is_new(operation, *after)) {
          stack_.emplace_back(at, std::exchange(value_, *after));
          take(at);
          at = nodes_[head].next;
        } else {
          at = nodes_[at].next;
        }
      } else {
        if (stack_.empty()) return false;
        std::tie(at, value_) = std::move(stack_.back());
        stack_.pop_back();
        put_back(at);
        at = nodes_[at].next;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kEnd = std::numeric_limits<std::size_t>::max();
  struct Node {
    std::size_t previous = 0;
    std::size_t next = 0;
    std::size_t operation = 0;
    bool is_call = false;
  };

  bool known(std::size_t operation) const { return operations_[operation]->outcome == Outcome::ok; }
  void flip(std::size_t operation) {
    taken_[operation / 8] = static_cast<char>(taken_[operation / 8] ^ 1 << operation % 8);
  }
  bool is_new(std::size_t operation, const Value& after) {
    flip(operation);
    const bool inserted = seen_.insert(taken_ + (after ? "=" + *after : "-")).second;
    flip(operation);
    return inserted;
  }
  void unlink(std::size_t node) {
    nodes_[nodes_[node].previous].next = nodes_[node].next;
    nodes_[nodes_[node].next].previous = nodes_[node].previous;
  }
  void relink(std::size_t node) {
    nodes_[nodes_[node].previous].next = node;
    nodes_[nodes_[node].next].previous = node;
  }
  void take(std::size_t call) {
    const std::size_t operation = nodes_[call].operation;
    flip(operation);
    unlink(call);
    if (!known(operation)) return;
    unlink(return_of_[operation]);
    --known_left_;
  }
  void put_back(std::size_t call) {
    const std::size_t operation = nodes_[call].operation;
    flip(operation);
    if (known(operation)) {
      relink(return_of_[operation]);
      ++known_left_;
    }
    relink(call);
  }

  std::vector<const Operation*> operations_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> return_of_;
  std::size_t known_left_ = 0;
  Value value_;
  std::string taken_;  // a bit an operation
  std::unordered_set<std::string> seen_;
  std::vector<std::pair<std::size_t, Value>> stack_;
};

}  // namespace

bool linearizable_by_search(const History& history) {
  std::map<std::string, std::vector<const Operation*>> keys;
  for (const Operation& operation : history) {
    if (operation.outcome != Outcome::fail) keys[operation.accesses.front().key].push_back(&operation);
  }
  return std::all_of(keys.begin(), keys.end(), [](const auto& key) { return Search(key.second).run(); });
}

}  // namespace norn::sim::bench
