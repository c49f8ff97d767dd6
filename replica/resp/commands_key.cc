// Keys: what counts, lists, removes and expires them, whatever they hold.
#include <algorithm>
#include <array>
#include <charconv>

#include "replica/resp/table.h"

namespace norn::resp {
namespace {

using kv::CommandKind;

constexpr std::uint32_t kScanCount = 10;  // keys looked at, unless COUNT says otherwise
constexpr std::int64_t kScanCountMax = 10'000;

void on_keys(Call& call, CommandKind kind, std::span<const std::string_view> keys, Form form) {
  if (!call.keys_fit(keys)) return;
  Writer writer = call.begin(kind);
  writer.integer(static_cast<std::uint32_t>(keys.size()));
  for (const std::string_view key : keys) writer.sized(key);
  call.ask(form);
}

void keyless(Call& call, CommandKind kind, Form form) {
  call.begin(kind);
  call.ask(form);
}

// A time that is not in the future removes the key.
void expire_in(Call& call, std::int64_t unit) {
  if (call.arguments.size() > 3) {
    return call.error("ERR Unsupported option " + std::string(call.arguments[3]));
  }
  const auto number = call.integer(call.arguments[2]);
  if (!number) return;
  const auto limit = static_cast<std::int64_t>(kv::kTtlMax) / unit;
  if (*number > limit || *number < -limit) {
    return call.error("ERR invalid expire time in '" + std::string(call.entry.name) + "' command");
  }
  if (*number <= 0) {
    return on_keys(call, CommandKind::multi_remove, call.arguments.subspan(1, 1), Form::present);
  }
  if (!call.key_fits(call.arguments[1])) return;
  Writer writer = call.begin(CommandKind::expire);
  writer.sized(call.arguments[1]);
  writer.integer(static_cast<std::uint64_t>(*number * unit));
  call.ask(Form::applied);
}

void time_left(Call& call, Form form) {
  if (!call.key_fits(call.arguments[1])) return;
  call.begin(CommandKind::ttl).sized(call.arguments[1]);
  call.ask(form);
}

void list(Call& call, std::uint64_t from, std::uint32_t limit, std::string_view pattern, Form form) {
  if (pattern.size() > kv::kPatternSizeMax) {
    return call.error("ERR a pattern has at most " + std::to_string(kv::kPatternSizeMax) + " bytes");
  }
  Writer writer = call.begin(CommandKind::scan);
  writer.integer(from);
  writer.integer(limit);
  writer.sized(pattern);
  call.step().alone = true;
  call.ask(form);
}

}  // namespace

namespace handler {

void exists(Call& call) { on_keys(call, CommandKind::multi_size, call.arguments.subspan(1), Form::present); }
void type(Call& call) { on_keys(call, CommandKind::multi_size, call.arguments.subspan(1), Form::type); }

void del(Call& call) {
  const auto keys = call.arguments.subspan(1);
  if (!call.keys_fit(keys)) return;
  std::array<std::string_view, kv::kMultiKeysMax> once;
  std::size_t count = 0;
  for (const std::string_view key : keys) {
    const auto* const end = once.begin() + count;
    if (std::find(static_cast<const std::string_view*>(once.begin()), end, key) == end) once[count++] = key;
  }
  on_keys(call, CommandKind::multi_remove, {once.data(), count}, Form::present);
}

void expire(Call& call) { expire_in(call, 1000); }
void pexpire(Call& call) { expire_in(call, 1); }
void ttl(Call& call) { time_left(call, Form::seconds); }
void pttl(Call& call) { time_left(call, Form::milliseconds); }

void persist(Call& call) {
  if (!call.key_fits(call.arguments[1])) return;
  Writer writer = call.begin(CommandKind::expire);
  writer.sized(call.arguments[1]);
  writer.integer(std::uint64_t{0});
  call.ask(Form::applied);
}

void dbsize(Call& call) { keyless(call, CommandKind::count, Form::number); }

void flush(Call& call) {
  const auto options = call.arguments.subspan(1);
  const bool known = options.empty() || (options.size() == 1 &&
                                         (same_word(options[0], "async") || same_word(options[0], "sync")));
  if (!known) return call.syntax_error();
  keyless(call, CommandKind::clear, Form::status);
}

// The empty pattern matches the empty key alone, which no store of ours has.
void keys(Call& call) {
  if (call.arguments[1].empty()) return call.reply.array(0);
  list(call, 0, 0, call.arguments[1], Form::keys);
}

void scan(Call& call) {
  std::uint64_t from = 0;
  const std::string_view cursor = call.arguments[1];
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), from);
  if (error != std::errc{} || end != cursor.data() + cursor.size()) return call.error("ERR invalid cursor");
  std::uint32_t count = kScanCount;
  std::optional<std::string_view> pattern;
  bool nothing = false;  // whatever is there does not match
  for (std::size_t i = 2; i < call.arguments.size(); i += 2) {
    if (i + 1 == call.arguments.size()) return call.syntax_error();
    const std::string_view value = call.arguments[i + 1];
    if (same_word(call.arguments[i], "count")) {
      const auto number = call.integer(value);
      if (!number) return;
      if (*number < 1) return call.syntax_error();
      count = static_cast<std::uint32_t>(std::min(*number, kScanCountMax));
    } else if (same_word(call.arguments[i], "match")) {
      pattern = value;
    } else if (same_word(call.arguments[i], "type")) {
      nothing = !same_word(value, "string");
    } else {
      return call.syntax_error();
    }
  }
  if (nothing || (pattern && pattern->empty())) {
    call.reply.array(2);
    call.reply.bulk("0");
    return call.reply.array(0);
  }
  list(call, from, count, pattern.value_or(std::string_view{}), Form::keys_onwards);
}

}  // namespace handler
}  // namespace norn::resp
