// A replica that speaks the course's protocol: a norn::Replica without a disk, and around it the translation
// between the course's JSON and our packets. Pure, and a value: datagrams and the time come in, datagrams for
// the course's simulator go out. (The protocol: tests/course/README.md.)
//
// The course's clients never ask twice: who refuses a put that commits all the same, or leaves one that
// commits unanswered, makes a later, correct get count as incorrect. Hence two rules.
//
// 1. Every entry of the log says to whom its answer is due (envelope.h), and the leader that applies it
// answers,
//    whoever proposed it. `answered_` is an index: everything up to there has had its answer. It goes with
//    every message between replicas, which leaves only after the answers it speaks of; so a new leader, who
//    has heard its voters, knows what is left to do. What it cannot know is answered, it answers again: a
//    duplicate, which is allowed for. To make that rare, a leader whose last answers no message has told of
//    yet tells one replica; and a new one, before it answers what it has inherited, waits a little for what
//    the others know.
// 2. A request is turned away only when it certainly did not and will not happen: it was never proposed, or
//    something else is committed in its entry's place.
//
// Requests wait while no leader is known, rather than being sent in circles. For the same reason no client is
// turned away twice on the same evidence that the leader lives: clients go to a replica that does not lead
// only when the leader they know of is dead, which its followers are the last to learn.
#pragma once

#include <deque>
#include <map>

#include "replica/course/memory_disk.h"
#include "replica/course/message.h"
#include "replica/replica.h"

namespace norn::course {

// A datagram sent to a replica whose hello has not been heard yet has that replica counted as dead. So
// nothing is sent to others before the shortest election timeout and this have passed.
inline constexpr Duration kQuiet = std::chrono::milliseconds(1000);
inline constexpr Duration kHelloInterval = std::chrono::milliseconds(250);  // until something is heard
inline constexpr Duration kHoldMax = std::chrono::milliseconds(2000);       // then a client may try elsewhere
inline constexpr Duration kTellAfter = std::chrono::milliseconds(65);       // since what is told was answered
inline constexpr Duration kInheritedWait = std::chrono::milliseconds(50);
inline constexpr std::size_t kHeldMax = 65536;  // requests; beyond, they fail

struct Counters {
  std::uint64_t refused[kRefusals] = {};
  std::uint64_t redirects = 0;
  std::uint64_t inherited = 0;  // puts answered for a leader before this one
};

class CourseReplica {
 public:
  CourseReplica(Roster roster, Id self, Rng rng, Time now);

  void on_datagram(Time now, std::string_view datagram);
  void on_deadline(Time now);  // at or after deadline(); an early call does nothing
  void settle(Time now,
              std::vector<std::string>& out);  // ends the turn; appends what is to be sent, in order

  Time deadline() const;
  bool heard() const { return hello_at_ == kNever; }  // anything, ever

  const Replica& replica() const { return replica_; }
  Index answered() const { return answered_; }
  std::size_t held() const { return held_.size(); }
  const Counters& counters() const { return counters_; }

 private:
  struct Held {
    Request request;
    Time until;
  };
  struct Proposed {  // a put in the log whose fate is open
    EntryId entry;
    Request request;
  };
  struct Read {  // a get that is done, but for telling the client
    Request request;
    Index seen;  // every put up to here: their answers come before its own, those of all others after
    std::string value;
  };
  class Outbox;

  void on_peer(Time now, const PeerMessage& message);

  void begin_term(Time now);
  void take_back_overwritten(Time now);
  void dispatch(Time now, std::vector<std::string>& out);
  bool propose(Request& request, Time now);
  bool turn_away(Held& held, Time now, std::vector<std::string>& out);
  bool submit(Time now, const wire::ClientRequest& request);
  bool run(Time now, Outbox& outbox);
  void on_reply(Time now, Bytes packet);
  void answer(Time now, std::vector<std::string>& out);
  void answer_puts(Index upto, std::vector<std::string>& out);
  void answer_entry(Index index, std::vector<std::string>& out);
  void tell_peers(Time now, const Outbox& outbox, std::vector<std::string>& out);

  bool leads() const { return replica_.raft().role() == raft::Role::leader; }
  Head head(Id dst) const { return {self_, dst, roster_.id(replica_.raft().leader())}; }

  Roster roster_;
  Id self_;
  NodeId node_;
  MemoryDisk disk_;
  Replica replica_;
  Counters counters_;
  Time hello_at_;  // kNever: something was heard, so the simulator knows us

  std::deque<Held> held_;  // neither proposed nor asked yet
  std::deque<Proposed> proposed_;
  std::map<std::uint64_t, Request> asked_;  // gets that the replica has, by the sequence it knows them by
  std::uint64_t asked_last_ = 0;
  std::deque<Read> reads_;

  Time heard_leader_{};             // the present one
  std::map<Id, Time> turned_away_;  // when a client last was

  // Of the term in which this replica last led. Its puts go through a session of its own, opened by the first
  // entry it proposes.
  Term session_term_;
  SessionId session_;
  std::uint64_t sequence_ = 0;
  Sequence acked_;
  Index inherited_;             // the log's last entry when it came to lead
  Time answers_from_ = kNever;  // until then no answers, in case others know more; kNever: no need to wait

  Index answered_;
  Index told_;  // the answered_ that a message from here has told
  Time tell_at_ = kNever;
  NodeId heard_last_;  // the peer: the most certain to be alive
};

}  // namespace norn::course
