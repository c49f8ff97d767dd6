// The server: what it can do, how it is set, how it is, and sessions for writes that are retried exactly
// once.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "replica/resp/connection.h"
#include "replica/resp/info.h"

namespace norn::resp {
namespace {

constexpr std::array<std::pair<flag::Flag, std::string_view>, 9> kFlagNames = {
    {{flag::write, "write"},
     {flag::readonly, "readonly"},
     {flag::denyoom, "denyoom"},
     {flag::admin, "admin"},
     {flag::noscript, "noscript"},
     {flag::blocking, "blocking"},
     {flag::fast, "fast"},
     {flag::no_auth, "no_auth"},
     {flag::no_multi, "no_multi"}}};

// What COMMAND says of one command. Tips, key specifications and subcommands are left empty.
void describe(const Entry& entry, Reply& reply) {
  reply.array(10);
  reply.bulk(entry.name);
  reply.integer(entry.arity);
  std::size_t flags = 0;
  for (const auto& [bit, name] : kFlagNames) flags += (entry.flags & bit) != 0;
  reply.set(flags);
  for (const auto& [bit, name] : kFlagNames) {
    if ((entry.flags & bit) != 0) reply.simple(name);
  }
  reply.integer(entry.first_key);
  reply.integer(entry.last_key);
  reply.integer(entry.key_step);
  reply.set(1);
  reply.simple("@" + std::string(entry.group));
  for (int empty = 0; empty < 3; ++empty) reply.array(0);
}

void document(const Entry& entry, Reply& reply) {
  reply.bulk(entry.name);
  reply.map(3);
  reply.bulk("summary");
  reply.bulk(entry.summary);
  reply.bulk("since");
  reply.bulk(entry.since);
  reply.bulk("group");
  reply.bulk(entry.group);
}

std::vector<const Entry*> all_or_named(std::span<const std::string_view> names) {
  std::vector<const Entry*> entries;
  if (names.empty()) {
    for (const Entry& entry : commands()) entries.push_back(&entry);
  }
  for (const std::string_view name : names) entries.push_back(find_command(name));
  return entries;
}

std::vector<std::pair<std::string, std::string>> settings(const Options& options) {
  return {{"appendfsync", "always"},
          {"appendonly", "yes"},
          {"databases", "1"},
          {"maxclients", std::to_string(options.connections_max)},
          {"maxmemory", "0"},
          {"maxmemory-policy", "noeviction"},
          {"proto-max-bulk-len", std::to_string(options.parser.bulk_size_max)},
          {"save", ""},
          {"timeout", "0"}};
}

// NORN.SESSION USE id sequence
void use_session(Call& call, std::string_view id_text, std::string_view sequence_text) {
  const auto id = call.integer(id_text);
  if (!id) return;
  const auto sequence = call.integer(sequence_text);
  if (!sequence) return;
  if (*id < 1 || *sequence < 1) return call.error("ERR sessions and sequences count from 1");
  call.connection.bind({static_cast<std::uint64_t>(*id)}, {static_cast<std::uint64_t>(*sequence)});
  call.reply.ok();
}

bool may_bind(Call& call) {
  const House& house = call.connection.house();
  std::size_t bound = 0;
  for (const auto& other : house.connections) {
    bound += other && other.get() != &call.connection && other->binding() != nullptr;
  }
  if (bound < house.options.sessions_max) return true;
  call.error("ERR max number of connections with a session reached");
  return false;
}

}  // namespace

namespace handler {

void command(Call& call) {
  const auto rest =
      call.arguments.size() > 1 ? call.arguments.subspan(2) : std::span<const std::string_view>();
  const std::string_view what = call.arguments.size() > 1 ? call.arguments[1] : "info";
  if (same_word(what, "count") && rest.empty()) {
    call.reply.integer(static_cast<std::int64_t>(commands().size()));
  } else if (same_word(what, "info")) {
    const auto entries = all_or_named(rest);
    call.reply.array(entries.size());
    for (const Entry* entry : entries) {
      entry != nullptr ? describe(*entry, call.reply) : call.reply.null_array();
    }
  } else if (same_word(what, "docs")) {
    auto entries = all_or_named(rest);
    std::erase(entries, nullptr);
    call.reply.map(entries.size());
    for (const Entry* entry : entries) document(*entry, call.reply);
  } else if (same_word(what, "list") && rest.empty()) {
    call.reply.array(commands().size());
    for (const Entry& entry : commands()) call.reply.bulk(entry.name);
  } else {
    call.bad_subcommand({"count", "list"});
  }
}

// CONFIG GET name ...: enough for those who look before they load. There is no CONFIG SET: options are given
// when the process starts.
void config(Call& call) {
  if (!same_word(call.arguments[1], "get") || call.arguments.size() < 3) return call.bad_subcommand({"get"});
  auto found = settings(call.connection.house().options);
  const auto names = call.arguments.subspan(2);
  std::erase_if(found, [&](const auto& setting) {
    return std::none_of(names.begin(), names.end(),
                        [&](std::string_view name) { return name == "*" || same_word(name, setting.first); });
  });
  call.reply.map(found.size());
  for (const auto& [name, value] : found) {
    call.reply.bulk(name);
    call.reply.bulk(value);
  }
}

void info(Call& call) {
  std::vector<std::string> sections;
  for (const std::string_view name : call.arguments.subspan(1)) sections.push_back(lower(name));
  call.reply.verbatim(resp::info(call.connection.house(), sections));
}

// WAIT replicas timeout. A write is answered once a majority has it durably, so there is nothing to wait for:
// the answer is how many replicas besides the leader certainly have what was answered before. More may.
void wait(Call& call) {
  const auto timeout = call.integer(call.arguments[2], "ERR timeout is not an integer or out of range");
  if (!timeout) return;
  if (*timeout < 0) return call.error("ERR timeout is negative");
  if (!call.integer(call.arguments[1])) return;
  call.step().form = Form::wait;
  call.reply.integer(static_cast<std::int64_t>(call.connection.house().status.voters / 2));
}

// NORN.SESSION NEW | USE id sequence | NONE. See the README: "Writes that are retried exactly once".
void session(Call& call) {
  const std::string_view what = call.arguments[1];
  const auto rest = call.arguments.subspan(2);
  if (same_word(what, "none") && rest.empty()) {
    call.connection.unbind();
    call.reply.ok();
  } else if (same_word(what, "new") && rest.empty()) {
    if (may_bind(call)) call.connection.bind({}, {1});
  } else if (same_word(what, "use") && rest.size() == 2) {
    if (may_bind(call)) use_session(call, rest[0], rest[1]);
  } else {
    call.bad_subcommand({"new", "use", "none"});
  }
}

}  // namespace handler
}  // namespace norn::resp
