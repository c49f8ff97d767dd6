#include "tests/raft/node.h"

#include <algorithm>

#include "replica/base/bytes.h"

namespace norn::raft {
namespace {

SnapshotPtr make_snapshot(EntryId last, const std::string& applied) {
  const Bytes bytes = as_bytes(applied);
  return std::make_shared<const Snapshot>(Snapshot{last, Buffer(bytes.begin(), bytes.end())});
}

bool same_held(const Flight& a, const Flight& b) {
  return a.to == b.to && describe(a.message) == describe(b.message);
}

bool same_snapshot(const SnapshotPtr& a, const SnapshotPtr& b) {
  return a == b || (a && b && a->last == b->last && a->image == b->image);
}

}  // namespace

Flight take_off(NodeId from, const Outgoing& outgoing) {
  Flight flight{from, outgoing.to, outgoing.message, nullptr};
  const auto own = [&](Bytes& view) {
    if (view.empty()) return;
    flight.bytes = std::make_shared<const Buffer>(view.begin(), view.end());
    view = *flight.bytes;
  };
  if (auto* append = std::get_if<AppendEntries>(&flight.message)) own(append->entries);
  if (auto* chunk = std::get_if<InstallSnapshot>(&flight.message)) own(chunk->chunk);
  return flight;
}

Node::Node(Config config, Rng rng, Time now) : config_(std::move(config)) { restart(rng, now); }

void Node::step(Time now, const Flight& flight, std::vector<Flight>& out) {
  turn(now, out, [&](Effects& effects) { raft_->step(now, flight.from, flight.message, effects); });
}

void Node::tick(Time now, std::vector<Flight>& out) {
  turn(now, out, [&](Effects& effects) { raft_->tick(now, effects); });
}

bool Node::propose(Time now, const std::vector<std::string>& commands, std::vector<Flight>& out) {
  bool taken = true;
  turn(now, out, [&](Effects& effects) {
    for (const std::string& command : commands) taken = raft_->propose(as_bytes(command), effects) && taken;
  });
  return taken;
}

std::vector<ReadTicket> Node::read(Time now, std::size_t count, std::vector<Flight>& out) {
  std::vector<ReadTicket> tickets;
  turn(now, out, [&](Effects&) {
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto ticket = raft_->read(now)) tickets.push_back(*ticket);
    }
  });
  return tickets;
}

bool Node::transfer(Time now, NodeId to, std::vector<Flight>& out) {
  bool begun = false;
  turn(now, out, [&](Effects& effects) { begun = raft_->transfer(now, to, effects); });
  return begun;
}

void Node::end_turn(Time now, const Before& before, Effects& effects, std::vector<Flight>& out) {
  raft_->flush(now, effects);
  for (const Outgoing& outgoing : effects.send) out.push_back(take_off(id(), outgoing));
  absorb(effects);
  const std::uint64_t durable = writing_ ? writes_ - 1 : writes_;
  std::size_t released = 0;
  for (; released < held_.size() && held_[released].write <= durable; ++released) {
    out.push_back(std::move(held_[released].flight));
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(released));
  apply();
  if (!broken_.empty()) return;
  broken_ = check_step(before, *raft_).value_or("");
  if (broken_.empty()) broken_ = check_state(*raft_).value_or("");
}

void Node::absorb(Effects& effects) {
  hard_state_dirty_ = hard_state_dirty_ || effects.hard_state_changed;
  if (effects.log_changed_from) {
    log_dirty_from_ =
        std::min(*effects.log_changed_from, log_dirty_from_.value_or(*effects.log_changed_from));
  }
  if (effects.install && install_) raft_->install_rejected();
  if (effects.install && !install_) install_ = effects.install;
  const std::uint64_t write = dirty() ? writes_ + 1 : writes_;
  for (const Outgoing& outgoing : effects.send_when_durable)
    held_.push_back({write, take_off(id(), outgoing)});
  held_ever_ += effects.send_when_durable.size();
}

void Node::apply() {
  while (applied_to_ < raft_->commit()) {
    const Entry entry = raft_->log().entry(applied_to_.next());
    if (entry.kind == EntryKind::command) applied_ += as_text(entry.payload);
    applied_ += ';';
    applied_to_ = entry.id.index;
  }
}

