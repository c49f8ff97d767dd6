// A second store, as stupid as it can be: one map, everything ever removed remembered, sessions searched from
// end to end. It speaks in Commands and Results and knows nothing of encodings, except how long a result's
// is.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/kv/kv_testing.h"

namespace norn::kv {

class Oracle {
 public:
  explicit Oracle(const Options& options) : options_(options) {}

  Result apply(std::uint64_t index, std::uint64_t session, std::uint64_t sequence, std::uint64_t acked,
               const Command& command) {
    index_ = index;
    if (command.kind == CommandKind::open_session) {
      sessions_[index] = {.used = index};
      while (sessions_.size() > options_.sessions_max) sessions_.erase(least_recently_used());
      return {Status::ok, {{std::nullopt, index}}};
    }
    if (sessions_.count(session) == 0) return {Status::session_evicted, {}};
    Session& own = sessions_[session];
    own.used = index;
    own.acked = std::max(own.acked, acked);
    if (sequence <= own.acked) return {Status::stale_sequence, {}};
    if (sequence > own.acked + kWindow) return {Status::window_exceeded, {}};
    if (own.results.count(sequence) != 0) return own.results[sequence];
    Result result = execute(command);
    own.results[sequence] = result;
    if (bytes(own) > options_.session_bytes_max) sessions_.erase(session);
    while (bytes() > options_.kept_bytes_max) sessions_.erase(least_recently_used());
    return result;
  }

  Result execute(const Command& command) {
    Result result;
    for (const auto& pair : command.pairs) result.items.push_back(item(command, pair, result.status));
    return result;
  }

 private:
  struct Key {
    std::optional<std::string> value;
    std::uint64_t version = 0;
  };
  struct Session {
    std::uint64_t used = 0;
    std::uint64_t acked = 0;
    std::map<std::uint64_t, Result> results{};  // never freed
  };

  Item item(const Command& command, const Command::Pair& pair, Status& status) {
    const std::optional<std::string> before = keys_[pair.key].value;
    const std::uint64_t version = version_of(pair.key);
    switch (command.kind) {
      case CommandKind::get:
      case CommandKind::multi_get:
        return {before, version};
      case CommandKind::put:
      case CommandKind::multi_put:
        return set(pair.key, pair.value);
      case CommandKind::remove:
        return before ? set(pair.key, std::nullopt) : Item{std::nullopt, version};
      case CommandKind::append:
        return set(pair.key, before.value_or("") + pair.value);
      case CommandKind::compare_and_set:
        if (before == command.expected) return set(pair.key, pair.value);
        status = Status::mismatch;
        return {before, version};
      case CommandKind::increment: {
        const std::string text = before.value_or("0");  // the test's numbers are small
        const bool number = text.size() < 15 && text.find_first_not_of("-0123456789") == std::string::npos &&
                            !text.empty() && std::to_string(std::atoll(text.c_str())) == text;
        status = number ? Status::ok : Status::not_a_number;
        if (!number) return {std::nullopt, version};
        const std::string sum = std::to_string(std::atoll(text.c_str()) + command.delta);
        return {sum, set(pair.key, sum).version};
      }
      default:
        break;
    }
    return {};
  }

  Item set(const std::string& key, std::optional<std::string> value) {
    keys_[key] = {std::move(value), index_};
    floor_ = std::max(floor_, dropped());
    return {std::nullopt, index_};
  }
  // Absent keys that were changed above the floor are those with a tombstone.
  std::uint64_t dropped() const {
    std::vector<std::uint64_t> tombstones;
    for (const auto& [key, slot] : keys_) {
      if (!slot.value && slot.version > floor_) tombstones.push_back(slot.version);
    }
    std::sort(tombstones.begin(), tombstones.end());
    if (tombstones.size() <= options_.tombstones_max) return 0;
    return tombstones[tombstones.size() - options_.tombstones_max - 1];
  }
  std::uint64_t version_of(const std::string& key) {
    const Key& slot = keys_[key];
    return slot.value ? slot.version : std::max(slot.version, floor_);
  }
  std::uint64_t least_recently_used() const {
    std::uint64_t least = 0;
    for (const auto& [id, session] : sessions_) {
      if (least == 0 || session.used < sessions_.at(least).used) least = id;
    }
    return least;
  }
  static std::size_t bytes(const Session& session) {
    std::size_t sum = 0;
    for (const auto& [sequence, result] : session.results) {
      if (sequence > session.acked) sum += encode(result).size() + kKeptOverhead;
    }
    return sum;
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [id, session] : sessions_) sum += bytes(session);
    return sum;
  }

  Options options_;
  std::uint64_t index_ = 0;
  std::uint64_t floor_ = 0;
  std::map<std::string, Key> keys_;
  std::map<std::uint64_t, Session> sessions_;
};

}  // namespace norn::kv
