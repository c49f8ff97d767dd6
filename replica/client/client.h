// A client without I/O: opens a session, follows the leader, retries with the same session and sequence, and
// gives up at a deadline with *unknown*, never with a false failure. Used by the simulator, the command line
// client and the gateways alike. A value; time is an argument.
//
// How it finds the leader: all operations share one target, the leader if known. A redirect moves the target
// at once, but each operation follows only a few redirects before it pauses; a refusal without a hint, and
// silence, move it to the next replica after a pause. A timeout of an operation whose target has answered
// another one since is taken for a lost datagram, not for a lost leader. Pauses double and have jitter, so
// that the number of datagrams is bounded whatever the replicas say.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "replica/base/rng.h"
#include "replica/base/types.h"
#include "replica/client/operation.h"
#include "replica/net/transport.h"
#include "replica/wire/fragment.h"

namespace norn::client {

struct Peer {
  NodeId id;
  Address address;
};

struct Options {
  ClusterId cluster;
  std::vector<Peer> replicas;  // at least one
  // Then another replica is tried; doubles with each attempt of an operation up to attempt_timeout_max.
  Duration attempt_timeout = std::chrono::milliseconds(100);
  Duration attempt_timeout_max = std::chrono::milliseconds(400);
  Duration deadline = std::chrono::seconds(5);  // of one operation, from submit
  std::size_t outstanding_max = 256;
  std::size_t datagram_max = 1400;
};

enum class Verdict : std::uint8_t {
  done,     // the store answered: result is kv's
  failed,   // it certainly did not happen: it never left this client
  unknown,  // it may have happened, or may yet
};

struct Completion {
  Ticket ticket = 0;
  Verdict verdict = Verdict::unknown;
  // kv::Result, encoded, if done; one that says only that the session refused, after Resume alone.
  Buffer result;
};

struct Counters {
  std::uint64_t packets_sent = 0;  // each may be several datagrams
  std::uint64_t sessions_opened = 0;
  std::uint64_t strangers = 0;  // datagrams from addresses of no replica
  std::array<std::uint64_t, wire::kRefusals> refused{};
};

// A session that was open before this client, for one who keeps its number and counts its writes himself.
struct Resume {
  SessionId session;
  Sequence next;  // of the next operation, from 1
};

// The session whose request a datagram answers, at a glance: for those who have several clients at one
// address, and would rather not have each look at everything. Nothing: it is a fragment, or no reply at all.
std::optional<SessionId> session_answered(Bytes datagram);

class Client {
 public:
  Client(Options options, Rng rng, Time now);
  // Goes on in the session, where a sequence used before brings the result that it brought then. So results
  // are acknowledged only when they leave the window; the last kv::kWindow can be asked for again. No other
  // session is opened if this one is gone or refuses the sequence: the operation is done, and its result says
  // so.
  Client(Options options, Rng rng, Time now, Resume resume);

  // Takes a command (kv's encoding, valid, not open_session). False: outstanding_max are under way; nothing
  // was taken.
  bool submit(Time now, Ticket ticket, Bytes command);
  void on_datagram(Time now, Address from, Bytes datagram);
  void on_deadline(Time now);  // at or after deadline(); early calls do nothing
  // Sends what is due. Ends a turn, as Replica::settle does.
  void settle(Time now, net::Transport& transport);

  Time deadline() const { return outstanding_ == 0 ? kNever : next_timer_; }  // kNever if idle
  std::vector<Completion>& completions() { return completions_; }  // since last taken: the caller clears it
  std::size_t outstanding() const { return outstanding_; }
  NodeId leader() const { return leader_; }       // as far as known
  SessionId session() const { return session_; }  // 0: none open
  const Counters& counters() const { return counters_; }

 private:
  static constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
  std::size_t replica_at(Address address) const;
  std::size_t replica_named(NodeId id) const;
  std::size_t after(std::size_t replica) const { return (replica + 1) % options_.replicas.size(); }

  void on_reply(Time now, std::size_t from, const wire::ClientReply& reply);
  Operation* find(const wire::ClientReply& reply);
  void on_done(Time now, std::size_t from, Operation& operation, Bytes result);
  void on_not_leader(Time now, std::size_t from, Operation& operation, NodeId hint);
  void on_timeout(Time now, Operation& operation);
  void turn_away(const Operation& operation);
  void on_session_evicted();
  void heard_leader(Time now, std::size_t replica);
  void expire(Time now, Operation& operation);

  void start(Time now, Operation& operation);  // of its first attempt in this session
  void pause(Time now, Operation& operation);
  bool redirect(Operation& operation);  // false: it has followed enough redirects
  void make_ready(Operation& operation);
  void transmit(Time now, Operation& operation, net::Transport& transport);
  void wake_at(Time time) { next_timer_ = std::min(next_timer_, time); }

  void open_session(Time now);
  void complete(Operation& operation, Verdict verdict, Bytes result = {});

  Options options_;
  Rng rng_;
  Operations operations_;  // of this session, and those that wait for it
  std::size_t outstanding_ = 0;

  bool resumed_ = false;         // see Resume
  SessionId session_;            // 0: none; then opener_ asks for one if anything is outstanding
  Operation opener_;             // settled: not under way
  Sequence released_;            // operations up to here have been released to be sent, within kv's window
  std::vector<Sequence> ready_;  // to be sent by the next settle; entries may be out of date

  std::size_t target_ = 0;  // where the next attempt goes: an index into options_.replicas
  NodeId leader_;           // the target, if it answered or was named by another replica
  bool leader_answered_ = false;
  Time heard_{};  // when it last did

  Time next_timer_ = kNever;  // no operation has a timer before this
  wire::Reassembly reassembly_{wire::Reassembly::Limits{}};
  std::vector<Completion> completions_;
  Counters counters_;
  Buffer packet_;   // reused
  Buffer scratch_;  // reused
};

}  // namespace norn::client
