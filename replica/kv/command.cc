// The encoding of commands, and the gate that refuses what is not one.
#include "replica/kv/command.h"

#include <algorithm>
#include <array>

#include "replica/base/assert.h"

namespace norn::kv {
namespace {

bool is_multi(CommandKind kind) { return kind == CommandKind::multi_get || kind == CommandKind::multi_put; }

bool has_values(CommandKind kind) {
  return kind == CommandKind::put || kind == CommandKind::compare_and_set || kind == CommandKind::append ||
         kind == CommandKind::multi_put;
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
  const bool keyless = command.kind == CommandKind::open_session;
  ASSERT(multi || command.pairs.size() == (keyless ? 0 : 1));
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
  if (kind > static_cast<std::uint8_t>(CommandKind::open_session)) return std::nullopt;
  CommandView view;
  view.kind_ = static_cast<CommandKind>(kind);
  view.bytes_ = bytes;
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
    count_ = kind_ == CommandKind::open_session ? 0 : 1;
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
  return !multi || keys_differ(pairs());
}

bool CommandView::parse_rest(Reader& in) {
  if (kind_ == CommandKind::increment) delta_ = static_cast<std::int64_t>(in.integer<std::uint64_t>());
  if (kind_ == CommandKind::compare_and_set) {
    const auto present = in.integer<std::uint8_t>();
    if (present > 1) return false;
    if (present == 1) expected_ = in.sized_text();
    if (expected_ && expected_->size() > kValueSizeMax) return false;
  }
  return in.ok();
}

CommandView::Pairs CommandView::pairs() const {
  return Pairs(PairIterator(pairs_, count_, has_values(kind_)));
}

}  // namespace norn::kv
