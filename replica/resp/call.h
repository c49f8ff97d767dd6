// One request on its way through its handler: the arguments, and the two things that a handler may do with
// them: write a reply at once, or put one kv command into the plan and say what form its answer takes.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "replica/kv/command.h"
#include "replica/resp/plan.h"
#include "replica/resp/reply.h"

namespace norn::resp {

class Connection;
struct Entry;

class Call {
 public:
  Call(Connection& asking, const Entry& named, std::span<const std::string_view> words, Plan& plan,
       bool resp3)
      : connection(asking),
        entry(named),
        arguments(words),
        reply(plan.texts(), resp3),
        plan_(plan),
        texts_size_(plan.texts().size()) {
    step_.resp3 = resp3;
  }

  // Begins the command; what its grammar asks for behind the kind follows through the writer, then ask() ends
  // it.
  Writer begin(kv::CommandKind kind);
  void ask(Form form);
  // What the step is besides: see Step.
  Step& step() { return step_; }

  void error(std::string_view text) { reply.error(text); }
  void wrong_arity();
  // arguments[1] is none of the subcommands known, or is given too little or too much.
  void bad_subcommand(std::initializer_list<std::string_view> known);
  void syntax_error() { error("ERR syntax error"); }

  // The following answer with an error, and false or nothing, when the argument is not what it must be.
  bool key_fits(std::string_view key);
  bool value_fits(std::string_view value);
  bool name_fits(std::string_view name);  // of a connection
  bool keys_fit(std::span<const std::string_view> keys);
  std::optional<std::int64_t> integer(std::string_view text,
                                      std::string_view what = "ERR value is not an integer or out of range");

  // Puts what the handler did into the plan.
  void finish();

  Connection& connection;
  const Entry& entry;
  std::span<const std::string_view> arguments;  // the command's name first
  Reply reply;

 private:
  Plan& plan_;
  std::size_t texts_size_;
  std::size_t command_at_ = 0;
  Step step_;
};

// The words of the protocol are compared without regard to case.
bool same_word(std::string_view a, std::string_view lower_case);
std::string lower(std::string_view text);

// Canonical decimals only, as Redis (and kv) reads them: no "+1", "01" or " 1".
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace norn::resp
