#include "replica/resp/info.h"

#include <algorithm>
#include <array>

#include "replica/resp/connection.h"

namespace norn::resp {
namespace {

class Section {
 public:
  Section(std::string& out, std::string_view name) : out_(out) {
    if (!out_.empty()) out_ += "\r\n";
    out_.append("# ").append(name).append("\r\n");
  }
  Section& field(std::string_view name, std::string_view value) {
    out_.append(name).append(":").append(value).append("\r\n");
    return *this;
  }
  Section& field(std::string_view name, std::uint64_t value) { return field(name, std::to_string(value)); }

 private:
  std::string& out_;
};

void server(const House& house, std::string& out) {
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(house.now - house.started).count();
  Section(out, "Server")
      .field("redis_version", kRedisVersion)
      .field("norn_version", house.status.version)
      .field("redis_mode", "standalone")
      .field("process_id", house.status.process)
      .field("tcp_port", house.options.port)
      .field("uptime_in_seconds", static_cast<std::uint64_t>(up))
      .field("uptime_in_days", static_cast<std::uint64_t>(up / 86'400));
}

void clients(const House& house, std::string& out) {
  std::uint64_t bound = 0;
  for (const auto& connection : house.connections) bound += connection && connection->binding() != nullptr;
  Section(out, "Clients")
      .field("connected_clients", house.connected)
      .field("maxclients", house.options.connections_max)
      .field("blocked_clients", std::uint64_t{0})
      .field("session_clients", bound);
}

void memory(const House& house, std::string& out) {
  std::uint64_t bytes = 0;
  for (const auto& connection : house.connections) bytes += connection ? connection->memory() : 0;
  Section(out, "Memory").field("used_memory", house.status.memory_bytes).field("mem_clients_normal", bytes);
}

void stats(const House& house, std::string& out) {
  const Counters& counters = house.counters;
  Section(out, "Stats")
      .field("total_connections_received", counters.connections)
      .field("rejected_connections", counters.connections_refused)
      .field("cut_connections", counters.connections_cut)
      .field("total_commands_processed", counters.commands)
      .field("total_net_input_bytes", counters.bytes_in)
      .field("total_net_output_bytes", counters.bytes_out)
      .field("protocol_errors", counters.protocol_errors)
      .field("batches", counters.batches)
      .field("unknown_writes", counters.unknown);
}

// Every gateway takes writes, so each is a master to whoever asks.
void replication(const House& house, std::string& out) {
  Section(out, "Replication").field("role", "master").field("connected_slaves", house.status.voters - 1);
}

void raft(const House& house, std::string& out) {
  const Status& status = house.status;
  Section(out, "Raft")
      .field("raft_node", status.id.value)
      .field("raft_role", status.role)
      .field("raft_leader", status.leader.value)
      .field("raft_term", status.term.value)
      .field("raft_commit_index", status.commit.value)
      .field("raft_applied_index", status.applied.value)
      .field("raft_last_index", status.last_index.value)
      .field("raft_snapshot_index", status.snapshot_index.value)
      .field("raft_voters", status.voters)
      .field("raft_syncs", status.syncs)
      .field("raft_datagrams_in", status.datagrams_in)
      .field("raft_datagrams_out", status.datagrams_out)
      .field("raft_datagrams_refused", status.datagrams_refused);
}

// As this replica knows it: of its applied state, which may be a little behind.
void keyspace(const House& house, std::string& out) {
  Section section(out, "Keyspace");
  if (house.status.keys > 0) section.field("db0", "keys=" + std::to_string(house.status.keys));
}

struct Named {
  std::string_view name;
  void (*write)(const House& house, std::string& out);
};
constexpr std::array<Named, 7> kSections = {{{"server", server},
                                             {"clients", clients},
                                             {"memory", memory},
                                             {"stats", stats},
                                             {"replication", replication},
                                             {"raft", raft},
                                             {"keyspace", keyspace}}};

}  // namespace

std::string info(const House& house, std::span<const std::string> sections) {
  const auto asked_for = [&](std::string_view name) {
    return sections.empty() || std::any_of(sections.begin(), sections.end(), [&](const std::string& section) {
             return section == name || section == "all" || section == "default" || section == "everything";
           });
  };
  std::string out;
  for (const Named& section : kSections) {
    if (asked_for(section.name)) section.write(house, out);
  }
  return out;
}

}  // namespace norn::resp
