// The load: when the clients ask what, and the history of it all, in true time. An open loop asks at a rate
// whatever the answers do; a closed loop waits for each. In the liveness phase each client writes and reads
// back once more (a probe). A value.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/check/history.h"
#include "sim/engine/stage.h"
#include "sim/scenario/run_alarms.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload_course.h"
#include "sim/scenario/workload_operations.h"

namespace norn::sim {

class Workload {
 public:
  Workload(std::shared_ptr<const Scenario> scenario, Rng rng);

  void start(Stage& stage);
  void on_alarm(Stage& stage, Alarm alarm);
  // Takes what has come back to this client; after each step with its number.
  void collect(Stage& stage, std::uint32_t client);
  // The load is that of the phase from now on.
  void enter(Stage& stage, const Phase& phase);
  void stop() { stopped_ = true; }  // no operation begins any more, but probes

  // Probes of clients that have none under way; call it again now and then.
  void probe(Stage& stage);
  std::vector<std::uint32_t> probes_unanswered() const;

  // Reads each key of the history once, through this client, a few at a time. Nothing else begins then.
  void read_back(Stage& stage, std::uint32_t client);
  bool reads_back() const { return read_back_ && read_back_->under_way != 0; }
  std::size_t keys_to_read_back() const { return read_back_ ? read_back_->keys.size() : 0; }
  // Those that were answered.
  std::map<std::string, std::optional<std::string>> values_read_back() const;

  const History& history() const { return history_; }
  // What has become of the history since they were last taken, in order; none unless somebody takes them.
  struct News {
    Time at{};
    std::size_t place = 0;
    bool returned = false;  // or called
  };
  void keep_news() { keeps_news_ = true; }
  std::vector<News>& news() { return news_; }
  // Operations from this place on are probes.
  std::size_t probes_from() const { return probing_ ? probes_from_ : history_.size(); }
  std::size_t under_way() const { return under_way_; }  // probes included
  std::uint64_t refused() const { return refused_; }    // not begun, as the client had too many under way
  // The longest time without an answer so far, from the clients' start to their stop.
  Duration silence(Time now) const;
  const std::optional<CourseClients>& course() const { return course_; }

 private:
  enum class Probe : std::uint8_t { none, put, get, done };
  struct ReadBack {
    std::uint32_t client = 0;
    std::size_t from = 0;  // place of its first operation
    std::vector<std::string> keys;
    std::size_t begun = 0;
    std::size_t under_way = 0;
  };

  Time ends() const { return Time(scenario_->clients.stop.value_or(scenario_->duration)); }
  bool closed_loop() const { return think_.has_value(); }
  void arm_arrival(Stage& stage);
  void on_arrival(Stage& stage);
  void think(Stage& stage, std::uint32_t client);
  // False: the client takes no more.
  bool begin(Stage& stage, Operation operation);
  void begin_probe(Stage& stage, std::uint32_t client, OperationKind kind);
  void on_probe(Stage& stage, const Operation& operation);
  void read_next(Stage& stage);
  void on_back(Stage& stage, std::size_t place, const client::Completion& completion);

  std::shared_ptr<const Scenario> scenario_;
  Rng rng_;  // of the pauses
  OperationMaker maker_;
  std::optional<CourseClients> course_;
  History history_;
  bool keeps_news_ = false;
  std::vector<News> news_;
  std::size_t under_way_ = 0;
  std::uint64_t refused_ = 0;

  // The load of the present phase.
  std::uint32_t rate_ = 0;
  std::optional<Delay> think_;
  Mix mix_;

  // Open loop: arrivals are counted from the time the rate was set. An alarm of an older arming is void.
  Time arrivals_from_{};
  std::uint64_t arrivals_ = 0;
  std::uint64_t arming_ = 0;
  std::uint32_t next_client_ = 0;
  bool stopped_ = false;

  Time answered_{};     // the last one
  Duration silence_{};  // between two so far

  bool probing_ = false;
  std::size_t probes_from_ = 0;
  std::vector<Probe> probes_;  // by client
  std::optional<ReadBack> read_back_;
  Buffer command_;  // reused
};

}  // namespace norn::sim
