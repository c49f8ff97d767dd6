// The promise of endpoint.h, against an adversary who owns the network but not the key: it loses, delays,
// doubles and damages datagrams, keeps all it has ever seen, and delivers them again, to whom and as if from
// where it likes, while processes restart and forget each other. In the end it falls silent, and everybody
// must get through to everybody.
#include <doctest/doctest.h>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tests/seal/sealing.h"

namespace norn::seal {
namespace {

constexpr std::size_t kProcesses = 5;
constexpr std::size_t kReplicas = 3;  // the others are clients

class Game {
 public:
  // senders_max: few, and they forget each other again and again.
  Game(std::uint64_t seed, std::size_t senders_max)
      : rng_(seed), key_(random_key(rng_)), senders_max_(senders_max) {
    for (std::size_t i = 0; i < kProcesses; ++i) processes_.push_back(start(i));
  }

  void play(int steps) {
    for (int i = 0; i < steps; ++i) {
      const std::uint64_t choice = rng_.between(0, 99);
      if (choice < 35) {
        send(any_process(), any_process());
      } else if (choice < 70) {
        if (const auto parcel = take()) deliver(*parcel);
      } else if (choice < 80) {
        take();  // lost
      } else if (choice < 99) {
        interfere();
      } else {
        restart();
      }
    }
  }

  // Without the adversary. The first try may find out that the other has restarted.
  void check_all_get_through() {
    under_way_.clear();
    for (std::size_t from = 0; from < kProcesses; ++from) {
      for (std::size_t to = 0; to < kProcesses; ++to) {
        if (from == to) continue;
        bool arrived = false;
        for (int attempt = 0; attempt < 2 && !arrived; ++attempt) {
          const std::uint64_t number = sent_.size();
          send(from, to);
          while (const auto parcel = take()) deliver(*parcel);
          arrived = arrived_.contains(number);
        }
        CHECK(arrived);
      }
    }
  }

  std::size_t arrived() const { return arrived_.size(); }
  std::uint64_t refusals(Refusal why) const {
    std::uint64_t count = refused_before_[static_cast<std::size_t>(why)];
    for (const Process& process : processes_) count += refused(process.endpoint, why);
    return count;
  }

 private:
  struct Process {
    Endpoint endpoint;
    std::uint64_t started;  // how many had started, this one included
  };
  struct Parcel {
    Address from;
    Address to;
    Buffer datagram;
    std::uint64_t started;  // how many processes had started when it was made
    bool damaged = false;
  };

  static Address address(std::size_t process) { return {process + 1}; }
  // By name; clients go by the same one.
  static bool same_party(Address a, Address b) {
    return a == b || (a.value > kReplicas && b.value > kReplicas);
  }
  std::size_t any_process() { return rng_.between(0, kProcesses - 1); }
  Process start(std::size_t process) {
    Names names;
    if (process < kReplicas) names.self = {static_cast<std::uint8_t>(process + 1)};
    for (std::uint8_t id = 1; id <= kReplicas; ++id)
      names.replicas.emplace_back(address(id - 1u), NodeId{id});
    return {Endpoint(key_, random_bytes(rng_), names, senders_max_), ++started_};
  }

  void restart() {
    const std::size_t which = any_process();
    Process& process = processes_[which];
    for (std::size_t why = 0; why < kRefusals; ++why)
      refused_before_[why] += process.endpoint.counters().refused[why];
    process = start(which);
  }

  void send(std::size_t from, std::size_t to) {
    if (from == to) return;
    Buffer packet;
    Writer out(packet);
    out.integer(std::uint64_t{sent_.size()});
    out.bytes(noise(rng_, rng_.between(0, 50)));
    sent_.push_back({address(from), address(to)});
    put(address(from), address(to), processes_[from].endpoint.seal(address(to), packet));
  }

  void put(Address from, Address to, Bytes datagram) {
    under_way_.push_back({from, to, copy(datagram), started_});
    recorded_.push_back(under_way_.back());
  }

  // Any of those under way: the network reorders.
  std::optional<Parcel> take() {
    if (under_way_.empty()) return std::nullopt;
    std::swap(under_way_[rng_.between(0, under_way_.size() - 1)], under_way_.back());
    Parcel parcel = std::move(under_way_.back());
    under_way_.pop_back();
    return parcel;
  }

  void deliver(const Parcel& parcel) {
    Process& process = processes_[parcel.to.value - 1];
    const Opened opened = process.endpoint.open(parcel.from, parcel.datagram);
    if (opened.refusal) {
      CHECK(opened.packet.empty());
      CHECK(opened.answer.size() <= parcel.datagram.size());
    } else {
      CHECK_FALSE(parcel.damaged);
      CHECK(parcel.started >= process.started);  // it was made for this process, not for one before
      if (!opened.packet.empty()) arrive(parcel, opened.packet);
    }
    if (!opened.answer.empty()) put(parcel.to, parcel.from, opened.answer);
  }

  void arrive(const Parcel& parcel, Bytes packet) {
    const auto number = Reader(packet).integer<std::uint64_t>();
    REQUIRE(number < sent_.size());
    CHECK(same_party(sent_[number].first, parcel.from));
    CHECK(same_party(sent_[number].second, parcel.to));
    CHECK(arrived_.insert(number).second);
  }

  void interfere() {
    if (recorded_.empty()) return;
    Parcel parcel = recorded_[rng_.between(0, recorded_.size() - 1)];
    switch (rng_.between(0, 4)) {
      case 0:
        parcel.to = address(any_process());
        break;
      case 1:
        parcel.from = address(any_process());
        break;
      case 2:
        std::swap(parcel.from, parcel.to);
        break;
      case 3:
        parcel.datagram[rng_.between(0, parcel.datagram.size() - 1)] ^=
            static_cast<std::byte>(rng_.between(1, 255));
        parcel.damaged = true;
        break;
      default:  // as it was, perhaps long ago
        break;
    }
    deliver(parcel);
  }

  Rng rng_;
  Key key_;
  std::size_t senders_max_;
  std::uint64_t started_ = 0;
  std::vector<Process> processes_;
  std::vector<std::pair<Address, Address>> sent_;  // from, to: by the number in the packet
  std::set<std::uint64_t> arrived_;
  std::vector<Parcel> under_way_;
  std::vector<Parcel> recorded_;
  std::array<std::uint64_t, kRefusals> refused_before_{};  // by processes that have been restarted since
};

}  // namespace

TEST_CASE(
    "nothing is let through but once, where it was meant to be, as it was, and by whom it was meant for") {
  std::size_t arrived = 0;
  std::array<std::uint64_t, kRefusals> refusals{};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Game game(seed, seed % 2 == 0 ? 4 : 100);
    game.play(2'000);
    game.check_all_get_through();
    arrived += game.arrived();
    for (std::size_t why = 0; why < kRefusals; ++why)
      refusals[why] += game.refusals(static_cast<Refusal>(why));
  }
  // The game was one: much arrived all the same, and the adversary's work was refused for every reason.
  CHECK(arrived > 10'000);
  for (std::size_t why = 0; why < kRefusals; ++why)
    CHECK((refusals[why] > 0) == (static_cast<Refusal>(why) != Refusal::truncated));
}

}  // namespace norn::seal
