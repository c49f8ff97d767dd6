#include "tests/raft/interaction.h"

#include <algorithm>
#include <doctest/doctest.h>

namespace norn::raft {
namespace {

std::string text(Index index) { return std::to_string(index.value); }
std::string text(NodeId id) { return std::to_string(id.value); }
std::string text(Term term) { return std::to_string(term.value); }

NodeId parse_id(const std::string& word) { return {static_cast<std::uint8_t>(std::stoul(word))}; }
Index index_of(const Directive& directive, const std::string& key) {
  return {static_cast<std::uint64_t>(directive.number(key, 0))};
}
Duration milliseconds(std::int64_t count) { return std::chrono::milliseconds(count); }

Rng fixed_chance() { return Rng(1); }  // both ends of an election timeout are the same here

std::string standing(const Raft& raft) {
  std::string out = describe(raft.role());
  if (raft.role() == Role::follower && raft.leader()) out += " of " + text(raft.leader());
  out += ", term " + text(raft.term());
  if (raft.hard_state().vote) out += ", voted " + text(raft.hard_state().vote);
  return out;
}

std::string describe(const Progress& peer) {
  static const char* const kModes[] = {"probe", "replicate", "snapshot"};
  return std::string(kModes[static_cast<std::size_t>(peer.mode)]) + ", match " + text(peer.match) +
         ", next " + text(peer.next);
}

std::string entries(const Log& log, Index from) {
  std::string out;
  for (Index index = from; index <= log.last().index; index = index.next()) {
    out += (out.empty() ? "" : ", ") + describe(log.entry(index));
  }
  return out;
}

// What a deliver or drop is about.
struct Selection {
  explicit Selection(const Directive& directive) {
    for (const std::string& word : directive.arguments) {
      const std::size_t arrow = word.find("->");
      if (arrow != std::string::npos) {
        from = parse_id(word.substr(0, arrow));
        to = parse_id(word.substr(arrow + 2));
      } else if (word != "last" && word != "keep" && word != "quiet") {
        kind = word;
      }
    }
  }
  bool covers(const Flight& flight) const {
    return (!from || flight.from == from) && (!to || flight.to == to) &&
           (kind.empty() || kind == kind_of(flight.message));
  }
  NodeId from;
  NodeId to;
  std::string kind;
};

}  // namespace

Node& Interaction::node(NodeId id) {
  REQUIRE(id.value >= 1);
  REQUIRE(id.value <= nodes_.size());
  return nodes_[id.value - std::size_t{1}];
}

std::string Interaction::run(const Directive& directive) {
  out_.clear();
  quiet_ = directive.has("quiet");
  const std::string& command = directive.command;
  if (command == "nodes") {
    start(directive);
  } else if (command == "deliver" || command == "drop") {
    deliver(directive, command == "drop");
  } else if (command == "network") {
    for (const Flight& f : network_)
      tell(text(f.from) + " -> " + text(f.to) + " " + raft::describe(f.message));
  } else if (command == "settle") {
    settle();
  } else if (command == "wait") {
    now_ += milliseconds(std::stol(directive.arguments.at(0)));
  } else if (command == "run") {
    pass(milliseconds(std::stol(directive.arguments.at(0))));
  } else if (command == "heal") {
    cut_.clear();
  } else if (command == "status") {
    status();
  } else {
    change_one(directive);
  }
  tell_reads();
  for (const Node& n : nodes_) {
    if (!n.broken().empty()) tell("BROKEN: " + text(n.id()) + ": " + n.broken());
  }
  return out_;
}

void Interaction::start(const Directive& directive) {
  *this = {};
  Config config;
  const auto count = static_cast<std::uint8_t>(std::stoul(directive.arguments.at(0)));
  for (std::uint8_t id = 1; id <= count; ++id) config.voters.push_back({id});
  config.election_timeout_min = config.election_timeout_max = milliseconds(directive.number("election", 100));
  config.heartbeat_interval = milliseconds(directive.number("heartbeat", 20));
  config.pre_vote = directive.number("pre_vote", 1) != 0;
  config.check_quorum = directive.number("check_quorum", 1) != 0;
  if (directive.number("lease", 0) != 0) config.read_mode = ReadMode::lease;
  config.vote_retry = milliseconds(directive.number("vote_retry", 0));
  config.thrift_patience = milliseconds(directive.number("thrift", 0));
  config.append_size_max = static_cast<std::size_t>(directive.number("append_size", 1200));
  config.inflight_size_max = static_cast<std::size_t>(directive.number("inflight", 1 << 18));
  config.snapshot_chunk_size = static_cast<std::size_t>(directive.number("chunk", 1024));
  config.snapshot_window = static_cast<std::uint32_t>(directive.number("window", 32));
  for (const NodeId id : config.voters) {
    config.id = id;
    nodes_.emplace_back(config, fixed_chance(), now_);
  }
}

void Interaction::change_one(const Directive& directive) {
  const std::string& command = directive.command;
  const NodeId id = parse_id(directive.arguments.at(0));
  if (command == "tick") return tick(id);
  if (command == "elect") {
    quiet_ = true;
    tick(id);
    settle();
  } else if (command == "propose") {
    std::vector<std::string> commands;
    for (auto it = directive.arguments.begin() + 1; it != directive.arguments.end(); ++it) {
      if (*it != "quiet") commands.push_back(*it);
    }
    const std::int64_t size = directive.number("size", 0);
    if (size > 0) commands.emplace_back(static_cast<std::size_t>(size), '#');
    act(id, [&](Node& n, Sent& sent) {
      if (!n.propose(now_, commands, sent)) tell(text(id) + " does not take proposals");
    });
  } else if (command == "transfer") {
    act(id, [&](Node& n, Sent& sent) {
      if (!n.transfer(now_, parse_id(directive.get("to", "0")), sent))
        tell(text(id) + " has nobody to hand over to");
    });
  } else if (command == "read") {
    read(id, {directive.arguments.begin() + 1, directive.arguments.end()});
  } else if (command == "log") {
    tell(text(id) + " " + raft::describe(node(id).raft().log()));
  } else if (command == "cut" || command == "isolate") {
    for (const Node& other : nodes_) {
      const bool meant = command == "isolate" || parse_id(directive.arguments.at(1)) == other.id();
      if (meant && other.id() != id) cut_.insert({std::min(id, other.id()), std::max(id, other.id())});
    }
  } else {
    change_disk(directive, id);
  }
}

void Interaction::change_disk(const Directive& directive, NodeId id) {
  const std::string& command = directive.command;
  if (command == "persist") {
    act(id, [&](Node& n, Sent& sent) {
      n.begin_write();
      if (!n.writing()) return tell("nothing to write");
      n.finish_write_upto(
          now_, directive.named.contains("upto") ? index_of(directive, "upto") : n.raft().log().last().index,
          sent);
    });
  } else if (command == "write") {
    node(id).begin_write();
    tell(text(id) + (node(id).writing() ? " begins a write" : " has nothing to write"));
  } else if (command == "sync") {
    act(id, [&](Node& n, Sent& sent) {
      if (!n.writing()) return tell("no write to finish");
      n.finish_write(now_, sent);
    });
  } else if (command == "install") {
    act(id, [&](Node& n, Sent& sent) {
      if (directive.has("reject")) return n.reject_install(now_, sent);
      n.finish_install(now_, sent);
    });
  } else if (command == "compact") {
    act(id, [&](Node& n, Sent&) {
      const Index upto = index_of(directive, "upto");
      n.compact(directive.named.contains("covered") ? index_of(directive, "covered") : upto, upto,
                directive.named.contains("at_least") ? index_of(directive, "at_least") : Index{});
    });
  } else if (command == "crash") {
    node(id).crash(directive.has("reached"));
  } else if (command == "lose") {
    node(id).lose_log_from(index_of(directive, "from"));
  } else if (command == "restart") {
    node(id).restart(fixed_chance(), now_);
    const Raft& raft = node(id).raft();
    tell(text(id) + " is " + standing(raft) + ", commit " + text(raft.commit()) + ", log " +
         raft::describe(raft.log()) +
         (raft.fence() != Index{} ? ", fenced up to " + text(raft.fence()) : ""));
  } else {
    FAIL("line " << directive.line << ": no such command: " << command);
  }
}

// One turn of one node, and what is to be told of it.
template <class Change>
void Interaction::act(NodeId id, Change change) {
  Node& n = node(id);
  REQUIRE(n.alive());
  const Node before = n;
  Sent sent;
  change(n, sent);
  tell_changes(before, n);
  for (Flight& flight : sent) {
    tell_detail("  " + text(flight.from) + " -> " + text(flight.to) + " " + raft::describe(flight.message));
    network_.push_back(std::move(flight));
  }
}

void Interaction::tell_changes(const Node& before, const Node& after) {
  const std::string self = "  " + text(after.id()) + " ";
  const Raft& was = before.raft();
  const Raft& is = after.raft();
  if (standing(was) != standing(is)) tell(self + "is " + standing(is));
  if (!quiet_) tell_log(before, after);
  if (was.fence() != is.fence()) tell(self + "has its log again, and may vote");
  if (after.installing() && !before.installing()) tell(self + "has the whole snapshot");
  if (was.commit() != is.commit()) tell(self + "commits up to " + text(is.commit()));
  tell_progress(before, after);
  const std::size_t fresh = std::min(after.held_ever() - before.held_ever(), after.held().size());
  for (std::size_t i = after.held().size() - fresh; i < after.held().size(); ++i) {
    const Flight& flight = after.held()[i].flight;
    tell_detail(self + "holds back, until durable: -> " + text(flight.to) + " " +
                raft::describe(flight.message));
  }
}

void Interaction::tell_log(const Node& before, const Node& after) {
  const std::string self = "  " + text(after.id()) + " ";
  const Log& was = before.raft().log();
  const Log& is = after.raft().log();
  if (was.base() != is.base()) tell(self + "has its log begin behind " + raft::describe(is.base()));
  Index from = std::max(was.first(), is.first());
  while (was.has(from) && is.has(from) && was.term(from) == is.term(from)) from = from.next();
  if (was.has(from)) tell(self + "cuts " + entries(was, from));
  if (is.has(from)) tell(self + "appends " + entries(is, from));
  if (before.raft().durable() != after.raft().durable())
    tell(self + "is durable up to " + text(after.raft().durable()));
}

void Interaction::tell_progress(const Node& before, const Node& after) {
  for (const Progress& peer : after.raft().progress()) {
    const auto& earlier = before.raft().progress();
    const auto was = std::ranges::find(earlier, peer.id, &Progress::id);
    if (was == earlier.end() || (was->mode == peer.mode && was->match <= peer.match)) continue;
    tell_detail("  " + text(after.id()) + " has " + text(peer.id) + " in " + describe(peer));
  }
}

void Interaction::tick(NodeId id) {
  now_ = std::max(now_, node(id).raft().deadline());
  act(id, [&](Node& n, Sent& sent) { n.tick(now_, sent); });
}

void Interaction::deliver(const Directive& directive, bool drop) {
  const Selection selection(directive);
  std::vector<Flight> chosen;
  std::vector<Flight> rest;
  for (Flight& flight : network_) (selection.covers(flight) ? chosen : rest).push_back(flight);
  if (chosen.empty()) tell("nothing on its way");
  if (directive.has("last") && chosen.size() > 1) {
    const Flight last = chosen.back();
    const auto is_last = [&, left = chosen.size()](const Flight& f) mutable {
      return selection.covers(f) && --left == 0;
    };
    std::erase_if(network_, is_last);
    rest = network_;
    chosen = {last};
  }
  if (!directive.has("keep")) network_ = std::move(rest);
  for (const Flight& flight : chosen) {
    if (drop) {
      tell("lost: " + text(flight.from) + " -> " + text(flight.to) + " " + raft::describe(flight.message));
    } else {
      deliver_one(flight);
    }
  }
}

void Interaction::deliver_one(const Flight& flight) {
  const bool arrives = node(flight.to).alive() && !is_cut(flight.from, flight.to);
  tell_detail((arrives ? "" : "lost: ") + text(flight.from) + " -> " + text(flight.to) + " " +
              raft::describe(flight.message));
  if (arrives) act(flight.to, [&](Node& n, Sent& sent) { n.step(now_, flight, sent); });
}

void Interaction::settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (Node& n : nodes_) {
      if (!n.alive()) continue;
      if (n.installing()) act(n.id(), [&](Node& one, Sent& sent) { one.finish_install(now_, sent); });
      if (!n.dirty() && !n.writing()) continue;
      tell_detail(text(n.id()) + " finishes a write");
      act(n.id(), [&](Node& one, Sent& sent) { one.persist(now_, sent); });
      busy = true;
    }
    if (network_.empty()) continue;
    const Flight flight = network_.front();
    network_.erase(network_.begin());
    deliver_one(flight);
    busy = true;
  }
}

