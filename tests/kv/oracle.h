// A second store, as stupid as it can be: one map, everything ever removed remembered, expiry and sessions
// searched from end to end. It speaks in Commands and Results and knows nothing of encodings, except how long
// a result's is. Expiries beyond kExpiriesMax of one entry are not its business.
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
               const Command& command, std::uint64_t time = 0) {
    index_ = index;
    clock_ = std::max(clock_, time);
    for (const auto& [key, slot] : std::map(keys_)) {
      if (slot.value && slot.expiry != 0 && slot.expiry < clock_) set(key, std::nullopt);
    }
    if (command.kind == CommandKind::tick) return {Status::ok, {{std::nullopt, index}}};
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
    if (command.kind == CommandKind::clear) {
      keys_.clear();
      floor_ = index_;
      return {Status::ok, {{std::nullopt, index_}}};
    }
    if (command.kind == CommandKind::count) {
      const auto present =
          std::count_if(keys_.begin(), keys_.end(), [](const auto& k) { return k.second.value; });
      return {Status::ok, {{std::to_string(present), index_}}};
    }
    for (const auto& pair : command.pairs) result.items.push_back(item(command, pair, result.status));
    return result;
  }

 private:
  struct Key {
    std::optional<std::string> value;
    std::uint64_t version = 0;
    std::uint64_t expiry = 0;
  };
  struct Session {
    std::uint64_t used = 0;
    std::uint64_t acked = 0;
    std::map<std::uint64_t, Result> results{};  // never freed
  };

  Item item(const Command& command, const Command::Pair& pair, Status& status) {
    const std::optional<std::string> before = keys_[pair.key].value;
    const std::uint64_t version = version_of(pair.key);
    const std::uint64_t expiry = keys_[pair.key].expiry;
    const std::uint64_t new_expiry = command.ttl == 0 ? 0 : clock_ + command.ttl;
    switch (command.kind) {
      case CommandKind::get:
      case CommandKind::multi_get:
        return {before, version};
      case CommandKind::put:
      case CommandKind::multi_put:
        return set(pair.key, pair.value);
      case CommandKind::remove:
        return before ? set(pair.key, std::nullopt) : Item{std::nullopt, version};
      case CommandKind::multi_remove:
        return before ? Item{"", set(pair.key, std::nullopt).version} : Item{std::nullopt, version};
      case CommandKind::take:
        return {before, before ? set(pair.key, std::nullopt).version : version};
      case CommandKind::append:
        set(pair.key, before.value_or("") + pair.value, expiry);
        return {std::to_string(keys_[pair.key].value->size()), index_};
      case CommandKind::set: {
        const std::optional<std::string> old =
            (command.flags & set_flag::kWantOld) != 0 ? before : std::nullopt;
        status = (command.flags & set_flag::kOnlyIfAbsent) != 0 && before     ? Status::mismatch
                 : (command.flags & set_flag::kOnlyIfPresent) != 0 && !before ? Status::mismatch
                                                                              : Status::ok;
        if (status == Status::mismatch) return {old, version};
        set(pair.key, pair.value, (command.flags & set_flag::kKeepTtl) != 0 ? expiry : new_expiry);
        return {old, index_};
      }
      case CommandKind::expire:
        if (before && (command.ttl != 0 || expiry != 0)) return set(pair.key, before, new_expiry);
        status = Status::mismatch;
        return {std::nullopt, version};
      case CommandKind::ttl:
        if (!before) return {std::nullopt, version};
        return {expiry == 0 ? "-1" : std::to_string(std::max<std::uint64_t>(expiry - clock_, 1)), version};
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
        return {sum, set(pair.key, sum, expiry).version};
      }
      default:
        break;
    }
    return {};
  }

  Item set(const std::string& key, std::optional<std::string> value, std::uint64_t expiry = 0) {
    keys_[key] = {std::move(value), index_, expiry};
    forget_removals();
    return {std::nullopt, index_};
  }
  // The newest removals are remembered one by one; of one entry's, the last in the order of keys.
  void forget_removals() {
    std::vector<std::pair<std::uint64_t, std::string>> removed;
    for (const auto& [key, slot] : keys_) {
      if (!slot.value && slot.version > 0) removed.emplace_back(slot.version, key);
    }
    std::sort(removed.begin(), removed.end());
    for (std::size_t i = 0; i + options_.tombstones_max < removed.size(); ++i) {
      floor_ = removed[i].first;
      keys_.erase(removed[i].second);
    }
  }
  std::uint64_t version_of(const std::string& key) {
    const Key& slot = keys_[key];
    return slot.version != 0 ? slot.version : floor_;
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
  std::uint64_t clock_ = 0;
  std::map<std::string, Key> keys_;
  std::map<std::uint64_t, Session> sessions_;
};

}  // namespace norn::kv
