// Course replicas in one process, with the test in the place of the course's simulator: it holds the clock,
// passes messages on or loses them, and notes every answer. A message takes a few microseconds, and none
// overtakes another. Whatever the simulator would count as incorrect by itself is noted in `wrong`.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "replica/course/course_replica.h"

namespace norn::course {

using std::chrono::milliseconds;

inline constexpr Id kClient{0x15};

struct Answer {
  NodeId from;
  Id client;
  std::string type;
  std::string mid;
  Id leader;
  std::optional<std::string> value;
};

class Stage {
 public:
  // All start at once; with `started` false none does: see start().
  explicit Stage(std::uint8_t count, std::uint64_t seed = 1, bool started = true);

  void start(NodeId node);
  void kill(NodeId node) { dead_.insert(node); }
  // The replica is killed in the middle of its next turn with output, of which only the first datagrams
  // leave.
  void kill_after(NodeId node, std::size_t datagrams) { dying_.emplace_back(node, datagrams); }
  bool alive(NodeId node) const { return replicas[node.value].has_value() && !dead_.contains(node); }

  // A turn with one request. What the replica sends is on its way then.
  void ask(NodeId at, const std::string& mid, const std::string& key, std::optional<std::string> value = {},
           Id client = kClient);
  // The same for several requests in one turn, as texts.
  void hear(NodeId at, const std::vector<std::string>& datagrams);
  std::string request(NodeId at, const std::string& mid, const std::string& key,
                      std::optional<std::string> value = {}, Id client = kClient) const;

  void deliver();            // all that is on its way, and what comes of it
  void pass(Duration span);  // time, with deadlines and messages
  NodeId elect();  // passes until there is a leader, everybody knows it and the network is quiet; that one
  std::vector<NodeId> living() const;
  NodeId leader() const;  // the one of the highest term, alive; nobody: none

  const CourseReplica& at(NodeId node) const { return *replicas[node.value]; }
  Id id(NodeId node) const { return roster.id(node); }
  // The answers to one request, as types in the order of their arrival: "ok ok".
  std::string answers_to(const std::string& mid) const;
  std::size_t held_anywhere() const;  // requests, by living replicas
  std::size_t sent_to_peers() const { return sent_to_peers_; }

  Roster roster;
  std::vector<std::optional<CourseReplica>> replicas;  // by NodeId
  Time now{};
  std::vector<Answer> answers;
  std::vector<std::string> wrong;
  std::size_t hellos = 0;
  // Whether a message between replicas is lost, when it is sent.
  std::function<bool(NodeId from, NodeId to)> loses = [](NodeId, NodeId) { return false; };
  std::function<void(const Answer&)> on_answer = [](const Answer&) {};

 private:
  struct Flight {
    NodeId from;
    NodeId to;
    std::string text;
  };
  void turn(NodeId node);
  void take(NodeId from, const std::string& datagram);

  std::uint64_t seed_;
  std::set<NodeId> dead_;
  std::vector<std::pair<NodeId, std::size_t>> dying_;
  std::set<NodeId> known_;  // their hello has come
  std::deque<Flight> network_;
  std::size_t sent_to_peers_ = 0;
};

}  // namespace norn::course
