// What handlers have in common: checks of arguments, and the frame of a command.
#include "replica/resp/call.h"

#include <algorithm>
#include <charconv>

#include "replica/resp/table.h"

namespace norn::resp {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_read(kv::CommandKind kind) {
  switch (kind) {
    case kv::CommandKind::get:
    case kv::CommandKind::multi_get:
    case kv::CommandKind::multi_size:
    case kv::CommandKind::ttl:
    case kv::CommandKind::count:
    case kv::CommandKind::scan:
      return true;
    default:
      return false;
  }
}

}  // namespace

Writer Call::begin(kv::CommandKind kind) {
  command_at_ = plan_.commands().size();
  step_.write = !is_read(kind);
  Writer writer(plan_.commands());
  writer.integer(std::uint32_t{0});
  writer.integer(static_cast<std::uint8_t>(kind));
  return writer;
}

void Call::ask(Form form) {
  step_.form = form;
  step_.size = static_cast<std::uint32_t>(plan_.commands().size() - command_at_);
  Writer(plan_.commands()).patch(command_at_, static_cast<std::uint32_t>(step_.size - sizeof(std::uint32_t)));
}

void Call::finish() {
  if (!step_.is_command()) step_.size = static_cast<std::uint32_t>(plan_.texts().size() - texts_size_);
  plan_.add(step_);
}

void Call::wrong_arity() {
  error("ERR wrong number of arguments for '" + std::string(entry.name) + "' command");
}

void Call::bad_subcommand(std::initializer_list<std::string_view> known) {
  const std::string given = lower(arguments[1].substr(0, 128));
  if (std::find(known.begin(), known.end(), given) != known.end()) {
    return error("ERR wrong number of arguments for '" + std::string(entry.name) + "|" + given + "' command");
  }
  std::string name(entry.name);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  error("ERR unknown subcommand '" + std::string(arguments[1].substr(0, 128)) + "'. Try " + name + " HELP.");
}

bool Call::name_fits(std::string_view name) {
  const bool fits = std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
  if (!fits) error("ERR Client names cannot contain spaces, newlines or special characters.");
  return fits;
}

bool Call::key_fits(std::string_view key) {
  if (!key.empty() && key.size() <= kv::kKeySizeMax) return true;
  error("ERR a key has 1 to " + std::to_string(kv::kKeySizeMax) + " bytes");
  return false;
}

bool Call::value_fits(std::string_view value) {
  if (value.size() <= kv::kValueSizeMax) return true;
  error("ERR a value has at most " + std::to_string(kv::kValueSizeMax) + " bytes");
  return false;
}

bool Call::keys_fit(std::span<const std::string_view> keys) {
  if (keys.size() > kv::kMultiKeysMax) {
    error("ERR a command names at most " + std::to_string(kv::kMultiKeysMax) + " keys");
    return false;
  }
  return std::all_of(keys.begin(), keys.end(), [&](std::string_view key) { return key_fits(key); });
}

std::optional<std::int64_t> Call::integer(std::string_view text, std::string_view what) {
  const auto number = parse_integer(text);
  if (!number) error(what);
  return number;
}

bool same_word(std::string_view a, std::string_view lower_case) {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return lower(x) == y; });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at != end) return std::nullopt;
  const std::string_view digits = text.substr(text[0] == '-' ? 1 : 0);
  if (digits[0] == '0' && text != "0") return std::nullopt;
  return number;
}

}  // namespace norn::resp
