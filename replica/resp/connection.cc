// Bytes to steps, steps to groups, results to bytes.
#include "replica/resp/connection.h"

#include <utility>

#include "replica/resp/render.h"
#include "replica/resp/slot.h"

namespace norn::resp {
namespace {

constexpr std::size_t kKept = std::size_t{16} << 10;  // bytes of an empty buffer

constexpr std::string_view kNoLeader = "NOLEADER no leader answered within the deadline; nothing was changed";
constexpr std::string_view kUnknown =
    "UNKNOWN no answer within the deadline: the write may have happened, or may yet";

void let_go(Buffer& buffer, std::size_t& used) {
  if (used == buffer.size()) {
    buffer.clear();
    if (buffer.capacity() > kKept) Buffer().swap(buffer);
    used = 0;
  } else if (used > kKept && used > buffer.size() / 2) {
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(used));
    used = 0;
  }
}

}  // namespace

Connection::Connection(House& house, std::uint64_t serial, std::string peer)
    : house_(house),
      serial_(serial),
      peer_(std::move(peer)),
      authenticated_(house.options.password.empty()),
      created_(house.now),
      active_(house.now),
      progress_(house.now),
      parser_(house.options.parser) {}

// Input.

void Connection::on_bytes(Bytes bytes) {
  house_.counters.bytes_in += bytes.size();
  if (bytes.empty() || closing_ || ended_) return;
  active_ = house_.now;
  if (!input_.empty() || held_back_) {
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    return advance();
  }
  // Nothing is left over: parsed where it is, and only a request's beginning is kept.
  const Bytes rest = bytes.subspan(parse(bytes));
  if (closing_) return;
  if (!rest.empty()) progress_ = house_.now;
  input_.assign(rest.begin(), rest.end());
}

void Connection::on_end() {
  ended_ = true;
  if (!held_back_) closing_ = true;
}

void Connection::advance() {
  const std::size_t size = parse(Bytes(input_).subspan(parsed_));
  if (size > 0) progress_ = house_.now;
  parsed_ += size;
  let_go(input_, parsed_);
  if (ended_ && !held_back_) closing_ = true;
}

// Executes the requests at the beginning of in, as many as are complete and the limits allow; how many bytes
// they were.
std::size_t Connection::parse(Bytes in) {
  std::size_t at = 0;
  held_back_ = false;
  while (!closing_ && !cut_) {
    held_back_ = full();
    if (held_back_) break;
    const auto outcome = parser_.next(in.subspan(at), !authenticated_);
    if (outcome == Parser::Outcome::more) break;
    if (outcome == Parser::Outcome::error) {
      ++house_.counters.protocol_errors;
      text("-ERR " + parser_.error() + "\r\n");
      closing_ = true;
      break;
    }
    if (!parser_.arguments().empty() && !execute(parser_.arguments())) {
      held_back_ = true;
      break;
    }
    at += parser_.consumed();
  }
  if (closing_) {
    Buffer().swap(input_);
    parsed_ = 0;
    return 0;
  }
  return at;
}

bool Connection::full() const {
  return plan_.size() >= house_.options.pipeline_max || plan_.bytes() >= house_.options.pipeline_bytes_max ||
         output_full() || opens_session();
}

// False: the request must wait until all before it are answered.
bool Connection::execute(std::span<const std::string_view> arguments) {
  const Entry* entry = find_command(arguments[0]);
  if (entry != nullptr && (entry->flags & flag::barrier) != 0 && !plan_.empty()) return false;
  ++house_.counters.commands;
  if (replies_ == Replies::skip_next) {
    replies_ = Replies::skip;
  } else if (replies_ == Replies::skip) {
    replies_ = Replies::on;
  }
  // A browser that was tricked into sending HTTP here (cross-protocol scripting); Redis hangs up, too.
  if (entry == nullptr && (same_word(arguments[0], "post") || same_word(arguments[0], "host:"))) cut();
  if (const auto error = objection(entry, arguments)) {
    if (transaction_) transaction_->spoilt = true;
    const std::size_t before = plan_.texts().size();
    Reply(plan_.texts(), resp3_).error(*error);
    stamp(before);
    return true;
  }
  last_command_ = entry->name;
  if (transaction_ && (entry->flags & flag::at_once) == 0) {
    queue(arguments);
    return true;
  }
  Call call(*this, *entry, arguments, plan_, resp3_);
  entry->handler(call);
  call.step().silent = replies_ == Replies::off || replies_ == Replies::skip;
  call.finish();
  drain();
  return true;
}

