// What the world tells its trace, and what it counts datagrams under.
#include <utility>

#include "sim/engine/world.h"

namespace norn::sim {

void World::trace(TraceKind kind, Address process, std::uint64_t ticket, std::string what,
                  std::size_t bytes) {
  if (sink_.value == nullptr) return;
  TraceRecord record;
  record.at = now_;
  record.kind = kind;
  record.process = process;
  record.bytes = bytes;
  record.ticket = ticket;
  record.what = std::move(what);
  sink_.value->record(record);
}

void World::trace_disk(TraceKind kind, std::uint16_t place, File file, SyncTicket ticket, std::size_t bytes) {
  if (sink_.value != nullptr) trace(kind, address_at(place), ticket.value, std::string(name(file)), bytes);
}

void World::trace_link(TraceKind kind, Address from, Address to) {
  if (sink_.value == nullptr) return;
  TraceRecord record;
  record.at = now_;
  record.kind = kind;
  record.from = from;
  record.to = to;
  if (from == Address{}) record.what = "all";
  sink_.value->record(record);
}

void World::trace_datagram(TraceKind kind, std::uint16_t from, std::uint16_t to, Bytes datagram, Loss loss) {
  if (sink_.value == nullptr) return;
  TraceRecord record;
  record.at = now_;
  record.kind = kind;
  record.loss = loss;
  record.from = address_at(from);
  record.to = address_at(to);
  record.bytes = datagram.size();
  record.what = describe(replica_options_.cluster, datagram);
  sink_.value->record(record);
}

Traffic& World::traffic(std::uint16_t from, std::uint16_t to) {
  return is_replica(from) && is_replica(to) ? counters_.replicas : counters_.clients;
}

}  // namespace norn::sim
