// What happened in a world, one record an event, and how a record reads as a line. Only a world that was
// given a sink makes records; the packets inside datagrams are decoded only then.
#pragma once

#include <string>
#include <string_view>

#include "replica/base/types.h"
#include "replica/storage/disk.h"

#include "sim/engine/network.h"
#include "sim/engine/stage.h"

namespace norn::sim {

enum class TraceKind : std::uint8_t {
  send,     // from, to, bytes, what
  copy,     // the network made a second one of what was just sent
  corrupt,  // and damaged it
  lose,     // from, to, bytes, what; loss says why
  deliver,  // from, to, bytes, what
  timer,    // process
  sync,     // process, ticket: asked for; what names the file
  replace,  // process, ticket, bytes: asked for; what names the file
  synced,   // process, ticket: completed; what says how
  start,    // process; what: the recovery note
  kill,     // process
  stop,     // process stopped by itself; what: the reason
  pause,    // process
  resume,   // process
  drift,    // process; what
  cut,      // from, to
  heal,     // from, to; of nobody: all
  submit,   // process, ticket, bytes
  alarm,    // ticket: the tag
};

struct TraceRecord {
  Time at{};
  TraceKind kind = TraceKind::alarm;
  Loss loss = Loss::none;
  Address from;  // datagrams and links
  Address to;
  Address process;  // whose event it is otherwise
  std::size_t bytes = 0;
  std::uint64_t ticket = 0;
  std::string what;  // a short description, by kind
};

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void record(const TraceRecord& record) = 0;
};

// The packet in a datagram, in a few words: its kind and the fields that matter.
std::string describe(ClusterId cluster, Bytes datagram);
// One line of fixed columns, without a line end: time in seconds, event, who, bytes, description.
std::string format(const TraceRecord& record);
std::string_view name(TraceKind kind);
std::string_view name(Loss loss);
std::string_view name(storage::DiskStatus status);
std::string_view name(storage::File file);
// "r3" for replica 3, "c0" for client 0.
std::string process_name(Address address);

}  // namespace norn::sim
