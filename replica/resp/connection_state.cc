// What a connection remembers between requests: transactions, its session, and what CLIENT tells of it.
#include "replica/resp/connection.h"

namespace norn::resp {
namespace {

// Bytes and requests that one MULTI may queue; the batch they become must be one command.
constexpr std::size_t kTransactionBytesMax = kv::kCommandSizeMax - (std::size_t{64} << 10);
constexpr std::size_t kRequestOverhead = 64;

std::string seconds_since(Time then, Time now) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now - then).count());
}

}  // namespace

void Connection::reset() {
  transaction_.reset();
  unbind();
  name_.clear();
  resp3_ = false;
  replies_ = Replies::on;
  authenticated_ = house_.options.password.empty();
}

// Transactions.

void Connection::queue(std::span<const std::string_view> arguments) {
  std::size_t bytes = 0;
  for (const std::string_view argument : arguments) bytes += argument.size() + kRequestOverhead;
  if (transaction_->requests.size() == kv::kBatchCommandsMax ||
      transaction_->bytes + bytes > kTransactionBytesMax) {
    transaction_->spoilt = true;
    return text("-ERR a transaction is limited to " + std::to_string(kv::kBatchCommandsMax) +
                " commands and " + std::to_string(kTransactionBytesMax) + " bytes\r\n");
  }
  transaction_->bytes += bytes;
  transaction_->requests.emplace_back(arguments.begin(), arguments.end());
  text("+QUEUED\r\n");
}

// What was queued becomes a plan of its own, and its commands one batch that the store executes as a whole.
void Connection::execute_transaction(Call& call) {
  if (transaction_->spoilt) {
    transaction_.reset();
    return call.error("EXECABORT Transaction discarded because of previous errors.");
  }
  Plan plan;
  std::vector<std::string_view> arguments;
  for (const std::vector<std::string>& request : transaction_->requests) {
    arguments.assign(request.begin(), request.end());
    const Entry* entry = find_command(arguments[0]);
    ASSERT(entry != nullptr);
    Call one(*this, *entry, arguments, plan, resp3_);
    entry->handler(one);
    one.finish();
  }
  transaction_.reset();
  std::uint32_t commands = 0;
  bool write = false;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    commands += plan[i].is_command();
    write = write || (plan[i].is_command() && plan[i].write);
  }
  if (commands == 0) {
    call.reply.array(plan.size());
    for (; !plan.empty(); plan.pop()) call.reply.raw(as_text(plan.text()));
    return;
  }
  Writer writer = call.begin(kv::CommandKind::batch);
  writer.integer(kv::kBatchWhole);
  writer.integer(commands);
  writer.bytes(plan.commands_ahead());
  call.step().alone = true;
  call.step().write = write;
  call.ask(Form::transaction);
  executed_.push_back(std::move(plan));
}

// Sessions.

void Connection::bind(SessionId session, Sequence next) {
  binding_.emplace();
  binding_->session = session;
  binding_->next = next;
}

void Connection::on_session(SessionId session) {
  ASSERT(opens_session());
  unbind();
  Buffer reply;
  if (session.value == 0) {
    Reply(reply, resp3_).error("NOLEADER no leader answered within the deadline; no session was bound");
  } else {
    Reply(reply, resp3_).integer(static_cast<std::int64_t>(session.value));
    bind(session, Sequence{1});
  }
  text(as_text(reply));
  advance();
}

// What others see.

std::string Connection::describe() const {
  std::string line = "id=" + std::to_string(serial_) + " addr=" + peer_ + " name=" + name_;
  line += " age=" + seconds_since(created_, house_.now) + " idle=" + seconds_since(active_, house_.now);
  line += std::string(" flags=") + (transaction_ ? "x" : "N") + " db=0 sub=0 psub=0 ssub=0 multi=" +
          (transaction_ ? std::to_string(transaction_->requests.size()) : "-1");
  line += " qbuf=" + std::to_string(input_.size()) + " omem=" + std::to_string(output().size()) +
          " tot-mem=" + std::to_string(memory());
  line += " cmd=" + std::string(last_command_) + " user=default resp=" + (resp3_ ? "3" : "2");
  if (binding_) line += " session=" + std::to_string(binding_->session.value);
  return line;
}

}  // namespace norn::resp
