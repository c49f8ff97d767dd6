// What the tests of the kv layer share: short ways to write commands, and a log that applies them to a store.
#pragma once

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include "replica/base/rng.h"
#include "replica/kv/store.h"

namespace norn::kv {

inline Command make(CommandKind kind, std::string key, std::string value = {}) {
  return {.kind = kind, .pairs = {{std::move(key), std::move(value)}}};
}
inline Command get(std::string key) { return make(CommandKind::get, std::move(key)); }
inline Command put(std::string key, std::string value) {
  return make(CommandKind::put, std::move(key), std::move(value));
}
inline Command remove(std::string key) { return make(CommandKind::remove, std::move(key)); }
inline Command append(std::string key, std::string value) {
  return make(CommandKind::append, std::move(key), std::move(value));
}
inline Command increment(std::string key, std::int64_t delta) {
  Command command = make(CommandKind::increment, std::move(key));
  command.delta = delta;
  return command;
}
inline Command compare_and_set(std::string key, std::optional<std::string> expected, std::string value) {
  Command command = make(CommandKind::compare_and_set, std::move(key), std::move(value));
  command.expected = std::move(expected);
  return command;
}
inline Command multi_get(std::vector<std::string> keys) {
  Command command{.kind = CommandKind::multi_get};
  for (std::string& key : keys) command.pairs.push_back({std::move(key)});
  return command;
}
inline Command multi_put(std::vector<Command::Pair> pairs) {
  return {.kind = CommandKind::multi_put, .pairs = std::move(pairs)};
}
inline Command multi_remove(std::vector<std::string> keys) {
  Command command = multi_get(std::move(keys));
  command.kind = CommandKind::multi_remove;
  return command;
}
inline Command set(std::string key, std::string value, std::uint8_t flags = 0, std::uint64_t ttl = 0) {
  Command command = make(CommandKind::set, std::move(key), std::move(value));
  command.flags = flags;
  command.ttl = ttl;
  return command;
}
inline Command take(std::string key) { return make(CommandKind::take, std::move(key)); }
inline Command expire(std::string key, std::uint64_t ttl) {
  Command command = make(CommandKind::expire, std::move(key));
  command.ttl = ttl;
  return command;
}
inline Command ttl(std::string key) { return make(CommandKind::ttl, std::move(key)); }
inline Command count() { return {.kind = CommandKind::count}; }
inline Command clear() { return {.kind = CommandKind::clear}; }
inline Command scan(std::uint64_t from, std::uint32_t limit, std::string pattern) {
  return {.kind = CommandKind::scan, .from = from, .limit = limit, .pattern = std::move(pattern)};
}
inline Command tick() { return {.kind = CommandKind::tick}; }
inline Command open_session() { return {.kind = CommandKind::open_session}; }

inline Command rebuilt(const CommandView& view) {
  Command command{.kind = view.kind()};
  for (const auto& pair : view.pairs())
    command.pairs.push_back({std::string(pair.key), std::string(pair.value)});
  if (view.expected()) command.expected.emplace(*view.expected());
  command.delta = view.delta();
  command.flags = static_cast<std::uint8_t>(view.has(set_flag::kOnlyIfAbsent) * set_flag::kOnlyIfAbsent |
                                            view.has(set_flag::kOnlyIfPresent) * set_flag::kOnlyIfPresent |
                                            view.has(set_flag::kKeepTtl) * set_flag::kKeepTtl |
                                            view.has(set_flag::kWantOld) * set_flag::kWantOld);
  command.ttl = view.ttl();
  command.from = view.from();
  command.limit = view.limit();
  command.pattern = view.pattern();
  return command;
}

inline Buffer payload(std::uint64_t session, std::uint64_t sequence, std::uint64_t acked,
                      const Command& command, std::uint64_t time = 0) {
  const Buffer bytes = encode(command);
  return encode(Request{{session}, {sequence}, {acked}, bytes, time});
}

// A store, and the end of the log that feeds it.
struct Fixture {
  explicit Fixture(const Options& options = {}) : store(options) {}

  Buffer apply_raw(Bytes entry) {
    Buffer out;
    store.apply(store.applied().next(), entry, out);
    return out;
  }
  Result apply(std::uint64_t session, std::uint64_t sequence, std::uint64_t acked, const Command& command) {
    const auto result = Result::parse(apply_raw(payload(session, sequence, acked, command, time)));
    REQUIRE(result);
    return *result;
  }
  // In one session, opened with the first call: a new sequence each, everything before it acknowledged.
  Result operator()(const Command& command) {
    if (own_session == 0) own_session = open();
    ++own_sequence;
    return apply(own_session, own_sequence, own_sequence - 1, command);
  }
  std::uint64_t open() { return apply(0, 0, 0, open_session()).items.at(0).version; }
  Result read(const Command& command) const {
    const Buffer bytes = encode(command);
    const auto view = CommandView::parse(bytes);
    REQUIRE(view);
    Buffer out;
    store.read(*view, time, out);
    const auto result = Result::parse(out);
    REQUIRE(result);
    return *result;
  }
  // A tick, as the leader proposes it, and reads from then on.
  void tick_at(std::uint64_t at) {
    time = at;
    apply(0, 0, 0, tick());
  }
  std::uint64_t now() const { return store.applied().value; }

  Store store;
  std::uint64_t time = 0;  // the leader's
  std::uint64_t own_session = 0;
  std::uint64_t own_sequence = 0;
};

}  // namespace norn::kv
