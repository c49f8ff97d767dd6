// The simulator's part: routing, and what it objects to.
#include "tests/course/stage.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace norn::course {
namespace {

constexpr Duration kHop = std::chrono::microseconds(20);

Roster roster_of(std::uint8_t replicas) {
  std::vector<Id> ids;
  for (std::uint8_t i = replicas; i > 0; --i) ids.push_back({static_cast<std::uint16_t>(i - 1)});
  return *Roster::make(ids);
}

}  // namespace

Stage::Stage(std::uint8_t count, std::uint64_t seed, bool started)
    : roster(roster_of(count)), replicas(count + 1u), seed_(seed) {
  for (const NodeId node : roster.nodes()) {
    if (started) start(node);
  }
}

void Stage::start(NodeId node) {
  replicas[node.value].emplace(roster, id(node), Rng(seed_).fork("replica " + std::to_string(node.value)),
                               now);
  turn(node);
}

std::string Stage::request(NodeId at, const std::string& mid, const std::string& key,
                           std::optional<std::string> value, Id client) const {
  nlohmann::json message = {{"src", text_of(client)},
                            {"dst", text_of(id(at))},
                            {"leader", "FFFF"},
                            {"type", value ? "put" : "get"},
                            {"MID", mid},
                            {"key", key}};
  if (value) message["value"] = *value;
  return message.dump();
}

void Stage::ask(NodeId at, const std::string& mid, const std::string& key, std::optional<std::string> value,
                Id client) {
  hear(at, {request(at, mid, key, std::move(value), client)});
}

void Stage::hear(NodeId at, const std::vector<std::string>& datagrams) {
  if (!alive(at)) return;
  if (!known_.contains(at)) wrong.push_back("a message to a replica before its hello");
  for (const std::string& datagram : datagrams) replicas[at.value]->on_datagram(now, datagram);
  turn(at);
}

void Stage::turn(NodeId node) {
  std::vector<std::string> out;
  replicas[node.value]->settle(now, out);
  const auto dying = std::ranges::find(dying_, node, &std::pair<NodeId, std::size_t>::first);
  if (dying != dying_.end() && !out.empty()) {
    out.resize(std::min(out.size(), dying->second));
    kill(node);
  }
  for (const std::string& datagram : out) take(node, datagram);
}

void Stage::take(NodeId from, const std::string& datagram) {
  const auto message = nlohmann::json::parse(datagram, nullptr, false);
  const auto field = [&](const char* name) { return message.value(name, std::string()); };
  const auto src = message.is_object() ? parse_id(field("src")) : std::nullopt;
  const auto dst = message.is_object() ? parse_id(field("dst")) : std::nullopt;
  const auto leader = message.is_object() ? parse_id(field("leader")) : std::nullopt;
  if (!src || !dst || !leader || *src != id(from)) return wrong.push_back("malformed: " + datagram);
  if (field("type") == "hello") {
    known_.insert(from);
    ++hellos;
  } else if (const NodeId to = roster.node(*dst)) {
    ++sent_to_peers_;
    if (!loses(from, to)) network_.push_back({from, to, datagram});
  } else if (*dst == kEverybody ||
             !(field("type") == "ok" || field("type") == "fail" || field("type") == "redirect")) {
    wrong.push_back("not for a client: " + datagram);
  } else {
    Answer answer{from, *dst, field("type"), field("MID"), *leader, {}};
    if (message.contains("value")) answer.value = field("value");
    answers.push_back(answer);
    on_answer(answer);
  }
}

void Stage::deliver() {
  while (!network_.empty()) {
    const Flight flight = std::move(network_.front());
    network_.pop_front();
    now += kHop;
    hear(flight.to, {flight.text});
  }
}

void Stage::pass(Duration span) {
  const Time end = now + span;
  deliver();
  while (true) {
    Time next = kNever;
    for (const NodeId node : living()) next = std::min(next, at(node).deadline());
    if (next > end) break;
    now = std::max(now, next);
    for (const NodeId node : living()) {
      if (at(node).deadline() > now) continue;
      replicas[node.value]->on_deadline(now);
      turn(node);
    }
    deliver();
  }
  now = std::max(now, end);
}

std::vector<NodeId> Stage::living() const {
  std::vector<NodeId> nodes = roster.nodes();
  std::erase_if(nodes, [&](NodeId node) { return !alive(node); });
  return nodes;
}

NodeId Stage::leader() const {
  NodeId leader;
  Term term;
  for (const NodeId node : living()) {
    const raft::Raft& raft = at(node).replica().raft();
    if (raft.role() != raft::Role::leader || raft.term() < term) continue;
    leader = node;
    term = raft.term();
  }
  return leader;
}

NodeId Stage::elect() {
  for (int i = 0; i < 1000 && !leader(); ++i) pass(milliseconds(10));
  REQUIRE(leader());
  pass(milliseconds(1200));  // two heartbeats: everybody is up to date
  return leader();
}

std::size_t Stage::held_anywhere() const {
  std::size_t held = 0;
  for (const NodeId node : living()) held += at(node).held();
  return held;
}

std::string Stage::answers_to(const std::string& mid) const {
  std::string types;
  for (const Answer& answer : answers) {
    if (answer.mid == mid) types += (types.empty() ? "" : " ") + answer.type;
  }
  return types;
}

}  // namespace norn::course
