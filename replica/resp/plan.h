// What a connection still owes replies for, in the order of the requests: texts known at once, and commands
// on their way through the store, each with the form its answer takes. A queue, with the bytes of all texts
// in one buffer and those of all commands in another, where they already have the form of a batch's list
// (kv/command.h); so a pipeline costs no allocation per command.
#pragma once

#include <vector>

#include "replica/base/assert.h"
#include "replica/base/bytes.h"
#include "replica/kv/command.h"

namespace norn::resp {

// The form of a reply.
enum class Form : std::uint8_t {
  text,          // known already
  status,        // +OK; null if a condition was not met
  value,         // a bulk, or null
  values,        // an array of them
  number,        // the decimal in the value; 0 if there is none
  present,       // how many items have a value
  applied,       // 1; 0 if a condition was not met
  type,          // +string or +none
  seconds,       // of a time to live; -1 for ever, -2 no key
  milliseconds,  // the same
  keys,          // an array of keys
  keys_onwards,  // a cursor and an array of keys
  transaction,   // EXEC: an array of the replies of its own plan
  wait,          // a text, too, but 0 if what became of the write before is unknown
};

struct Step {
  Form form = Form::text;
  bool write = false;      // a command that goes through the log
  bool alone = false;      // one that shares no batch with others
  bool resp3 = false;      // as the connection spoke when it asked
  bool silent = false;     // CLIENT REPLY OFF: the reply is dropped
  std::uint32_t size = 0;  // bytes of the text; of the command with its length before it, if it is one

  bool is_command() const { return form != Form::text && form != Form::wait; }
};

class Plan {
 public:
  // Where to append a text, or (as a sized run) a command, before add() makes it a step.
  Buffer& texts() { return texts_; }
  Buffer& commands() { return commands_; }
  void add(const Step& step) { steps_.push_back(step); }

  bool empty() const { return next_ == steps_.size(); }
  std::size_t size() const { return steps_.size() - next_; }
  const Step& operator[](std::size_t i) const { return steps_[next_ + i]; }
  std::size_t bytes() const { return texts_.size() - text_at_ + commands_.size() - command_at_; }
  std::size_t capacity() const {
    return texts_.capacity() + commands_.capacity() + steps_.capacity() * sizeof(Step);
  }

  // Views of the oldest step's text, and of the commands from the oldest on; they live until the plan next
  // changes.
  Bytes text() const { return Bytes(texts_).subspan(text_at_, (*this)[0].size); }
  Bytes commands_ahead() const { return Bytes(commands_).subspan(command_at_); }

  // Lets go of the oldest step, and of its bytes.
  void pop() {
    const Step& step = (*this)[0];
    (step.is_command() ? command_at_ : text_at_) += step.size;
    ++next_;
    if (empty() || next_ > kKept / sizeof(Step)) {
      steps_.erase(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(next_));
      next_ = 0;
    }
    let_go(texts_, text_at_);
    let_go(commands_, command_at_);
  }

 private:
  static constexpr std::size_t kKept = std::size_t{64} << 10;  // bytes of an empty buffer

  // What has been used is cut off once it is the larger part, so each byte is moved once at most.
  static void let_go(Buffer& buffer, std::size_t& at) {
    if (at == buffer.size()) {
      buffer.clear();
      if (buffer.capacity() > kKept) Buffer().swap(buffer);
      at = 0;
    } else if (at > kKept && at > buffer.size() / 2) {
      buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at));
      at = 0;
    }
  }

  std::vector<Step> steps_;
  std::size_t next_ = 0;
  Buffer texts_;
  std::size_t text_at_ = 0;
  Buffer commands_;
  std::size_t command_at_ = 0;
};

}  // namespace norn::resp
