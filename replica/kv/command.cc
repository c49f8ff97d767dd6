// The encoding of commands, and the gate that refuses what is not one.
#include "replica/kv/command.h"

#include <algorithm>
#include <array>

#include "replica/base/assert.h"

namespace norn::kv {
namespace {

bool is_multi(CommandKind kind) {
  return kind == CommandKind::multi_get || kind == CommandKind::multi_put ||
         kind == CommandKind::multi_remove || kind == CommandKind::multi_size;
}

bool may_repeat_keys(CommandKind kind) {
  return kind == CommandKind::multi_get || kind == CommandKind::multi_size;
}

bool fits_a_batch(CommandKind kind) {
  return kind != CommandKind::batch && kind != CommandKind::open_session && kind != CommandKind::tick;
}

bool is_keyless(CommandKind kind) {
  switch (kind) {
    case CommandKind::open_session:
    case CommandKind::count:
    case CommandKind::clear:
    case CommandKind::scan:
    case CommandKind::tick:
    case CommandKind::batch:
      return true;
    default:
      return false;
  }
}

bool reads(CommandKind kind) {
  switch (kind) {
    case CommandKind::get:
    case CommandKind::multi_get:
    case CommandKind::multi_size:
    case CommandKind::ttl:
    case CommandKind::count:
    case CommandKind::scan:
      return true;
    default:
      return false;
  }
}

bool has_values(CommandKind kind) {
  return kind == CommandKind::put || kind == CommandKind::compare_and_set || kind == CommandKind::append ||
         kind == CommandKind::multi_put || kind == CommandKind::set;
}

// Sorts on the stack: at most kMultiKeysMax views, and no allocation.
bool keys_differ(CommandView::Pairs pairs) {
  std::array<std::string_view, kMultiKeysMax> keys;
  std::size_t count = 0;
  for (const auto& pair : pairs) keys[count++] = pair.key;
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(keys.begin(), end);
  return std::adjacent_find(keys.begin(), end) == end;
}

}  // namespace

void encode(const Command& command, Buffer& out) {
  const bool multi = is_multi(command.kind);
  ASSERT(multi || command.pairs.size() == (is_keyless(command.kind) ? 0 : 1));
  Writer writer(out);
  writer.integer(static_cast<std::uint8_t>(command.kind));
  if (multi) writer.integer(static_cast<std::uint32_t>(command.pairs.size()));
  for (const Command::Pair& pair : command.pairs) {
    writer.sized(pair.key);
    if (has_values(command.kind)) writer.sized(pair.value);
  }
  if (command.kind == CommandKind::increment) writer.integer(static_cast<std::uint64_t>(command.delta));
  if (command.kind == CommandKind::compare_and_set) {
    writer.integer(static_cast<std::uint8_t>(command.expected.has_value()));
    if (command.expected) writer.sized(*command.expected);
  }
  if (command.kind == CommandKind::set) writer.integer(command.flags);
  if (command.kind == CommandKind::set || command.kind == CommandKind::expire) writer.integer(command.ttl);
  if (command.kind == CommandKind::scan) {
    writer.integer(command.from);
    writer.integer(command.limit);
    writer.sized(command.pattern);
  }
  if (command.kind == CommandKind::batch) {
    writer.integer(command.flags);
    writer.integer(static_cast<std::uint32_t>(command.commands.size()));
    for (const Command& each : command.commands) writer.sized(encode(each));
  }
}

Buffer encode(const Command& command) {
  Buffer out;
  encode(command, out);
  return out;
}

std::optional<CommandView> CommandView::parse(Bytes bytes) {
  if (bytes.size() > kCommandSizeMax) return std::nullopt;
  Reader in(bytes);
  const auto kind = in.integer<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(CommandKind::multi_size)) return std::nullopt;
  CommandView view;
  view.kind_ = static_cast<CommandKind>(kind);
  view.bytes_ = bytes;
  view.read_ = reads(view.kind_);
  if (!view.parse_pairs(in)) return std::nullopt;
  if (!view.parse_rest(in)) return std::nullopt;
  if (!in.done()) return std::nullopt;
  return view;
}

bool CommandView::parse_pairs(Reader& in) {
  const bool multi = is_multi(kind_);
  if (multi) {
    count_ = in.integer<std::uint32_t>();
    if (count_ == 0 || count_ > kMultiKeysMax) return false;
  } else {
    count_ = is_keyless(kind_) ? 0 : 1;
  }
  pairs_ = in.rest();
  const bool with_values = has_values(kind_);
  for (std::uint32_t i = 0; i < count_; ++i) {
    Pair pair;
    pair.key = in.sized_text();
    if (with_values) pair.value = in.sized_text();
    if (!in.ok()) return false;
    if (pair.key.empty() || pair.key.size() > kKeySizeMax) return false;
    if (pair.value.size() > kValueSizeMax) return false;
    if (i == 0) first_ = pair;
  }
  return !multi || may_repeat_keys(kind_) || keys_differ(pairs());
}

bool CommandView::parse_rest(Reader& in) {
  switch (kind_) {
    case CommandKind::increment:
      delta_ = static_cast<std::int64_t>(in.integer<std::uint64_t>());
      return in.ok();
    case CommandKind::compare_and_set: {
      const auto present = in.integer<std::uint8_t>();
      if (present > 1) return false;
      if (present == 1) expected_ = in.sized_text();
      return in.ok() && (!expected_ || expected_->size() <= kValueSizeMax);
    }
    case CommandKind::set:
      return parse_set(in);
    case CommandKind::expire:
      return parse_ttl(in);
    case CommandKind::scan:
      from_ = in.integer<std::uint64_t>();
      limit_ = in.integer<std::uint32_t>();
      pattern_ = in.sized_text();
      return in.ok() && pattern_.size() <= kPatternSizeMax;
    case CommandKind::batch:
      return parse_batch(in);
    default:
      return true;
  }
}

bool CommandView::parse_set(Reader& in) {
  flags_ = in.integer<std::uint8_t>();
  if (flags_ > (set_flag::kOnlyIfAbsent | set_flag::kOnlyIfPresent | set_flag::kKeepTtl | set_flag::kWantOld))
    return false;
  if (has(set_flag::kOnlyIfAbsent) && has(set_flag::kOnlyIfPresent)) return false;
  return parse_ttl(in) && !(has(set_flag::kKeepTtl) && ttl_ != 0);
}

bool CommandView::parse_ttl(Reader& in) {
  ttl_ = in.integer<std::uint64_t>();
  return in.ok() && ttl_ <= kTtlMax;
}

bool CommandView::parse_batch(Reader& in) {
  flags_ = in.integer<std::uint8_t>();
  command_count_ = in.integer<std::uint32_t>();
  if (flags_ > kBatchWhole || command_count_ == 0 || command_count_ > kBatchCommandsMax) return false;
  pairs_ = in.rest();
  read_ = true;
  for (std::uint32_t i = 0; i < command_count_; ++i) {
    const Bytes bytes = in.sized();
    if (bytes.empty() || !fits_a_batch(static_cast<CommandKind>(bytes.front()))) return false;
    const auto command = parse(bytes);
    if (!command) return false;
    read_ = read_ && command->is_read();
  }
  return true;
}

CommandView::Pairs CommandView::pairs() const {
  return Pairs(PairIterator(pairs_, count_, has_values(kind_)));
}

}  // namespace norn::kv
