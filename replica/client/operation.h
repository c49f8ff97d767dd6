// An operation under way, and the ring that holds those of a session by their sequence.
#pragma once

#include <utility>
#include <vector>

#include "replica/base/assert.h"
#include "replica/base/types.h"

namespace norn::client {

using Ticket = std::uint64_t;  // of an operation: the caller's own number, returned with its completion

struct Operation {
  enum class State : std::uint8_t {
    queued,   // not released yet: there is no session, or the window is full
    ready,    // to be sent by the next settle
    waiting,  // sent; due is when the attempt times out
    pausing,  // due is when it is sent again
    settled,
  };
  State state = State::settled;
  bool read = false;
  bool left = false;           // a request of it has left this client, in this session or one before
  std::uint8_t redirects = 0;  // followed since the last pause
  Ticket ticket = 0;
  Sequence sequence;
  Sequence acked;          // as first sent: a retry is the same packet, so that its fragments fill holes
  std::size_t target = 0;  // of the last attempt: an index into Options::replicas
  Time deadline = kNever;
  Time sent_at{};  // the last attempt
  Time due = kNever;
  Duration timeout{};  // of the next attempt
  Duration next_pause{};
  Buffer command;
};

// The operations of a session, numbered without gaps, from 1 unless another number is given. Settled ones
// leave when all before them have. Places are reused together with their buffers, so that a small operation
// allocates nothing.
class Operations {
 public:
  explicit Operations(Sequence first = {1}) : places_(16), first_(first), end_(first) {}

  Sequence first() const { return first_; }  // the oldest that is here; the next one if none is
  Sequence end() const { return end_; }      // one after the newest
  // Every sequence up to here is settled.
  Sequence acked() const { return {first_.value - 1}; }

  bool has(Sequence sequence) const { return sequence >= first_ && sequence < end_; }
  Operation& operator[](Sequence sequence) { return places_[sequence.value & (places_.size() - 1)]; }

  // A place for one more, with its sequence set and the rest left over from an earlier operation.
  Operation& add() {
    if (end_.value - first_.value == places_.size()) grow();
    Operation& operation = (*this)[end_];
    operation.sequence = end_;
    ++end_.value;
    return operation;
  }
  // Lets go of the settled ones at the front.
  void trim() {
    while (first_ < end_ && (*this)[first_].state == Operation::State::settled) ++first_.value;
  }
  // Numbers those that are not settled from 1 again, in the same order.
  void renumber() {
    std::vector<Operation> old = std::move(places_);
    const Sequence from = first_;
    const Sequence to = end_;
    places_ = std::vector<Operation>(old.size());
    first_ = end_ = Sequence{1};
    for (Sequence at = from; at < to; ++at.value) {
      Operation& operation = old[at.value & (old.size() - 1)];
      if (operation.state == Operation::State::settled) continue;
      operation.sequence = end_;
      (*this)[end_] = std::move(operation);
      ++end_.value;
    }
  }

 private:
  void grow() {
    std::vector<Operation> larger(places_.size() * 2);
    for (Sequence at = first_; at < end_; ++at.value) {
      larger[at.value & (larger.size() - 1)] = std::move((*this)[at]);
    }
    places_ = std::move(larger);
  }

  std::vector<Operation> places_;  // a power of two
  Sequence first_;
  Sequence end_;
};

}  // namespace norn::client
