#include "replica/resp/table.h"

#include <algorithm>
#include <array>

namespace norn::resp {
namespace {

using namespace flag;     // NOLINT(google-build-using-namespace): the table reads as one
using namespace handler;  // NOLINT(google-build-using-namespace)

// clang-format off
constexpr std::array kCommands = {
    Entry{"append", 3, write | denyoom | fast, 1, 1, 1, append, "string", "2.0.0", "Append a value to a key"},
    Entry{"auth", -2, noscript | no_auth | fast, 0, 0, 0, auth, "connection", "1.0.0", "Authenticate to the server"},
    Entry{"client", -2, noscript, 0, 0, 0, client, "connection", "2.4.0", "A container for client connection commands"},
    Entry{"command", -1, 0, 0, 0, 0, command, "server", "2.8.13", "Get array of command details"},
    Entry{"config", -2, admin | noscript, 0, 0, 0, config, "server", "2.0.0", "A container for server configuration commands"},
    Entry{"dbsize", 1, readonly | fast, 0, 0, 0, dbsize, "server", "1.0.0", "Return the number of keys in the selected database"},
    Entry{"decr", 2, write | denyoom | fast, 1, 1, 1, decr, "string", "1.0.0", "Decrement the integer value of a key by one"},
    Entry{"decrby", 3, write | denyoom | fast, 1, 1, 1, decrby, "string", "1.0.0", "Decrement the integer value of a key by the given number"},
    Entry{"del", -2, write, 1, -1, 1, del, "generic", "1.0.0", "Delete a key"},
    Entry{"discard", 1, noscript | fast | at_once, 0, 0, 0, discard, "transactions", "2.0.0", "Discard all commands issued after MULTI"},
    Entry{"echo", 2, fast, 0, 0, 0, echo, "connection", "1.0.0", "Echo the given string"},
    Entry{"exec", 1, noscript | at_once, 0, 0, 0, exec, "transactions", "1.2.0", "Execute all commands issued after MULTI"},
    Entry{"exists", -2, readonly | fast, 1, -1, 1, exists, "generic", "1.0.0", "Determine if a key exists"},
    Entry{"expire", -3, write | fast, 1, 1, 1, expire, "generic", "1.0.0", "Set a key's time to live in seconds"},
    Entry{"flushall", -1, write, 0, 0, 0, flush, "server", "1.0.0", "Remove all keys from all databases"},
    Entry{"flushdb", -1, write, 0, 0, 0, flush, "server", "1.0.0", "Remove all keys from the current database"},
    Entry{"get", 2, readonly | fast, 1, 1, 1, get, "string", "1.0.0", "Get the value of a key"},
    Entry{"getdel", 2, write | fast, 1, 1, 1, getdel, "string", "6.2.0", "Get the value of a key and delete the key"},
    Entry{"getset", 3, write | denyoom | fast, 1, 1, 1, getset, "string", "1.0.0", "Set the string value of a key and return its old value"},
    Entry{"hello", -1, noscript | no_auth | no_multi | fast, 0, 0, 0, hello, "connection", "6.0.0", "Handshake with Redis"},
    Entry{"incr", 2, write | denyoom | fast, 1, 1, 1, incr, "string", "1.0.0", "Increment the integer value of a key by one"},
    Entry{"incrby", 3, write | denyoom | fast, 1, 1, 1, incrby, "string", "1.0.0", "Increment the integer value of a key by the given amount"},
    Entry{"info", -1, 0, 0, 0, 0, info, "server", "1.0.0", "Get information and statistics about the server"},
    Entry{"keys", 2, readonly, 0, 0, 0, keys, "generic", "1.0.0", "Find all keys matching the given pattern"},
    Entry{"mget", -2, readonly | fast, 1, -1, 1, mget, "string", "1.0.0", "Get the values of all the given keys"},
    Entry{"mset", -3, write | denyoom, 1, -1, 2, mset, "string", "1.0.1", "Set multiple keys to multiple values"},
    Entry{"multi", 1, noscript | fast | at_once, 0, 0, 0, multi, "transactions", "1.2.0", "Mark the start of a transaction block"},
    Entry{"norn.session", -2, noscript | no_multi | barrier, 0, 0, 0, session, "connection", "7.0.0", "Bind the connection to a session whose writes can be retried exactly once"},
    Entry{"persist", 2, write | fast, 1, 1, 1, persist, "generic", "2.2.0", "Remove the expiration from a key"},
    Entry{"pexpire", -3, write | fast, 1, 1, 1, pexpire, "generic", "2.6.0", "Set a key's time to live in milliseconds"},
    Entry{"ping", -1, fast, 0, 0, 0, ping, "connection", "1.0.0", "Ping the server"},
    Entry{"psetex", 4, write | denyoom, 1, 1, 1, psetex, "string", "2.6.0", "Set the value and expiration in milliseconds of a key"},
    Entry{"pttl", 2, readonly | fast, 1, 1, 1, pttl, "generic", "2.6.0", "Get the time to live for a key in milliseconds"},
    Entry{"quit", -1, noscript | no_auth | fast | at_once, 0, 0, 0, quit, "connection", "1.0.0", "Close the connection"},
    Entry{"reset", 1, noscript | no_auth | fast | at_once | barrier, 0, 0, 0, reset, "connection", "6.2.0", "Reset the connection"},
    Entry{"scan", -2, readonly, 0, 0, 0, scan, "generic", "2.8.0", "Incrementally iterate the keys space"},
    Entry{"select", 2, fast, 0, 0, 0, handler::select, "connection", "1.0.0", "Change the selected database for the current connection"},
    Entry{"set", -3, write | denyoom, 1, 1, 1, set, "string", "1.0.0", "Set the string value of a key"},
    Entry{"setex", 4, write | denyoom, 1, 1, 1, setex, "string", "2.0.0", "Set the value and expiration of a key"},
    Entry{"setnx", 3, write | denyoom | fast, 1, 1, 1, setnx, "string", "1.0.0", "Set the value of a key, only if the key does not exist"},
    Entry{"strlen", 2, readonly | fast, 1, 1, 1, handler::strlen, "string", "2.2.0", "Get the length of the value stored in a key"},
    Entry{"ttl", 2, readonly | fast, 1, 1, 1, ttl, "generic", "1.0.0", "Get the time to live for a key in seconds"},
    Entry{"type", 2, readonly | fast, 1, 1, 1, type, "generic", "1.0.0", "Determine the type stored at key"},
    Entry{"unlink", -2, write | fast, 1, -1, 1, del, "generic", "4.0.0", "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking."},
    Entry{"wait", 3, blocking, 0, 0, 0, handler::wait, "generic", "3.0.0", "Wait for the synchronous replication of all the write commands sent in the context of the current connection"},
};
// clang-format on

constexpr std::size_t kNameSizeMax = 16;

constexpr bool by_name(const Entry& a, const Entry& b) { return a.name < b.name; }
static_assert(std::is_sorted(kCommands.begin(), kCommands.end(), by_name), "find_command halves");

}  // namespace

std::span<const Entry> commands() { return kCommands; }

const Entry* find_command(std::string_view name) {
  if (name.size() > kNameSizeMax) return nullptr;
  std::array<char, kNameSizeMax> buffer;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    buffer[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const std::string_view wanted(buffer.data(), name.size());
  const auto* const at =
      std::lower_bound(kCommands.begin(), kCommands.end(), wanted,
                       [](const Entry& entry, std::string_view n) { return entry.name < n; });
  return at != kCommands.end() && at->name == wanted ? at : nullptr;
}

}  // namespace norn::resp