void Node::begin_write() {
  if (writing_ || !dirty()) return;
  writing_ = Write{{raft_->hard_state(), raft_->log(), nullptr, raft_->fence()}, raft_->log().last().index};
  ++writes_;
  hard_state_dirty_ = false;
  log_dirty_from_.reset();
}

void Node::finish_write(Time now, std::vector<Flight>& out) {
  ASSERT(writing_);
  finish_write_upto(now, writing_->last, out);
}

void Node::finish_write_upto(Time now, Index upto, std::vector<Flight>& out) {
  ASSERT(writing_);
  Write write = std::move(*writing_);
  writing_.reset();
  if (upto < write.last) {
    write.image.log.truncate_from(upto.next());
    log_dirty_from_ = std::min(upto.next(), log_dirty_from_.value_or(upto.next()));
  }
  disk_.hard_state = write.image.hard_state;
  disk_.log = std::move(write.image.log);
  disk_.fence = write.image.fence;
  // What was changed since the write began is not durable as it is now.
  Index last = std::min(upto, write.last);
  if (log_dirty_from_) last = std::min(last, log_dirty_from_->prev());
  turn(now, out, [&](Effects& effects) { raft_->persisted(now, disk_.hard_state, last, effects); });
}

void Node::finish_install(Time now, std::vector<Flight>& out) {
  const SnapshotPtr snapshot = std::exchange(install_, nullptr);
  disk_.snapshot = snapshot;
  if (snapshot->last.index > applied_to_) {
    applied_ = as_text(snapshot->image);
    applied_to_ = snapshot->last.index;
  }
  turn(now, out, [&](Effects& effects) { raft_->installed(now, snapshot, {}, effects); });
}

void Node::reject_install(Time now, std::vector<Flight>& out) {
  install_.reset();
  turn(now, out, [&](Effects&) { raft_->install_rejected(); });
}

void Node::compact(Index covered, Index upto, Index at_least) {
  std::size_t end = 0;  // of the first `covered` commands
  for (std::uint64_t i = 0; i < covered.value; ++i) end = applied_.find(';', end) + 1;
  disk_.snapshot = make_snapshot({*raft_->log().term(covered), covered}, applied_.substr(0, end));
  raft_->compact(disk_.snapshot, upto, at_least);
  hard_state_dirty_ = true;  // the log's file is written anew
}

void Node::crash(bool write_reached_disk) {
  if (write_reached_disk && writing_) {
    disk_.hard_state = writing_->image.hard_state;
    disk_.log = writing_->image.log;
    disk_.fence = writing_->image.fence;
  }
  raft_.reset();
  hard_state_dirty_ = false;
  log_dirty_from_.reset();
  writing_.reset();
  held_.clear();
  install_.reset();
  applied_.clear();
  applied_to_ = {};
}

void Node::lose_log_from(Index index) {
  disk_.fence = std::max(disk_.fence, disk_.log.last().index);
  disk_.log.truncate_from(index);
}

void Node::restart(Rng rng, Time now) {
  if (disk_.snapshot) {
    if (!disk_.log.matches(disk_.snapshot->last)) disk_.log.reset(disk_.snapshot->last);
    applied_ = as_text(disk_.snapshot->image);
    applied_to_ = disk_.snapshot->last.index;
  }
  raft_.emplace(config_, Persistent{disk_.hard_state, disk_.log, disk_.snapshot, {}, disk_.fence}, rng, now);
  apply();
  if (broken_.empty()) broken_ = check_state(*raft_).value_or("");
}

bool same(const Node& a, const Node& b) {
  return a.raft_ == b.raft_ && a.disk_.hard_state == b.disk_.hard_state && a.disk_.log == b.disk_.log &&
         a.disk_.fence == b.disk_.fence && same_snapshot(a.disk_.snapshot, b.disk_.snapshot) &&
         a.hard_state_dirty_ == b.hard_state_dirty_ && a.log_dirty_from_ == b.log_dirty_from_ &&
         a.writing_ == b.writing_ && same_snapshot(a.install_, b.install_) && a.applied_ == b.applied_ &&
         std::equal(a.held_.begin(), a.held_.end(), b.held_.begin(), b.held_.end(),
                    [&](const Node::Held& x, const Node::Held& y) {
                      return x.write - a.writes_ == y.write - b.writes_ && same_held(x.flight, y.flight);
                    });
}

}  // namespace norn::raft
