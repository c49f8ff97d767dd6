// What all connections of a gateway share: its options, what the replica around it says of itself, the
// counters, and the list of connections itself (for CLIENT LIST).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "replica/base/types.h"
#include "replica/resp/parser.h"

namespace norn::resp {

class Connection;

// What clients that ask are told: which Redis the commands behave like.
inline constexpr std::string_view kRedisVersion = "7.0.15";

struct Options {
  std::string password{};  // empty: none is asked for
  bool redirect = false;   // answer -MOVED where another replica leads, instead of forwarding
  std::uint16_t port = 0;  // for INFO only
  // Where each replica's own gateway listens, "host:port" by node id; one that is empty or missing is not
  // known.
  std::vector<std::string> gateways{};

  std::size_t connections_max = 10'000;
  std::size_t sessions_max = 256;  // connections with a session of their own (NORN.SESSION)
  ParserLimits parser{};
  std::size_t pipeline_max = 1024;                        // requests of a connection not yet answered
  std::size_t pipeline_bytes_max = std::size_t{1} << 20;  // their bytes: beyond, no more is read
  std::size_t output_max = std::size_t{1} << 20;          // bytes that wait to be written: the same
  std::size_t memory_max = std::size_t{512} << 20;        // of all connections: then the largest is cut off
  // A request begun but not completed, or output not taken, for so long: the connection is cut off.
  Duration stall_max = std::chrono::seconds(60);

  // A batch goes on growing only below these (gateway.h).
  std::size_t batch_commands_max = 512;
  std::size_t batch_bytes_max = std::size_t{16} << 10;
};

// What the replica in whose process the gateway runs says of itself; the host keeps it up to date.
struct Status {
  NodeId id;
  NodeId leader;                       // nobody: none known
  std::string_view role = "follower";  // as raft's words have it; of static storage
  Term term;
  Index commit;
  Index applied;
  Index last_index;
  Index snapshot_index;
  std::size_t voters = 1;
  std::uint64_t keys = 0;
  std::uint64_t syncs = 0;
  std::uint64_t datagrams_in = 0;
  std::uint64_t datagrams_out = 0;
  std::uint64_t datagrams_refused = 0;
  std::uint64_t memory_bytes = 0;  // of the process
  std::uint64_t process = 0;       // its number
  std::string_view version = "0.1.0";
};

struct Counters {
  std::uint64_t connections = 0;          // taken, ever
  std::uint64_t connections_refused = 0;  // above connections_max
  std::uint64_t connections_cut = 0;      // for being slow, too large, or hostile
  std::uint64_t commands = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t batches = 0;  // operations given to the client
  std::uint64_t unknown = 0;  // writes answered with -UNKNOWN
};

struct House {
  Options options;
  Status status;
  Counters counters;
  Time started{};
  Time now{};  // of the turn
  // Places; null: free. A connection keeps its place.
  std::vector<std::unique_ptr<Connection>> connections;
  std::size_t connected = 0;
  bool cut_by_others = false;  // CLIENT KILL: the gateway does not know yet
};

}  // namespace norn::resp
