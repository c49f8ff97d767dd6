// The gateway: all connections of a process, and the client through which they reach the store. Pure: time is
// an argument, datagrams go through a port, sockets are somebody else's; README.md shows the host's loop
// around it.
//
// What is ready in a turn travels together. Each connection offers its group (connection.h); those that only
// read become one batch, the others another, up to a size. So sixty-four clients that each wait for one reply
// cost the replicas one datagram, one round of ReadIndex or one log entry, and one reply, just as one client
// that pipelines sixty-four requests does. Between connections no order is promised, so any number of batches
// may be under way. What a batch loses is isolation from delay: its commands share the fate of its datagram.
// So batches stay small (batch_bytes_max, some ten datagrams), and what may be large shares none:
// transactions, KEYS, SCAN.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/client/client.h"
#include "replica/resp/connection.h"
#include "replica/resp/house.h"

namespace norn::resp {

struct ConnectionId {
  std::uint32_t place = 0;
  std::uint64_t serial = 0;  // from 1, never used again
  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

// Written to a client that is not taken in before its socket is closed.
inline constexpr std::string_view kTooMany = "-ERR max number of clients reached\r\n";

class Gateway {
 public:
  Gateway(Options options, client::Options client, Rng rng, Time now);

  // Sockets. A connection is there from open to close; other ids are ignored, or have nothing to say.
  std::optional<ConnectionId> open(Time now, std::string peer);  // nothing: too many (kTooMany)
  void on_bytes(Time now, ConnectionId id, Bytes bytes);
  void on_end(Time now, ConnectionId id);  // the client sends no more
  void close(ConnectionId id);             // the socket is gone
  Bytes output(ConnectionId id) const;     // to be written; the view lives until the next call
  void on_written(Time now, ConnectionId id, std::size_t size);
  bool wants_read(ConnectionId id) const;
  bool wants_close(ConnectionId id) const;  // close the socket, then call close
  // Those for which the three above may have changed since last taken; the caller clears it.
  std::vector<ConnectionId>& touched() { return touched_; }

  // Datagrams. Only replies to this gateway's own requests are of use here.
  void on_datagram(Time now, Address from, Bytes datagram);

  void on_deadline(Time now);                        // at or after deadline(); early calls do nothing
  void settle(Time now, net::Transport& transport);  // ends the turn
  Time deadline() const;  // now, if something came up since settle: output written may let more be parsed

  Status& status() { return house_.status; }  // kept up to date by the host
  const House& house() const { return house_; }
  const client::Client& client() const { return client_; }

 private:
  struct Member {
    ConnectionId id;
    std::size_t count = 0;  // of commands
  };
  // A batch being gathered, or under way; its ticket is its place in flights_.
  struct Flight {
    bool busy = false;
    bool nested = false;  // a kv batch: its results are packed in one
    Buffer command;
    std::vector<Member> members;
    std::size_t count = 0;
  };

  Connection* find(ConnectionId id) const;
  void attend(ConnectionId id, Connection& connection);
  void watch(Time now);

  void end_flight(const client::Completion& completion);
  void gather(Time now);
  std::size_t begin_flight();
  bool has_room(const Flight& flight, const Connection::Group& group) const;
  void add(std::size_t place, ConnectionId id, const Connection::Group& group);
  void submit(Time now, std::size_t place);

  // Sessions (gateway_sessions.cc).
  client::Client* own_client(ConnectionId id) const;
  void submit_bound(Time now, Connection& connection, const Connection::Group& group);
  void end_bound(Time now);
  void end_own(ConnectionId id, Connection& connection, const client::Completion& completion);
  Rng next_stream();

  House house_;
  client::Options client_options_;
  Rng rng_;
  client::Client client_;
  std::uint64_t next_serial_ = 1;
  std::vector<std::uint32_t> free_places_;
  std::vector<ConnectionId> ready_;  // may have a group
  std::vector<ConnectionId> bound_;  // may have a client of their own
  std::vector<ConnectionId> touched_;
  std::vector<Flight> flights_;
  std::vector<std::size_t> free_flights_;
  Time next_watch_;
  bool unsettled_ = false;  // there is a group or a session that settle has not seen
};

}  // namespace norn::resp