// Why a request is refused without being looked at any closer, in Redis's order; nothing: it is not.
std::optional<std::string> Connection::objection(const Entry* entry,
                                                 std::span<const std::string_view> arguments) const {
  if (entry == nullptr) {
    std::string rest;
    for (std::size_t i = 1; i < arguments.size() && rest.size() < 128; ++i) {
      rest += '\'' + std::string(arguments[i].substr(0, 128 - rest.size())) + "' ";
    }
    return "ERR unknown command '" + std::string(arguments[0].substr(0, 128)) +
           "', with args beginning with: " + rest;
  }
  if (!arity_fits(*entry, arguments.size())) {
    return "ERR wrong number of arguments for '" + std::string(entry->name) + "' command";
  }
  if (!authenticated_ && (entry->flags & flag::no_auth) == 0) return "NOAUTH Authentication required.";
  if (transaction_ && (entry->flags & flag::no_multi) != 0) {
    return "ERR Command not allowed inside a transaction";
  }
  return house_.options.redirect && entry->first_key > 0 ? elsewhere(*entry, arguments) : std::nullopt;
}

std::optional<std::string> Connection::elsewhere(const Entry& entry,
                                                 std::span<const std::string_view> arguments) const {
  const NodeId leader = house_.status.leader;
  const auto& gateways = house_.options.gateways;
  if (!leader || leader == house_.status.id) return std::nullopt;
  if (leader.value >= gateways.size() || gateways[leader.value].empty()) return std::nullopt;
  const std::string_view key = arguments[static_cast<std::size_t>(entry.first_key)];
  return "MOVED " + std::to_string(slot_of(key)) + " " + gateways[leader.value];
}

// Steps.

void Connection::text(std::string_view reply) {
  const std::size_t before = plan_.texts().size();
  Reply(plan_.texts(), resp3_).raw(reply);
  stamp(before);
}

// Makes a step of the text written since the buffer had that size.
void Connection::stamp(std::size_t from) {
  plan_.add({.form = Form::text,
             .resp3 = resp3_,
             .silent = replies_ == Replies::off || replies_ == Replies::skip,
             .size = static_cast<std::uint32_t>(plan_.texts().size() - from)});
  drain();
}

template <typename Write>
void Connection::emit(Write&& write) {
  const Step& step = plan_[0];
  const std::size_t before = output_.size();
  if (output().empty()) progress_ = house_.now;
  Reply reply(output_, step.resp3);
  write(step, reply);
  if (step.silent) output_.resize(before);
}

// Replies what is known already, up to the first command that has no result.
void Connection::drain() {
  while (!plan_.empty() && !plan_[0].is_command()) {
    emit([&](const Step& step, Reply& reply) {
      step.form == Form::wait&& unknown_write_ ? reply.integer(0) : reply.raw(as_text(plan_.text()));
    });
    plan_.pop();
  }
}

Connection::Group Connection::take_group() {
  ASSERT(in_flight_ == 0);
  const Options& limits = house_.options;
  Group group;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const Step& step = plan_[i];
    if (!step.is_command()) continue;
    if (group.count > 0) {
      // In a session of its own each write has its own sequence, so that it can be repeated alone.
      const bool apart = step.alone || (binding_ && (group.write || step.write));
      if (apart || group.count == limits.batch_commands_max) break;
      if (bytes + step.size > limits.batch_bytes_max) break;
    }
    ++group.count;
    bytes += step.size;
    group.write = group.write || step.write;
    group.alone = step.alone;
    if (step.alone) break;
  }
  ASSERT(group.count > 0);
  group.commands = plan_.commands_ahead().first(bytes);
  in_flight_ = group.count;
  return group;
}

void Connection::on_result(const kv::ResultView& result) {
  ASSERT(in_flight_ > 0);
  emit([&](const Step& step, Reply& reply) {
    if (step.write) unknown_write_ = result.status() == kv::Status::session_evicted;
    if (step.form != Form::transaction) return render(step.form, result, reply);
    render_transaction(executed_.front(), result, reply);
    executed_.pop_front();
  });
  plan_.pop();
  --in_flight_;
  drain();
}

void Connection::on_trouble(Trouble trouble) {
  ASSERT(in_flight_ > 0);
  emit([&](const Step& step, Reply& reply) {
    const bool unknown = step.write && trouble == Trouble::unknown;
    if (step.write) unknown_write_ = unknown;
    house_.counters.unknown += unknown;
    reply.error(unknown ? kUnknown : kNoLeader);
    if (step.form == Form::transaction) executed_.pop_front();
  });
  plan_.pop();
  --in_flight_;
  drain();
}

void Connection::end_group() {
  in_flight_ = 0;
  if (held_back_) advance();
}

// Output.

void Connection::on_written(std::size_t size) {
  ASSERT(size <= output().size());
  house_.counters.bytes_out += size;
  if (size > 0) progress_ = house_.now;
  written_ += size;
  let_go(output_, written_);
  if (held_back_) advance();
}

void Connection::on_time() {
  const bool waits = !output().empty() || (!input_.empty() && !held_back_);
  if (waits && house_.now - progress_ >= house_.options.stall_max) cut();
}

std::size_t Connection::memory() const {
  std::size_t bytes = sizeof(Connection) + input_.capacity() + output_.capacity() + plan_.capacity();
  if (transaction_) bytes += transaction_->bytes;
  for (const Plan& plan : executed_) bytes += plan.capacity();
  return bytes;
}

}  // namespace norn::resp
