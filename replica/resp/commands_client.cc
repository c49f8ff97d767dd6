// CLIENT: what a connection may know and say of itself and of others.
#include <algorithm>

#include "replica/resp/connection.h"

namespace norn::resp {
namespace {

template <typename Visit>
void each_connection(Call& call, Visit&& visit) {
  for (const auto& other : call.connection.house().connections) {
    if (other && !other->wants_close()) visit(*other);
  }
}

// CLIENT LIST [TYPE normal|...] [ID id ...]
void list(Call& call, std::span<const std::string_view> options) {
  std::string text;
  const auto add = [&](const Connection& connection) { text += connection.describe() + '\n'; };
  if (options.empty()) {
    each_connection(call, add);
  } else if (options.size() == 2 && same_word(options[0], "type")) {
    if (same_word(options[1], "normal")) each_connection(call, add);
  } else if (options.size() >= 2 && same_word(options[0], "id")) {
    each_connection(call, [&](const Connection& connection) {
      const std::string serial = std::to_string(connection.serial());
      if (std::find(options.begin() + 1, options.end(), serial) != options.end()) add(connection);
    });
  } else {
    return call.syntax_error();
  }
  call.reply.verbatim(text);
}

// CLIENT KILL address, as in Redis 2: +OK or an error; CLIENT KILL ID id | ADDR address: how many.
void kill(Call& call, std::span<const std::string_view> options) {
  const bool old_form = options.size() == 1;
  const bool by_id = options.size() == 2 && same_word(options[0], "id");
  const bool by_address = options.size() == 2 && same_word(options[0], "addr");
  if (!old_form && !by_id && !by_address) return call.syntax_error();
  std::int64_t killed = 0;
  each_connection(call, [&](Connection& other) {
    const bool meant =
        by_id ? std::to_string(other.serial()) == options.back() : other.peer() == options.back();
    if (!meant) return;
    &other == &call.connection ? other.close() : other.cut();
    ++killed;
  });
  if (killed > 0) call.connection.house().cut_by_others = true;
  if (!old_form) return call.reply.integer(killed);
  killed > 0 ? call.reply.ok() : call.error("ERR No such client");
}

void replies(Call& call, std::string_view how) {
  using Replies = Connection::Replies;
  if (call.connection.in_transaction()) return call.error("ERR Command not allowed inside a transaction");
  if (same_word(how, "on")) {
    call.connection.replies(Replies::on);
    call.reply.ok();
  } else if (same_word(how, "off")) {
    call.connection.replies(Replies::off);
  } else if (same_word(how, "skip")) {
    call.connection.replies(Replies::skip_next);
  } else {
    call.syntax_error();
  }
}

void on_or_off(Call& call, std::string_view word) {
  same_word(word, "on") || same_word(word, "off") ? call.reply.ok() : call.syntax_error();
}

}  // namespace

void handler::client(Call& call) {
  Connection& connection = call.connection;
  const std::string_view what = call.arguments[1];
  const auto rest = call.arguments.subspan(2);
  const auto is = [&](std::string_view name, std::size_t arguments) {
    return same_word(what, name) && rest.size() == arguments;
  };
  if (is("id", 0)) return call.reply.integer(static_cast<std::int64_t>(connection.serial()));
  if (is("getname", 0)) {
    return connection.name().empty() ? call.reply.null() : call.reply.bulk(connection.name());
  }
  if (is("setname", 1)) {
    if (!call.name_fits(rest[0])) return;
    connection.name(rest[0]);
    return call.reply.ok();
  }
  if (is("setinfo", 2)) return call.reply.ok();  // the library's name: taken note of by nobody
  if (is("info", 0)) return call.reply.verbatim(connection.describe() + '\n');
  if (same_word(what, "list")) return list(call, rest);
  if (same_word(what, "kill") && !rest.empty()) return kill(call, rest);
  if (is("reply", 1)) return replies(call, rest[0]);
  if (is("no-evict", 1) || is("no-touch", 1)) return on_or_off(call, rest[0]);  // nothing is evicted here
  call.bad_subcommand(
      {"id", "getname", "setname", "setinfo", "info", "list", "kill", "reply", "no-evict", "no-touch"});
}

}  // namespace norn::resp
