// Random requests as bad clients and a bad network would put them into a log: few keys, sequences new,
// repeated, reordered, acknowledged early and far ahead, sessions open, evicted and never opened.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/kv/kv_testing.h"

namespace norn::kv {

struct Draw {
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  std::uint64_t acked = 0;
  Command command{};
  std::uint64_t time = 0;
};

class RandomRequests {
 public:
  explicit RandomRequests(Rng rng) : rng_(rng) {}

  // The next request, for the entry at index. Time goes on, but for a new leader's that is a little behind.
  Draw draw(std::uint64_t index) {
    time_ += below(8);
    Draw draw = draw_request(index);
    draw.time = time_ - (one_in(10) ? below(time_ + 1) : 0);
    return draw;
  }

  Command command() {
    switch (below(17)) {
      case 0:
        return get(key());
      case 1:
        return put(key(), value());
      case 2:
        return remove(key());
      case 3:
        return compare_and_set(key(), value(), value());
      case 4:
        return compare_and_set(key(), std::nullopt, value());
      case 5:
        return append(key(), value());
      case 6:
        return increment(key(), static_cast<std::int64_t>(below(20)) - 10);
      case 7:
        return multi_get({"a", key() + "x", "b"});
      case 8:
        return set(key(), value(), flags(), below(30));
      case 9:
        return set(key(), value(), static_cast<std::uint8_t>(flags() | set_flag::kKeepTtl));
      case 10:
        return take(key());
      case 11:
        return multi_remove({"b", key() + "x", "c"});
      case 12:
        return expire(key(), below(30));
      case 13:
        return ttl(key());
      case 14:
        return count();
      case 15:
        return one_in(8) ? clear() : put(key() + "x", value());
      default:
        return multi_put({{"c", value()}, {"a", value()}});
    }
  }

  std::uint64_t below(std::uint64_t end) { return rng_.between(0, end - 1); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  Draw draw_request(std::uint64_t index) {
    if (one_in(15)) return {.command = tick()};
    if (known_.empty() || one_in(12)) {
      known_.push_back({index, 0, 0});
      return {.command = open_session()};
    }
    if (one_in(40)) return {below(50), 1, 0, command()};
    Client& client = known_[below(known_.size())];
    if (!sent_.empty() && one_in(4)) return sent_[below(sent_.size())];
    if (one_in(3)) client.acked += below(client.next - client.acked + 1);
    client.next += one_in(30) ? below(kWindow + 10) : 1;
    sent_.push_back({client.id, client.next + below(2), client.acked, command()});
    return sent_.back();
  }

  struct Client {
    std::uint64_t id = 0;
    std::uint64_t next = 0;
    std::uint64_t acked = 0;
  };
  std::string key() { return std::string(1, static_cast<char>('a' + below(5))); }
  std::string value() {
    constexpr std::array<const char*, 6> kValues = {"", "0", "7", "-3", "x", "a value beyond small strings"};
    return kValues[below(kValues.size())];
  }

  std::uint8_t flags() {
    const std::uint64_t condition = below(3);  // none, or one of the two
    return static_cast<std::uint8_t>(condition | (one_in(2) ? set_flag::kWantOld : 0));
  }

  Rng rng_;
  std::uint64_t time_ = 0;
  std::vector<Client> known_;
  std::vector<Draw> sent_;
};

// Bounds so small that every one is met within a few dozen requests.
inline Options tight() {
  return {.sessions_max = 3, .session_bytes_max = 900, .kept_bytes_max = 1500, .tombstones_max = 2};
}

}  // namespace norn::kv
