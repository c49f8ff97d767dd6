// Strings: what reads and writes values.
#include <algorithm>
#include <array>

#include "replica/resp/table.h"

namespace norn::resp {
namespace {

using kv::CommandKind;

void on_key(Call& call, CommandKind kind, Form form) {
  if (!call.key_fits(call.arguments[1])) return;
  call.begin(kind).sized(call.arguments[1]);
  call.ask(form);
}

void put(Call& call, std::string_view key, std::string_view value, std::uint8_t flags, std::uint64_t ttl,
         Form form) {
  if (!call.key_fits(key) || !call.value_fits(value)) return;
  const bool plain = flags == 0 && ttl == 0;
  Writer writer = call.begin(plain ? CommandKind::put : CommandKind::set);
  writer.sized(key);
  writer.sized(value);
  if (!plain) {
    writer.integer(flags);
    writer.integer(ttl);
  }
  call.ask(form);
}

// The time to live in milliseconds, 1 to kTtlMax; else it has answered with the error.
std::optional<std::uint64_t> time_to_live(Call& call, std::string_view text, std::int64_t unit) {
  const auto number = call.integer(text);
  if (!number) return std::nullopt;
  if (*number <= 0 || *number > static_cast<std::int64_t>(kv::kTtlMax) / unit) {
    call.error("ERR invalid expire time in '" + std::string(call.entry.name) + "' command");
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*number * unit);
}

void increment(Call& call, std::int64_t delta) {
  if (!call.key_fits(call.arguments[1])) return;
  Writer writer = call.begin(CommandKind::increment);
  writer.sized(call.arguments[1]);
  writer.integer(static_cast<std::uint64_t>(delta));
  call.ask(Form::number);
}

struct SetOptions {
  std::uint8_t flags = 0;
  std::string_view ttl{};     // empty: none
  std::int64_t ttl_unit = 0;  // milliseconds; 0: no option named one
};

// Nothing: the options contradict each other, or are not options.
std::optional<SetOptions> parse_set_options(std::span<const std::string_view> words) {
  namespace is = kv::set_flag;
  SetOptions options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::int64_t unit = same_word(words[i], "ex") ? 1000 : same_word(words[i], "px") ? 1 : 0;
    if (same_word(words[i], "nx")) {
      options.flags |= is::kOnlyIfAbsent;
    } else if (same_word(words[i], "xx")) {
      options.flags |= is::kOnlyIfPresent;
    } else if (same_word(words[i], "get")) {
      options.flags |= is::kWantOld;
    } else if (same_word(words[i], "keepttl")) {
      options.flags |= is::kKeepTtl;
    } else if (unit != 0 && i + 1 < words.size() && (options.ttl_unit == 0 || options.ttl_unit == unit)) {
      options.ttl_unit = unit;  // named twice, the last one counts
      options.ttl = words[++i];
    } else {
      return std::nullopt;
    }
  }
  const auto both = [&](unsigned a, unsigned b) {
    return (options.flags & a) != 0 && (options.flags & b) != 0;
  };
  if (both(is::kOnlyIfAbsent, is::kOnlyIfPresent)) return std::nullopt;
  if (options.ttl_unit != 0 && (options.flags & is::kKeepTtl) != 0) return std::nullopt;
  return options;
}

}  // namespace

namespace handler {

void get(Call& call) { on_key(call, CommandKind::get, Form::value); }
void getdel(Call& call) { on_key(call, CommandKind::take, Form::value); }

void strlen(Call& call) {
  if (!call.key_fits(call.arguments[1])) return;
  Writer writer = call.begin(CommandKind::multi_size);
  writer.integer(std::uint32_t{1});
  writer.sized(call.arguments[1]);
  call.ask(Form::number);
}

void set(Call& call) {
  const auto options = parse_set_options(call.arguments.subspan(3));
  if (!options) return call.syntax_error();
  std::uint64_t ttl = 0;
  if (options->ttl_unit != 0) {
    const auto given = time_to_live(call, options->ttl, options->ttl_unit);
    if (!given) return;
    ttl = *given;
  }
  const bool old = (options->flags & kv::set_flag::kWantOld) != 0;
  put(call, call.arguments[1], call.arguments[2], options->flags, ttl, old ? Form::value : Form::status);
}

void setex(Call& call) {
  const auto ttl = time_to_live(call, call.arguments[2], 1000);
  if (ttl) put(call, call.arguments[1], call.arguments[3], 0, *ttl, Form::status);
}

void psetex(Call& call) {
  const auto ttl = time_to_live(call, call.arguments[2], 1);
  if (ttl) put(call, call.arguments[1], call.arguments[3], 0, *ttl, Form::status);
}

void setnx(Call& call) {
  put(call, call.arguments[1], call.arguments[2], kv::set_flag::kOnlyIfAbsent, 0, Form::applied);
}

void getset(Call& call) {
  put(call, call.arguments[1], call.arguments[2], kv::set_flag::kWantOld, 0, Form::value);
}

void append(Call& call) {
  if (!call.key_fits(call.arguments[1]) || !call.value_fits(call.arguments[2])) return;
  Writer writer = call.begin(CommandKind::append);
  writer.sized(call.arguments[1]);
  writer.sized(call.arguments[2]);
  call.ask(Form::number);
}

void incr(Call& call) { increment(call, 1); }
void decr(Call& call) { increment(call, -1); }

void incrby(Call& call) {
  if (const auto delta = call.integer(call.arguments[2])) increment(call, *delta);
}

void decrby(Call& call) {
  const auto delta = call.integer(call.arguments[2]);
  if (!delta) return;
  if (*delta == std::numeric_limits<std::int64_t>::min()) return call.error("ERR decrement would overflow");
  increment(call, -*delta);
}

void mget(Call& call) {
  const auto keys = call.arguments.subspan(1);
  if (!call.keys_fit(keys)) return;
  Writer writer = call.begin(CommandKind::multi_get);
  writer.integer(static_cast<std::uint32_t>(keys.size()));
  for (const std::string_view key : keys) writer.sized(key);
  call.ask(Form::values);
}

// Where a key is named twice, its last value is what it ends with.
void mset(Call& call) {
  const auto words = call.arguments.subspan(1);
  if (words.size() % 2 != 0) return call.wrong_arity();
  std::array<std::string_view, kv::kMultiKeysMax> keys;
  const std::size_t count = words.size() / 2;
  if (count > keys.size()) return static_cast<void>(call.keys_fit(words));
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    keys[i] = words[2 * i];
    if (!call.key_fits(keys[i]) || !call.value_fits(words[2 * i + 1])) return;
    size += keys[i].size() + words[2 * i + 1].size() + 2 * sizeof(std::uint32_t);
  }
  if (size + 8 > kv::kCommandSizeMax) {
    return call.error("ERR MSET takes at most " + std::to_string(kv::kCommandSizeMax) + " bytes");
  }
  const auto is_last = [&](std::size_t i) {
    const auto* const end = keys.data() + count;
    return std::find(static_cast<const std::string_view*>(keys.data()) + i + 1, end, keys[i]) == end;
  };
  Writer writer = call.begin(CommandKind::multi_put);
  const std::size_t count_at = writer.size();
  writer.integer(std::uint32_t{0});
  std::uint32_t written = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_last(i)) continue;
    writer.sized(keys[i]);
    writer.sized(words[2 * i + 1]);
    ++written;
  }
  writer.patch(count_at, written);
  call.ask(Form::status);
}

}  // namespace handler
}  // namespace norn::resp
