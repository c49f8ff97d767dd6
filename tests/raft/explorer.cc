#include "tests/raft/explorer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>

#include "tests/raft/safety.h"

namespace norn::raft {
namespace {

using Id = std::uint32_t;

// The generator's fixed point, which draws 0 for ever: chance would tell states apart that are the same.
Rng no_chance() { return std::bit_cast<Rng>(std::array<std::uint64_t, 4>{}); }

enum class Input : std::uint8_t { deliver, timeout, persist, propose, crash };

struct Step {  // what a node does
  Id node = 0;
  std::vector<Id> sent;
};

struct State {
  std::vector<Id> nodes;
  std::vector<Id> flights;                // a set, in the order of sending
  std::array<std::uint8_t, 8> leaders{};  // by term, as far as seen
  Id committed = 0;                       // the longest committed log seen, in texts_
  std::uint8_t timeouts = 0;
  std::uint8_t proposals = 0;
  std::uint8_t crashes = 0;
};

class Explorer {
 public:
  explicit Explorer(const Scope& scope) : scope_(scope) { text(""); }

  Exploration run() {
    push(first());
    while (!queue_.empty() && found_.broken.empty() && found_.states < scope_.states_max) {
      const auto [state, depth] = std::move(queue_.front());
      queue_.pop_front();
      found_.depth = depth;
      if (depth < scope_.depth_max) expand(state, depth);
    }
    found_.nodes = nodes_.size();
    return found_;
  }

 private:
  struct Kept {
    Node node;
    Id committed;  // its committed log, in texts_
    Term committed_term;
  };

  State first() {
    Config config;
    for (std::uint8_t id = 1; id <= scope_.voters; ++id) config.voters.push_back({id});
    config.election_timeout_min = config.election_timeout_max = std::chrono::milliseconds(2);
    config.heartbeat_interval = std::chrono::milliseconds(1);
    config.pre_vote = scope_.pre_vote;
    config.check_quorum = false;
    State state;
    for (const NodeId id : config.voters) {
      config.id = id;
      state.nodes.push_back(keep(Node(config, no_chance(), Time{})));
    }
    if (!scope_.elected) return state;
    apply(state, 0, Input::timeout, 0);
    for (bool busy = true; busy;) {
      busy = false;
      for (std::size_t i = 0; i < state.nodes.size(); ++i) {
        if (!nodes_[state.nodes[i]].node.dirty()) continue;
        apply(state, i, Input::persist, 0);
        busy = true;
      }
      if (state.flights.empty()) continue;
      const Id flight = state.flights.front();
      state.flights.erase(state.flights.begin());
      apply(state, flights_[flight].to.value - std::size_t{1}, Input::deliver, flight);
      busy = true;
    }
    return state;
  }

  void expand(const State& from, std::uint32_t depth) {
    for (std::size_t i = 0; i < from.flights.size(); ++i) {
      State next = from;
      const Id flight = from.flights[i];
      if (!scope_.repeats) next.flights.erase(next.flights.begin() + static_cast<std::ptrdiff_t>(i));
      go(std::move(next), flights_[flight].to.value - std::size_t{1}, Input::deliver, flight, depth);
    }
    for (std::size_t i = 0; i < from.nodes.size(); ++i) {
      const Node& node = nodes_[from.nodes[i]].node;
      if (node.dirty()) go(from, i, Input::persist, 0, depth);
      if (from.timeouts < scope_.timeouts) {
        State next = from;
        ++next.timeouts;
        go(std::move(next), i, Input::timeout, 0, depth);
      }
      if (from.proposals < scope_.proposals && nodes_[from.nodes[i]].node.raft().role() == Role::leader) {
        State next = from;
        go(std::move(next), i, Input::propose, ++next.proposals, depth);
      }
      if (from.crashes < scope_.crashes) {
        State next = from;
        ++next.crashes;
        go(std::move(next), i, Input::crash, 0, depth);
      }
    }
  }

  void go(State state, std::size_t at, Input input, Id what, std::uint32_t depth) {
    if (!found_.broken.empty()) return;
    apply(state, at, input, what);
    check(state, at);
    push(std::move(state), depth + 1);
  }

  void push(State state, std::uint32_t depth = 0) {
    if (!visited_.insert(key(state)).second) return;
    ++found_.states;
    queue_.emplace_back(std::move(state), depth);
  }

  static std::string key(const State& state) {
    std::string out;
    const auto add = [&](Id id) { out.append(reinterpret_cast<const char*>(&id), sizeof id); };
    for (const Id id : state.nodes) add(id);
    std::vector<Id> flights = state.flights;
    std::sort(flights.begin(), flights.end());
    for (const Id id : flights) add(id);
    for (const std::uint8_t leader : state.leaders) out += static_cast<char>(leader);
    add(state.committed);
    out += static_cast<char>(state.timeouts);
    out += static_cast<char>(state.proposals);
    out += static_cast<char>(state.crashes);
    return out;
  }

  void apply(State& state, std::size_t at, Input input, Id what) {
    const auto memo = std::tuple(state.nodes[at], input, what);
    auto found = steps_.find(memo);
    if (found == steps_.end()) found = steps_.emplace(memo, take(state.nodes[at], input, what)).first;
    state.nodes[at] = found->second.node;
    for (const Id flight : found->second.sent) {
      if (std::find(state.flights.begin(), state.flights.end(), flight) == state.flights.end())
        state.flights.push_back(flight);
    }
    while (state.flights.size() > scope_.flights_max) state.flights.erase(state.flights.begin());
  }