void Interaction::pass(Duration span) {
  const Time end = now_ + span;
  quiet_ = true;
  settle();
  while (true) {
    Node* next = nullptr;
    for (Node& n : nodes_) {
      if (n.alive() && (next == nullptr || n.raft().deadline() < next->raft().deadline())) next = &n;
    }
    if (next == nullptr || next->raft().deadline() > end) break;
    tick(next->id());
    settle();
    tell_reads();
  }
  now_ = end;
}

void Interaction::read(NodeId id, const std::vector<std::string>& names) {
  act(id, [&](Node& n, Sent& sent) {
    const std::vector<ReadTicket> tickets = n.read(now_, names.size(), sent);
    if (tickets.empty()) return tell(text(id) + " does not lead");
    for (std::size_t i = 0; i < names.size(); ++i) {
      reads_.push_back({names[i], id, n.raft().term(), tickets[i]});
      tell("  read " + names[i] + " needs round " + std::to_string(tickets[i].round) + " and entry " +
           text(tickets[i].index));
    }
  });
}

void Interaction::tell_reads() {
  std::erase_if(reads_, [&](const Read& read) {
    const Node& n = node(read.at);
    if (!n.alive() || n.raft().role() != Role::leader || n.raft().term() != read.term) {
      tell("  read " + read.name + " is refused");
      return true;
    }
    if (n.raft().confirmed_round() < read.ticket.round || n.applied_to() < read.ticket.index) return false;
    tell("  read " + read.name + " is answered, at entry " + text(n.applied_to()));
    return true;
  });
}

void Interaction::status() {
  for (const Node& n : nodes_) {
    if (!n.alive()) {
      tell(text(n.id()) + " is down");
      continue;
    }
    const Raft& raft = n.raft();
    tell(text(n.id()) + " is " + standing(raft) + ", commit " + text(raft.commit()) + ", durable " +
         text(raft.durable()) + ", log " + raft::describe(raft.log()));
    for (const Progress& peer : raft.progress()) tell("  " + text(peer.id) + " in " + describe(peer));
  }
}

}  // namespace norn::raft
