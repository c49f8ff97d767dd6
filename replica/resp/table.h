// The commands: one table, one line a command. What is not in it is answered as Redis answers what it does
// not know.
#pragma once

#include <span>
#include <string_view>

#include "replica/resp/call.h"

namespace norn::resp {

using Handler = void (*)(Call& call);

// Flags, named as COMMAND INFO names them, up to the last few.
namespace flag {
enum Flag : unsigned {
  write = 1,
  readonly = 2,
  denyoom = 4,
  fast = 8,
  noscript = 16,
  no_auth = 32,   // may be called before the password is given
  no_multi = 64,  // not within MULTI
  admin = 128,
  blocking = 256,
  at_once = 512,   // executed within MULTI, not queued
  barrier = 1024,  // waits until all before it are answered
};
}  // namespace flag

struct Entry {
  std::string_view name;  // in lower case
  int arity;              // the name included; negative: at least so many
  unsigned flags;
  int first_key;  // 0: none
  int last_key;   // negative: from the end
  int key_step;
  Handler handler;
  std::string_view group;
  std::string_view since;
  std::string_view summary;
};

std::span<const Entry> commands();                 // by name
const Entry* find_command(std::string_view name);  // in any case; null: there is none

inline bool arity_fits(const Entry& entry, std::size_t arguments) {
  const int count = static_cast<int>(arguments);
  return entry.arity >= 0 ? count == entry.arity : count >= -entry.arity;
}

// The handlers, by the file they are in.
namespace handler {
// commands_string.cc
void append(Call& call);
void decr(Call& call);
void decrby(Call& call);
void get(Call& call);
void getdel(Call& call);
void getset(Call& call);
void incr(Call& call);
void incrby(Call& call);
void mget(Call& call);
void mset(Call& call);
void psetex(Call& call);
void set(Call& call);
void setex(Call& call);
void setnx(Call& call);
void strlen(Call& call);
// commands_key.cc
void dbsize(Call& call);
void del(Call& call);
void exists(Call& call);
void expire(Call& call);
void flush(Call& call);
void keys(Call& call);
void persist(Call& call);
void pexpire(Call& call);
void pttl(Call& call);
void scan(Call& call);
void ttl(Call& call);
void type(Call& call);
// commands_connection.cc
void auth(Call& call);
void echo(Call& call);
void hello(Call& call);
void ping(Call& call);
void quit(Call& call);
void reset(Call& call);
void select(Call& call);
// commands_client.cc
void client(Call& call);
// commands_server.cc
void command(Call& call);
void config(Call& call);
void info(Call& call);
void session(Call& call);
void wait(Call& call);
// commands_transaction.cc
void discard(Call& call);
void exec(Call& call);
void multi(Call& call);
}  // namespace handler

}  // namespace norn::resp