  Step take(Id from, Input input, Id what) {
    Node node = nodes_[from].node;
    std::vector<Flight> sent;
    const Time now{};
    switch (input) {
      case Input::deliver:
        node.step(now, flights_[what], sent);
        break;
      case Input::timeout:
        node.tick(node.raft().deadline(), sent);
        break;
      case Input::persist:
        node.persist(now, sent);
        break;
      case Input::propose:
        node.propose(now, {std::string(1, static_cast<char>('a' + what - 1))}, sent);
        break;
      case Input::crash:
        node.crash();
        node.restart(no_chance(), now);
        break;
    }
    while (scope_.instant && node.dirty()) node.persist(now, sent);
    Step step{keep(node), {}};
    for (const Flight& flight : sent) step.sent.push_back(keep(flight));
    return step;
  }

  // The state is new if `same` finds no equal; the text is only there to find it quickly.
  Id keep(const Node& node) {
    const Raft& raft = node.raft();
    std::string summary = describe(raft.role()) + describe(raft.log()) + "/" + describe(node.disk().log) +
                          "/" + std::to_string(node.id().value) + "/" + std::to_string(raft.term().value) +
                          "/" + std::to_string(raft.hard_state().vote.value) + "/" +
                          std::to_string(raft.commit().value) + "/" + std::to_string(raft.durable().value);
    std::vector<Id>& alike = node_ids_[summary];
    for (const Id id : alike) {
      if (same(nodes_[id].node, node)) return id;
    }
    const auto id = static_cast<Id>(nodes_.size());
    alike.push_back(id);
    std::string committed;
    for (Index index{1}; index <= raft.commit(); index = index.next()) {
      committed += describe(raft.log().entry(index)) + ";";
    }
    nodes_.push_back({node, text(committed), raft.log().term(raft.commit()).value_or(Term{})});
    found_.term_max = std::max(found_.term_max, raft.term());
    found_.commit_max = std::max(found_.commit_max, raft.commit());
    return id;
  }

  Id keep(const Flight& flight) {
    const std::string line =
        std::to_string(flight.from.value) + std::to_string(flight.to.value) + describe(flight.message);
    const auto [place, fresh] = flight_ids_.emplace(line, static_cast<Id>(flights_.size()));
    if (fresh) flights_.push_back(flight);
    return place->second;
  }

  Id text(const std::string& line) {
    const auto [place, fresh] = text_ids_.emplace(line, static_cast<Id>(texts_.size()));
    if (fresh) texts_.push_back(line);
    return place->second;
  }

  // Of the state after a step of the node `at`.
  void check(State& state, std::size_t at) {
    const Kept& kept = nodes_[state.nodes[at]];
    const Raft& raft = kept.node.raft();
    if (!kept.node.broken().empty()) return fail(kept.node.broken(), state);
    const std::string& all = texts_[state.committed];
    const std::string& own = texts_[kept.committed];
    if (!all.starts_with(own) && !own.starts_with(all)) return fail("state machine safety", state);
    if (raft.role() == Role::leader) {
      ++found_.leaders;
      std::uint8_t& leader = state.leaders[raft.term().value % state.leaders.size()];
      if (leader != 0 && leader != raft.leader().value) return fail("election safety", state);
      if (leader == 0 && !complete(raft, all)) return fail("leader completeness", state);
      leader = raft.leader().value;
    }
    if (own.size() > all.size()) state.committed = kept.committed;
    for (std::size_t other = 0; other < state.nodes.size(); ++other) {
      if (other == at || !compared_.insert({state.nodes[at], state.nodes[other]}).second) continue;
      const std::string broken = compare_logs(raft.log(), nodes_[state.nodes[other]].node.raft().log());
      if (!broken.empty()) return fail(broken, state);
    }
  }

  // Commit moves to an entry of the term in which it moves: so the last one tells when all were committed.
  // What was committed in a later term than a late winner's own is not its fault.
  bool complete(const Raft& raft, const std::string& committed) const {
    if (committed.empty()) return true;
    const std::size_t last = committed.rfind('@');
    if (std::stoull(committed.substr(last + 1)) >= raft.term().value) return true;
    std::string own;
    for (Index index{1}; index <= raft.log().last().index; index = index.next()) {
      own += describe(raft.log().entry(index)) + ";";
    }
    return own.starts_with(committed);
  }

  void fail(const std::string& what, const State& state) {
    found_.broken = what + "\n";
    for (const Id id : state.nodes) {
      const Raft& raft = nodes_[id].node.raft();
      found_.broken += describe(raft.role()) + " term " + std::to_string(raft.term().value) + " commit " +
                       std::to_string(raft.commit().value) + " log " + describe(raft.log()) + "\n";
    }
    for (const Id id : state.flights) found_.broken += describe(flights_[id].message) + "\n";
  }

  Scope scope_;
  Exploration found_;
  std::deque<Kept> nodes_;
  std::unordered_map<std::string, std::vector<Id>> node_ids_;
  std::vector<Flight> flights_;
  std::unordered_map<std::string, Id> flight_ids_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Id> text_ids_;
  std::map<std::tuple<Id, Input, Id>, Step> steps_;
  std::set<std::pair<Id, Id>> compared_;
  std::unordered_set<std::string> visited_;
  std::deque<std::pair<State, std::uint32_t>> queue_;
};

}  // namespace

Exploration explore(const Scope& scope) { return Explorer(scope).run(); }

}  // namespace norn::raft
