// Random runs of the course's own kind, with its clients and its way of judging them: losses, partitions,
// replicas killed, some in the middle of a turn. No answer may be incorrect, and none may be missing but
// those of requests that a killed replica had.
#include <algorithm>
#include <doctest/doctest.h>
#include <map>

#include "tests/course/stage.h"

namespace norn::course {
namespace {

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : chance_(seed), stage_(5, seed) {
    loss_ = Ratio{static_cast<std::uint32_t>(chance_.between(0, 300'000))};
    stage_.loses = [this](NodeId from, NodeId to) {
      const bool cut = !side_.empty() && side_.contains(from) != side_.contains(to);
      return cut || chance_.chance(loss_);
    };
    stage_.on_answer = [this](const Answer& answer) { on_answer(answer); };
  }

  void run() {
    stage_.pass(milliseconds(5000));
    for (int i = 0; i < 200; ++i) {
      something_happens();
      generate();
      stage_.pass(milliseconds(chance_.between(1, 120)));
      retry();
    }
    side_.clear();
    loss_ = {};
    for (int i = 0; i < 20; ++i) {
      stage_.pass(milliseconds(500));
      retry();
    }
    for (const auto& [mid, request] : open_) {
      if (stage_.alive(request.at)) incorrect_.push_back("no answer to " + mid);
    }
  }

  const std::vector<std::string>& incorrect() const { return incorrect_; }
  const std::vector<std::string>& wrong() const { return stage_.wrong; }
  int duplicates() const { return duplicates_; }
  int answered() const { return answered_; }
  int kills() const { return kills_; }

 private:
  static constexpr std::uint16_t kClients = 4;
  struct Asked {
    Id client;
    std::string key;
    std::optional<std::string> value;
    NodeId at;
  };
  struct Client {
    std::map<std::string, std::string> acknowledged;
    Id leader;
  };

  void something_happens() {
    switch (chance_.between(0, 60)) {
      case 0:
      case 1: {  // three of five on one side
        side_.clear();
        while (side_.size() < 3) side_.insert({static_cast<std::uint8_t>(chance_.between(1, 5))});
        break;
      }
      case 2:
      case 3:
      case 4:
        side_.clear();
        break;
      case 5: {
        const NodeId leader = stage_.leader();
        if (kills_ == 2 || !leader || !side_.empty()) break;
        ++kills_;
        stage_.kill_after(leader, chance_.between(0, 6));
        break;
      }
      default:
        break;
    }
  }

  void generate() {
    const Id client{static_cast<std::uint16_t>(0x15 + chance_.between(0, kClients - 1))};
    const auto& keys = clients_[client].acknowledged;
    const std::uint64_t kind = chance_.between(0, 2);
    std::string key = "key" + text_of(client) + std::to_string(++made_);
    if (kind != 0 && !keys.empty())
      key = std::next(keys.begin(), static_cast<std::ptrdiff_t>(chance_.between(0, keys.size() - 1)))->first;
    const bool get = kind == 2 && !keys.empty();
    send({client, key, get ? std::nullopt : std::optional(std::to_string(made_)), {}});
  }

  void send(Asked asked) {
    NodeId at = stage_.roster.node(clients_[asked.client].leader);
    while (!at || !stage_.alive(at)) at = {static_cast<std::uint8_t>(chance_.between(1, 5))};
    asked.at = at;
    const std::string mid = "M" + std::to_string(++mids_);
    open_.emplace(mid, asked);
    stage_.ask(at, mid, asked.key, asked.value, asked.client);
  }

  // The course's clients retry in the same instant; ours must wait until the turn is over.
  void retry() {
    for (Asked& asked : std::exchange(to_retry_, {})) send(std::move(asked));
  }

  void on_answer(const Answer& answer) {
    const auto request = open_.extract(answer.mid);
    if (request.empty()) {
      const auto closed = closed_.find(answer.mid);
      const bool duplicate = closed != closed_.end() && closed->second == "ok" && answer.type == "ok";
      duplicate ? static_cast<void>(++duplicates_)
                : incorrect_.push_back(answer.type + " after an answer to " + answer.mid);
      return;
    }
    closed_[answer.mid] = answer.type;
    Client& client = clients_[answer.client];
    client.leader = answer.leader;
    const Asked& asked = request.mapped();
    if (answer.type != "ok") {
      to_retry_.push_back(asked);
    } else if (asked.value) {
      client.acknowledged[asked.key] = *asked.value;
      ++answered_;
    } else {
      ++answered_;
      if (answer.value != client.acknowledged[asked.key])
        incorrect_.push_back(answer.mid + " reads " + answer.value.value_or("nothing") + ", not " +
                             client.acknowledged[asked.key]);
    }
  }

  Rng chance_;
  Stage stage_;
  Ratio loss_;
  std::set<NodeId> side_;  // of a partition; empty: none
  std::map<Id, Client> clients_;
  std::map<std::string, Asked> open_;
  std::map<std::string, std::string> closed_;  // the type of the answer
  std::vector<Asked> to_retry_;
  std::vector<std::string> incorrect_;
  int duplicates_ = 0;
  int answered_ = 0;
  int kills_ = 0;
  int made_ = 0;
  int mids_ = 0;
};

TEST_CASE("in random runs no answer is incorrect or missing, and few come twice") {
  int duplicates = 0;
  int answered = 0;
  int kills = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    RandomRun run(seed);
    run.run();
    CAPTURE(seed);
    CHECK(run.incorrect() == std::vector<std::string>{});
    CHECK(run.wrong() == std::vector<std::string>{});
    duplicates += run.duplicates();
    answered += run.answered();
    kills += run.kills();
  }
  MESSAGE(answered << " answers, " << duplicates << " duplicates, " << kills << " replicas killed");
  CHECK(answered > 20'000);
  CHECK(kills > 100);
}

}  // namespace
}  // namespace norn::course
