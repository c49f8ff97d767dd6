// The connection itself: who speaks, in which dialect, and whether somebody listens.
#include "replica/resp/connection.h"

namespace norn::resp {
namespace {

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

// In a time that depends on what was offered alone, not on how much of it is right.
bool same_secret(std::string_view offered, std::string_view secret) {
  unsigned difference = offered.size() != secret.size();
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(offered[i] ^ expected);
  }
  return difference == 0;
}

// There is one user, named "default"; without a password set, any is right.
bool may_enter(const Connection& connection, std::string_view user, std::string_view password) {
  const std::string& secret = connection.house().options.password;
  return (secret.empty() || same_secret(password, secret)) && user == "default";
}

void greet(Call& call, std::int64_t version) {
  Buffer texts;
  Reply reply(texts, version == 3);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(version);
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(call.connection.serial()));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
  call.reply.raw(as_text(texts));
}

}  // namespace

namespace handler {

void ping(Call& call) {
  if (call.arguments.size() > 2) return call.wrong_arity();
  call.arguments.size() == 2 ? call.reply.bulk(call.arguments[1]) : call.reply.simple("PONG");
}

void echo(Call& call) { call.reply.bulk(call.arguments[1]); }

void select(Call& call) {
  const auto index = call.integer(call.arguments[1]);
  if (!index) return;
  *index == 0 ? call.reply.ok() : call.error("ERR DB index is out of range");
}

void quit(Call& call) {
  call.reply.ok();
  call.connection.close();
}

void reset(Call& call) {
  call.connection.reset();
  call.step().resp3 = false;
  call.reply.simple("RESET");
}

void auth(Call& call) {
  const std::string& password = call.connection.house().options.password;
  if (call.arguments.size() > 3) return call.syntax_error();
  const bool named = call.arguments.size() == 3;
  if (!named && password.empty()) {
    return call.error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  const std::string_view user = named ? call.arguments[1] : "default";
  if (!may_enter(call.connection, user, call.arguments.back())) return call.error(kWrongPassword);
  call.connection.authenticate();
  call.reply.ok();
}

void hello(Call& call) {
  Connection& connection = call.connection;
  const auto& arguments = call.arguments;
  std::optional<std::int64_t> version;
  if (arguments.size() > 1) {
    version = call.integer(arguments[1], "ERR Protocol version is not an integer or out of range");
    if (!version) return;
    if (*version != 2 && *version != 3) return call.error("NOPROTO unsupported protocol version");
  }
  std::optional<std::string_view> name;
  bool right = true;
  bool offered = false;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const std::size_t more = arguments.size() - 1 - i;
    if (same_word(arguments[i], "auth") && more >= 2) {
      right = may_enter(connection, arguments[i + 1], arguments[i + 2]);
      offered = true;
      i += 2;
    } else if (same_word(arguments[i], "setname") && more >= 1) {
      name = arguments[++i];
      if (!call.name_fits(*name)) return;
    } else {
      return call.error("ERR Syntax error in HELLO option '" + std::string(arguments[i]) + "'");
    }
  }
  if (!right) return call.error(kWrongPassword);
  if (offered) connection.authenticate();
  if (!connection.authenticated()) {
    return call.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        "<user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the "
        "same time");
  }
  if (name) connection.name(*name);
  if (version) connection.speak(*version == 3);
  greet(call, connection.resp3() ? 3 : 2);
}

}  // namespace handler
}  // namespace norn::resp
