// One client's connection, as a value without I/O: bytes in, commands for the store out, results in, bytes
// out.
//
// Redis executes the requests of a connection one after the other, and clients that pipeline rely on it: SET
// x 1, GET x in one write reads 1. The store is reached over datagrams that may be lost, sent again and
// overtaken, and its reads do not pass the log; so two operations under way at once could take effect in
// either order, for writes and even for reads (the first of two reads, sent again, would see what the second
// did not). Therefore a connection has one *group* of commands under way at a time: the longest run from the
// front of what waits, sent as (part of) one batch, which the store executes in order. Whatever arrives
// meanwhile is the next group. A pipeline of any depth costs one round trip a group, not one a command,
// whether its keys differ or not.
//
// Bounded: requests are parsed only while fewer than pipeline_max await replies and neither their bytes nor
// the output exceed their limits; beyond, wants_read() is false, and TCP holds the client back. Nor is a
// group sent while the output is at its limit. What one may pile up is therefore those limits, one request,
// and the results of one group.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/client/client.h"
#include "replica/kv/result.h"
#include "replica/resp/house.h"
#include "replica/resp/plan.h"
#include "replica/resp/table.h"

namespace norn::resp {

// A session that a connection is bound to by NORN.SESSION, and the client that writes in it.
struct Binding {
  SessionId session;  // 0: to be opened
  Sequence next{1};
  // The gateway's.
  std::unique_ptr<client::Client> client{};
  bool known = false;
};

// What MULTI has queued.
struct Transaction {
  std::vector<std::vector<std::string>> requests;
  std::size_t bytes = 0;
  bool spoilt = false;  // a request was refused: EXEC will be, too
};

class Connection {
 public:
  // peer: where it comes from, for CLIENT LIST.
  Connection(House& house, std::uint64_t serial, std::string peer);

  // What the socket has to say, and what it is to do.
  void on_bytes(Bytes bytes);
  void on_end();  // the client sends no more: answer what it asked, then close
  bool wants_read() const { return !closing_ && !held_back_; }
  bool wants_close() const { return cut_ || (closing_ && plan_.empty() && output().empty()); }
  Bytes output() const {
    return Bytes(output_).subspan(written_);
  }  // to be written; lives until the next call
  void on_written(std::size_t size);
  void cut() { cut_ = true; }  // closes without another word
  bool is_cut() const { return cut_; }

  // A group of commands for the store; taken only when has_group().
  struct Group {
    Bytes commands;         // kv commands, each with its length before it; lives until the next call
    std::size_t count = 0;  // of them, at least 1
    bool write = false;     // one of them is not a read
    bool alone = false;     // shares no batch with other commands
  };
  bool has_group() const { return in_flight_ == 0 && !plan_.empty() && !wants_close() && !output_full(); }
  Group take_group();
  // The group's commands end one by one, in order: with a result, or with nothing.
  void on_result(const kv::ResultView& result);
  enum class Trouble : std::uint8_t { failed, unknown };  // as client::Verdict
  void on_trouble(Trouble trouble);
  std::size_t in_flight() const { return in_flight_; }
  // Those of the group that have not ended were not executed, and wait again. Ends the group; parses on.
  void end_group();

  // Called when time has passed: cuts off whoever stalls.
  void on_time();

  // For the handlers.
  House& house() { return house_; }
  const House& house() const { return house_; }
  std::uint64_t serial() const { return serial_; }
  const std::string& peer() const { return peer_; }
  void authenticate() { authenticated_ = true; }
  bool authenticated() const { return authenticated_; }
  void speak(bool resp3) { resp3_ = resp3; }
  bool resp3() const { return resp3_; }
  const std::string& name() const { return name_; }
  void name(std::string_view name) { name_ = name; }
  void close() { closing_ = true; }  // after its output
  void reset();
  std::string describe() const;  // CLIENT LIST's line, without its end
  std::size_t memory() const;
  enum class Replies : std::uint8_t { on, off, skip_next, skip };
  void replies(Replies replies) { replies_ = replies; }

  // MULTI.
  bool in_transaction() const { return transaction_.has_value(); }
  void begin_transaction() { transaction_.emplace(); }
  void discard_transaction() { transaction_.reset(); }
  void execute_transaction(Call& call);

  // NORN.SESSION. bind(0) has the gateway open one; until it is, nothing more is parsed.
  void bind(SessionId session, Sequence next);
  void unbind() { binding_.reset(); }
  const Binding* binding() const { return binding_ ? &*binding_ : nullptr; }
  Binding* binding() { return binding_ ? &*binding_ : nullptr; }
  bool opens_session() const { return binding_ && binding_->session.value == 0; }
  void on_session(SessionId session);  // 0: there was no leader

 private:
  void advance();
  std::size_t parse(Bytes in);
  bool execute(std::span<const std::string_view> arguments);
  std::optional<std::string> objection(const Entry* entry, std::span<const std::string_view> arguments) const;
  std::optional<std::string> elsewhere(const Entry& entry, std::span<const std::string_view> arguments) const;
  void queue(std::span<const std::string_view> arguments);
  void text(std::string_view reply);
  void stamp(std::size_t from);
  bool full() const;
  bool output_full() const { return output().size() >= house_.options.output_max; }
  void drain();
  template <typename Write>
  void emit(Write&& write);

  House& house_;
  std::uint64_t serial_;
  std::string peer_;
  std::string name_;
  std::string_view last_command_ = "NULL";
  bool authenticated_;
  bool resp3_ = false;
  bool closing_ = false;  // nothing more is parsed
  bool ended_ = false;    // nothing more will come
  bool cut_ = false;
  bool held_back_ = false;  // parsing waits for replies to leave, or for a barrier
  Replies replies_ = Replies::on;
  Time created_;
  Time active_;    // the last bytes in
  Time progress_;  // of what stalls: the request begun, or output taken

  Parser parser_;
  Buffer input_;  // not parsed yet; empty or a request's beginning, unless held back
  std::size_t parsed_ = 0;
  Plan plan_;
  std::size_t in_flight_ = 0;   // commands of the group under way that have not ended
  bool unknown_write_ = false;  // the last write's outcome is not known
  std::optional<Transaction> transaction_;
  std::deque<Plan> executed_;  // of the plan's steps of form transaction, in order
  std::optional<Binding> binding_;
  Buffer output_;
  std::size_t written_ = 0;
};

}  // namespace norn::resp
