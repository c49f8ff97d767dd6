// What the clients ask, operation by operation, and how an answer becomes a part of the history. Made so that
// the oracles see as much as possible: no two writes write the same; appended tokens are unique and can be
// told apart (check/exactly_once.h); counters have keys of their own ("n7", and "k7" for all else), which
// only increments change; a compare-and-set expects what its client saw last, so that it often succeeds. A
// value.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/base/rng.h"
#include "replica/client/client.h"

#include "sim/check/history.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload_keys.h"

namespace norn::sim {

class OperationMaker {
 public:
  OperationMaker(const Scenario& scenario, Rng rng);

  // A new operation of this client's, without its times.
  Operation make(std::uint32_t client, const Mix& mix);
  // One of those made has come back.
  void answered(const Operation& operation);

 private:
  OperationKind draw_kind(const Mix& mix);
  std::string draw_key(std::uint32_t client, bool counter);
  bool draw_counter(const Mix& mix);  // whether a read goes to one
  std::string make_value(std::uint32_t client);
  std::string make_token(std::uint32_t client);

  Clients clients_;
  Rng rng_;
  KeyChooser keys_;
  std::vector<std::uint64_t> writes_;  // of each client, so far
  // What each client saw last, by key, if there is any use for it. Keys that it has not seen are missing.
  bool remembers_ = false;
  std::vector<std::map<std::string, std::optional<std::string>>> seen_;
};

// The command that asks for it, encoded.
void encode(const Operation& operation, Buffer& out);

// Takes what came back: outcome, values and versions, and the time unless the outcome is unknown.
void complete(Operation& operation, const client::Completion& completion, Time now);

}  // namespace norn::sim
